-- A row without an id gets one: nothing refers to it. If the type of the id changes, columns.sql does that.
WITH
    "actual_table" ("table", "oid") AS (
        SELECT t."name", to_regclass(pg_catalog.quote_ident(t."name"))
        FROM (VALUES ('User'), ('Account'), ('Session'), ('VerificationToken'), ('Authenticator')) AS t ("name")
        WHERE to_regclass(pg_catalog.quote_ident(t."name")) IS NOT NULL
    )

SELECT pg_catalog.format('UPDATE %I SET "id" = gen_random_uuid() WHERE "id" IS NULL', t."table")
FROM "actual_table" AS t
JOIN pg_attribute AS c ON c.attrelid = t."oid" AND c.attname = 'id' AND NOT c.attisdropped AND NOT c.attnotnull AND c.atttypid = 'uuid'::regtype
WHERE t."table" IN ('Account', 'Session');
