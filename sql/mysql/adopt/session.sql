-- Statements for the application's own objects are assembled from their names (GROUP_CONCAT), and anything finer than a
-- millisecond is truncated, not rounded: MariaDB does so by default. Zero dates are not checked: those in our columns
-- block an adoption, and those in the application's own columns stay unchanged when a table is copied. So do rows that
-- violate a CHECK, which MariaDB lets a session write. A primary key that MySQL has generated is listed like any other.
SET
    @authstore_own_rows = NULL,
    /*M! SESSION check_constraint_checks = 0, */
    /*!80030 SESSION show_gipk_in_create_table_and_information_schema = 1, */
    SESSION group_concat_max_len = 1048576,
    foreign_key_checks = 1,
    sql_mode = IF(
        VERSION() LIKE '%MariaDB%', 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION',
        'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,TIME_TRUNCATE_FRACTIONAL'
    );
