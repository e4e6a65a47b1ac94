-- Locks and counts like unlink_account_of_user_keep_last.sql. An account of the type webauthn and its authenticator
-- count as one way to sign in.
WITH "user" AS MATERIALIZED (
    SELECT "id"
    FROM "User"
    WHERE "id" = $1
    FOR NO KEY UPDATE
),
"account" AS MATERIALIZED (
    SELECT "id", "type"
    FROM "Account"
    WHERE "userId" = (SELECT "id" FROM "user")
    ORDER BY "id"
    FOR UPDATE
),
"authenticator" AS MATERIALIZED (
    SELECT "credentialID"
    FROM "Authenticator"
    WHERE "userId" = (SELECT "id" FROM "user")
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
SELECT
    EXISTS (SELECT FROM "deleted"),
    NOT EXISTS (
        SELECT
        FROM "Account" AS o
        WHERE o."userId" = $1 AND o."type" <> 'webauthn'
    ) AND NOT EXISTS (
        SELECT
        FROM "Authenticator" AS o
        WHERE o."userId" = $1 AND o."credentialID" <> t."credentialID"
    )
FROM "target" AS t;
