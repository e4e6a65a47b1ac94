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
        "comparing a history with a series sorts it",
    ),
    (
        &Kind::ALL,
        "history/create.sql",
        "KEY",
        "only one run at a time writes to the history, and it writes each migration once",
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
        "the index on the expiry determines the order",
    ),
    (
        ALL_BUT_POSTGRES,
        "list_authenticators_by_user_id.sql",
        "without ORDER BY",
        "the primary key determines the order",
    ),
    (
        SQLITE,
        "",
        "bigint -> int",
        "integers have 64 bits, whatever the type is called",
    ),
    (
        SQLITE,
        "history/exists.sql",
        "",
        "nothing but the history table has its name",
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
        "the other key is unique on its own",
    ),
    (
        &Kind::ALL,
        "history/delete.sql",
        "version = -> LIKE",
        "LIKE matches a number only to itself",
    ),
    (
        MYSQL,
        "list_sessions_by_user_id.sql",
        "without , `id`",
        "InnoDB's index returns rows with equal keys in the order of their primary key, and sorting keeps that order",
    ),
    (
        MYSQL,
        "session.sql",
        "sql_mode",
        "strict mode rejects only values that are too long or out of range, and none are sent",
    ),
    (
        MYSQL,
        "session.sql",
        "without character_set_",
        "the driver requests utf8mb4 when it signs in",
    ),
    (
        MYSQL,
        "session.sql",
        "without collation_connection",
        "comparisons with a column use the column's own collation",
    ),
    (
        &[Kind::Mysql],
        "use_verification_token.sql",
        "`identifier` = ? ->",
        "the row was already found by its identifier, and the token is unique",
    ),
    (
        MYSQL,
        "lock.sql",
        "<=> -> =",
        "NULL also means that there is no lock",
    ),
    (
        MYSQL,
        "session.sql",
        "time_zone",
        "a `datetime` is stored unchanged, and no statement reads the clock",
    ),
    (
        &[Kind::Postgres],
        "list_",
        "COLLATE",
        "the columns have this collation too; only those of an adopted database may not",
    ),
    (
        &[Kind::Postgres],
        "migrations/",
        "COLLATE",
        "in a deterministic collation, only identical bytes are equal, and lists name their collation",
    ),
    (
        &[Kind::Postgres],
        "delete_expired.sql",
        "LOCKED",
        "two sweeps then wait for each other, and still count no row twice",
    ),
    (
        &[Kind::Postgres],
        "history/unlock.sql",
        "SELECT 1",
        "the connection is closed next, which releases the lock",
    ),
    (
        &[Kind::Postgres],
        "transaction/release.sql",
        "SELECT 1",
        "the end of the transaction releases it; the crate's own tests cover a step that ends the transaction itself",
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
