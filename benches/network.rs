//! The cost of distance: updates and the first requests after a start, on servers that are a millisecond away.
//!
//! On loopback a round trip takes a tenth of a millisecond, which hides how many an operation needs.

mod support;

use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use authstore::{
    AccountChanges, AuthStore, Change, NewAccount, NewSession, NewUser, SessionChanges, User,
    UserChanges,
};
use authstore_test_databases::{
    Client, Database, Kind, Needs, Proxy, Test, Traffic, run, store, with_options,
};
use support::{
    EXPIRES, is_trial, measure_each, median, microseconds, numbers, passkey, time, turns,
};

/// The time that the network adds to each round trip.
const DISTANCE: Duration = Duration::from_millis(1);

/// How many requests are the first ones, each on its own connection.
const FIRST: u32 = 8;

fn main() -> ExitCode {
    if is_trial() {
        return run(Test::on(
            &Kind::SERVERS,
            Needs::Shared,
            "benchmark_runs",
            |kind| measure(kind).expect("a server"),
        ));
    }
    numbers::begin("network");
    ExitCode::from(u8::from(measure_each(Kind::SERVERS, measure)))
}

fn measure(kind: Kind) -> Result<(), String> {
    let database = Database::new(kind)?;
    let proxy = Proxy::to(database.server().host());
    let url = database.url_through(proxy.address());
    let near = database.store();
    let user = insert_rows(&near);
    proxy.set(Traffic::Delayed(DISTANCE));

    println!("\n### {kind}, {DISTANCE:?} away\n");
    println!("| operation | by hand, ms | authstore, ms | ratio |");
    println!("|---|--:|--:|--:|");
    let line = |line: &str, times: [Vec<Duration>; 2]| {
        let [by_hand, of_store] = times.map(|mut times| microseconds(median(&mut times)) / 1e3);
        println!(
            "| {line} | {by_hand:.2} | {of_store:.2} | {:.2} |",
            of_store / by_hand
        );
        numbers::put("distance", kind.title(), line, "by hand", by_hand);
        numbers::put("distance", kind.title(), line, "authstore", of_store);
    };
    let far = store(&with_options(url.clone(), "pool_size=1"));
    let mut client = Client::connect(&url)?;
    for (operation, call) in OPERATIONS {
        let (mut by_hand, mut of_store) = (Vec::new(), Vec::new());
        for turn in 0..turns(200) {
            by_hand.push(time(|| update_by_hand(kind, &mut client, &user, turn)));
            // The first call prepares statements.
            of_store.push(time(|| call(&far, &user, turn)));
        }
        line(operation, [by_hand, of_store]);
    }

    let (mut by_hand, mut of_store) = (Vec::new(), Vec::new());
    for _ in 0..turns(10) {
        by_hand.push(time(|| first_requests_by_hand(kind, &url)));
        of_store.push(time(|| first_requests(&url)));
    }
    line("first requests", [by_hand, of_store]);
    Ok(())
}

/// An operation, and a call of it for a user, with the number of its turn.
type Operation = (&'static str, fn(&AuthStore, &User, usize));

const OPERATIONS: &[Operation] = &[
    ("update_user", |store, user, turn| {
        let changes = UserChanges {
            name: Change::Set(format!("Ada {turn}")),
            ..UserChanges::default()
        };
        store.update_user(user.id, changes).expect("a user");
    }),
    ("update_account", |store, _, turn| {
        let changes = AccountChanges {
            access_token: Change::Set(format!("token {turn}")),
            ..AccountChanges::default()
        };
        store
            .update_account("github", "1", changes)
            .expect("an account");
    }),
    ("update_session", |store, _, turn| {
        let seconds = i64::try_from(turn).expect("a small number");
        let changes = SessionChanges {
            expires: Some(EXPIRES + time::Duration::seconds(seconds)),
            ..SessionChanges::default()
        };
        store.update_session("session", changes).expect("a session");
    }),
    ("update_authenticator_counter", |store, _, turn| {
        let counter = i64::try_from(turn).expect("a small number");
        store
            .update_authenticator_counter("credential-1", counter)
            .expect("a passkey");
    }),
    ("create_user_with_account", |store, _, turn| {
        let account = NewAccount::new("oauth", "gitlab", turn.to_string());
        store
            .create_user_with_account(NewUser::default(), account)
            .expect("a user");
    }),
];

fn insert_rows(store: &AuthStore) -> User {
    let account = NewAccount::new("oauth", "github", "1");
    let (user, _) = store
        .create_user_with_account(NewUser::default(), account)
        .expect("a user");
    let session = NewSession::new(user.id, "session", EXPIRES);
    store.create_session(session).expect("a session");
    store
        .create_authenticator(passkey(user.id, 1))
        .expect("a passkey");
    user
}

/// Reads a row and changes it, in a transaction, as one would write it.
fn update_by_hand(kind: Kind, client: &mut Client, user: &User, turn: usize) {
    for sql in [
        "BEGIN".to_owned(),
        format!(
            r#"SELECT "name" FROM "User" WHERE "id" = '{}' FOR UPDATE"#,
            user.id
        ),
        format!(
            r#"UPDATE "User" SET "name" = 'Grace {turn}' WHERE "id" = '{}'"#,
            user.id
        ),
        "COMMIT".to_owned(),
    ] {
        client.query(&kind.quoted(&sql));
    }
}

/// Connects, and reads a session, on each of the first connections.
fn first_requests_by_hand(kind: Kind, url: &str) {
    let sql = kind.quoted(
        r#"SELECT * FROM "Session" AS s JOIN "User" AS u ON u."id" = s."userId" WHERE s."sessionToken" = 'session'"#,
    );
    thread::scope(|scope| {
        for _ in 0..FIRST {
            scope.spawn(|| {
                let mut client = Client::connect(url).expect("a connection");
                assert_eq!(client.query(&sql).len(), 1);
            });
        }
    });
}

/// Opens a store, and reads a session with as many threads.
fn first_requests(url: &str) {
    let store = AuthStore::connect(&with_options(url.to_owned(), &format!("pool_size={FIRST}")))
        .expect("a store");
    thread::scope(|scope| {
        for _ in 0..FIRST {
            scope.spawn(|| {
                let found = store.get_session_and_user("session");
                assert!(found.expect("an answer").is_some());
            });
        }
    });
}
