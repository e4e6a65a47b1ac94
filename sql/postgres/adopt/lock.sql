-- Blocks reads and writes while rows are checked and changed, so that what was checked stays true.
SELECT format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', string_agg(quote_ident(t."name"), ', '))
FROM (VALUES ('User'), ('Account'), ('Session'), ('VerificationToken'), ('Authenticator')) AS t ("name")
JOIN pg_class AS c ON c.oid = to_regclass(quote_ident(t."name")) AND c.relkind = 'r'
HAVING count(*) > 0;
