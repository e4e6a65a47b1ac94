-- All the user's ways in are locked before they are counted: a concurrent removal has committed by then, and what it
-- deleted is not counted. A lock of the user's row would not do, because a statement counts what was there when it began.
-- An authenticator that belongs to an account of the type webauthn is one way together with it.
WITH "account" AS MATERIALIZED (
    SELECT "id", "type", "provider", "providerAccountId"
    FROM "Account"
    WHERE "userId" = $1
    ORDER BY "id"
    FOR UPDATE
),
"authenticator" AS MATERIALIZED (
    SELECT "credentialID", "providerAccountId"
    FROM "Authenticator"
    WHERE "userId" = $1
    ORDER BY "credentialID"
    FOR UPDATE
),
"target" AS (
    SELECT
        a."id",
        (
            SELECT count(*)
            FROM "account" AS o
            WHERE o."type" <> 'webauthn' AND o."id" <> a."id"
        ) + (
            SELECT count(*)
            FROM "authenticator" AS o
            WHERE NOT (a."type" = 'webauthn' AND o."providerAccountId" = a."providerAccountId")
        ) AS "others"
    FROM "account" AS a
    WHERE a."provider" = $2 AND a."providerAccountId" = $3
),
"deleted" AS (
    DELETE FROM "Account"
    WHERE "id" = (SELECT "id" FROM "target" WHERE "others" > 0)
    RETURNING 1
)
SELECT EXISTS (SELECT FROM "deleted")
FROM "target";
