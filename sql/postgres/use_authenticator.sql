-- The row is locked before it is compared: a concurrent use has committed by then.
WITH "stored" AS MATERIALIZED (
    SELECT
        "credentialID", "userId", "providerAccountId", "credentialPublicKey", "counter", "credentialDeviceType",
        "credentialBackedUp", "transports"
    FROM "Authenticator"
    WHERE "credentialID" = $1
    FOR UPDATE
),
"used" AS (
    UPDATE "Authenticator" SET "counter" = $2, "credentialBackedUp" = $3
    WHERE
        "credentialID" = (
            SELECT "credentialID"
            FROM "stored"
            WHERE "counter" < $2 OR ("counter" = 0 AND $2 = 0)
        )
    RETURNING 1
)
SELECT
    "credentialID", "userId", "providerAccountId", "credentialPublicKey", "counter", "credentialDeviceType",
    "credentialBackedUp", "transports",
    EXISTS (SELECT FROM "used")
FROM "stored";
