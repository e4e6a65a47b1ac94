-- No one reads or writes while rows are checked and changed: what is checked stays so.
SELECT format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', string_agg(quote_ident(t."name"), ', '))
FROM (VALUES ('User'), ('Account'), ('Session'), ('VerificationToken'), ('Authenticator')) AS t ("name")
JOIN pg_class AS c ON c.oid = to_regclass(quote_ident(t."name")) AND c.relkind = 'r'
HAVING count(*) > 0;
