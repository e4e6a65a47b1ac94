-- Releases a lease that has ended. ON DUPLICATE KEY UPDATE could not take it over: in MariaDB, VALUES(`name`) is the old
-- name once `name` was assigned, because it is a text, and so whoever waits would renew the lease of another.
DELETE FROM `authstore_migration`
WHERE `series` = '' AND `version` = 0 AND `applied_at` < UTC_TIMESTAMP(3);
