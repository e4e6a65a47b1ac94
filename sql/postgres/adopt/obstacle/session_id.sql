-- One that has none is given one.
SELECT 'the id of the session ' || "id"::text || ' is not a UUID'
FROM "Session"
WHERE "id"::text !~* '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$';
