//! Many clients, a database that restarts, and what happens in the background.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use authstore::{Change, NewSession, NewUser, SessionChanges, SessionDetailsChanges};
use authstore_test_databases::{Database, Kind, Server, Setup};
use time::OffsetDateTime;

use crate::client::Client;
use crate::program::Program;

const CLIENTS: usize = 24;

/// The timeout for anything to happen, long enough for a busy machine.
const TIMEOUT: Duration = Duration::from_secs(120);

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
                    // Each client runs at least once, however slow the machine is.
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
            assert!(began.elapsed() < TIMEOUT, "the page did not recover");
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

/// A session that is used is extended, an unused one ends, and none lasts longer than 90 days.
pub(crate) fn session_lifetime(kind: Kind) {
    let program = Program::start(kind);
    let store = program.store();
    let mut ada = Client::new(&program);
    ada.sign_in("ada@example.org");
    let user = store.get_user_by_email("ada@example.org");
    let user = user.expect("no error").expect("a user");
    let session = || {
        let sessions = store.list_sessions_by_user_id(user.id).expect("sessions");
        sessions.into_iter().next().expect("a session")
    };
    let expire_at = |expires| {
        let changes = SessionChanges {
            expires: Some(expires),
            ..SessionChanges::default()
        };
        let updated = store.update_session(&session().session_token, changes);
        assert!(updated.expect("no error").is_some());
    };
    let now = OffsetDateTime::now_utc();

    expire_at(now + Duration::from_secs(3600));
    assert!(ada.is_signed_in());
    let moved = session().expires - now;
    assert!(moved.whole_days() >= 13, "{moved}");

    expire_at(now - Duration::from_secs(1));
    assert!(!ada.is_signed_in());

    expire_at(now + Duration::from_secs(3600));
    assert!(ada.is_signed_in());
    let began = SessionDetailsChanges {
        began: Change::Set(now - Duration::from_secs(91 * 24 * 3600)),
        ..SessionDetailsChanges::default()
    };
    assert!(
        store
            .update_session_details(session().id, began)
            .expect("no error")
    );
    expire_at(now + Duration::from_secs(3600));
    assert!(!ada.is_signed_in());
    program.stop("-TERM");
}

/// Browsers open several connections together and keep them. Each is answered, even while others are silent.
pub(crate) fn bursts(kind: Kind) {
    let program = Program::start(kind);
    let silent: Vec<_> = (0..100).map(|_| connect(&program)).collect();
    let mut kept = Vec::new();
    for size in [3, 2, 2, 5, 2, 2, 16, 2] {
        // They all wait to be accepted when the program continues.
        program.signal("-STOP");
        let mut burst: Vec<_> = (0..size).map(|_| connect(&program)).collect();
        for connection in &mut burst {
            connection
                .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                .expect("a request is sent");
        }
        program.signal("-CONT");
        for connection in &mut burst {
            let mut status = [0; 12];
            connection.read_exact(&mut status).expect("an answer");
            assert_eq!(&status, b"HTTP/1.1 200");
        }
        kept.extend(burst);
    }
    drop((silent, kept));
    program.stop("-TERM");
}

/// A form that is in progress when the program is told to stop is answered; a new one is not accepted.
pub(crate) fn stop_during_request(kind: Kind) {
    let program = Program::start(kind);
    let mut connection = connect(&program);
    // Without a form token, so the answer is a rejection, which is an answer too.
    connection
        .write_all(b"POST /sign-out HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nab")
        .expect("half a form");
    // The program has read the first half when it has answered a later connection.
    assert_eq!(Client::new(&program).get("/").status, 200);
    program.signal("-TERM");
    let began = Instant::now();
    while TcpStream::connect(program.address()).is_ok() {
        assert!(began.elapsed() < TIMEOUT, "it still accepts connections");
        thread::sleep(Duration::from_millis(20));
    }
    connection.write_all(b"cd").expect("the other half");
    let mut answer = String::new();
    connection.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    program.wait();
}

/// Requests that are too long, too slow or not HTTP do not affect others.
pub(crate) fn malformed(kind: Kind) {
    let program = Program::start(kind);
    let long = "a".repeat(100 * 1024);
    let requests = [
        (
            format!(
                "POST /sign-out HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{long}",
                long.len()
            ),
            "413",
        ),
        (
            format!(
                "POST /sign-out HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{long}\r\n0\r\n\r\n",
                long.len()
            ),
            "413",
        ),
        ("DELETE / HTTP/1.1\r\nHost: localhost\r\n\r\n".into(), "405"),
        (
            "GET / HTTP/1.1\r\nHost: localhost\r\nCookie: session=\u{fc}; =; ;;browser\r\n\r\n"
                .into(),
            "200",
        ),
        ("this is no HTTP\r\n\r\n".into(), "400"),
    ];
    for (request, status) in requests {
        let mut connection = connect(&program);
        // It may answer before it has read everything.
        let _ = connection.write_all(request.as_bytes());
        let mut answer = [0; 12];
        connection
            .read_exact(&mut answer)
            .unwrap_or_else(|error| panic!("no {status}: {error}"));
        assert_eq!(
            String::from_utf8_lossy(&answer),
            format!("HTTP/1.1 {status}")
        );
    }
    assert_eq!(Client::new(&program).get("/health").status, 200);
    program.stop("-TERM");
}

fn connect(program: &Program) -> TcpStream {
    let connection = TcpStream::connect(program.address()).expect("a connection");
    connection
        .set_read_timeout(Some(TIMEOUT))
        .expect("a time limit");
    connection
}

/// Expired rows are deleted soon after the program starts.
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
        assert!(began.elapsed() < TIMEOUT, "the session was not swept");
        thread::sleep(Duration::from_millis(50));
    }
    program.stop("-TERM");
}
