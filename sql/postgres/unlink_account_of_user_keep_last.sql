-- The user's row is locked first, so that removals take turns and cannot deadlock. Then all the user's ways to sign in
-- are locked before they are counted: a statement sees the rows as of its beginning, and only locking a row reads it
-- again, so that one that a concurrent removal deleted is not counted. A row that was created during the wait is not
-- seen, though. So if nothing was deleted, it was the last way to sign in only if it was the last when the statement
-- began, too. An authenticator and its account of the type webauthn count as one.
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
