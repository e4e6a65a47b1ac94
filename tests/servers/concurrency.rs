use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use authstore::{
    AccountChanges, AuthStore, Change, Constraint, Error, NewAccount, NewSession, NewUser, Removal,
    SessionChanges, UserChanges, VerificationToken,
};
use authstore_test_databases::{Database, Kind, Needs, Test};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

use crate::operations::authenticator;

pub(crate) fn tests() -> Vec<Test> {
    let mut tests = Vec::new();
    for (name, test) in [
        (
            "concurrency.mixed_load_on_few_rows",
            mixed_load_on_few_rows as fn(Kind),
        ),
        (
            "concurrency.removals_count_rows_created_while_waiting",
            removals_count_rows_created_while_waiting,
        ),
    ] {
        tests.extend(Test::on(&Kind::SERVERS, Needs::Shared, name, test));
    }
    tests
}

const THREADS: u64 = 16;
const ROUNDS: u64 = 60;
/// So few that the threads conflict all the time.
const PEOPLE: u64 = 4;
const LATER: OffsetDateTime = datetime!(2100-01-01 0:00 UTC);

fn id(number: u64) -> Uuid {
    Uuid::from_u64_pair(0x0190_0000_0000_7000, 0x8000_0000_0000_0000 | number)
}

/// Deadlocks and serialization failures are retried inside. The caller gets only conflicts and missing rows, which are
/// its own to handle.
fn mixed_load_on_few_rows(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let store =
        database.store_with("pool_size=16&checkout_timeout_ms=60000&statement_timeout_ms=60000");
    let start = Barrier::new(usize::try_from(THREADS).unwrap());
    let used: u64 = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (store, start) = (&store, &start);
                scope.spawn(move || {
                    start.wait();
                    (0..ROUNDS)
                        .map(|round| round_of(store, thread, round))
                        .sum::<u64>()
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    // Each token was created once, by the first caller, and used once.
    assert_eq!(used, ROUNDS);
    for number in 0..PEOPLE {
        let (user, sessions, accounts) = (
            store.get_user(id(number)).unwrap(),
            store.list_sessions_by_user_id(id(number)).unwrap(),
            store.list_accounts_by_user_id(id(number)).unwrap(),
        );
        if user.is_none() {
            assert!(sessions.is_empty() && accounts.is_empty());
        }
    }
}

/// Calls many operations, and returns how many tokens it got.
fn round_of(store: &AuthStore, thread: u64, round: u64) -> u64 {
    let number = (thread + round) % PEOPLE;
    let user = id(number);
    let provider_account_id = number.to_string();
    let session = format!("session {number} {}", round % 3);
    let token = format!("token {round}");
    let expect = |result: Result<(), Error>, allowed: fn(&Error) -> bool| {
        if let Err(error) = result {
            assert!(allowed(&error), "thread {thread}, round {round}: {error:?}");
        }
    };
    let lost = |error: &Error| matches!(error, Error::NotFound { .. } | Error::Conflict { .. });
    let never = |_: &Error| false;

    expect(
        store
            .create_user_with_account(
                NewUser {
                    id: Some(user),
                    email: Some(format!("{number}@example.org")),
                    ..NewUser::default()
                },
                NewAccount::new("oauth", "github", &provider_account_id),
            )
            .map(drop),
        lost,
    );
    expect(
        store
            .create_session(NewSession::new(user, &session, LATER))
            .map(drop),
        lost,
    );
    expect(
        store
            .update_user(
                user,
                UserChanges {
                    name: Change::set(format!("{thread}")),
                    ..UserChanges::default()
                },
            )
            .map(drop),
        lost,
    );
    expect(
        store
            .update_account(
                "github",
                &provider_account_id,
                AccountChanges {
                    access_token: Change::set(format!("{round}")),
                    ..AccountChanges::default()
                },
            )
            .map(drop),
        lost,
    );
    expect(
        store
            .update_session(
                &session,
                SessionChanges {
                    expires: Some(LATER + time::Duration::seconds(i64::try_from(round).unwrap())),
                    ..SessionChanges::default()
                },
            )
            .map(drop),
        never,
    );
    expect(
        store
            .link_account(
                user,
                NewAccount::new("oauth", "google", &provider_account_id),
            )
            .map(drop),
        lost,
    );
    expect(store.get_session_and_user(&session).map(drop), never);
    match round % 5 {
        0 => expect(
            store
                .delete_sessions_by_user_id(user, Some(&session))
                .map(drop),
            never,
        ),
        1 => expect(store.delete_user(user).map(drop), never),
        2 => expect(store.delete_session(&session).map(drop), never),
        3 => expect(
            store
                .delete_expired(datetime!(1980-01-01 0:00 UTC), 10)
                .map(drop),
            never,
        ),
        _ => expect(
            store
                .unlink_account("google", &provider_account_id)
                .map(drop),
            never,
        ),
    }
    // All threads want the same token. A used token must not be created again, so the thread that creates a certain
    // user first, whom no one deletes, also creates the token.
    let first = store.create_user(NewUser {
        email: Some(token.clone()),
        ..NewUser::default()
    });
    match first {
        Ok(_) => {
            let token = VerificationToken::new("ada@example.org", &token, LATER);
            store.create_verification_token(token).unwrap();
        }
        Err(Error::Conflict {
            constraint: Constraint::UserEmail,
        }) => {}
        Err(error) => panic!("{error:?}"),
    }
    // The thread that created it uses it afterwards, so some thread gets it.
    let used = store
        .use_verification_token("ada@example.org", &token)
        .unwrap();
    u64::from(used.is_some())
}

/// While a removal with `keep_last` waits, another transaction replaces the user's other way to sign in, so the removed
/// one is not the last.
fn removals_count_rows_created_while_waiting(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let store = database.store_with("statement_timeout_ms=60000");
    let mut client = database.client();
    let waiting = match kind {
        Kind::Postgres => {
            "SELECT count(*) FROM pg_stat_activity
             WHERE datname = current_database() AND wait_event_type = 'Lock'"
        }
        _ => {
            "SELECT count(*) FROM information_schema.PROCESSLIST
             WHERE DB = DATABASE() AND ID <> CONNECTION_ID() AND INFO LIKE '%FOR UPDATE%'"
        }
    };
    let account = |number: u64| NewAccount::new("oauth", "github", number.to_string());
    for removes_passkey in [false, true] {
        let (user, _) = store
            .create_user_with_account(NewUser::default(), account(1))
            .unwrap();
        if removes_passkey {
            store
                .create_authenticator(authenticator(user.id, "passkey"))
                .unwrap();
        } else {
            store.link_account(user.id, account(2)).unwrap();
        }
        client.query("BEGIN");
        client.query(&kind.quoted(r#"SELECT "id" FROM "User" FOR UPDATE"#));
        let removal = thread::scope(|scope| {
            let removing = scope.spawn(|| {
                if removes_passkey {
                    store.delete_authenticator_of_user(user.id, "passkey", true)
                } else {
                    store.unlink_account_of_user(user.id, "github", "2", true)
                }
            });
            let mut watcher = database.client();
            while watcher.query_one(waiting) == "0" && !removing.is_finished() {
                thread::sleep(Duration::from_millis(10));
            }
            client.query(&kind.quoted(&format!(
                r#"INSERT INTO "Account" ("id", "userId", "type", "provider", "providerAccountId")
                   VALUES ('{}', '{}', 'oauth', 'gitlab', '3')"#,
                id(3),
                user.id
            )));
            client.query(&kind.quoted(r#"DELETE FROM "Account" WHERE "providerAccountId" = '1'"#));
            client.query("COMMIT");
            removing.join().unwrap()
        });
        assert_eq!(removal.unwrap(), Removal::Done);
        let left = store.list_accounts_by_user_id(user.id).unwrap();
        assert_eq!(left.len(), 1);
        store.delete_user(user.id).unwrap();
    }
}
