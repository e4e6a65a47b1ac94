DELETE FROM "Session"
WHERE rowid IN (
    SELECT rowid
    FROM "Session"
    WHERE "expires" <= ?1
        -- Of a time that another program wrote in another form, which sorts too early.
        AND strftime('%Y-%m-%dT%H:%M:%fZ', "expires") <= ?1
    ORDER BY "expires"
    LIMIT ?2
);
