-- Statements for the application's own objects are put together from their names (GROUP_CONCAT), and what is finer than
-- a millisecond is truncated, not rounded: MariaDB does so unless told otherwise.
SET SESSION group_concat_max_len = 1048576, foreign_key_checks = 1, sql_mode = IF(
    VERSION() LIKE '%MariaDB%', @@sql_mode, CONCAT(@@sql_mode, ',TIME_TRUNCATE_FRACTIONAL')
);
