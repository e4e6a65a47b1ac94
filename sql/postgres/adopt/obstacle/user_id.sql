SELECT 'the id of the user ' || coalesce("id"::text, '(NULL)') || ' is not a UUID'
FROM "User"
WHERE coalesce("id"::text, '') !~* '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$';
