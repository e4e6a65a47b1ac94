//! The settings that a session inherits, and how the store handles them.

use std::collections::BTreeMap;

use authstore::NewUser;
use authstore_test_databases::{Database, Kind, Needs, PgBouncer, Pooler, Test, store};

pub(crate) fn tests() -> Vec<Test> {
    let mut tests = Test::on(
        &[Kind::Postgres],
        Needs::Shared,
        "settings.every_setting_is_pinned_or_harmless",
        every_setting_is_pinned_or_harmless,
    );
    tests.extend(Test::on(
        &[Kind::Postgres],
        Needs::Pooler,
        "settings.pinned_settings_hold_in_operations",
        pinned_settings_hold_in_operations,
    ));
    tests
}

/// For each pinned setting, a value that differs as much as possible from ours.
const HOSTILE: [(&str, &str); 28] = [
    ("statement_timeout", "17s"),
    ("lock_timeout", "17s"),
    ("idle_in_transaction_session_timeout", "17s"),
    ("idle_session_timeout", "17s"),
    ("transaction_timeout", "17s"),
    ("search_path", "public"),
    ("row_security", "off"),
    ("session_replication_role", "replica"),
    ("standard_conforming_strings", "off"),
    ("backslash_quote", "on"),
    ("transform_null_equals", "on"),
    ("array_nulls", "off"),
    ("gin_fuzzy_search_limit", "1"),
    ("quote_all_identifiers", "on"),
    ("TimeZone", "Pacific/Apia"),
    ("timezone_abbreviations", "India"),
    ("DateStyle", "SQL, DMY"),
    ("IntervalStyle", "sql_standard"),
    ("bytea_output", "escape"),
    ("extra_float_digits", "-15"),
    ("client_encoding", "LATIN1"),
    ("xmlbinary", "hex"),
    ("xmloption", "document"),
    ("exit_on_error", "on"),
    ("synchronous_commit", "off"),
    ("default_transaction_isolation", "serializable"),
    ("default_transaction_read_only", "on"),
    ("default_transaction_deferrable", "on"),
];

/// The categories of `pg_settings` in which no setting changes what a statement returns or writes, each with the
/// reason.
const HARMLESS_CATEGORIES: [(&str, &str); 8] = [
    (
        "Query Tuning",
        "chooses between plans that return the same rows",
    ),
    (
        "Resource Usage",
        "limits the resources of a statement; too little is an error",
    ),
    ("Reporting and Logging", "is for the server's log"),
    ("Statistics", "is for statistics"),
    ("Replication", "is for connections between servers"),
    (
        "Connections and Authentication",
        "is for sockets, and for setting passwords",
    ),
    (
        "Client Connection Defaults / Shared Library Preloading",
        "is up to the administrator",
    ),
    ("File Locations", "is up to the administrator"),
];

/// The settings of the other categories that stay unchanged, each with the reason.
const HARMLESS: [(&str, &str); 57] = [
    ("default_tablespace", "chooses where tables are stored"),
    (
        "default_table_access_method",
        "chooses how tables are stored",
    ),
    ("default_toast_compression", "chooses how tables are stored"),
    ("temp_tablespaces", "chooses where sorting stores its files"),
    ("createrole_self_grant", "the store creates no roles"),
    (
        "restrict_nonsystem_relation_kind",
        "the store uses no views; rejecting them is an error",
    ),
    ("dynamic_library_path", "is up to the administrator"),
    ("event_triggers", "are up to the administrator"),
    // Languages and formats of messages and of functions that the store does not use.
    ("lc_messages", "changes only messages"),
    ("lc_monetary", "is for to_char and money"),
    ("lc_numeric", "is for to_char"),
    ("lc_time", "is for to_char"),
    ("default_text_search_config", "is for text search"),
    ("icu_validation_level", "is for new collations"),
    ("client_min_messages", "notices are dropped"),
    ("check_function_bodies", "only makes a failure come earlier"),
    ("lo_compat_privileges", "is for large objects"),
    ("escape_string_warning", "is a notice"),
    ("synchronize_seqscans", "every list is ordered"),
    ("gin_pending_list_limit", "is for GIN indexes"),
    // Settings of a transaction, which each transaction sets.
    (
        "transaction_isolation",
        "is set at each BEGIN, or the session's default",
    ),
    (
        "transaction_read_only",
        "is set at each BEGIN, or the session's default",
    ),
    (
        "transaction_deferrable",
        "is set at each BEGIN, or the session's default",
    ),
    (
        "deadlock_timeout",
        "determines how soon a deadlock is found",
    ),
    // Settings for VACUUM.
    ("vacuum_failsafe_age", "is for VACUUM"),
    ("vacuum_freeze_min_age", "is for VACUUM"),
    ("vacuum_freeze_table_age", "is for VACUUM"),
    ("vacuum_multixact_failsafe_age", "is for VACUUM"),
    ("vacuum_multixact_freeze_min_age", "is for VACUUM"),
    ("vacuum_multixact_freeze_table_age", "is for VACUUM"),
    ("vacuum_truncate", "is for VACUUM"),
    // Settings of the server's log.
    ("commit_delay", "groups commits"),
    ("commit_siblings", "groups commits"),
    ("wal_compression", "is a format of the log"),
    ("wal_init_zero", "is a format of the log"),
    ("wal_recycle", "is a format of the log"),
    ("wal_skip_threshold", "is a format of the log"),
    ("wal_consistency_checking", "checks the log"),
    // Settings for developers of PostgreSQL and for repairing damage, which are never on while programs use the
    // database.
    (
        "allow_in_place_tablespaces",
        "is for PostgreSQL's own tests",
    ),
    ("allow_system_table_mods", "only allows more"),
    ("backtrace_functions", "is for the log"),
    (
        "composite_type_mismatch",
        "is for a distribution's own tests",
    ),
    ("debug_discard_caches", "is slow"),
    ("debug_logical_replication_streaming", "is for replication"),
    ("debug_parallel_query", "chooses between plans"),
    ("ignore_checksum_failure", "is for rescuing damaged data"),
    ("ignore_system_indexes", "is slow"),
    ("zero_damaged_pages", "is for rescuing damaged data"),
    ("jit_debugging_support", "is for debuggers"),
    ("jit_dump_bitcode", "is for debuggers"),
    ("jit_expressions", "chooses between plans"),
    ("jit_profiling_support", "is for profilers"),
    ("jit_tuple_deforming", "chooses between plans"),
    ("post_auth_delay", "is for debuggers"),
    ("trace_notify", "is for the log"),
    ("trace_sort", "is for the log"),
    ("application_name", "names the program"),
];

/// Returns the pinned settings, from the statement that pins them, without those whose value is a parameter or depends
/// on others.
fn pinned() -> BTreeMap<&'static str, Option<&'static str>> {
    let sql = include_str!("../../../sql/postgres/session/pin.sql");
    let after_quote = |text: &'static str| text.split('\'').nth(1);
    sql.lines()
        .map(str::trim)
        .filter_map(|line| {
            let line = line.strip_prefix('(').unwrap_or(line);
            let (name, rest) = line.strip_prefix('\'')?.split_once("',")?;
            Some((name, after_quote(rest)))
        })
        .collect()
}

fn every_setting_is_pinned_or_harmless(kind: Kind) {
    let pinned = pinned();
    let hostile: Vec<&str> = HOSTILE.iter().map(|(name, _)| *name).collect();
    for name in pinned.keys() {
        assert!(hostile.contains(name), "{name} is pinned, and not tested");
    }
    for name in hostile {
        assert!(pinned.contains_key(name), "{name} is not pinned");
    }
    let database = Database::new(kind).unwrap();
    let settings = database.client().query(
        "SELECT name, category FROM pg_settings
         WHERE context IN ('user', 'superuser', 'backend', 'superuser-backend') AND name NOT LIKE '%.%'",
    );
    assert!(settings.len() > 100);
    let unknown: Vec<String> = settings
        .into_iter()
        .filter_map(|row| {
            let [name, category] = <[Option<String>; 2]>::try_from(row).unwrap();
            let (name, category) = (name.unwrap(), category.unwrap());
            let is_known = pinned.contains_key(name.as_str())
                || HARMLESS.iter().any(|(harmless, _)| *harmless == name)
                || HARMLESS_CATEGORIES
                    .iter()
                    .any(|(harmless, _)| category.starts_with(harmless));
            (!is_known).then(|| format!("{name} ({category})"))
        })
        .collect();
    assert!(unknown.is_empty(), "{unknown:#?}");
}

fn pinned_settings_hold_in_operations(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let pooler = Pooler::start(
        PgBouncer::Recent,
        database.server(),
        &["pool_mode = transaction"],
    )
    .unwrap();
    // A trigger sees the settings of the session that it runs in.
    let names: Vec<String> = HOSTILE
        .iter()
        .map(|(name, _)| format!("'{name}'"))
        .collect();
    let mut client = database.client();
    store(&database.url());
    client.query(&format!(
        r#"CREATE TABLE "seen" ("name" text, "setting" text);
           CREATE FUNCTION "see"() RETURNS trigger LANGUAGE plpgsql AS $$
           BEGIN
               INSERT INTO "seen" SELECT n, current_setting(n, true) FROM unnest(ARRAY[{}]) AS n;
               RETURN NULL;
           END $$;
           CREATE TRIGGER "see" AFTER INSERT ON "User" EXECUTE FUNCTION "see"()"#,
        names.join(", ")
    ));
    let version: u32 = client.query_one("SHOW server_version_num").parse().unwrap();
    let hostile = || {
        HOSTILE
            .iter()
            .filter(|(name, _)| *name != "transaction_timeout" || version >= 170_000)
            // PgBouncer sets this for each of its connections.
            .filter(|(name, _)| *name != "client_encoding")
    };
    let alter: Vec<String> = hostile()
        .map(|(name, setting)| {
            let database = database.name();
            match *name {
                // A list, which is not quoted as a whole.
                "DateStyle" => format!("ALTER DATABASE {database} SET {name} = {setting}"),
                _ => format!("ALTER DATABASE {database} SET {name} = '{setting}'"),
            }
        })
        .collect();
    for alter in alter {
        client.query(&alter);
    }
    for (url, is_shared) in [(database.url(), false), (pooler.url(database.name()), true)] {
        store(&url).create_user(NewUser::default()).unwrap();
        let mut seen = BTreeMap::new();
        for row in client.query(r#"DELETE FROM "seen" RETURNING "name", "setting""#) {
            seen.insert(row[0].clone().unwrap(), row[1].clone().unwrap());
        }
        for (name, hostile) in hostile() {
            let wanted = match (*name, pinned()[name]) {
                ("statement_timeout", _) => "5s",
                ("lock_timeout", _) => "0",
                // Left to the administrator, for operations and if no schema is named.
                (
                    "idle_in_transaction_session_timeout"
                    | "idle_session_timeout"
                    | "transaction_timeout",
                    _,
                ) => hostile,
                // The same, but another user of the session may have left temporary tables.
                ("search_path", _) if is_shared => &format!("{hostile}, pg_temp"),
                ("search_path", _) => hostile,
                ("synchronous_commit", _) => "on",
                (_, Some(setting)) => setting,
                (name, None) => panic!("{name}"),
            };
            assert_eq!(seen[*name], wanted, "{name} at {url}");
        }
    }
}
