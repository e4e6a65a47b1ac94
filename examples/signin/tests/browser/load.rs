//! Many clients, a database that restarts, and what happens in the background.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use authstore::{NewSession, NewUser};
use authstore_test_databases::{Database, Kind, Server, Setup};
use time::OffsetDateTime;

use crate::client::Client;
use crate::program::Program;

const CLIENTS: usize = 24;

/// How long anything may take to come about on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// 24 clients sign in, look at their account, and sign out, for some seconds.
pub(crate) fn clients(kind: Kind) {
    let program = Program::start(kind);
    let end = Instant::now() + Duration::from_secs(5);
    let pages: usize = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let mut client = Client::new(&program);
                scope.spawn(move || {
                    let mut pages = 0;
                    // Each at least once, however slow the machine is.
                    loop {
                        client.sign_in(&format!("client-{number}@example.org"));
                        for _ in 0..10 {
                            let answer = client.get("/account");
                            assert_eq!(answer.status, 200, "{}", answer.body);
                            pages += 1;
                        }
                        assert_eq!(client.post("/sign-out", &[]).status, 303);
                        assert!(!client.is_signed_in());
                        client.cookies.remove("session");
                        if Instant::now() > end {
                            return pages;
                        }
                    }
                })
            })
            .collect();
        clients
            .into_iter()
            .map(|client| client.join().expect("no error"))
            .sum()
    });
    println!("{kind}: {pages} account pages");
    assert_eq!(Client::new(&program).get("/health").status, 200);
    program.stop("-TERM");
}

/// The database restarts under load: nothing but 503 in between, and the same sessions afterwards.
pub(crate) fn restart(kind: Kind) {
    let setup = Setup {
        durable: true,
        ..Setup::default()
    };
    let server = std::sync::Arc::new(Server::start(kind, &setup).expect("a server"));
    let program = Program::start_on(Database::on(&server).expect("a database"), &[]);
    let mut signed_in = Client::new(&program);
    signed_in.sign_in("ada@example.org");
    let (stop, good) = (AtomicBool::new(false), AtomicUsize::new(0));
    let wait_for_pages = || {
        let (before, began) = (good.load(Ordering::Relaxed), Instant::now());
        while good.load(Ordering::Relaxed) < before + 50 {
            assert!(began.elapsed() < PATIENCE, "the page has not come back");
            thread::sleep(Duration::from_millis(50));
        }
    };
    thread::scope(|scope| {
        for _ in 0..4 {
            let mut client = signed_in.clone();
            let (stop, good) = (&stop, &good);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    match client.get("/account").status {
                        200 => drop(good.fetch_add(1, Ordering::Relaxed)),
                        status => assert_eq!(status, 503),
                    }
                }
            });
        }
        wait_for_pages();
        server.restart().expect("a restart");
        wait_for_pages();
        stop.store(true, Ordering::Relaxed);
    });
    assert_eq!(Client::new(&program).get("/health").status, 200);
    program.stop("-TERM");
}

/// What has expired is gone soon after the program has started.
pub(crate) fn sweep(kind: Kind) {
    let database = Database::new(kind).expect("a database");
    let store = database.store();
    let user = store.create_user(NewUser::default()).expect("a user");
    let expired = NewSession::new(user.id, "expired", OffsetDateTime::UNIX_EPOCH);
    store.create_session(expired).expect("a session");
    let program = Program::start_on(database, &[]);
    let began = Instant::now();
    while !store
        .list_sessions_by_user_id(user.id)
        .expect("sessions")
        .is_empty()
    {
        assert!(began.elapsed() < PATIENCE, "the session was not swept");
        thread::sleep(Duration::from_millis(50));
    }
    program.stop("-TERM");
}
