-- The user's row is locked first, so that removals take turns and cannot deadlock. Then all the user's ways in are locked
-- before they are counted, because a statement sees what was there when it began: only a row that is locked is looked at
-- again, and one that a concurrent removal has deleted is not counted. One that was created during the wait is not seen,
-- though. So what was not deleted was the last way in only if it was the last when the statement began, too.
-- An authenticator that belongs to an account of the type webauthn is one way together with it.
WITH "user" AS MATERIALIZED (
    SELECT "id"
    FROM "User"
    WHERE "id" = $1
    FOR NO KEY UPDATE
),
"account" AS MATERIALIZED (
    SELECT "id", "type", "provider", "providerAccountId"
    FROM "Account"
    WHERE "userId" = (SELECT "id" FROM "user")
    ORDER BY "id"
    FOR UPDATE
),
"authenticator" AS MATERIALIZED (
    SELECT "credentialID", "providerAccountId"
    FROM "Authenticator"
    WHERE "userId" = (SELECT "id" FROM "user")
    ORDER BY "credentialID"
    FOR UPDATE
),
"target" AS (
    SELECT
        a."id",
        a."type",
        a."providerAccountId",
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
SELECT
    EXISTS (SELECT FROM "deleted"),
    NOT EXISTS (
        SELECT
        FROM "Account" AS o
        WHERE o."userId" = $1 AND o."type" <> 'webauthn' AND o."id" <> t."id"
    ) AND NOT EXISTS (
        SELECT
        FROM "Authenticator" AS o
        WHERE o."userId" = $1 AND NOT (t."type" = 'webauthn' AND o."providerAccountId" = t."providerAccountId")
    )
FROM "target" AS t;
