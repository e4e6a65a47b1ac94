SELECT CONCAT(
    'the trigger ', TRIGGER_NAME, ' on ', EVENT_OBJECT_TABLE,
    ' would be lost: drop it, and create it again afterwards where it is still needed'
)
FROM information_schema.TRIGGERS
WHERE EVENT_OBJECT_SCHEMA = DATABASE()
    AND EVENT_OBJECT_TABLE IN ('User', 'Account', 'Session', 'VerificationToken', 'Authenticator');
