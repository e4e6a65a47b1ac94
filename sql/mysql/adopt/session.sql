-- Statements for the application's own objects are put together from their names (GROUP_CONCAT), and what is finer than
-- a millisecond is truncated, not rounded: MariaDB does so unless told otherwise. Zero dates are not checked: those in
-- our columns block an adoption, and in the application's own, where a table is copied, they stay what they are.
SET @authstore_own_rows = NULL, SESSION group_concat_max_len = 1048576, foreign_key_checks = 1, sql_mode = IF(
    VERSION() LIKE '%MariaDB%', 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION',
    'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,TIME_TRUNCATE_FRACTIONAL'
);
