SELECT (t."name" || '.' || c.attname)::text
FROM (VALUES ('User'), ('Account'), ('Session'), ('VerificationToken'), ('Authenticator')) AS t ("name")
JOIN pg_attribute AS c ON c.attrelid = to_regclass(quote_ident(t."name"))
WHERE c.attnum > 0 AND NOT c.attisdropped;
