-- Returns one statement for each table with rowids, which saves the first rowid of every 10,000 rows. Each part is then
-- copied by its own statement, and the run can report progress in between.
SELECT
    'INSERT INTO "authstore_adoption_part" ("table", "first") SELECT ''' || k."table" || ''', rowid FROM (SELECT rowid, '
    || 'row_number() OVER (ORDER BY rowid) AS "number" FROM "' || l."name" || '") WHERE "number" % 10000 = 1'
FROM (
    SELECT "column1" AS "table"
    FROM (VALUES ('User'), ('Account'), ('Session'), ('VerificationToken'), ('Authenticator'))
) AS k
JOIN pragma_table_list AS l ON l."schema" = 'main' AND l."name" = 'authstore_adopted_' || k."table"
WHERE NOT l."wr"
    AND NOT EXISTS (
        SELECT 1
        FROM pragma_table_xinfo(l."name") AS c
        WHERE c."name" = 'rowid' COLLATE NOCASE
    );
