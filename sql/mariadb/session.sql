SET SESSION
    time_zone = '+00:00',
    sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
    old_mode = 'UTF8_IS_UTF8MB3',
    character_set_client = utf8mb4,
    character_set_results = utf8mb4,
    collation_connection = utf8mb4_nopad_bin,
    tx_isolation = 'READ-COMMITTED',
    tx_read_only = 0,
    -- Exists since 11.4.2 and in the last releases of earlier series. On by default since 11.6.2.
    /*M!110402 innodb_snapshot_isolation = 0, */
    autocommit = 1,
    completion_type = 'NO_CHAIN',
    -- Of tables that the application creates: others have no transactions.
    default_storage_engine = 'InnoDB',
    foreign_key_checks = 1,
    unique_checks = 1,
    check_constraint_checks = 1,
    sql_select_limit = 18446744073709551615,
    sql_safe_updates = 0,
    sql_auto_is_null = 0,
    max_join_size = 18446744073709551615,
    -- Must come after max_join_size, which changes it.
    sql_big_selects = 1,
    max_sort_length = 8192,
    group_concat_max_len = 1048576,
    -- Error messages quote names with it, too.
    sql_quote_show_create = 1,
    -- A note of an error names the trigger in which it happened.
    sql_notes = 1,
    max_error_count = 64,
    innodb_lock_wait_timeout = ?,
    lock_wait_timeout = ?,
    max_statement_time = ?;
