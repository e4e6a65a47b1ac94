//! `AuthStore` on PostgreSQL beside the same SQL on the bare blocking driver, with prepared statements, on one server, in
//! turns; and how much both get done with several threads.
//!
//! The server is the one that the tests would use: see the crate `authstore-test-databases`.

mod support;

use std::collections::HashMap;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use authstore::{
    Account, AccountChanges, AuthStore, Authenticator, Change, NewAccount, NewSession, NewUser,
    Session, SessionChanges, User, UserChanges, VerificationToken,
};
use authstore_test_databases::{Database, Kind};
use postgres::types::ToSql;
use postgres::{Client, NoTls, Row, Statement};
use support::Comparison;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

const EXPIRES: OffsetDateTime = datetime!(2030-01-01 00:00 UTC);
const TURNS: usize = 1_500;
/// Enough rows for each turn of either to have its own.
const ROWS: usize = 3 * TURNS;
const NO_TEXT: Option<&str> = None;

macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("../sql/postgres/", $name, ".sql"))
    };
}

fn main() {
    let database = Database::new(Kind::Postgres).expect("a server");
    compare(&database);
    let database = Database::new(Kind::Postgres).expect("a server");
    crowd(&database);
}

/// What a user would write instead: one connection, prepared statements, and the models made of rows.
struct Bare {
    client: Client,
    statements: HashMap<&'static str, Statement>,
}

impl Bare {
    fn open(database: &Database) -> Self {
        Bare {
            client: Client::connect(&database.url(), NoTls).expect("a connection"),
            statements: HashMap::new(),
        }
    }

    fn prepare(&mut self, sql: &'static str) -> Statement {
        if let Some(statement) = self.statements.get(sql) {
            return statement.clone();
        }
        let statement = self.client.prepare(sql).expect("a statement");
        self.statements.insert(sql, statement.clone());
        statement
    }

    fn execute(&mut self, sql: &'static str, parameters: &[&(dyn ToSql + Sync)]) -> u64 {
        let statement = self.prepare(sql);
        self.client.execute(&statement, parameters).expect("done")
    }

    fn rows<T>(
        &mut self,
        sql: &'static str,
        parameters: &[&(dyn ToSql + Sync)],
        read: impl FnMut(&Row) -> T,
    ) -> Vec<T> {
        let statement = self.prepare(sql);
        let rows = self.client.query(&statement, parameters).expect("rows");
        rows.iter().map(read).collect()
    }
}

fn user(row: &Row) -> User {
    user_at(row, 0)
}

fn user_at(row: &Row, first: usize) -> User {
    User {
        id: row.get(first),
        name: row.get(first + 1),
        email: row.get(first + 2),
        email_verified: row.get(first + 3),
        image: row.get(first + 4),
    }
}

fn account(row: &Row) -> Account {
    Account {
        id: row.get(0),
        user_id: row.get(1),
        r#type: row.get(2),
        provider: row.get(3),
        provider_account_id: row.get(4),
        refresh_token: row.get(5),
        access_token: row.get(6),
        expires_at: row.get(7),
        token_type: row.get(8),
        scope: row.get(9),
        id_token: row.get(10),
        session_state: row.get(11),
        oauth_token_secret: row.get(12),
        oauth_token: row.get(13),
    }
}

fn session(row: &Row) -> Session {
    Session {
        id: row.get(0),
        user_id: row.get(1),
        session_token: row.get(2),
        expires: row.get(3),
    }
}

fn verification_token(row: &Row) -> VerificationToken {
    VerificationToken {
        identifier: row.get(0),
        token: row.get(1),
        expires: row.get(2),
    }
}

fn authenticator(row: &Row) -> Authenticator {
    Authenticator {
        credential_id: row.get(0),
        user_id: row.get(1),
        provider_account_id: row.get(2),
        credential_public_key: row.get(3),
        counter: row.get(4),
        credential_device_type: row.get(5),
        credential_backed_up: row.get(6),
        transports: row.get(7),
    }
}

fn email(row: usize) -> String {
    format!("{row}@example.org")
}

/// Rows that only the deleting operations know.
fn doomed(row: usize) -> String {
    format!("doomed-{row}")
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

fn create_authenticator(bare: &mut Bare, passkey: &Authenticator) -> u64 {
    bare.execute(
        sql!("create_authenticator"),
        &[
            &passkey.credential_id,
            &passkey.user_id,
            &passkey.provider_account_id,
            &passkey.credential_public_key,
            &passkey.counter,
            &passkey.credential_device_type,
            &passkey.credential_backed_up,
            &passkey.transports,
        ],
    )
}

fn link_account(bare: &mut Bare, user: Uuid, provider: &str, account: &str, token: &str) -> u64 {
    bare.execute(
        sql!("link_account"),
        &[
            &Uuid::now_v7(),
            &user,
            &"oauth",
            &provider,
            &account,
            &NO_TEXT,
            &token,
            &1_i64,
            &"bearer",
            &"read:user",
            &NO_TEXT,
            &NO_TEXT,
            &NO_TEXT,
            &NO_TEXT,
        ],
    )
}

fn create_session(bare: &mut Bare, user: Uuid, token: &str) -> u64 {
    bare.execute(
        sql!("create_session"),
        &[&Uuid::now_v7(), &user, &token, &EXPIRES],
    )
}

/// Users with an account, a session and a passkey each, in one transaction.
fn furnish(bare: &mut Bare, users: usize) -> Vec<Uuid> {
    bare.execute("BEGIN", &[]);
    let ids: Vec<Uuid> = (0..users)
        .map(|row| {
            let id = Uuid::now_v7();
            let time = None::<OffsetDateTime>;
            bare.execute(
                sql!("create_user"),
                &[&id, &"Ada", &email(row), &time, &NO_TEXT],
            );
            link_account(bare, id, "github", &row.to_string(), "gho_16C7e42F292c");
            create_session(bare, id, &row.to_string());
            create_authenticator(bare, &passkey(id, row));
            id
        })
        .collect();
    bare.execute("COMMIT", &[]);
    bare.client.batch_execute("ANALYZE").expect("done");
    ids
}

fn compare(database: &Database) {
    let store = database.store();
    let bare = &mut Bare::open(database);
    let users = furnish(bare, ROWS);
    compare_reads(&store, bare, &users);
    compare_writes(&store, bare, &users);
}

fn compare_reads(store: &AuthStore, bare: &mut Bare, users: &[Uuid]) {
    let table = Comparison::new("PostgreSQL, reads", 3 * TURNS);
    let at = |turn: usize| turn * 7919 % ROWS;
    table.line(
        "get_user",
        |turn| bare.rows(sql!("get_user"), &[&users[at(turn)]], user),
        |turn| store.get_user(users[at(turn)]).expect("a user"),
    );
    table.line(
        "get_user_by_email",
        |turn| bare.rows(sql!("get_user_by_email"), &[&email(at(turn))], user),
        |turn| store.get_user_by_email(&email(at(turn))).expect("a user"),
    );
    table.line(
        "get_user_by_account",
        |turn| {
            let account = at(turn).to_string();
            bare.rows(sql!("get_user_by_account"), &[&"github", &account], user)
        },
        |turn| {
            let account = at(turn).to_string();
            store
                .get_user_by_account("github", &account)
                .expect("a user")
        },
    );
    table.line(
        "get_account",
        |turn| {
            let id = at(turn).to_string();
            bare.rows(sql!("get_account"), &[&"github", &id], account)
        },
        |turn| {
            let id = at(turn).to_string();
            store.get_account("github", &id).expect("an account")
        },
    );
    table.line(
        "list_accounts_by_user_id",
        |turn| {
            let user = users[at(turn)];
            bare.rows(sql!("list_accounts_by_user_id"), &[&user], account)
        },
        |turn| {
            let user = users[at(turn)];
            store.list_accounts_by_user_id(user).expect("accounts")
        },
    );
    table.line(
        "get_session_and_user",
        |turn| {
            let token = at(turn).to_string();
            bare.rows(sql!("get_session_and_user"), &[&token], |row| {
                (session(row), user_at(row, 4))
            })
        },
        |turn| {
            let token = at(turn).to_string();
            store.get_session_and_user(&token).expect("a session")
        },
    );
    table.line(
        "list_sessions_by_user_id",
        |turn| {
            let user = users[at(turn)];
            bare.rows(sql!("list_sessions_by_user_id"), &[&user], session)
        },
        |turn| {
            let user = users[at(turn)];
            store.list_sessions_by_user_id(user).expect("sessions")
        },
    );
    table.line(
        "get_authenticator",
        |turn| {
            let id = format!("credential-{}", at(turn));
            bare.rows(sql!("get_authenticator"), &[&id], authenticator)
        },
        |turn| {
            let id = format!("credential-{}", at(turn));
            store.get_authenticator(&id).expect("a passkey")
        },
    );
    table.line(
        "list_authenticators_by_user_id",
        |turn| {
            let user = users[at(turn)];
            bare.rows(
                sql!("list_authenticators_by_user_id"),
                &[&user],
                authenticator,
            )
        },
        |turn| {
            let user = users[at(turn)];
            store
                .list_authenticators_by_user_id(user)
                .expect("passkeys")
        },
    );
    table.line(
        "ping",
        |_| bare.rows(sql!("ping"), &[], |row| row.get::<_, i32>(0)),
        |_| store.ping().expect("an answer"),
    );
}

#[allow(clippy::too_many_lines, reason = "a line of the table after the other")]
fn compare_writes(store: &AuthStore, bare: &mut Bare, users: &[Uuid]) {
    let table = Comparison::new("PostgreSQL, writes", TURNS);
    let at = |turn: usize| turn * 7919 % ROWS;
    let no_time = None::<OffsetDateTime>;
    table.line(
        "create_user",
        |turn| {
            let email = format!("new-{turn}@example.org");
            bare.execute(
                sql!("create_user"),
                &[&Uuid::now_v7(), &"Ada", &email, &no_time, &NO_TEXT],
            )
        },
        |turn| {
            let new = NewUser {
                name: Some("Ada".into()),
                email: Some(format!("new-{turn}@example.org")),
                ..NewUser::default()
            };
            store.create_user(new).expect("a user")
        },
    );
    table.line(
        "update_user",
        |turn| {
            let name = format!("Ada {turn}");
            bare.rows(
                sql!("update_user"),
                &[
                    &true,
                    &name,
                    &false,
                    &NO_TEXT,
                    &false,
                    &no_time,
                    &false,
                    &NO_TEXT,
                    &users[at(turn)],
                ],
                user,
            )
        },
        |turn| {
            let changes = UserChanges {
                name: Change::Set(format!("Ada {turn}")),
                ..UserChanges::default()
            };
            store.update_user(users[at(turn)], changes).expect("a user")
        },
    );
    table.line(
        "link_account",
        |turn| link_account(bare, users[at(turn)], "gitlab", &doomed(turn), "glpat-1"),
        |turn| {
            let account = NewAccount {
                access_token: Some("glpat-1".into()),
                expires_at: Some(1),
                token_type: Some("bearer".into()),
                scope: Some("read:user".into()),
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
            let token = format!("glpat-{turn}");
            bare.rows(
                sql!("update_account"),
                &[
                    &false,
                    &NO_TEXT,
                    &false,
                    &NO_TEXT,
                    &true,
                    &token,
                    &false,
                    &None::<i64>,
                    &false,
                    &NO_TEXT,
                    &false,
                    &NO_TEXT,
                    &false,
                    &NO_TEXT,
                    &false,
                    &NO_TEXT,
                    &false,
                    &NO_TEXT,
                    &false,
                    &NO_TEXT,
                    &"gitlab",
                    &doomed(turn),
                ],
                account,
            )
        },
        |turn| {
            let changes = AccountChanges {
                access_token: Change::Set(format!("glpat-{turn}")),
                ..AccountChanges::default()
            };
            store
                .update_account("gitlab", &doomed(turn), changes)
                .expect("an account")
        },
    );
    table.line(
        "unlink_account",
        |turn| bare.execute(sql!("unlink_account"), &[&"gitlab", &doomed(turn)]),
        |turn| {
            store
                .unlink_account("gitlab", &doomed(turn))
                .expect("an answer")
        },
    );
    table.line(
        "create_user_with_account",
        |turn| {
            let user = Uuid::now_v7();
            let account = turn.to_string();
            bare.execute(
                sql!("create_user_with_account"),
                &[
                    &user,
                    &"Ada",
                    &NO_TEXT,
                    &no_time,
                    &NO_TEXT,
                    &Uuid::now_v7(),
                    &user,
                    &"oauth",
                    &"bitbucket",
                    &account,
                    &NO_TEXT,
                    &NO_TEXT,
                    &None::<i64>,
                    &NO_TEXT,
                    &NO_TEXT,
                    &NO_TEXT,
                    &NO_TEXT,
                    &NO_TEXT,
                    &NO_TEXT,
                ],
            )
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
        |turn| create_session(bare, users[at(turn)], &doomed(turn)),
        |turn| {
            store
                .create_session(NewSession::new(users[at(turn)], doomed(turn), EXPIRES))
                .expect("a session")
        },
    );
    table.line(
        "update_session",
        |turn| {
            let later = EXPIRES + Duration::HOUR;
            bare.rows(
                sql!("update_session"),
                &[&false, &None::<Uuid>, &true, &later, &doomed(turn)],
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
        |turn| bare.execute(sql!("delete_session"), &[&doomed(turn)]),
        |turn| store.delete_session(&doomed(turn)).expect("an answer"),
    );
    table.line(
        "delete_sessions_by_user_id",
        |turn| {
            bare.execute(
                sql!("delete_sessions_by_user_id"),
                &[&users[turn], &NO_TEXT],
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
                &[&"ada", &doomed(turn), &EXPIRES],
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
                &[&"ada", &doomed(turn)],
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
        |turn| create_authenticator(bare, &passkey(users[turn], ROWS + turn)),
        |turn| {
            store
                .create_authenticator(passkey(users[turn], ROWS + turn))
                .expect("a passkey")
        },
    );
    table.line(
        "update_authenticator_counter",
        |turn| {
            let counter = i64::try_from(turn).expect("a small number");
            let id = format!("credential-{turn}");
            bare.rows(
                sql!("update_authenticator_counter"),
                &[&counter, &id],
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
        |turn| {
            let id = format!("credential-{turn}");
            bare.execute(sql!("delete_authenticator"), &[&id])
        },
        |turn| {
            store
                .delete_authenticator(&format!("credential-{turn}"))
                .expect("an answer")
        },
    );
    let now = EXPIRES - Duration::DAY;
    table.line(
        "delete_expired",
        |_| {
            bare.rows(
                sql!("delete_expired"),
                &[&now, &100_i64, &now, &100_i64],
                |row| (row.get::<_, i64>(0), row.get::<_, i64>(1)),
            )
        },
        |_| store.delete_expired(now, 100).expect("counts"),
    );
    table.line(
        "delete_user",
        |turn| bare.execute(sql!("delete_user"), &[&users[turn]]),
        |turn| store.delete_user(users[turn]).expect("an answer"),
    );
}

/// How much is done in a second by this many threads, each of which calls `work` with a number of its own each time.
fn throughput<W: FnMut(usize) + Send>(threads: usize, worker: impl Fn() -> W + Sync) -> f64 {
    const SECONDS: u64 = 2;
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let (barrier, over) = (Barrier::new(threads + 1), AtomicBool::new(false));
    let done: usize = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    let mut work = worker();
                    barrier.wait();
                    let mut done = 0;
                    while !over.load(Ordering::Relaxed) {
                        work(NEXT.fetch_add(1, Ordering::Relaxed));
                        done += 1;
                    }
                    done
                })
            })
            .collect();
        barrier.wait();
        thread::sleep(std::time::Duration::from_secs(SECONDS));
        over.store(true, Ordering::Relaxed);
        workers
            .into_iter()
            .map(|worker| worker.join().expect("a count"))
            .sum()
    });
    f64::from(u32::try_from(done).expect("a small number")) / SECONDS as f64
}

fn crowd(database: &Database) {
    let store = database.store_with("pool_size=16");
    let users = furnish(&mut Bare::open(database), ROWS);
    println!("\n### PostgreSQL, operations in a second\n");
    println!("| threads | operation | bare driver, a connection each | authstore | ratio |");
    println!("|--:|---|--:|--:|--:|");
    for threads in [1, 4, 16] {
        let line = |operation: &str, bare: f64, store: f64| {
            println!(
                "| {threads} | {operation} | {bare:.0} | {store:.0} | {:.2} |",
                store / bare
            );
        };
        line(
            "get_session_and_user",
            throughput(threads, || {
                let mut bare = Bare::open(database);
                move |turn| {
                    let token = (turn % ROWS).to_string();
                    let rows = bare.rows(sql!("get_session_and_user"), &[&token], |row| {
                        (session(row), user_at(row, 4))
                    });
                    assert_eq!(rows.len(), 1);
                }
            }),
            throughput(threads, || {
                |turn| {
                    let token = (turn % ROWS).to_string();
                    let found = store.get_session_and_user(&token).expect("an answer");
                    assert!(found.is_some());
                }
            }),
        );
        line(
            "create_session",
            throughput(threads, || {
                let mut bare = Bare::open(database);
                let users = &users;
                move |turn| {
                    create_session(&mut bare, users[turn % ROWS], &doomed(turn));
                }
            }),
            throughput(threads, || {
                |turn| {
                    let new = NewSession::new(users[turn % ROWS], doomed(turn), EXPIRES);
                    store.create_session(new).expect("a session");
                }
            }),
        );
    }
}
