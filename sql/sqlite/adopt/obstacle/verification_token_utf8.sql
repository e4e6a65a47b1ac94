SELECT f."value"
FROM json_each((
    SELECT json_group_array("line")
    FROM (
        SELECT 'a verification token' || ' has a string that is not UTF-8' AS "line"
        FROM "VerificationToken"
        WHERE NOT authstore_is_utf8("identifier", "token")
        LIMIT 100
    )
)) AS f;
