DELETE FROM "authstore_challenge"
WHERE rowid IN (
    SELECT rowid
    FROM "authstore_challenge"
    WHERE "expires" <= ?1
    ORDER BY "expires"
    LIMIT ?2
);
