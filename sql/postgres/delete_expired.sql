-- Locked rows are skipped: another sweep is deleting them, or an update is extending them.
--
-- A parameter in a subquery is unknown to the planner. Otherwise PostgreSQL would plan this statement at each execution,
-- because knowing that few rows have expired makes a plan seem cheaper.
WITH "deletedSession" AS (
    DELETE FROM "Session"
    WHERE ctid = ANY (
        ARRAY(
            SELECT ctid
            FROM "Session"
            WHERE "expires" <= (SELECT $1::timestamptz)
            ORDER BY "expires"
            LIMIT (SELECT $2::bigint)
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
            WHERE "expires" <= (SELECT $3::timestamptz)
            ORDER BY "expires"
            LIMIT (SELECT $4::bigint)
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
            WHERE "expires" <= (SELECT $5::timestamptz)
            ORDER BY "expires"
            LIMIT (SELECT $6::bigint)
            FOR UPDATE SKIP LOCKED
        )
    )
    RETURNING 1
)
SELECT
    (SELECT count(*) FROM "deletedSession"),
    (SELECT count(*) FROM "deletedVerificationToken"),
    (SELECT count(*) FROM "deletedChallenge");
