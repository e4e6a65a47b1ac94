-- GROUP_CONCAT assembles statements from the names of the application's own objects, so it needs a high limit. Times
-- are truncated to milliseconds, not rounded, as is the default in MariaDB.
SET SESSION group_concat_max_len = 1048576, foreign_key_checks = 1, sql_mode = IF(
    VERSION() LIKE '%MariaDB%', @@sql_mode, CONCAT(@@sql_mode, ',TIME_TRUNCATE_FRACTIONAL')
);
