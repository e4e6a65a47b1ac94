-- The statements that created the tables, which contain what no pragma lists.
SELECT k."column1" || ':' || t."sql"
FROM (VALUES ('User'), ('Account'), ('Session'), ('VerificationToken'), ('Authenticator')) AS k
JOIN sqlite_schema AS t ON t."type" = 'table' AND t."name" = k."column1" COLLATE NOCASE
WHERE t."sql" IS NOT NULL;
