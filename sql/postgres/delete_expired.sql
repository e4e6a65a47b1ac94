-- Locked rows are skipped: another sweep is deleting them, or an update is extending them.
WITH "deletedSession" AS (
    DELETE FROM "Session"
    WHERE ctid = ANY (
        ARRAY(
            SELECT ctid
            FROM "Session"
            WHERE "expires" <= $1
            ORDER BY "expires"
            LIMIT $2
            FOR UPDATE SKIP LOCKED
        )
    )
    RETURNING 1
),
"deletedVerificationToken" AS (
    DELETE FROM "VerificationToken"
    WHERE ctid = ANY (
        ARRAY(
            SELECT ctid
            FROM "VerificationToken"
            WHERE "expires" <= $3
            ORDER BY "expires"
            LIMIT $4
            FOR UPDATE SKIP LOCKED
        )
    )
    RETURNING 1
),
"deletedChallenge" AS (
    DELETE FROM "authstore_challenge"
    WHERE ctid = ANY (
        ARRAY(
            SELECT ctid
            FROM "authstore_challenge"
            WHERE "expires" <= $5
            ORDER BY "expires"
            LIMIT $6
            FOR UPDATE SKIP LOCKED
        )
    )
    RETURNING 1
)
SELECT
    (SELECT count(*) FROM "deletedSession"),
    (SELECT count(*) FROM "deletedVerificationToken"),
    (SELECT count(*) FROM "deletedChallenge");
