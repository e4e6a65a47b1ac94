-- As unlink_account_of_user_keep_last.sql, and the locks are taken in the same order.
WITH "account" AS MATERIALIZED (
    SELECT "id", "type"
    FROM "Account"
    WHERE "userId" = $1
    ORDER BY "id"
    FOR UPDATE
),
"authenticator" AS MATERIALIZED (
    SELECT "credentialID"
    FROM "Authenticator"
    WHERE "userId" = $1
    ORDER BY "credentialID"
    FOR UPDATE
),
"target" AS (
    SELECT
        a."credentialID",
        (
            SELECT count(*)
            FROM "account" AS o
            WHERE o."type" <> 'webauthn'
        ) + (
            SELECT count(*)
            FROM "authenticator" AS o
            WHERE o."credentialID" <> a."credentialID"
        ) AS "others"
    FROM "authenticator" AS a
    WHERE a."credentialID" = $2
),
"deleted" AS (
    DELETE FROM "Authenticator"
    WHERE "credentialID" = (SELECT "credentialID" FROM "target" WHERE "others" > 0)
    RETURNING 1
)
SELECT EXISTS (SELECT FROM "deleted")
FROM "target";
