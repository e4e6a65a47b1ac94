UPDATE `authstore_migration` SET `applied_at` = UTC_TIMESTAMP(3) + INTERVAL 15 SECOND
WHERE `series` = '' AND `version` = 0 AND `name` = ?;
