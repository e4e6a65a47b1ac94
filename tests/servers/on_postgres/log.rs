//! The driver logs what it sends. The log must not contain values.

use std::sync::{Mutex, OnceLock};

use authstore::{AccountChanges, Change, NewAccount, NewSession, NewUser, VerificationToken};
use authstore_test_databases::{Database, Kind, Needs, Test};
use log::{LevelFilter, Log, Metadata, Record};
use time::macros::datetime;

pub(crate) fn tests() -> Vec<Test> {
    Test::on(
        &[Kind::Postgres],
        Needs::Shared,
        "log.no_level_logs_a_token",
        no_level_logs_a_token,
    )
}

struct Kept;

fn kept() -> &'static Mutex<String> {
    static KEPT: OnceLock<Mutex<String>> = OnceLock::new();
    KEPT.get_or_init(Mutex::default)
}

impl Log for Kept {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        *kept().lock().unwrap() += &format!("{}: {}\n", record.target(), record.args());
    }

    fn flush(&self) {}
}

fn no_level_logs_a_token(kind: Kind) {
    const SECRET: &str = "correct-horse-battery";
    log::set_logger(&Kept).expect("no other test in this process sets a logger");
    log::set_max_level(LevelFilter::Trace);

    let database = Database::new(kind).unwrap();
    let store = database.store();
    let expires = datetime!(2030-01-01 00:00 UTC);
    let user = store.create_user(NewUser::default()).unwrap();
    let mut account = NewAccount::new("oidc", "example", "1");
    account.access_token = Some(SECRET.into());
    store.link_account(user.id, account.clone()).unwrap();
    store.link_account(user.id, account).unwrap_err();
    let changes = AccountChanges {
        refresh_token: Change::set(SECRET),
        ..AccountChanges::default()
    };
    store.update_account("example", "1", changes).unwrap();
    let session = NewSession::new(user.id, SECRET, expires);
    store.create_session(session.clone()).unwrap();
    store.create_session(session).unwrap_err();
    store.get_session_and_user(SECRET).unwrap().unwrap();
    let token = VerificationToken::new("ada@example.org", SECRET, expires);
    store.create_verification_token(token.clone()).unwrap();
    store.create_verification_token(token).unwrap_err();
    store
        .use_verification_token("ada@example.org", SECRET)
        .unwrap()
        .unwrap();

    // Other tests of this process write to the same log.
    log::set_max_level(LevelFilter::Off);
    let kept = kept().lock().unwrap();
    // Otherwise this would pass without a log.
    assert!(kept.contains("tokio_postgres"), "{kept}");
    assert!(!kept.contains(SECRET), "{kept}");
}
