//! Transactions of the store's operations and the application's own SQL, on every database.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use authstore::signin::SignIn;
use authstore::{
    AuthStore, Change, Constraint, Error, NewAccount, NewUser, SqlValue, User, UserChanges,
};
use authstore_test_databases::{Database, Kind, Needs, Server, Setup, Test};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

pub(crate) fn tests() -> Vec<Test> {
    let on = |kinds, name, run| Test::on(kinds, Needs::Shared, name, run);
    [
        on(&Kind::ALL, "transactions.both_or_neither", both_or_neither),
        on(
            &Kind::ALL,
            "transactions.failed_operation_undoes_only_itself",
            failed_operation_undoes_only_itself,
        ),
        on(
            &Kind::ALL,
            "transactions.failed_sign_up_undoes_only_itself",
            failed_sign_up_undoes_only_itself,
        ),
        on(
            &Kind::ALL,
            "transactions.values_round_trip",
            values_round_trip,
        ),
        on(
            &Kind::ALL,
            "transactions.each_parameter_needs_a_value",
            each_parameter_needs_a_value,
        ),
        on(
            &Kind::ALL,
            "transactions.own_constraint_rejects",
            own_constraint_rejects,
        ),
        on(
            &Kind::ALL,
            "transactions.nesting_and_outliving_are_invalid",
            nesting_and_outliving_are_invalid,
        ),
        on(
            &Kind::ALL,
            "transactions.locked_session_leaves_no_way_in",
            locked_session_leaves_no_way_in,
        ),
        on(
            &Kind::ALL,
            "transactions.panic_rolls_back",
            panic_rolls_back,
        ),
        on(
            &Kind::ALL,
            "transactions.failures_leak_no_connection",
            failures_leak_no_connection,
        ),
        on(
            &Kind::SERVERS,
            "transactions.deadlock_reruns_the_transaction",
            deadlock_reruns_the_transaction,
        ),
        on(
            &Kind::SERVERS,
            "transactions.others_see_it_once_committed",
            others_see_it_once_committed,
        ),
        on(
            &Kind::ALL,
            "transactions.failed_savepoint_loses_nothing",
            failed_savepoint_loses_nothing,
        ),
        Test::on(
            &Kind::MYSQL_AND_MARIADB,
            Needs::Container,
            "transactions.timeout_that_rolls_back_ends_the_transaction",
            timeout_that_rolls_back_ends_the_transaction,
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The application's own SQL, in the dialect of each database.
struct Own {
    create: &'static str,
    insert: &'static str,
    count: &'static str,
}

fn own(kind: Kind) -> Own {
    match kind {
        Kind::Postgres => Own {
            create: r#"CREATE TABLE profile (user_id uuid CONSTRAINT profile_user REFERENCES "User" (id), plan text UNIQUE)"#,
            insert: "INSERT INTO profile (user_id, plan) VALUES ($1, $2)",
            count: "SELECT count(*) FROM profile",
        },
        Kind::Mysql | Kind::Mariadb => Own {
            create: "CREATE TABLE profile (
                user_id char(36) CHARACTER SET ascii COLLATE ascii_bin, plan varchar(50) UNIQUE,
                CONSTRAINT profile_user FOREIGN KEY (user_id) REFERENCES `User` (id))",
            insert: "INSERT INTO profile (user_id, plan) VALUES (?, ?)",
            count: "SELECT count(*) FROM profile",
        },
        Kind::SqliteMemory | Kind::SqliteFile => Own {
            create: r#"CREATE TABLE profile (user_id text REFERENCES "User" (id), plan text UNIQUE)"#,
            insert: "INSERT INTO profile (user_id, plan) VALUES (?, ?)",
            count: "SELECT count(*) FROM profile",
        },
    }
}

/// A store whose database has the application's table as well.
fn with_own_table(kind: Kind, options: &str) -> (Database, AuthStore, Own) {
    let database = Database::new(kind).expect("a database");
    let store = database.store_with(options);
    let own = own(kind);
    let changed = store
        .transaction(|tx| tx.execute(own.create, &[]))
        .expect("the application's table");
    assert_eq!(changed, 0);
    (database, store, own)
}

fn profiles(store: &AuthStore, own: &Own) -> i64 {
    store
        .transaction(|tx| tx.query(own.count, &[])?[0].get(0))
        .expect("a count")
}

fn named(email: &str) -> NewUser {
    NewUser {
        email: Some(email.into()),
        ..NewUser::default()
    }
}

fn sign_up(store: &AuthStore, own: &Own, email: &str, plan: &str) -> Result<User, Error> {
    store.transaction(|tx| {
        let user = tx.create_user(named(email))?;
        tx.execute(own.insert, &[user.id.into(), plan.into()])?;
        Ok(user)
    })
}

/// A request of someone who has signed up with another person's address is in flight while that person proves it.
fn locked_session_leaves_no_way_in(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let signin = SignIn::new(database.store());
    let now = OffsetDateTime::now_utc();
    for in_transaction in [false, true] {
        let email = format!("ada-{in_transaction}@example.org");
        let unproved = NewUser {
            email: Some(email.clone()),
            ..NewUser::default()
        };
        let squatter = signin.store().create_user(unproved).unwrap();
        let (token, _) = signin.begin_session(squatter.id, None, now).unwrap();
        let locked = Barrier::new(2);
        let is_first = AtomicBool::new(true);
        let removed = thread::scope(|scope| {
            scope.spawn(|| {
                let linked = signin.store().transaction(|tx| {
                    let signin = signin.on(tx);
                    let found = signin.lock_session(token.expose(), now)?;
                    // A transaction that was rolled back starts over, and then finds no session.
                    if is_first.swap(false, Ordering::Relaxed) {
                        locked.wait();
                        thread::sleep(Duration::from_millis(300));
                    }
                    if let Some((_, user)) = found {
                        let account = NewAccount::new("oauth", "evil", email.clone());
                        signin.link_account(user.id, account)?;
                    }
                    Ok::<_, Error>(())
                });
                linked.unwrap();
            });
            locked.wait();
            let signed_in = if in_transaction {
                let sign_in = |tx: &AuthStore| signin.on(tx).sign_in_with_email(&email, now);
                signin.store().transaction(|tx| sign_in(tx))
            } else {
                signin.sign_in_with_email(&email, now)
            };
            signed_in.unwrap().removed
        });
        assert_eq!(removed.unwrap().sessions, 1);
        let left = signin.store().list_accounts_by_user_id(squatter.id);
        assert_eq!(left.unwrap(), [], "in a transaction: {in_transaction}");
    }
}

fn both_or_neither(kind: Kind) {
    let (_database, store, own) = with_own_table(kind, "");
    let ada = sign_up(&store, &own, "ada@example.org", "free").expect("signed up");
    assert_eq!(store.get_user(ada.id).expect("found"), Some(ada));
    assert_eq!(profiles(&store, &own), 1);

    // The second half fails, so the first one is undone.
    sign_up(&store, &own, "grace@example.org", "free").expect_err("the plan is taken");
    assert_eq!(
        store
            .get_user_by_email("grace@example.org")
            .expect("looked up"),
        None
    );
    // An error of the application also undoes it.
    let refused: Result<(), Box<dyn std::error::Error>> = store.transaction(|tx| {
        tx.create_user(named("grace@example.org"))?;
        Err("not today".into())
    });
    assert_eq!(refused.expect_err("refused").to_string(), "not today");
    assert_eq!(
        store
            .get_user_by_email("grace@example.org")
            .expect("looked up"),
        None
    );
    assert_eq!(profiles(&store, &own), 1);
}

fn failed_operation_undoes_only_itself(kind: Kind) {
    let (_database, store, own) = with_own_table(kind, "");
    sign_up(&store, &own, "ada@example.org", "free").expect("signed up");
    let grace = store
        .transaction(|tx| {
            let taken = tx.create_user(named("ada@example.org"));
            assert!(matches!(
                taken,
                Err(Error::Conflict {
                    constraint: Constraint::UserEmail,
                    ..
                })
            ));
            let grace = tx.create_user(named("grace@example.org"))?;
            let again = tx.execute(own.insert, &[grace.id.into(), "free".into()]);
            again.expect_err("the plan is taken");
            tx.execute(own.insert, &[grace.id.into(), "paid".into()])?;
            let name = UserChanges {
                name: Change::set("Grace"),
                ..UserChanges::default()
            };
            tx.update_user(grace.id, name)
        })
        .expect("committed");
    assert_eq!(store.get_user(grace.id).expect("found"), Some(grace));
    assert_eq!(profiles(&store, &own), 2);
}

/// On MySQL and MariaDB, it is several statements.
fn failed_sign_up_undoes_only_itself(kind: Kind) {
    let database = Database::new(kind).expect("a database");
    let store = database.store();
    let account = || NewAccount::new("oauth", "acme", "1");
    let mut attempts = 0;
    let ended = store.transaction(|tx| {
        attempts += 1;
        let ada = tx.create_user(named("ada@example.org"))?;
        let taken = tx.create_user_with_account(named("ada@example.org"), account());
        match taken {
            Err(Error::Conflict {
                constraint: Constraint::UserEmail,
            }) => {}
            other => panic!("{other:?}"),
        }
        let grace = tx.create_user_with_account(named("grace@example.org"), account())?;
        Ok::<_, Error>((ada, grace))
    });
    let (ada, (grace, account)) = ended.expect("committed");
    assert_eq!(attempts, 1);
    assert_eq!(
        store.list_users(None, 10).expect("a list"),
        [ada, grace.clone()]
    );
    assert_eq!(
        store.list_accounts_by_user_id(grace.id).expect("a list"),
        [account]
    );
}

fn values_round_trip(kind: Kind) {
    let database = Database::new(kind).expect("a database");
    let store = database.store();
    let (create, insert, select) = match kind {
        Kind::Postgres => (
            "CREATE TABLE kinds (n int, b boolean, i bigint, r double precision, t text, y bytea, u uuid, d timestamptz(3))",
            "INSERT INTO kinds VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            "SELECT b, i, r, t, y, u, d, n FROM kinds WHERE n = $1",
        ),
        Kind::Mysql | Kind::Mariadb => (
            "CREATE TABLE kinds (n int, b boolean, i bigint, r double, t text, y blob, u char(36), d datetime(3))",
            "INSERT INTO kinds VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            "SELECT b, i, r, t, y, u, d, n FROM kinds WHERE n = ?",
        ),
        Kind::SqliteMemory | Kind::SqliteFile => (
            "CREATE TABLE kinds (n, b, i, r, t, y, u, d)",
            "INSERT INTO kinds VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            "SELECT b, i, r, t, y, u, d, n FROM kinds WHERE n = ?",
        ),
    };
    let (uuid, time) = (Uuid::from_u128(7), datetime!(2026-11-25 12:00:00.125 UTC));
    store
        .transaction(|tx| {
            tx.execute(create, &[])?;
            let values: [SqlValue; 8] = [
                1.into(),
                true.into(),
                i64::MIN.into(),
                0.5.into(),
                "'; DROP 🦀".into(),
                vec![0_u8, 255].into(),
                uuid.into(),
                time.into(),
            ];
            assert_eq!(tx.execute(insert, &values)?, 1);
            let nothing: Option<String> = None;
            let mut nulls = vec![SqlValue::from(2)];
            nulls.extend(vec![SqlValue::from(nothing); 7]);
            tx.execute(insert, &nulls)
        })
        .expect("written");
    store
        .transaction(|tx| {
            let rows = tx.query(select, &[1.into()])?;
            assert_eq!(rows.len(), 1);
            let row = &rows[0];
            assert!(row.get::<bool>(0)?);
            assert_eq!(row.get::<i64>(1)?, i64::MIN);
            assert_eq!(row.get::<f64>(2)?, 0.5);
            assert_eq!(row.get::<String>(3)?, "'; DROP 🦀");
            assert_eq!(row.get::<Vec<u8>>(4)?, [0, 255]);
            assert_eq!(row.get::<Uuid>(5)?, uuid);
            assert_eq!(row.get::<OffsetDateTime>(6)?, time);
            let wrong = row.get::<Uuid>(3).expect_err("no UUID").to_string();
            assert!(!wrong.contains("DROP"), "{wrong}");
            row.get::<i64>(8).expect_err("no such column");
            let rows = tx.query(select, &[2.into()])?;
            for column in 0..7 {
                assert_eq!(rows[0].get::<Option<String>>(column)?, None);
            }
            Ok::<_, Error>(())
        })
        .expect("read");
}

fn own_constraint_rejects(kind: Kind) {
    let (_database, store, own) = with_own_table(kind, "");
    let ada = sign_up(&store, &own, "ada@example.org", "free").expect("signed up");
    let nobody = Uuid::from_u128(1);
    for refused in [
        store
            .transaction(|tx| tx.execute(own.insert, &[nobody.into(), "paid".into()]))
            .map(drop),
        store.transaction(|tx| tx.delete_user(ada.id)).map(drop),
    ] {
        match refused {
            Err(Error::Rejected { constraint, .. }) => {
                assert!(constraint.contains("profile"), "{constraint}");
            }
            other => panic!("expected Rejected, got {other:?}"),
        }
    }
    assert_eq!(profiles(&store, &own), 1);
}

fn nesting_and_outliving_are_invalid(kind: Kind) {
    let (_database, store, own) = with_own_table(kind, "");
    let kept = store
        .transaction(|tx| {
            let nested = tx.transaction(|inner| inner.create_user(NewUser::default()));
            assert!(matches!(
                nested,
                Err(Error::Invalid {
                    field: "transaction",
                    ..
                })
            ));
            let kept: AuthStore = (*tx).clone();
            Ok::<_, Error>(kept)
        })
        .expect("committed");
    let late = kept.create_user(NewUser::default());
    assert!(
        matches!(
            late,
            Err(Error::Invalid {
                field: "transaction",
                ..
            })
        ),
        "{late:?}"
    );
    assert_eq!(profiles(&store, &own), 0);
}

fn panic_rolls_back(kind: Kind) {
    let (_database, store, own) = with_own_table(kind, "pool_size=1");
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        store.transaction(|tx| -> Result<(), Error> {
            tx.create_user(named("ada@example.org"))?;
            panic!("in the middle")
        })
    }));
    assert!(panicked.is_err());
    assert_eq!(
        store
            .get_user_by_email("ada@example.org")
            .expect("looked up"),
        None
    );
    sign_up(&store, &own, "ada@example.org", "free").expect("the connection is free again");
}

fn failures_leak_no_connection(kind: Kind) {
    let (_database, store, own) = with_own_table(kind, "pool_size=1");
    sign_up(&store, &own, "ada@example.org", "free").expect("signed up");
    for number in 0..100 {
        let email = format!("{number}@example.org");
        sign_up(&store, &own, &email, "free").expect_err("the plan is taken");
    }
    assert_eq!(profiles(&store, &own), 1);
}

/// The application releases the store's own savepoint, which then fails, as it would if it were canceled. PostgreSQL
/// answers the commit with a rollback then, and reports no error.
fn failed_savepoint_loses_nothing(kind: Kind) {
    let database = Database::new(kind).expect("a database");
    let store = database.store();
    let ended = store.transaction(|tx| {
        let user = tx.create_user(NewUser::default())?;
        let released = tx.execute("RELEASE SAVEPOINT step", &[]);
        released.expect_err("the savepoint is gone");
        Ok::<_, Error>(user)
    });
    let found = store.list_users(None, 10).expect("a list");
    assert_eq!(found, Vec::from_iter(ended.ok()));
}

/// `innodb_rollback_on_timeout` rolls back the whole transaction, of which the server's error says nothing.
fn timeout_that_rolls_back_ends_the_transaction(kind: Kind) {
    let setup = Setup {
        arguments: vec!["--innodb-rollback-on-timeout=ON".to_owned()],
        ..Setup::default()
    };
    let server = Arc::new(Server::start(kind, &setup).expect("a server"));
    let database = Database::on(&server).expect("a database");
    // The limit for locks is in whole seconds. On MariaDB, the limit of the statement must not end it first.
    let store = database.store_with("statement_timeout_ms=1900");
    let locked = store.create_user(NewUser::default()).expect("a user");
    let mut other = database.client();
    let id = locked.id;
    other.query(&format!(
        "BEGIN; SELECT 1 FROM `User` WHERE id = '{id}' FOR UPDATE"
    ));

    let mut attempts = 0;
    let ended = store.transaction(|tx| {
        attempts += 1;
        tx.create_user(named("ada@example.org"))?;
        let error = tx.delete_user(locked.id).expect_err("it is locked");
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
        // The server would commit this at once.
        let error = tx.create_user(named("grace@example.org"));
        error.expect_err("the transaction has ended");
        Ok::<_, Error>(())
    });
    let error = ended.expect_err("nothing is committed");
    assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
    assert_eq!(attempts, 1);
    other.query("ROLLBACK");
    assert_eq!(store.list_users(None, 10).expect("a list"), [locked]);

    // Other failures leave it open.
    let ended = store.transaction(|tx| {
        tx.create_user(named("ada@example.org"))?;
        tx.create_user(named("ada@example.org"))
            .expect_err("it is taken");
        tx.create_user(named("grace@example.org"))
    });
    ended.expect("committed");
    assert_eq!(store.list_users(None, 10).expect("a list").len(), 3);
}

fn each_parameter_needs_a_value(kind: Kind) {
    let (_database, store, own) = with_own_table(kind, "");
    let ada = store.create_user(NewUser::default()).expect("a user");
    let all: [SqlValue; 3] = [ada.id.into(), "free".into(), "more".into()];
    for values in [&all[..0], &all[..1], &all] {
        let error = store
            .transaction(|tx| tx.execute(own.insert, values))
            .expect_err("not two values");
        assert!(matches!(error, Error::Backend { .. }), "{error:?}");
    }
    assert_eq!(profiles(&store, &own), 0);
}

/// Two transactions lock two rows in opposite order at their first attempt.
fn deadlock_reruns_the_transaction(kind: Kind) {
    let database = Database::new(kind).expect("a database");
    let store = database.store();
    let people = [0, 1].map(|_| store.create_user(NewUser::default()).expect("a user").id);
    let barrier = Barrier::new(2);
    let tries = AtomicU32::new(0);
    thread::scope(|scope| {
        for order in [[people[0], people[1]], [people[1], people[0]]] {
            let (store, barrier, tries) = (&store, &barrier, &tries);
            scope.spawn(move || {
                let mut first = true;
                store
                    .transaction(|tx| {
                        tries.fetch_add(1, Ordering::Relaxed);
                        let rename = |id: Uuid| {
                            let name = Change::set(order[0].to_string());
                            tx.update_user(
                                id,
                                UserChanges {
                                    name,
                                    ..UserChanges::default()
                                },
                            )
                        };
                        rename(order[0])?;
                        if std::mem::take(&mut first) {
                            barrier.wait();
                        }
                        rename(order[1])
                    })
                    .expect("committed");
            });
        }
    });
    assert!(tries.into_inner() > 2);
    let names = people.map(|id| store.get_user(id).expect("found").expect("a user").name);
    assert_eq!(
        names[0], names[1],
        "one transaction was applied after the other"
    );
}

fn others_see_it_once_committed(kind: Kind) {
    let (_database, store, own) = with_own_table(kind, "");
    let ada = store
        .transaction(|tx| {
            let ada = tx.create_user(named("ada@example.org"))?;
            tx.execute(own.insert, &[ada.id.into(), "free".into()])?;
            assert_eq!(store.get_user(ada.id)?, None, "seen from outside");
            assert_eq!(tx.get_user(ada.id)?, Some(ada.clone()), "seen from inside");
            Ok::<_, Error>(ada)
        })
        .expect("committed");
    assert_eq!(store.get_user(ada.id).expect("found"), Some(ada));
}
