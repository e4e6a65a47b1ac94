SELECT 'the id of the account ' || CASE WHEN "id" IS NULL THEN '(NULL)' WHEN "id"::text ~ '^[0-9A-Za-z_-]+$' THEN "id"::text ELSE '(not shown)' END || ' is not a UUID'
FROM "Account"
WHERE coalesce("id"::text, '00000000-0000-0000-0000-000000000000') !~* '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
    -- Ids of the type uuid need not be read.
    AND NOT EXISTS (
        SELECT 1
        FROM pg_attribute AS c
        WHERE c.attrelid = '"Account"'::regclass AND c.attname = 'id' AND c.atttypid = 'uuid'::regtype
    )
LIMIT 100;
