DELETE FROM "VerificationToken"
WHERE rowid IN (
    SELECT rowid
    FROM "VerificationToken"
    WHERE "expires" <= ?1
    ORDER BY "expires"
    LIMIT ?2
);
