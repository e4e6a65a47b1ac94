//! Many threads on one file conflict only as the contract specifies.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use authstore::{
    AccountChanges, AuthStore, Change, Error, NewAccount, NewSession, NewUser, SessionChanges,
    UserChanges, VerificationToken,
};
use time::OffsetDateTime;
use time::macros::datetime;

const EXPIRES: OffsetDateTime = datetime!(2030-01-01 00:00 UTC);
const THREADS: u64 = 8;

#[test]
fn mixed_load_never_sees_a_busy_database() {
    let directory = tempfile::tempdir().expect("a directory");
    // Two handles, whose writers do not share a queue. Long timeouts, so that only a deadlock would fail, not a busy
    // machine.
    let url = format!(
        "sqlite:{}/auth.db?busy_timeout_ms=60000&checkout_timeout_ms=60000",
        directory.path().display()
    );
    let stores = [&url, &url].map(|url| AuthStore::connect(url).expect("a store"));
    stores[0].migrate().expect("a schema");

    let deadline = Instant::now() + Duration::from_secs(3);
    let rounds = AtomicU64::new(0);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let store = &stores[usize::try_from(thread).expect("a small number") % stores.len()];
            let rounds = &rounds;
            scope.spawn(move || {
                for round in 0.. {
                    if round > 0 && Instant::now() > deadline {
                        break;
                    }
                    sign_in_and_out(store, &format!("{thread}-{round}"))
                        .unwrap_or_else(|error| panic!("{error:?}"));
                    rounds.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    assert!(rounds.into_inner() >= THREADS, "every thread got its turn");
}

fn sign_in_and_out(store: &AuthStore, name: &str) -> Result<(), Error> {
    let (user, _) = store.create_user_with_account(
        NewUser {
            email: Some(format!("{name}@example.org")),
            ..NewUser::default()
        },
        NewAccount::new("oauth", "github", name),
    )?;
    store.create_session(NewSession::new(user.id, name, EXPIRES))?;
    store.get_session_and_user(name)?.expect("the session");
    store.update_session(
        name,
        SessionChanges {
            expires: Some(EXPIRES + Duration::from_secs(1)),
            ..SessionChanges::default()
        },
    )?;
    store.update_account(
        "github",
        name,
        AccountChanges {
            access_token: Change::set("gho_1"),
            ..AccountChanges::default()
        },
    )?;
    store.update_user(
        user.id,
        UserChanges {
            name: Change::set(name),
            ..UserChanges::default()
        },
    )?;
    assert_eq!(store.list_sessions_by_user_id(user.id)?.len(), 1);
    assert_eq!(store.delete_sessions_by_user_id(user.id, None)?, 1);
    assert!(store.delete_user(user.id)?);
    Ok(())
}

#[test]
fn a_verification_token_has_one_winner() {
    let directory = tempfile::tempdir().expect("a directory");
    let url = format!("sqlite:{}/auth.db", directory.path().display());
    let store = AuthStore::connect(&url).expect("a store");
    store.migrate().expect("a schema");
    for round in 0..50 {
        let token = format!("token-{round}");
        store
            .create_verification_token(VerificationToken::new("ada@example.org", &token, EXPIRES))
            .expect("a token");
        let start = AtomicBool::new(false);
        let winners: usize = thread::scope(|scope| {
            let callers = [(); 8].map(|()| {
                scope.spawn(|| {
                    while !start.load(Ordering::Acquire) {
                        thread::yield_now();
                    }
                    store
                        .use_verification_token("ada@example.org", &token)
                        .expect("an answer")
                        .is_some()
                })
            });
            start.store(true, Ordering::Release);
            callers
                .into_iter()
                .map(|caller| usize::from(caller.join().expect("a caller")))
                .sum()
        });
        assert_eq!(winners, 1);
    }
}
