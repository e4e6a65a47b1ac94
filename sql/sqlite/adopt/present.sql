-- Table names are compared without regard to case, as in SQLite.
WITH
    "known" ("table") AS (
        VALUES
        ('User'), ('Account'), ('Session'), ('VerificationToken'), ('Authenticator'), ('authstore_adopted_User'),
        ('authstore_adopted_Account'), ('authstore_adopted_Session'), ('authstore_adopted_VerificationToken'),
        ('authstore_adopted_Authenticator')
    )

SELECT k."table" || '.' || c."name"
FROM "known" AS k
JOIN sqlite_schema AS t ON t."type" IN ('table', 'view') AND t."name" = k."table" COLLATE NOCASE
JOIN pragma_table_xinfo(t."name") AS c;
