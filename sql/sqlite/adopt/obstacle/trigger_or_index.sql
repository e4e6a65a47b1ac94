SELECT
    'the ' || "type" || ' ' || "name" || ' on ' || "tbl_name"
    || ' would be lost: drop it, and create it again afterwards where it is still needed'
FROM sqlite_schema
WHERE "type" IN ('trigger', 'index')
    AND "tbl_name" IN ('User', 'Account', 'Session', 'VerificationToken', 'Authenticator')
    AND "sql" IS NOT NULL
    -- The guide's two, and ours.
    AND "name" NOT IN (
        'Account_userId_index', 'Session_userId_index', 'Account_userId_idx', 'Session_userId_idx', 'Session_expires_idx',
        'VerificationToken_expires_idx'
    );
