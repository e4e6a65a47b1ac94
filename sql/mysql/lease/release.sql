DELETE FROM `authstore_migration`
WHERE `series` = '' AND `version` = 0 AND `name` = ?;
