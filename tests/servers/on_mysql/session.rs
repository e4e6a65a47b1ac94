//! The variables that a session inherits from the server: each is either set by us or listed here as harmless.

use std::collections::BTreeSet;
use std::sync::Arc;

use authstore::{AuthStore, NewUser};
use authstore_test_databases::{Database, Kind, Needs, Server, Setup, Test};

pub(crate) fn tests() -> Vec<Test> {
    let mut tests = Test::on(
        &Kind::MYSQL_AND_MARIADB,
        Needs::Shared,
        "session.each_variable_is_set_or_harmless",
        each_variable_is_set_or_harmless,
    );
    tests.extend(Test::on(
        &Kind::MYSQL_AND_MARIADB,
        Needs::Container,
        "session.no_transaction_is_chained",
        no_transaction_is_chained,
    ));
    tests
}

/// The reasons why variables do not affect what the store reads or writes, and the variables of both servers for each.
/// A variable that a new version of a server adds is in no list, and fails the test until it is classified.
const HARMLESS: &[(&str, &[&str])] = &[
    (
        "set together with collation_connection",
        &["character_set_connection"],
    ),
    (
        "the same variable as transaction_isolation or transaction_read_only",
        &["transaction_isolation", "transaction_read_only"],
    ),
    (
        "each table and column of the schema names its character set, collation and engine, and has a primary key",
        &[
            "character_set_collations",
            "character_set_database",
            "character_set_server",
            "collation_database",
            "collation_server",
            "default_collation_for_utf8mb4",
            "default_tmp_storage_engine",
            "enforce_storage_engine",
            "explicit_defaults_for_timestamp",
            "innodb_compression_default",
            "innodb_default_encryption_key_id",
            "innodb_strict_mode",
            "restrict_fk_on_non_standard_key",
            "sql_generate_invisible_primary_key",
            "sql_require_primary_key",
            "storage_engine",
        ],
    ),
    (
        "no statement uses this feature: AUTO_INCREMENT, recursion, system versioning, temporary tables, stored routines, \
         files, full text, vectors, geometry, JSON, encryption functions, regular expressions, division, week numbers, \
         names of days, IF EXISTS, EXPLAIN, SHOW CREATE, HANDLER, views",
        &[
            "auto_increment_increment",
            "auto_increment_offset",
            "block_encryption_mode",
            "character_set_filesystem",
            "column_compression_threshold",
            "column_compression_zlib_level",
            "column_compression_zlib_strategy",
            "column_compression_zlib_wrap",
            "cte_max_recursion_depth",
            "default_regex_flags",
            "default_week_format",
            "div_precision_increment",
            "end_markers_in_json",
            "explain_format",
            "explain_json_format_version",
            "external_table_secondary_storage_engine",
            "external_table_storage_engine",
            "generated_random_password_length",
            "identity",
            "innodb_ft_enable_stopword",
            "innodb_ft_user_stopword_table",
            "insert_id",
            "keep_files_on_create",
            "last_insert_id",
            "lc_time_names",
            "max_points_in_geometry",
            "max_recursive_iterations",
            "max_sp_recursion_depth",
            "mhnsw_default_distance",
            "mhnsw_default_m",
            "mhnsw_ef_search",
            "print_identified_with_as_hex",
            "rand_seed1",
            "rand_seed2",
            "select_into_buffer_size",
            "select_into_disk_sync",
            "select_into_disk_sync_delay",
            "show_create_table_skip_secondary_engine",
            "show_create_table_verbosity",
            "show_gipk_in_create_table_and_information_schema",
            "sql_if_exists",
            "sql_quote_show_create",
            "standard_compliant_cte",
            "system_versioning_alter_history",
            "system_versioning_asof",
            "system_versioning_insert_history",
            "timestamp",
            "updatable_views_with_limit",
            "windowing_use_high_precision",
        ],
    ),
    (
        "affects how a result is found, not the result",
        &[
            "alter_algorithm",
            "analyze_max_length",
            "analyze_sample_percentage",
            "big_tables",
            "bulk_insert_buffer_size",
            "deadlock_search_depth_long",
            "deadlock_search_depth_short",
            "deadlock_timeout_long",
            "deadlock_timeout_short",
            "enable_secondary_engine_statistics",
            "eq_range_index_dive_limit",
            "expensive_subquery_limit",
            "histogram_generation_max_mem_size",
            "histogram_size",
            "histogram_type",
            "in_predicate_conversion_threshold",
            "information_schema_stats_expiry",
            "innodb_ddl_buffer_size",
            "innodb_ddl_threads",
            "innodb_parallel_read_threads",
            "innodb_table_locks",
            "innodb_tmpdir",
            "internal_tmp_mem_storage_engine",
            "join_buffer_size",
            "join_buffer_space_limit",
            "join_cache_level",
            "low_priority_updates",
            "max_heap_table_size",
            "max_length_for_sort_data",
            "max_rowid_filter_size",
            "max_seeks_for_key",
            "max_tmp_session_space_usage",
            "mrr_buffer_size",
            "new_mode",
            "old",
            "old_alter_table",
            "optimizer_adjust_secondary_key_costs",
            "optimizer_extra_pruning_depth",
            "optimizer_join_limit_pref_ratio",
            "optimizer_max_sel_arg_weight",
            "optimizer_max_sel_args",
            "optimizer_max_subgraph_pairs",
            "optimizer_prune_level",
            "optimizer_scan_setup_cost",
            "optimizer_search_depth",
            "optimizer_selectivity_sampling_limit",
            "optimizer_switch",
            "optimizer_use_condition_selectivity",
            "optimizer_where_cost",
            "preload_buffer_size",
            "query_alloc_block_size",
            "query_cache_strip_comments",
            "query_cache_type",
            "query_cache_wlock_invalidate",
            "query_prealloc_size",
            "range_alloc_block_size",
            "range_optimizer_max_mem_size",
            "read_buffer_size",
            "read_rnd_buffer_size",
            "rowid_merge_buff_size",
            "secondary_engine_cost_threshold",
            "set_operations_buffer_size",
            "sort_buffer_size",
            "sql_buffer_result",
            "tmp_disk_table_size",
            "tmp_memory_table_size",
            "tmp_table_size",
            "transaction_alloc_block_size",
            "transaction_prealloc_size",
            "use_secondary_engine",
            "use_stat_tables",
        ],
    ),
    (
        "only for storage engines other than InnoDB",
        &[
            "aria_repair_threads",
            "aria_sort_buffer_size",
            "aria_stats_method",
            "max_delayed_threads",
            "max_insert_delayed_threads",
            "myisam_repair_threads",
            "myisam_sort_buffer_size",
            "myisam_stats_method",
            "transaction_allow_batching",
        ],
    ),
    (
        "only for logs, statistics and warnings",
        &[
            "error_count",
            "log_disabled_statements",
            "log_queries_not_using_indexes",
            "log_slow_admin_statements",
            "log_slow_always_query_time",
            "log_slow_disabled_statements",
            "log_slow_filter",
            "log_slow_max_warnings",
            "log_slow_min_examined_row_limit",
            "log_slow_query",
            "log_slow_query_time",
            "log_slow_rate_limit",
            "log_slow_slave_statements",
            "log_slow_verbosity",
            "log_warnings",
            "long_query_time",
            "max_error_count",
            "min_examined_row_limit",
            "note_verbosity",
            "optimizer_trace",
            "optimizer_trace_features",
            "optimizer_trace_limit",
            "optimizer_trace_max_mem_size",
            "optimizer_trace_offset",
            "profiling",
            "profiling_history_size",
            "progress_report_time",
            "slow_query_log",
            "sql_log_off",
            "sql_notes",
            "sql_warnings",
            "statement_id",
            "terminology_use_previous",
            "warning_count",
        ],
    ),
    (
        "errors are identified by their numbers and by the names of keys, in any language",
        &["lc_messages"],
    ),
    (
        "the driver does not use it",
        &[
            "redirect_url",
            "resultset_metadata",
            "session_track_gtids",
            "session_track_schema",
            "session_track_state_change",
            "session_track_system_variables",
            "session_track_transaction_info",
        ],
    ),
    (
        "only for the X protocol or interactive clients",
        &[
            "interactive_timeout",
            "mysqlx_read_timeout",
            "mysqlx_wait_timeout",
            "mysqlx_write_timeout",
        ],
    ),
    (
        "a limit that the operator sets; the error when it ends a connection or a statement is handled",
        &[
            "connection_memory_chunk_size",
            "connection_memory_limit",
            "global_connection_memory_tracking",
            "idle_readonly_transaction_timeout",
            "idle_transaction_timeout",
            "idle_write_transaction_timeout",
            "max_allowed_packet",
            "max_session_mem_used",
            "max_user_connections",
            "net_buffer_length",
            "net_read_timeout",
            "net_retry_count",
            "net_write_timeout",
            "parser_max_mem_size",
            "tcp_nodelay",
            "thread_pool_priority",
            "wait_timeout",
        ],
    ),
    (
        "replication, which is up to the operator; only an administrator may set it",
        &[
            "binlog_alter_two_phase",
            "binlog_annotate_row_events",
            "binlog_direct_non_transactional_updates",
            "binlog_format",
            "binlog_row_image",
            "binlog_row_value_options",
            "binlog_rows_query_log_events",
            "binlog_transaction_compression",
            "binlog_transaction_compression_level_zstd",
            "default_master_connection",
            "default_table_encryption",
            "enable_cascade_triggers",
            "group_replication_consistency",
            "gtid_domain_id",
            "gtid_next",
            "gtid_owned",
            "gtid_seq_no",
            "immediate_server_version",
            "last_gtid",
            "max_relay_log_size",
            "original_commit_timestamp",
            "original_server_version",
            "pseudo_replica_mode",
            "pseudo_slave_mode",
            "rbr_exec_mode",
            "require_row_format",
            "server_id",
            "skip_parallel_replication",
            "skip_replication",
            "sql_log_bin",
            "sql_slave_skip_counter",
            "wsrep_gtid_seq_no",
            "wsrep_on",
            "wsrep_osu_method",
            "wsrep_retry_autocommit",
            "wsrep_trx_fragment_size",
            "wsrep_trx_fragment_unit",
            "xa_detach_on_prepare",
        ],
    ),
    (
        "set by a separate statement, on the nodes of a Galera cluster",
        &["wsrep_dirty_reads", "wsrep_sync_wait"],
    ),
    (
        "only reports something",
        &[
            "external_user",
            "in_transaction",
            "proxy_user",
            "pseudo_thread_id",
        ],
    ),
    ("used only when a password is set", &["old_passwords"]),
];

/// Returns the variables that are set when a connection is opened: the first word of each line.
fn set(kind: Kind) -> BTreeSet<String> {
    let sql = match kind {
        Kind::Mysql => include_str!("../../../sql/mysql/session.sql"),
        _ => include_str!("../../../sql/mariadb/session.sql"),
    };
    sql.lines()
        .filter_map(|line| {
            let line = line.trim().trim_start_matches("/*M!110402 ");
            let (name, _) = line.split_once(" = ")?;
            Some(name.to_owned())
        })
        .collect()
}

fn each_variable_is_set_or_harmless(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let list = match kind {
        Kind::Mysql => {
            "SELECT VARIABLE_NAME FROM performance_schema.variables_metadata WHERE VARIABLE_SCOPE LIKE 'SESSION%'"
        }
        _ => {
            "SELECT LOWER(VARIABLE_NAME) FROM information_schema.SYSTEM_VARIABLES WHERE VARIABLE_SCOPE LIKE 'SESSION%'"
        }
    };
    let variables: BTreeSet<String> = database
        .client()
        .query(list)
        .into_iter()
        .flatten()
        .flatten()
        .collect();
    assert!(variables.len() > 100, "{variables:?}");
    let set = set(kind);
    assert!(set.len() > 15, "{set:?}");
    let missing: Vec<_> = set.difference(&variables).collect();
    assert!(
        missing.is_empty(),
        "set, but not known to the server: {missing:?}"
    );
    let harmless: BTreeSet<_> = HARMLESS
        .iter()
        .flat_map(|(_, names)| *names)
        .copied()
        .collect();
    let unknown: Vec<_> = variables
        .iter()
        .filter(|name| !set.contains(*name) && !harmless.contains(name.as_str()))
        .collect();
    assert!(
        unknown.is_empty(),
        "neither set by sql/{kind}/session.sql nor listed as harmless: {unknown:?}"
    );
}

/// With `completion_type=CHAIN`, a plain COMMIT begins another transaction, which is never ended.
fn no_transaction_is_chained(kind: Kind) {
    let server = Arc::new(Server::start(kind, &Setup::default()).unwrap());
    let database = Database::on(&server).unwrap();
    for completion_type in ["CHAIN", "RELEASE"] {
        database
            .client()
            .query(&format!("SET GLOBAL completion_type = '{completion_type}'"));
        let store = database.store_with("pool_size=1");
        let beside = AuthStore::connect(&database.url()).unwrap();
        let ada = store.create_user(NewUser::default()).unwrap();
        let account = authstore::NewAccount::new("oauth", "github", completion_type);
        // Each runs in a transaction, and is followed by an insert on the same connection.
        store
            .create_user_with_account(NewUser::default(), account)
            .unwrap();
        store
            .update_user(ada.id, authstore::UserChanges::default())
            .unwrap();
        let bob = store.create_user(NewUser::default()).unwrap();
        assert!(
            beside.get_user(bob.id).unwrap().is_some(),
            "{completion_type}"
        );
    }
}
