//! Mutants that no rule can catch, since they change nothing that a caller could see.

use authstore_test_databases::Kind;

/// Why nobody would notice this change of this file, if nobody would.
pub(crate) fn why_harmless(kind: Kind, file: &str, change: &str) -> Option<&'static str> {
    let is = |kinds: &[Kind], files: &[&str], changes: &[&str]| {
        kinds.contains(&kind)
            && files.iter().any(|beginning| file.starts_with(beginning))
            && changes.iter().any(|part| change.contains(part))
    };
    const SQLITE: &[Kind] = &[Kind::SqliteMemory, Kind::SqliteFile];
    const POSTGRES: &[Kind] = &[Kind::Postgres];
    if is(&Kind::ALL, &["history/list"], &["\"version\"", "`version`"]) {
        return Some("a migrator puts the history in order itself");
    }
    if is(&Kind::ALL, &["history/create"], &["PRIMARY KEY", "KEY"]) {
        return Some("only one run at a time writes to the history");
    }
    if is(SQLITE, &["delete_expired", "list_authenticators"], &["without ORDER BY"]) {
        return Some("the index that is used gives the order");
    }
    if is(SQLITE, &["migrations", "history/create"], &["bigint -> int"]) {
        return Some("an integer of SQLite's has 64 bits, whatever its type is called");
    }
    if is(SQLITE, &["transaction/rollback.sql"], &["SELECT 1"]) {
        return Some("a connection with an open transaction is closed, which ends it");
    }
    if is(POSTGRES, &["list_"], &["COLLATE"]) {
        return Some("the columns have the collation too; a database that was adopted may not");
    }
    if is(POSTGRES, &["delete_expired"], &["LOCKED"]) {
        return Some("two sweeps then wait for one another, and count no row twice all the same");
    }
    None
}
