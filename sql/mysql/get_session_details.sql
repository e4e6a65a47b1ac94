SELECT `session_id`, `began`, `last_seen`, `ip`, `user_agent`
FROM `authstore_session_details`
WHERE `session_id` = ?;
