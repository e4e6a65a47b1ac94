//! `AuthStore` on MySQL and MariaDB beside the same SQL on the bare driver, with prepared statements, on one server, in
//! turns; and how much both do in a second with 1, 4 and 16 threads.

mod support;

use std::process::ExitCode;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use authstore::{
    Account, AccountChanges, AuthStore, Authenticator, Change, NewAccount, NewSession, NewUser,
    Session, SessionChanges, User, UserChanges, VerificationToken,
};
use authstore_test_databases::{Database, Kind};
use mysql::consts::CapabilityFlags;
use mysql::prelude::Queryable;
use mysql::{Conn, OptsBuilder, Params, Row, Value};
use support::Comparison;
use time::macros::datetime;
use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time};
use uuid::Uuid;

const EXPIRES: OffsetDateTime = datetime!(2030-01-01 00:00 UTC);
const TURNS: usize = 500;
const ROWS: usize = 3 * TURNS;
/// How long each number of threads is at work.
const SPELL: Duration = Duration::from_secs(3);

macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("../sql/mysql/", $name, ".sql"))
    };
    ($dialect:literal, $name:literal) => {
        include_str!(concat!("../sql/", $dialect, "/", $name, ".sql"))
    };
}

fn main() -> ExitCode {
    let mut missing = false;
    for kind in [Kind::Mysql, Kind::Mariadb] {
        match Database::new(kind) {
            Ok(database) => measure(&database),
            Err(reason) => {
                eprintln!("{} was not measured: {reason}", kind.title());
                missing = true;
            }
        }
    }
    ExitCode::from(u8::from(missing))
}

fn measure(database: &Database) {
    let url = database.url();
    let store = database.store_with("pool_size=16");
    let users = furnish(&store);
    compare(database.kind(), &store, &mut Bare::connect(&url), &users);
    throughput(database.kind(), &store, &url, &users);
}

/// What a user would write instead: one connection, prepared statements, and the models made of rows.
struct Bare(Conn);

impl Bare {
    fn connect(url: &str) -> Self {
        let options = mysql::Opts::from_url(url).expect("a URL");
        let options = OptsBuilder::from_opts(options)
            .additional_capabilities(CapabilityFlags::CLIENT_FOUND_ROWS)
            .prefer_socket(false)
            .stmt_cache_size(64);
        let mut connection = Conn::new(options).expect("a connection");
        connection
            .query_drop(
                "SET time_zone = '+00:00', SESSION transaction_isolation = 'READ-COMMITTED'",
            )
            .expect("a session");
        Bare(connection)
    }

    fn execute(&mut self, sql: &str, parameters: impl Into<Params>) -> u64 {
        let result = self.0.exec_iter(sql, parameters).expect("done");
        result.affected_rows()
    }

    fn rows<T>(
        &mut self,
        sql: &str,
        parameters: impl Into<Params>,
        mut read: impl FnMut(&mut Row) -> T,
    ) -> Vec<T> {
        let rows = self.0.exec_iter(sql, parameters).expect("rows");
        rows.map(|row| read(&mut row.expect("a row"))).collect()
    }

    fn run(&mut self, sql: &str) {
        self.0.query_drop(sql).expect("done");
    }

    /// As the two servers have to do it, which have no `UPDATE ... RETURNING`.
    fn update<T>(
        &mut self,
        update: &str,
        parameters: Vec<Value>,
        select: &str,
        key: impl Into<Params>,
        read: impl FnMut(&mut Row) -> T,
    ) -> Vec<T> {
        self.run(sql!("transaction/begin"));
        self.execute(update, parameters);
        let rows = self.rows(select, key, read);
        self.run(sql!("transaction/commit"));
        rows
    }
}

fn time(time: OffsetDateTime) -> Value {
    Value::Date(
        time.year().unsigned_abs() as u16,
        time.month().into(),
        time.day(),
        time.hour(),
        time.minute(),
        time.second(),
        time.microsecond(),
    )
}

fn uuid_at(row: &mut Row, column: usize) -> Uuid {
    let text: String = row.take(column).expect("an id");
    Uuid::try_parse(&text).expect("an id")
}

fn time_at(row: &mut Row, column: usize) -> Option<OffsetDateTime> {
    match row.take(column).expect("a time") {
        Value::Date(year, month, day, hour, minute, second, micro) => {
            let month = Month::try_from(month).expect("a month");
            let date = Date::from_calendar_date(year.into(), month, day).expect("a date");
            let time = Time::from_hms_micro(hour, minute, second, micro).expect("a time");
            Some(PrimitiveDateTime::new(date, time).assume_utc())
        }
        _ => None,
    }
}

fn text_at<T: mysql::prelude::FromValue>(row: &mut Row, column: usize) -> T {
    row.take(column).expect("a cell")
}

fn user_at(row: &mut Row, first: usize) -> User {
    User {
        id: uuid_at(row, first),
        name: text_at(row, first + 1),
        email: text_at(row, first + 2),
        email_verified: time_at(row, first + 3),
        image: text_at(row, first + 4),
    }
}

fn user(row: &mut Row) -> User {
    user_at(row, 0)
}

fn account(row: &mut Row) -> Account {
    Account {
        id: uuid_at(row, 0),
        user_id: uuid_at(row, 1),
        r#type: text_at(row, 2),
        provider: text_at(row, 3),
        provider_account_id: text_at(row, 4),
        refresh_token: text_at(row, 5),
        access_token: text_at(row, 6),
        expires_at: text_at(row, 7),
        token_type: text_at(row, 8),
        scope: text_at(row, 9),
        id_token: text_at(row, 10),
        session_state: text_at(row, 11),
        oauth_token_secret: text_at(row, 12),
        oauth_token: text_at(row, 13),
    }
}

fn session(row: &mut Row) -> Session {
    Session {
        id: uuid_at(row, 0),
        user_id: uuid_at(row, 1),
        session_token: text_at(row, 2),
        expires: time_at(row, 3).expect("a time"),
    }
}

fn session_and_user(row: &mut Row) -> (Session, User) {
    (session(row), user_at(row, 4))
}

fn verification_token(row: &mut Row) -> VerificationToken {
    VerificationToken::new(
        text_at::<String>(row, 0),
        text_at::<String>(row, 1),
        time_at(row, 2).expect("a time"),
    )
}

fn authenticator(row: &mut Row) -> Authenticator {
    Authenticator {
        credential_id: text_at(row, 0),
        user_id: uuid_at(row, 1),
        provider_account_id: text_at(row, 2),
        credential_public_key: text_at(row, 3),
        counter: text_at(row, 4),
        credential_device_type: text_at(row, 5),
        credential_backed_up: text_at(row, 6),
        transports: text_at(row, 7),
    }
}

fn email(row: usize) -> String {
    format!("{row}@example.org")
}

fn credential(row: usize) -> String {
    format!("credential-{row}")
}

fn passkey(user: Uuid, row: usize) -> Authenticator {
    Authenticator {
        credential_id: credential(row),
        user_id: user,
        provider_account_id: row.to_string(),
        credential_public_key: "pQECAyYgASFYIBVb7XFo".into(),
        counter: 0,
        credential_device_type: "singleDevice".into(),
        credential_backed_up: false,
        transports: None,
    }
}

/// Users with an account, a session and a passkey each.
fn furnish(store: &AuthStore) -> Vec<Uuid> {
    (0..ROWS)
        .map(|row| {
            let user = NewUser {
                name: Some("Ada".into()),
                email: Some(email(row)),
                ..NewUser::default()
            };
            let account = NewAccount {
                access_token: Some("gho_16C7e42F292c".into()),
                expires_at: Some(1),
                ..NewAccount::new("oauth", "github", row.to_string())
            };
            let (user, _) = store
                .create_user_with_account(user, account)
                .expect("a user");
            store
                .create_session(NewSession::new(user.id, row.to_string(), EXPIRES))
                .expect("a session");
            store
                .create_authenticator(passkey(user.id, row))
                .expect("a passkey");
            user.id
        })
        .collect()
}

const NONE: Value = Value::NULL;

/// The parameters for so many columns that stay as they are.
fn kept(columns: usize) -> impl Iterator<Item = Value> {
    std::iter::repeat_n([false.into(), NONE], columns).flatten()
}

fn compare(kind: Kind, store: &AuthStore, bare: &mut Bare, users: &[Uuid]) {
    // Rows that only the deleting operations know.
    let doomed = |row: usize| format!("doomed-{row}");
    let at = |turn: usize| turn * 7919 % ROWS;
    let id = |turn: usize| users[at(turn)].to_string();

    let table = Comparison::new(&format!("{}, reads", kind.title()), 4 * TURNS);
    table.line(
        "get_user",
        |turn| bare.rows(sql!("get_user"), (id(turn),), user),
        |turn| store.get_user(users[at(turn)]).expect("a user"),
    );
    table.line(
        "get_user_by_email",
        |turn| bare.rows(sql!("get_user_by_email"), (email(at(turn)),), user),
        |turn| store.get_user_by_email(&email(at(turn))).expect("a user"),
    );
    table.line(
        "get_user_by_account",
        |turn| {
            let key = ("github", at(turn).to_string());
            bare.rows(sql!("get_user_by_account"), key, user)
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
            let key = ("github", at(turn).to_string());
            bare.rows(sql!("get_account"), key, account)
        },
        |turn| {
            store
                .get_account("github", &at(turn).to_string())
                .expect("an account")
        },
    );
    table.line(
        "list_accounts_by_user_id",
        |turn| bare.rows(sql!("list_accounts_by_user_id"), (id(turn),), account),
        |turn| {
            store
                .list_accounts_by_user_id(users[at(turn)])
                .expect("accounts")
        },
    );
    table.line(
        "get_session_and_user",
        |turn| {
            let key = (at(turn).to_string(),);
            bare.rows(sql!("get_session_and_user"), key, session_and_user)
        },
        |turn| {
            store
                .get_session_and_user(&at(turn).to_string())
                .expect("a session")
        },
    );
    table.line(
        "list_sessions_by_user_id",
        |turn| bare.rows(sql!("list_sessions_by_user_id"), (id(turn),), session),
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
                (credential(at(turn)),),
                authenticator,
            )
        },
        |turn| {
            store
                .get_authenticator(&credential(at(turn)))
                .expect("a passkey")
        },
    );
    table.line(
        "list_authenticators_by_user_id",
        |turn| {
            bare.rows(
                sql!("list_authenticators_by_user_id"),
                (id(turn),),
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
        |_| bare.rows(sql!("ping"), (), text_at_0),
        |_| store.ping().expect("an answer"),
    );

    let table = Comparison::new(&format!("{}, writes", kind.title()), TURNS);
    table.line(
        "create_user",
        |turn| {
            let email = format!("new-{turn}@example.org");
            let id = Uuid::now_v7().to_string();
            bare.execute(sql!("create_user"), (id, "Ada", email, NONE, NONE))
        },
        |turn| {
            let user = NewUser {
                name: Some("Ada".into()),
                email: Some(format!("new-{turn}@example.org")),
                ..NewUser::default()
            };
            store.create_user(user).expect("a user")
        },
    );
    table.line(
        "update_user",
        |turn| {
            let name = format!("Ada {turn}").into();
            let mut values = vec![true.into(), name];
            values.extend(kept(3));
            values.push(id(turn).into());
            bare.update(
                sql!("update_user"),
                values,
                sql!("get_user"),
                (id(turn),),
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
        |turn| {
            let mut values: Vec<Value> = vec![
                Uuid::now_v7().to_string().into(),
                id(turn).into(),
                "oauth".into(),
                "gitlab".into(),
                doomed(turn).into(),
                NONE,
                "glpat-1".into(),
                1.into(),
            ];
            values.extend([NONE; 6]);
            bare.execute(sql!("link_account"), values)
        },
        |turn| {
            let account = NewAccount {
                access_token: Some("glpat-1".into()),
                expires_at: Some(1),
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
            let mut values: Vec<Value> = kept(2).collect();
            values.extend([true.into(), format!("glpat-{turn}").into()]);
            values.extend(kept(7));
            values.extend(["gitlab".into(), doomed(turn).into()]);
            bare.update(
                sql!("update_account"),
                values,
                sql!("get_account"),
                ("gitlab", doomed(turn)),
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
        |turn| bare.execute(sql!("unlink_account"), ("gitlab", doomed(turn))),
        |turn| {
            store
                .unlink_account("gitlab", &doomed(turn))
                .expect("an answer")
        },
    );
    table.line(
        "create_user_with_account",
        |turn| {
            let user = Uuid::now_v7().to_string();
            let mut values: Vec<Value> = vec![
                Uuid::now_v7().to_string().into(),
                user.clone().into(),
                "oauth".into(),
                "bitbucket".into(),
                turn.to_string().into(),
            ];
            values.extend([NONE; 9]);
            bare.run(sql!("transaction/begin"));
            bare.execute(sql!("create_user"), (user, "Ada", NONE, NONE, NONE));
            bare.execute(sql!("link_account"), values);
            bare.run(sql!("transaction/commit"));
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
            let session = (
                Uuid::now_v7().to_string(),
                id(turn),
                doomed(turn),
                time(EXPIRES),
            );
            bare.execute(sql!("create_session"), session)
        },
        |turn| {
            store
                .create_session(NewSession::new(users[at(turn)], doomed(turn), EXPIRES))
                .expect("a session")
        },
    );
    let later = EXPIRES + time::Duration::HOUR;
    table.line(
        "update_session",
        |turn| {
            let token = doomed(turn);
            let values = vec![
                false.into(),
                NONE,
                true.into(),
                self::time(later),
                token.clone().into(),
            ];
            bare.update(
                sql!("update_session"),
                values,
                sql!("get_session"),
                (token,),
                session,
            )
        },
        |turn| {
            let changes = SessionChanges {
                expires: Some(later),
                ..SessionChanges::default()
            };
            store
                .update_session(&doomed(turn), changes)
                .expect("a session")
        },
    );
    table.line(
        "delete_session",
        |turn| bare.execute(sql!("delete_session"), (doomed(turn),)),
        |turn| store.delete_session(&doomed(turn)).expect("an answer"),
    );
    table.line(
        "delete_sessions_by_user_id",
        |turn| {
            let key = (users[turn].to_string(), NONE);
            bare.execute(sql!("delete_sessions_by_user_id"), key)
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
            let token = ("ada", doomed(turn), time(EXPIRES));
            bare.execute(sql!("create_verification_token"), token)
        },
        |turn| {
            let token = VerificationToken::new("ada", doomed(turn), EXPIRES);
            store.create_verification_token(token).expect("a token")
        },
    );
    table.line(
        "use_verification_token",
        |turn| {
            let key = ("ada", doomed(turn));
            if kind == Kind::Mariadb {
                let sql = sql!("mariadb", "use_verification_token");
                return bare.rows(sql, key, verification_token);
            }
            let mut found = bare.rows(sql!("get_verification_token"), key, verification_token);
            found.retain(|found| {
                let row = (&found.identifier, &found.token, time(found.expires));
                bare.execute(sql!("use_verification_token"), row) > 0
            });
            found
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
            let new = passkey(users[turn], ROWS + turn);
            let values: Vec<Value> = vec![
                new.credential_id.into(),
                new.user_id.to_string().into(),
                new.provider_account_id.into(),
                new.credential_public_key.into(),
                new.counter.into(),
                new.credential_device_type.into(),
                new.credential_backed_up.into(),
                NONE,
            ];
            bare.execute(sql!("create_authenticator"), values)
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
            let values = vec![turn.into(), credential(turn).into()];
            bare.update(
                sql!("update_authenticator_counter"),
                values,
                sql!("get_authenticator"),
                (credential(turn),),
                authenticator,
            )
        },
        |turn| {
            store
                .update_authenticator_counter(&credential(turn), turn as i64)
                .expect("a passkey")
        },
    );
    table.line(
        "delete_authenticator",
        |turn| bare.execute(sql!("delete_authenticator"), (credential(turn),)),
        |turn| {
            store
                .delete_authenticator(&credential(turn))
                .expect("an answer")
        },
    );
    table.line(
        "delete_expired",
        |_| {
            let due = (time(OffsetDateTime::UNIX_EPOCH), 100);
            bare.execute(sql!("delete_expired_sessions"), due.clone())
                + bare.execute(sql!("delete_expired_verification_tokens"), due)
        },
        |_| {
            store
                .delete_expired(OffsetDateTime::UNIX_EPOCH, 100)
                .expect("counts")
        },
    );
    table.line(
        "delete_user",
        |turn| bare.execute(sql!("delete_user"), (users[turn].to_string(),)),
        |turn| store.delete_user(users[turn]).expect("an answer"),
    );
}

fn text_at_0(row: &mut Row) -> i64 {
    text_at(row, 0)
}

/// What both do in a second, each thread of the bare driver's with a connection of its own.
fn throughput(kind: Kind, store: &AuthStore, url: &str, users: &[Uuid]) {
    println!("\n### {}, operations in a second\n", kind.title());
    println!("| operation | threads | bare driver | authstore | ratio |");
    println!("|---|--:|--:|--:|--:|");
    // The last third: the users that are still there.
    let users = &users[2 * TURNS + TURNS / 5..];
    let token = |turn: u64| (ROWS - 1 - turn as usize % (TURNS / 2)).to_string();
    for threads in [1, 4, 16] {
        let bare = in_a_second(threads, || {
            let mut bare = Bare::connect(url);
            move |turn| {
                let sql = sql!("get_session_and_user");
                bare.rows(sql, (token(turn),), session_and_user).len()
            }
        });
        let ours = in_a_second(threads, || {
            |turn| {
                store
                    .get_session_and_user(&token(turn))
                    .expect("a session")
                    .iter()
                    .count()
            }
        });
        line("get_session_and_user", threads, bare, ours);
    }
    for threads in [1, 4, 16] {
        let user = |turn: u64| users[turn as usize % users.len()];
        let bare = in_a_second(threads, || {
            let mut bare = Bare::connect(url);
            move |turn| {
                let [id, token] = [Uuid::now_v7(), Uuid::now_v7()].map(|id| id.to_string());
                let session = (id, user(turn).to_string(), token, time(EXPIRES));
                bare.execute(sql!("create_session"), session) as usize
            }
        });
        let ours = in_a_second(threads, || {
            |turn| {
                let session = NewSession::new(user(turn), Uuid::now_v7().to_string(), EXPIRES);
                usize::from(store.create_session(session).is_ok())
            }
        });
        line("create_session", threads, bare, ours);
    }
}

fn line(operation: &str, threads: usize, bare: f64, ours: f64) {
    println!(
        "| {operation} | {threads} | {bare:.0} | {ours:.0} | {:.2} |",
        ours / bare
    );
}

/// Each of the threads makes its work, then all begin; the work says how many it has done.
fn in_a_second<W: FnMut(u64) -> usize>(threads: usize, work: impl Fn() -> W + Sync) -> f64 {
    let (done, over) = (AtomicU64::new(0), AtomicBool::new(false));
    let start = Barrier::new(threads + 1);
    let elapsed = thread::scope(|scope| {
        for thread in 0..threads {
            let (work, done, over, start) = (&work, &done, &over, &start);
            scope.spawn(move || {
                let mut work = work();
                assert_eq!(work(thread as u64), 1);
                start.wait();
                let mut turn = thread as u64;
                while !over.load(Ordering::Relaxed) {
                    done.fetch_add(work(turn) as u64, Ordering::Relaxed);
                    turn += threads as u64;
                }
            });
        }
        start.wait();
        let began = Instant::now();
        thread::sleep(SPELL);
        over.store(true, Ordering::Relaxed);
        began.elapsed()
    });
    done.load(Ordering::Relaxed) as f64 / elapsed.as_secs_f64()
}
