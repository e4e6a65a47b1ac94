INSERT INTO `authstore_session_details` (`session_id`, `began`, `last_seen`, `ip`, `user_agent`)
SELECT p.`id`, ?, ?, ?, ?
FROM `Session` AS p
WHERE p.`id` = ?
ON DUPLICATE KEY UPDATE
    `began` = CASE WHEN ? THEN VALUES(`began`) ELSE `authstore_session_details`.`began` END,
    `last_seen` = CASE WHEN ? THEN VALUES(`last_seen`) ELSE `authstore_session_details`.`last_seen` END,
    `ip` = CASE WHEN ? THEN VALUES(`ip`) ELSE `authstore_session_details`.`ip` END,
    `user_agent` = CASE WHEN ? THEN VALUES(`user_agent`) ELSE `authstore_session_details`.`user_agent` END;
