DELETE FROM "Session"
WHERE rowid IN (
    SELECT rowid
    FROM "Session"
    WHERE "expires" <= ?1
    ORDER BY "expires"
    LIMIT ?2
);
