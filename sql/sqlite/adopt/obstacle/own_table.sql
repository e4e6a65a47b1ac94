-- Tables that the history records, but that something else has dropped.
SELECT
    'the table ' || t."column2" || ' is missing, although the history of migrations records it; restore it from a backup'
FROM (
    VALUES (6, 'authstore_challenge'), (7, 'authstore_session_details'), (8, 'authstore_authenticator_details')
) AS t
JOIN "authstore_migration" AS m ON m."series" = 'authstore' AND m."version" = t."column1"
WHERE NOT EXISTS (SELECT 1 FROM sqlite_schema AS s WHERE s."type" = 'table' AND s."name" = t."column2" COLLATE NOCASE);
