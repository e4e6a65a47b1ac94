INSERT INTO `authstore_authenticator_details` (`credential_id`, `name`, `created`, `last_used`)
SELECT p.`credentialID`, ?, ?, ?
FROM `Authenticator` AS p
WHERE p.`credentialID` = ? AND p.`userId` = ?
-- Otherwise, a passkey that is deleted and registered for another user meanwhile would get these details.
LOCK IN SHARE MODE
ON DUPLICATE KEY UPDATE
    `name` = CASE WHEN ? THEN VALUES(`name`) ELSE `authstore_authenticator_details`.`name` END,
    `created` = CASE WHEN ? THEN VALUES(`created`) ELSE `authstore_authenticator_details`.`created` END,
    `last_used` = CASE WHEN ? THEN VALUES(`last_used`) ELSE `authstore_authenticator_details`.`last_used` END;
