-- Blocks reads and writes while rows are checked and changed, so that what was checked stays true.
SELECT pg_catalog.format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', pg_catalog.string_agg(pg_catalog.quote_ident(t."name"), ', '))
FROM (VALUES ('User'), ('Account'), ('Session'), ('VerificationToken'), ('Authenticator')) AS t ("name")
JOIN pg_class AS c ON c.oid = to_regclass(pg_catalog.quote_ident(t."name")) AND c.relkind = 'r'
HAVING pg_catalog.count(*) > 0;
