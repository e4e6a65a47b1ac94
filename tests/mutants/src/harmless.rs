//! Mutants that no rule can catch, because they change nothing that a caller can observe.

use authstore_test_databases::Kind;

const MYSQL: &[Kind] = &Kind::MYSQL_AND_MARIADB;
const SQLITE: &[Kind] = &[Kind::SqliteMemory, Kind::SqliteFile];
const ALL_BUT_POSTGRES: &[Kind] = &[
    Kind::SqliteMemory,
    Kind::SqliteFile,
    Kind::Mysql,
    Kind::Mariadb,
];

/// The databases, the prefix of the file's path, a part of the change, and the reason why it has no effect.
const HARMLESS: &[(&[Kind], &str, &str, &str)] = &[
    (
        &Kind::ALL,
        "history/list.sql",
        "version",
        "the comparison of a history with a series sorts it",
    ),
    (
        &Kind::ALL,
        "history/create.sql",
        "KEY",
        "one run at a time writes to the history, and no migration twice",
    ),
    (
        &Kind::ALL,
        "history/create.sql",
        "applied_at",
        "the time of a migration is only shown to people",
    ),
    (
        ALL_BUT_POSTGRES,
        "delete_expired",
        "without ORDER BY",
        "the index on the expiry gives the order",
    ),
    (
        ALL_BUT_POSTGRES,
        "list_authenticators_by_user_id.sql",
        "without ORDER BY",
        "the primary key gives the order",
    ),
    (
        SQLITE,
        "",
        "bigint -> int",
        "an integer has 64 bits, whatever its type is called",
    ),
    (
        SQLITE,
        "history/exists.sql",
        "",
        "nothing but the table of the history bears its name",
    ),
    (
        SQLITE,
        "transaction/rollback.sql",
        "SELECT 1",
        "a connection with an open transaction is closed, which ends it",
    ),
    (
        SQLITE,
        "migrations/0005",
        "credentialID\"",
        "the other key is unique by itself",
    ),
    (
        &Kind::ALL,
        "history/delete.sql",
        "version = -> LIKE",
        "a number is like no other",
    ),
    (
        MYSQL,
        "list_sessions_by_user_id.sql",
        "without , `id`",
        "an index of InnoDB gives rows with one key by their primary key, and sorting leaves them so",
    ),
    (
        MYSQL,
        "session.sql",
        "sql_mode",
        "nothing is sent that is too long or out of range, which is what strict mode refuses",
    ),
    (
        MYSQL,
        "session.sql",
        "without character_set_",
        "the driver asks for utf8mb4 when it signs in",
    ),
    (
        MYSQL,
        "session.sql",
        "without collation_connection",
        "what is compared with a column is compared by the column's own collation",
    ),
    (
        &[Kind::Mysql],
        "use_verification_token.sql",
        "`identifier` = ? ->",
        "the row was found by its identifier before, and the token is unique",
    ),
    (MYSQL, "lock.sql", "<=> -> =", "NULL is no lock either"),
    (
        MYSQL,
        "session.sql",
        "time_zone",
        "a `datetime` is stored as it is written; no statement asks for the time",
    ),
    (
        &[Kind::Postgres],
        "list_",
        "COLLATE",
        "the columns have the collation too; those of a database that was adopted may not",
    ),
    (
        &[Kind::Postgres],
        "migrations/",
        "COLLATE",
        "to be equal is to be so byte by byte in any collation that is deterministic, and lists name theirs",
    ),
    (
        &[Kind::Postgres],
        "delete_expired.sql",
        "LOCKED",
        "two sweeps wait for one another then, and count no row twice all the same",
    ),
    (
        &[Kind::Postgres],
        "history/unlock.sql",
        "SELECT 1",
        "the connection is closed next, and the lock goes with it",
    ),
    (
        &[Kind::Postgres],
        "transaction/release.sql",
        "SELECT 1",
        "the end of the transaction releases it; a step that ends it itself is for tests of the crate",
    ),
];

/// Returns the reason why this change has no effect, if it has none.
pub(crate) fn why_harmless(kind: Kind, file: &str, change: &str) -> Option<&'static str> {
    HARMLESS
        .iter()
        .find(|(kinds, beginning, part, _)| {
            kinds.contains(&kind) && file.starts_with(beginning) && change.contains(part)
        })
        .map(|(.., why)| *why)
}
