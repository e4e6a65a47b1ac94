use std::error::Error as _;
use std::time::{Duration, Instant};

use authstore::{AuthStore, Error, MysqlOptions, PostgresOptions};
use authstore_test_databases::{Database, Kind, Needs, Test, free_port};

pub(crate) fn tests() -> Vec<Test> {
    let mut tests = Vec::new();
    for (name, test) in [
        (
            "connecting.a_wrong_password_is_reported_at_once",
            a_wrong_password_is_reported_at_once as fn(Kind),
        ),
        (
            "connecting.a_missing_database_is_named",
            a_missing_database_is_named,
        ),
        (
            "connecting.missing_host_is_unavailable",
            missing_host_is_unavailable,
        ),
        (
            "connecting.missing_schema_error_says_to_migrate",
            missing_schema_error_says_to_migrate,
        ),
        (
            "connecting.unknown_option_lists_known_options",
            unknown_option_lists_known_options,
        ),
        (
            "connecting.extreme_options_neither_panic_nor_overflow",
            extreme_options_neither_panic_nor_overflow,
        ),
        #[cfg(unix)]
        (
            "connecting.unix_socket_reaches_the_server",
            unix_socket_reaches_the_server,
        ),
    ] {
        tests.extend(Test::on(&Kind::SERVERS, Needs::Shared, name, test));
    }
    tests
}

/// Much less than the checkout timeout that `refusal` sets, during which a pool would retry, and much more than a busy
/// machine needs.
const AT_ONCE: Duration = Duration::from_secs(60);

/// Returns the error and its causes, as `Display` and `Debug` show them. Each cause must appear once.
pub(crate) fn words(error: &Error) -> String {
    let mut text = format!("{error}\n{error:?}");
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text += &format!("\n{error}\n{error:?}");
        let words = error.to_string();
        assert!(!told.contains(&words), "told twice: {told}: {words}");
        told = words;
        cause = error.source();
    }
    text
}

fn refusal(url: &str) -> (Error, String) {
    let url = authstore_test_databases::with_options(url.to_owned(), "checkout_timeout_ms=180000");
    let start = Instant::now();
    let error = AuthStore::connect(&url).expect_err("must be rejected");
    assert!(start.elapsed() < AT_ONCE, "{:?}", start.elapsed());
    let words = words(&error);
    (error, words)
}

fn a_wrong_password_is_reported_at_once(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let password = "Tr0ub4dor&3 /?#@:é";
    let url = database
        .server()
        .url_with_password(password, database.name());
    let (error, words) = refusal(&url);
    // Retrying would not help.
    assert!(!error.is_retryable(), "{words}");
    let servers_own = match kind {
        Kind::Postgres => "password authentication failed for user",
        _ => "Access denied for user",
    };
    assert!(words.contains(servers_own), "{words}");
    for part in [password, "Tr0ub4dor", "%2F%3F"] {
        assert!(!words.contains(part), "{words}");
    }
}

fn a_missing_database_is_named(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let (error, words) = refusal(&database.server().url("authstore_no_such_database"));
    assert!(!error.is_retryable(), "{words}");
    let servers_own = match kind {
        Kind::Postgres => "database \"authstore_no_such_database\" does not exist",
        _ => "Unknown database 'authstore_no_such_database'",
    };
    assert!(words.contains(servers_own), "{words}");
}

fn missing_host_is_unavailable(kind: Kind) {
    let scheme = match kind {
        Kind::Postgres => "postgres",
        _ => "mysql",
    };
    // A port without a listener, and a name that is reserved (RFC 6761).
    let port = free_port();
    for host in [format!("127.0.0.1:{port}"), "db.invalid".to_owned()] {
        let url = format!("{scheme}://ada:correct-horse@{host}/auth");
        let start = Instant::now();
        let error = AuthStore::connect(&url).expect_err("must be unavailable");
        // The lookup of a name takes as long as the resolver needs.
        assert!(start.elapsed() < AT_ONCE);
        let words = words(&error);
        assert!(matches!(error, Error::Unavailable { .. }), "{words}");
        assert!(!words.contains("correct-horse"), "{words}");
        // Only once: the driver's message may name it too.
        let host = host.split(':').next().unwrap();
        let port = match (host, kind) {
            ("127.0.0.1", _) => port,
            (_, Kind::Postgres) => 5432,
            _ => 3306,
        };
        let place = format!("{host}:{port}");
        assert_eq!(error.to_string().matches(&place).count(), 1, "{words}");
    }
}

/// Opens a store whose only limit is the size of the pool.
fn endless(kind: Kind, url: &str, pool_size: u32) -> Result<AuthStore, Error> {
    Ok(if kind == Kind::Postgres {
        let options: PostgresOptions = url.parse()?;
        AuthStore::new(
            options
                .connect_timeout(Duration::MAX)
                .checkout_timeout(Duration::MAX)
                .statement_timeout(Duration::MAX)
                .pool_size(pool_size)
                .open()?,
        )
    } else {
        let options: MysqlOptions = url.parse()?;
        AuthStore::new(
            options
                .connect_timeout(Duration::MAX)
                .checkout_timeout(Duration::MAX)
                .statement_timeout(Duration::MAX)
                .pool_size(pool_size)
                .open()?,
        )
    })
}

fn extreme_options_neither_panic_nor_overflow(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let store = endless(kind, &database.url(), 10_000).unwrap();
    store.migrate().unwrap();
    store.ping().unwrap();
    store
        .transaction(|tx| tx.delete_session("a session").map(drop))
        .unwrap();
    for pool_size in [0, u32::MAX] {
        let error = endless(kind, &database.url(), pool_size).unwrap_err();
        assert!(
            matches!(
                error,
                Error::Invalid {
                    field: "pool_size",
                    ..
                }
            ),
            "{error:?}"
        );
    }
}

fn missing_schema_error_says_to_migrate(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let store = AuthStore::connect(&database.url()).unwrap();
    let error = store.get_user_by_email("ada@example.org").unwrap_err();
    assert!(matches!(error, Error::Migration(_)), "{error:?}");
    assert!(error.to_string().contains("run migrate first"), "{error}");
    store.migrate().unwrap();
    assert!(
        store
            .get_user_by_email("ada@example.org")
            .unwrap()
            .is_none()
    );
    database
        .client()
        .query(&kind.quoted(r#"DROP TABLE "VerificationToken""#));
    let error = store
        .use_verification_token("ada@example.org", "token")
        .unwrap_err();
    assert!(
        error.to_string().contains("restore it from a backup"),
        "{error}"
    );
    assert!(!error.to_string().contains("migrate first"), "{error}");
}

fn unknown_option_lists_known_options(kind: Kind) {
    let database = Database::new(kind).unwrap();
    let url = authstore_test_databases::with_options(database.url(), "pool_sise=3");
    let error = AuthStore::connect(&url).unwrap_err();
    assert!(matches!(error, Error::Invalid { .. }), "{error:?}");
    for word in ["pool_size", "statement_timeout_ms"] {
        assert!(error.to_string().contains(word), "{error}");
    }
    // It may be the end of a password that contains a `?`.
    assert!(!error.to_string().contains("pool_sise"), "{error}");
}

/// The test forwards connections to the socket, because the server may be in a container.
#[cfg(unix)]
fn unix_socket_reaches_the_server(kind: Kind) {
    use std::net::TcpStream;
    use std::os::unix::net::UnixListener;
    use std::path::Path;

    let database = Database::new(kind).unwrap();
    let url = database.url();
    let (before, rest) = url.split_once('@').unwrap();
    let (host, name) = rest.split_once('/').unwrap();
    let (host, name) = (host.to_owned(), name.split('?').next().unwrap());
    let tcp = host.clone();

    let folder = tempfile::tempdir().unwrap();
    // The file name that PostgreSQL's clients expect in the directory.
    let path = folder.path().join(".s.PGSQL.5432");
    let listener = UnixListener::bind(&path).unwrap();
    std::thread::spawn(move || {
        for from_client in listener.incoming().map_while(Result::ok) {
            let to_server = TcpStream::connect(&host).unwrap();
            let (mut from_client_2, mut to_server_2) = (
                from_client.try_clone().unwrap(),
                to_server.try_clone().unwrap(),
            );
            let (mut from_client, mut to_server) = (from_client, to_server);
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut from_client, &mut to_server);
                let _ = to_server.shutdown(std::net::Shutdown::Write);
            });
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut to_server_2, &mut from_client_2);
                let _ = from_client_2.shutdown(std::net::Shutdown::Write);
            });
        }
    });

    // Over a socket, MySQL accepts a plain-text password only once it is cached, by the earlier connections over TCP.
    let (at, option, place) = match kind {
        Kind::Postgres => ("", "host", folder.path()),
        _ => ("localhost", "socket", path.as_path()),
    };
    let url = |place: &Path| format!("{before}@{at}/{name}?{option}={}", place.display());
    let store = AuthStore::connect(&url(place)).unwrap();
    store.migrate().unwrap();
    let user = store.create_user(authstore::NewUser::default()).unwrap();
    assert_eq!(store.get_user(user.id).unwrap(), Some(user));

    if kind == Kind::Postgres {
        socket_is_never_encrypted(&url(place), &tcp);
    }

    // Without a server behind it, the error names the socket.
    drop(store);
    let (error, words) = refusal(&url(&folder.path().join("nowhere")));
    assert!(matches!(error, Error::Unavailable { .. }), "{words}");
    assert!(words.contains("nowhere"), "{words}");
}

/// A PostgreSQL server has no TLS on its socket, so `sslmode` applies to the other hosts, as in libpq.
#[cfg(unix)]
fn socket_is_never_encrypted(url: &str, tcp: &str) {
    let (host, port) = tcp.rsplit_once(':').unwrap_or((tcp, "5432"));
    for options in [
        "&sslmode=require".to_owned(),
        "&sslmode=verify-full&sslnegotiation=direct".to_owned(),
        "&sslrootcert=/nowhere.pem".to_owned(),
        format!(",{host}&port=5432,{port}&sslmode=require"),
    ] {
        AuthStore::connect(&format!("{url}{options}"))
            .unwrap_or_else(|error| panic!("{options}: {error:?}"));
    }
    let (error, words) = refusal(&format!("{url}&sslmode=require&channel_binding=require"));
    assert!(matches!(error, Error::Invalid { .. }), "{words}");
    assert!(words.contains("Unix socket"), "{words}");
}
