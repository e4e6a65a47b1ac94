-- not_utf8.sql continues this.
SELECT f."value"
FROM json_each((
    SELECT json_group_array("line")
    FROM (
        SELECT 'a verification token' || ' has a string that is not UTF-8' AS "line"
        FROM "VerificationToken"
        WHERE EXISTS (
            SELECT 1
            FROM (SELECT "identifier" AS "string" UNION ALL SELECT "token") AS v
