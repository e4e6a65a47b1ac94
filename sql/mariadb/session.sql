SET SESSION
    time_zone = '+00:00',
    sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
    character_set_client = utf8mb4,
    character_set_results = utf8mb4,
    collation_connection = utf8mb4_nopad_bin,
    tx_isolation = 'READ-COMMITTED',
    tx_read_only = 0,
    autocommit = 1,
    foreign_key_checks = 1,
    unique_checks = 1,
    innodb_lock_wait_timeout = ?,
    lock_wait_timeout = ?,
    max_statement_time = ?;
