-- In the column's own collation: one that folds takes two spellings for one address.
SELECT
    'the users ' || string_agg("id"::text, ', ' ORDER BY "id"::text)
    || ' have one e-mail address, or two that the database takes for one: '
    || string_agg(DISTINCT "email"::text, ', ')
FROM "User"
WHERE "email" IS NOT NULL
GROUP BY "email"
HAVING count(*) > 1;
