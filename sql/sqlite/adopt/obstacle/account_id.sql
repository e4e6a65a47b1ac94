-- SQLite compares strings: in upper case or without hyphens, it is a different id. A row without an id gets one.
SELECT 'the id of the account ' || CASE WHEN "id" IS NULL THEN '(NULL)' WHEN typeof("id") = 'blob' OR "id" GLOB '*[^0-9A-Za-z_-]*' THEN '(not shown)' ELSE "id" END || ' is not a UUID in lower case'
FROM "Account"
WHERE "id" IS NOT NULL AND (typeof("id") <> 'text'
    OR "id" NOT GLOB
    '[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-'
    || '[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-'
    || '[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]')
LIMIT 100;
