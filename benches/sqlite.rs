//! `AuthStore` on SQLite beside the same SQL on bare rusqlite, with prepared statements, on one file with the same
//! settings, in turns; and what a million users cost.

mod support;

use std::path::Path;

use authstore::{
    Account, AccountChanges, AuthStore, Authenticator, Change, NewAccount, NewSession, NewUser,
    Session, SessionChanges, SqliteOptions, User, UserChanges, VerificationToken,
};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Params, Row, params};
use support::{Comparison, median, microseconds, time};
use time::format_description::well_known::Rfc3339;
use time::macros::{datetime, format_description};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

const EXPIRES: OffsetDateTime = datetime!(2030-01-01 00:00 UTC);
const TURNS: usize = 2_000;
/// Enough rows for each turn of either to have its own.
const ROWS: usize = 3 * TURNS;

macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("../sql/sqlite/", $name, ".sql"))
    };
}

fn main() {
    let directory = tempfile::tempdir().expect("a directory");
    compare(&directory.path().join("compare.db"));
    grow(directory.path());
}

/// What a user would write instead: one connection, prepared statements, and the models made of rows.
struct Bare(Connection);

impl Bare {
    fn open(file: &Path) -> Self {
        let connection = Connection::open(file).expect("a connection");
        connection
            .pragma_update(None, "journal_mode", "wal")
            .expect("a mode");
        connection
            .pragma_update(None, "synchronous", "full")
            .expect("a mode");
        connection
            .pragma_update(None, "foreign_keys", true)
            .expect("a mode");
        connection.set_prepared_statement_cache_capacity(64);
        Bare(connection)
    }

    fn execute(&self, sql: &str, parameters: impl Params) -> usize {
        let mut statement = self.0.prepare_cached(sql).expect("a statement");
        statement.execute(parameters).expect("done")
    }

    fn rows<T>(
        &self,
        sql: &str,
        parameters: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Vec<T> {
        let mut statement = self.0.prepare_cached(sql).expect("a statement");
        let rows = statement.query_map(parameters, read).expect("rows");
        rows.collect::<Result<_, _>>().expect("rows")
    }
}

fn text(time: OffsetDateTime) -> String {
    time.format(format_description!(
        "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z"
    ))
    .expect("a text")
}

fn uuid_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Uuid> {
    Ok(Uuid::try_parse(row.get_ref(column)?.as_str()?).expect("an id"))
}

fn time_at(row: &Row<'_>, column: usize) -> rusqlite::Result<OffsetDateTime> {
    Ok(OffsetDateTime::parse(row.get_ref(column)?.as_str()?, &Rfc3339).expect("a time"))
}

fn user_at(row: &Row<'_>, first: usize) -> rusqlite::Result<User> {
    Ok(User {
        id: uuid_at(row, first)?,
        name: row.get(first + 1)?,
        email: row.get(first + 2)?,
        email_verified: match row.get_ref(first + 3)? {
            ValueRef::Null => None,
            _ => Some(time_at(row, first + 3)?),
        },
        image: row.get(first + 4)?,
    })
}

fn account(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account {
        id: uuid_at(row, 0)?,
        user_id: uuid_at(row, 1)?,
        r#type: row.get(2)?,
        provider: row.get(3)?,
        provider_account_id: row.get(4)?,
        refresh_token: row.get(5)?,
        access_token: row.get(6)?,
        expires_at: row.get(7)?,
        token_type: row.get(8)?,
        scope: row.get(9)?,
        id_token: row.get(10)?,
        session_state: row.get(11)?,
        oauth_token_secret: row.get(12)?,
        oauth_token: row.get(13)?,
    })
}

fn session(row: &Row<'_>) -> rusqlite::Result<Session> {
    Ok(Session {
        id: uuid_at(row, 0)?,
        user_id: uuid_at(row, 1)?,
        session_token: row.get(2)?,
        expires: time_at(row, 3)?,
    })
}

fn verification_token(row: &Row<'_>) -> rusqlite::Result<VerificationToken> {
    Ok(VerificationToken {
        identifier: row.get(0)?,
        token: row.get(1)?,
        expires: time_at(row, 2)?,
    })
}

fn authenticator(row: &Row<'_>) -> rusqlite::Result<Authenticator> {
    Ok(Authenticator {
        credential_id: row.get(0)?,
        user_id: uuid_at(row, 1)?,
        provider_account_id: row.get(2)?,
        credential_public_key: row.get(3)?,
        counter: row.get(4)?,
        credential_device_type: row.get(5)?,
        credential_backed_up: row.get(6)?,
        transports: row.get(7)?,
    })
}

fn email(row: usize) -> String {
    format!("{row}@example.org")
}

fn passkey(user: Uuid, row: usize) -> Authenticator {
    Authenticator {
        credential_id: format!("credential-{row}"),
        user_id: user,
        provider_account_id: row.to_string(),
        credential_public_key: "pQECAyYgASFYIBVb7XFo".into(),
        counter: 0,
        credential_device_type: "singleDevice".into(),
        credential_backed_up: false,
        transports: None,
    }
}

/// Users with an account, a session and a passkey each, in one transaction.
fn furnish(bare: &Bare, prefix: &str, users: usize) -> Vec<Uuid> {
    bare.execute("BEGIN", []);
    let ids: Vec<Uuid> = (0..users)
        .map(|row| {
            let id = Uuid::now_v7();
            let name = format!("{prefix}{row}");
            bare.execute(
                sql!("create_user"),
                params![
                    id.to_string(),
                    "Ada",
                    email(row),
                    None::<String>,
                    None::<String>
                ],
            );
            bare.execute(
                sql!("link_account"),
                params![
                    Uuid::now_v7().to_string(),
                    id.to_string(),
                    "oauth",
                    "github",
                    name,
                    None::<String>,
                    "gho_16C7e42F292c",
                    1,
                    "bearer",
                    "read:user",
                    None::<String>,
                    None::<String>,
                    None::<String>,
                    None::<String>
                ],
            );
            bare.execute(
                sql!("create_session"),
                params![
                    Uuid::now_v7().to_string(),
                    id.to_string(),
                    name,
                    text(EXPIRES)
                ],
            );
            let passkey = passkey(id, row);
            bare.execute(
                sql!("create_authenticator"),
                params![
                    passkey.credential_id,
                    id.to_string(),
                    passkey.provider_account_id,
                    passkey.credential_public_key,
                    passkey.counter,
                    passkey.credential_device_type,
                    passkey.credential_backed_up,
                    passkey.transports
                ],
            );
            id
        })
        .collect();
    bare.execute("COMMIT", []);
    ids
}

fn compare(file: &Path) {
    let store = AuthStore::new(SqliteOptions::file(file).open().expect("a store"));
    store.migrate().expect("a schema");
    let bare = Bare::open(file);
    let users = furnish(&bare, "", ROWS);
    // Rows that only the deleting operations know.
    let doomed = |row: usize| format!("doomed-{row}");

    let table = Comparison::new("SQLite, reads", 5 * TURNS);
    let at = |turn: usize| turn * 7919 % ROWS;
    table.line(
        "get_user",
        |turn| {
            bare.rows(sql!("get_user"), [users[at(turn)].to_string()], |row| {
                user_at(row, 0)
            })
        },
        |turn| store.get_user(users[at(turn)]).expect("a user"),
    );
    table.line(
        "get_user_by_email",
        |turn| {
            bare.rows(sql!("get_user_by_email"), [email(at(turn))], |row| {
                user_at(row, 0)
            })
        },
        |turn| store.get_user_by_email(&email(at(turn))).expect("a user"),
    );
    table.line(
        "get_user_by_account",
        |turn| {
            bare.rows(
                sql!("get_user_by_account"),
                ["github", &at(turn).to_string()],
                |row| user_at(row, 0),
            )
        },
        |turn| {
            store
                .get_user_by_account("github", &at(turn).to_string())
                .expect("a user")
        },
    );
    table.line(
        "get_account",
        |turn| {
            bare.rows(
                sql!("get_account"),
                ["github", &at(turn).to_string()],
                account,
            )
        },
        |turn| {
            store
                .get_account("github", &at(turn).to_string())
                .expect("an account")
        },
    );
    table.line(
        "list_accounts_by_user_id",
        |turn| {
            bare.rows(
                sql!("list_accounts_by_user_id"),
                [users[at(turn)].to_string()],
                account,
            )
        },
        |turn| {
            store
                .list_accounts_by_user_id(users[at(turn)])
                .expect("accounts")
        },
    );
    table.line(
        "get_session_and_user",
        |turn| {
            bare.rows(
                sql!("get_session_and_user"),
                [at(turn).to_string()],
                |row| Ok((session(row)?, user_at(row, 4)?)),
            )
        },
        |turn| {
            store
                .get_session_and_user(&at(turn).to_string())
                .expect("a session")
        },
    );
    table.line(
        "list_sessions_by_user_id",
        |turn| {
            bare.rows(
                sql!("list_sessions_by_user_id"),
                [users[at(turn)].to_string()],
                session,
            )
        },
        |turn| {
            store
                .list_sessions_by_user_id(users[at(turn)])
                .expect("sessions")
        },
    );
    table.line(
        "get_authenticator",
        |turn| {
            bare.rows(
                sql!("get_authenticator"),
                [format!("credential-{}", at(turn))],
                authenticator,
            )
        },
        |turn| {
            store
                .get_authenticator(&format!("credential-{}", at(turn)))
                .expect("a passkey")
        },
    );
    table.line(
        "list_authenticators_by_user_id",
        |turn| {
            bare.rows(
                sql!("list_authenticators_by_user_id"),
                [users[at(turn)].to_string()],
                authenticator,
            )
        },
        |turn| {
            store
                .list_authenticators_by_user_id(users[at(turn)])
                .expect("passkeys")
        },
    );
    table.line(
        "ping",
        |_| bare.rows(sql!("ping"), [], |row| row.get::<_, i64>(0)),
        |_| store.ping().expect("an answer"),
    );

    let table = Comparison::new("SQLite, writes (synchronous=full)", TURNS);
    table.line(
        "create_user",
        |turn| {
            let id = Uuid::now_v7();
            bare.execute(
                sql!("create_user"),
                params![
                    id.to_string(),
                    "Ada",
                    format!("new-{turn}@example.org"),
                    None::<String>,
                    None::<String>
                ],
            );
            id
        },
        |turn| {
            let email = Some(format!("new-{turn}@example.org"));
            store
                .create_user(NewUser {
                    name: Some("Ada".into()),
                    email,
                    ..NewUser::default()
                })
                .expect("a user")
        },
    );
    table.line(
        "update_user",
        |turn| {
            bare.rows(
                sql!("update_user"),
                params![
                    true,
                    format!("Ada {turn}"),
                    false,
                    None::<String>,
                    false,
                    None::<String>,
                    false,
                    None::<String>,
                    users[at(turn)].to_string()
                ],
                |row| user_at(row, 0),
            )
        },
        |turn| {
            let name = Change::Set(format!("Ada {turn}"));
            store
                .update_user(
                    users[at(turn)],
                    UserChanges {
                        name,
                        ..UserChanges::default()
                    },
                )
                .expect("a user")
        },
    );
    table.line(
        "link_account",
        |turn| {
            bare.execute(
                sql!("link_account"),
                params![
                    Uuid::now_v7().to_string(),
                    users[at(turn)].to_string(),
                    "oauth",
                    "gitlab",
                    doomed(turn),
                    None::<String>,
                    "glpat-1",
                    1,
                    "bearer",
                    "read",
                    None::<String>,
                    None::<String>,
                    None::<String>,
                    None::<String>
                ],
            )
        },
        |turn| {
            let account = NewAccount {
                access_token: Some("glpat-1".into()),
                expires_at: Some(1),
                token_type: Some("bearer".into()),
                scope: Some("read".into()),
                ..NewAccount::new("oauth", "gitlab", doomed(turn))
            };
            store
                .link_account(users[at(turn)], account)
                .expect("an account")
        },
    );
    table.line(
        "update_account",
        |turn| {
            bare.rows(
                sql!("update_account"),
                params![
                    false,
                    None::<String>,
                    false,
                    None::<String>,
                    true,
                    format!("glpat-{turn}"),
                    false,
                    None::<i64>,
                    false,
                    None::<String>,
                    false,
                    None::<String>,
                    false,
                    None::<String>,
                    false,
                    None::<String>,
                    false,
                    None::<String>,
                    false,
                    None::<String>,
                    "gitlab",
                    doomed(turn)
                ],
                account,
            )
        },
        |turn| {
            let access_token = Change::Set(format!("glpat-{turn}"));
            let changes = AccountChanges {
                access_token,
                ..AccountChanges::default()
            };
            store
                .update_account("gitlab", &doomed(turn), changes)
                .expect("an account")
        },
    );
    table.line(
        "unlink_account",
        |turn| bare.execute(sql!("unlink_account"), ["gitlab", &doomed(turn)]),
        |turn| {
            store
                .unlink_account("gitlab", &doomed(turn))
                .expect("an answer")
        },
    );
    table.line(
        "create_user_with_account",
        |turn| {
            let (user, id) = (Uuid::now_v7().to_string(), Uuid::now_v7().to_string());
            bare.execute("BEGIN IMMEDIATE", []);
            bare.execute(
                sql!("create_user"),
                params![user, "Ada", None::<String>, None::<String>, None::<String>],
            );
            bare.execute(
                sql!("link_account"),
                params![
                    id,
                    user,
                    "oauth",
                    "bitbucket",
                    turn.to_string(),
                    None::<String>,
                    None::<String>,
                    None::<i64>,
                    None::<String>,
                    None::<String>,
                    None::<String>,
                    None::<String>,
                    None::<String>,
                    None::<String>
                ],
            );
            bare.execute("COMMIT", [])
        },
        |turn| {
            let user = NewUser {
                name: Some("Ada".into()),
                ..NewUser::default()
            };
            let account = NewAccount::new("oauth", "bitbucket", turn.to_string());
            store
                .create_user_with_account(user, account)
                .expect("a user")
        },
    );
    table.line(
        "create_session",
        |turn| {
            bare.execute(
                sql!("create_session"),
                params![
                    Uuid::now_v7().to_string(),
                    users[at(turn)].to_string(),
                    doomed(turn),
                    text(EXPIRES)
                ],
            )
        },
        |turn| {
            store
                .create_session(NewSession::new(users[at(turn)], doomed(turn), EXPIRES))
                .expect("a session")
        },
    );
    table.line(
        "update_session",
        |turn| {
            bare.rows(
                sql!("update_session"),
                params![
                    false,
                    None::<String>,
                    true,
                    text(EXPIRES + Duration::HOUR),
                    doomed(turn)
                ],
                session,
            )
        },
        |turn| {
            let changes = SessionChanges {
                expires: Some(EXPIRES + Duration::HOUR),
                ..SessionChanges::default()
            };
            store
                .update_session(&doomed(turn), changes)
                .expect("a session")
        },
    );
    table.line(
        "delete_session",
        |turn| bare.execute(sql!("delete_session"), [doomed(turn)]),
        |turn| store.delete_session(&doomed(turn)).expect("an answer"),
    );
    table.line(
        "delete_sessions_by_user_id",
        |turn| {
            bare.execute(
                sql!("delete_sessions_by_user_id"),
                params![users[turn].to_string(), None::<String>],
            )
        },
        |turn| {
            store
                .delete_sessions_by_user_id(users[turn], None)
                .expect("a count")
        },
    );
    table.line(
        "create_verification_token",
        |turn| {
            bare.execute(
                sql!("create_verification_token"),
                ["ada", &doomed(turn), &text(EXPIRES)],
            )
        },
        |turn| {
            let token = VerificationToken::new("ada", doomed(turn), EXPIRES);
            store.create_verification_token(token).expect("a token")
        },
    );
    table.line(
        "use_verification_token",
        |turn| {
            bare.rows(
                sql!("use_verification_token"),
                ["ada", &doomed(turn)],
                verification_token,
            )
        },
        |turn| {
            store
                .use_verification_token("ada", &doomed(turn))
                .expect("a token")
        },
    );
    table.line(
        "create_authenticator",
        |turn| {
            let passkey = passkey(users[turn], ROWS + turn);
            bare.execute(
                sql!("create_authenticator"),
                params![
                    passkey.credential_id,
                    passkey.user_id.to_string(),
                    passkey.provider_account_id,
                    passkey.credential_public_key,
                    passkey.counter,
                    passkey.credential_device_type,
                    passkey.credential_backed_up,
                    passkey.transports
                ],
            )
        },
        |turn| {
            store
                .create_authenticator(passkey(users[turn], ROWS + turn))
                .expect("a passkey")
        },
    );
    table.line(
        "update_authenticator_counter",
        |turn| {
            bare.rows(
                sql!("update_authenticator_counter"),
                params![turn as i64, format!("credential-{turn}")],
                authenticator,
            )
        },
        |turn| {
            let counter = i64::try_from(turn).expect("a small number");
            store
                .update_authenticator_counter(&format!("credential-{turn}"), counter)
                .expect("a passkey")
        },
    );
    table.line(
        "delete_authenticator",
        |turn| bare.execute(sql!("delete_authenticator"), [format!("credential-{turn}")]),
        |turn| {
            store
                .delete_authenticator(&format!("credential-{turn}"))
                .expect("an answer")
        },
    );
    table.line(
        "delete_expired",
        |_| {
            bare.execute(
                sql!("delete_expired_sessions"),
                params![text(EXPIRES - Duration::DAY), 100],
            ) + bare.execute(
                sql!("delete_expired_verification_tokens"),
                params![text(EXPIRES - Duration::DAY), 100],
            )
        },
        |_| {
            store
                .delete_expired(EXPIRES - Duration::DAY, 100)
                .expect("counts")
        },
    );
    table.line(
        "delete_user",
        |turn| bare.execute(sql!("delete_user"), [users[turn].to_string()]),
        |turn| store.delete_user(users[turn]).expect("an answer"),
    );
}

fn grow(directory: &Path) {
    println!("\n### SQLite, as users grow\n");
    println!("| users | get_session_and_user, µs | create_session, µs |");
    println!("|--:|--:|--:|");
    for users in [1_000, 1_000_000] {
        let file = directory.join(format!("{users}.db"));
        let store = AuthStore::new(SqliteOptions::file(&file).open().expect("a store"));
        store.migrate().expect("a schema");
        let ids = furnish(&Bare::open(&file), "", users);
        let mut reads: Vec<_> = (0..20_000_usize)
            .map(|turn| {
                let token = (turn * 7919 % users).to_string();
                time(|| store.get_session_and_user(&token).expect("a session"))
            })
            .collect();
        let mut writes: Vec<_> = (0..TURNS)
            .map(|turn| {
                let user = ids[turn * 7919 % users];
                let new = NewSession::new(user, format!("new-{turn}"), EXPIRES);
                time(|| store.create_session(new).expect("a session"))
            })
            .collect();
        println!(
            "| {users} | {:.1} | {:.1} |",
            microseconds(median(&mut reads)),
            microseconds(median(&mut writes))
        );
    }
}
