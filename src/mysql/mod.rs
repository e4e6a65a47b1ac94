//! MySQL and MariaDB, through the `mysql` crate.

mod adopt;
mod connection;
mod error;
mod exclusive;
mod lease;
mod migration;
mod options;
mod parameters;
mod prepared_transaction;
mod sign_in;
#[cfg(not(feature = "mysql-tls"))]
#[path = "no_tls.rs"]
mod tls;
#[cfg(feature = "mysql-tls")]
mod tls;

pub use options::{MysqlOptions, MysqlSslMode};

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use mysql::consts::CapabilityFlags;
use mysql::prelude::Queryable;
use mysql::{Conn, OptsBuilder};

use self::connection::{MysqlConnection, run};
use self::error::{StatementFailure, classify_connecting};
use self::exclusive::MysqlExclusive;
use self::migration::MysqlTarget;
use self::sign_in::Candidate;
use crate::cost;
use crate::error::{Error, Result};
use crate::migration::{Migrator, Series};
use crate::pool::{Connect, Pool, PoolState};
use crate::sql::{
    CreateUserWith, Database, DeleteExpired, History, KeepLast, RemoveWayIn, Statements, Update,
    UseAuthenticator, UseOnce, backend, retry_backoff, sql,
};

/// How much longer than the statement timeout the client waits, because the server, which counts lock waits in whole
/// seconds, should time out first.
const GRACE: Duration = Duration::from_secs(2);

/// The maximum that the protocol allows; the server has its own limit.
const MAX_PACKET: usize = 1 << 30;

/// The TCP keepalive interval, which detects a dead server while a migration runs without a time limit.
const KEEPALIVE_MS: u32 = 60_000;

/// Longer timeouts are shortened to about 24 days, because an `Instant` cannot hold every `Duration`, and servers
/// reject values that their variables cannot hold.
const LONGEST_TIMEOUT: Duration = Duration::from_millis(i32::MAX as u64);

const MYSQL: Statements = Statements {
    create_user: sql!("mysql", "create_user"),
    get_user: sql!("mysql", "get_user"),
    get_user_by_email: sql!("mysql", "get_user_by_email"),
    get_user_by_account: sql!("mysql", "get_user_by_account"),
    list_users: sql!("mysql", "list_users"),
    update_user: Update::AsRead {
        select: sql!("mysql", "get_user"),
        update_as_read: sql!("mysql", "update_user_as_read"),
        update: sql!("mysql", "update_user"),
    },
    delete_user: sql!("mysql", "delete_user"),
    link_account: sql!("mysql", "link_account"),
    create_user_with_account: CreateUserWith::KeepThenInsert {
        keep: sql!("mysql", "create_user_with_account/keep"),
        insert: sql!("mysql", "create_user_with_account/insert"),
    },
    unlink_account: sql!("mysql", "unlink_account"),
    unlink_account_of_user: RemoveWayIn {
        delete: sql!("mysql", "unlink_account_of_user"),
        keep_last: KeepLast::CountThenDelete {
            lock: LOCK_USER,
            count: sql!("mysql", "unlink_account_of_user_others"),
        },
    },
    get_account: sql!("mysql", "get_account"),
    update_account: Update::AsRead {
        select: sql!("mysql", "get_account"),
        update_as_read: sql!("mysql", "update_account_as_read"),
        update: sql!("mysql", "update_account"),
    },
    refresh_account: Update::AsRead {
        select: sql!("mysql", "get_account"),
        update_as_read: sql!("mysql", "update_account_as_read"),
        update: sql!("mysql", "refresh_account"),
    },
    list_accounts_by_user_id: sql!("mysql", "list_accounts_by_user_id"),
    create_session: sql!("mysql", "create_session"),
    get_session_and_user: sql!("mysql", "get_session_and_user"),
    update_session: Update::AsRead {
        select: sql!("mysql", "get_session"),
        update_as_read: sql!("mysql", "update_session_as_read"),
        update: sql!("mysql", "update_session"),
    },
    delete_session: sql!("mysql", "delete_session"),
    delete_session_of_user: sql!("mysql", "delete_session_of_user"),
    list_sessions_by_user_id: sql!("mysql", "list_sessions_by_user_id"),
    list_sessions_with_details_by_user_id: sql!("mysql", "list_sessions_with_details_by_user_id"),
    delete_sessions_by_user_id: sql!("mysql", "delete_sessions_by_user_id"),
    get_session_details: sql!("mysql", "get_session_details"),
    update_session_details: sql!("mysql", "update_session_details"),
    create_verification_token: sql!("mysql", "create_verification_token"),
    use_verification_token: UseOnce::SelectThenDelete {
        select: sql!("mysql", "get_verification_token"),
        delete: sql!("mysql", "use_verification_token"),
    },
    delete_verification_tokens_by_identifier: sql!(
        "mysql",
        "delete_verification_tokens_by_identifier"
    ),
    create_authenticator: sql!("mysql", "create_authenticator"),
    create_user_with_authenticator: CreateUserWith::KeepThenInsert {
        keep: sql!("mysql", "create_user_with_authenticator/keep"),
        insert: sql!("mysql", "create_user_with_authenticator/insert"),
    },
    get_authenticator: sql!("mysql", "get_authenticator"),
    list_authenticators_by_user_id: sql!("mysql", "list_authenticators_by_user_id"),
    list_authenticators_with_details_by_user_id: sql!(
        "mysql",
        "list_authenticators_with_details_by_user_id"
    ),
    update_authenticator_counter: Update::AsRead {
        select: sql!("mysql", "get_authenticator"),
        update_as_read: sql!("mysql", "update_authenticator_counter_as_read"),
        update: sql!("mysql", "update_authenticator_counter"),
    },
    use_authenticator: UseAuthenticator::SelectThenUpdate {
        select: sql!("mysql", "lock_authenticator"),
        update: sql!("mysql", "use_authenticator"),
    },
    delete_authenticator: sql!("mysql", "delete_authenticator"),
    delete_authenticator_of_user: RemoveWayIn {
        delete: sql!("mysql", "delete_authenticator_of_user"),
        keep_last: KeepLast::CountThenDelete {
            lock: LOCK_USER,
            count: sql!("mysql", "delete_authenticator_of_user_others"),
        },
    },
    update_authenticator_details: sql!("mysql", "update_authenticator_details"),
    create_challenge: sql!("mysql", "create_challenge"),
    use_challenge: UseOnce::SelectThenDelete {
        select: sql!("mysql", "get_challenge"),
        delete: sql!("mysql", "use_challenge"),
    },
    delete_expired: DeleteExpired::ThreeStatements {
        sessions: sql!("mysql", "delete_expired_sessions"),
        verification_tokens: sql!("mysql", "delete_expired_verification_tokens"),
        challenges: sql!("mysql", "delete_expired_challenges"),
    },
    ping: sql!("mysql", "ping"),
};

const MARIADB: Statements = Statements {
    use_verification_token: UseOnce::Returning(sql!("mariadb", "use_verification_token")),
    use_challenge: UseOnce::Returning(sql!("mariadb", "use_challenge")),
    ..MYSQL
};

const LOCK_USER: &[&str] = &[sql!("mysql", "lock_user")];

/// Nodes do not see each other's row locks, but two transactions that write one row do not both commit.
const LOCK_USER_ON_GALERA: &[&str] = &[
    sql!("mysql", "lock_user_on_galera/insert"),
    sql!("mysql", "lock_user_on_galera/delete"),
];

/// The differences on a node of a Galera cluster.
const fn on_galera(statements: Statements) -> Statements {
    Statements {
        // If another node's write interrupts a script, the node loses the error and reports success, so each statement
        // is sent separately.
        create_user_with_account: CreateUserWith::TwoStatements,
        create_user_with_authenticator: CreateUserWith::TwoStatements,
        unlink_account_of_user: RemoveWayIn {
            keep_last: KeepLast::CountThenDelete {
                lock: LOCK_USER_ON_GALERA,
                count: sql!("mysql", "unlink_account_of_user_others"),
            },
            ..statements.unlink_account_of_user
        },
        delete_authenticator_of_user: RemoveWayIn {
            keep_last: KeepLast::CountThenDelete {
                lock: LOCK_USER_ON_GALERA,
                count: sql!("mysql", "delete_authenticator_of_user_others"),
            },
            ..statements.delete_authenticator_of_user
        },
        ..statements
    }
}

const MYSQL_GALERA: Statements = on_galera(MYSQL);
const MARIADB_GALERA: Statements = on_galera(MARIADB);

const SERVER: &str = sql!("mysql", "server");
const SESSION_IDLE: &str = sql!("mysql", "session_idle");
const SESSION_GALERA: &str = sql!("mysql", "session_galera");

/// The minimum `max_allowed_packet` for the contract: a user and an account are sent in one packet, with up to ten
/// strings of 1 MiB.
const LEAST_PACKET: u64 = 11 << 20;

/// The kind of server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Mysql,
    Mariadb,
}

impl Kind {
    /// Returns the statement that sets up a session, as text: to prepare it would take one more round trip.
    fn session(self, limits: [&str; 3]) -> String {
        let sql = match self {
            Kind::Mysql => sql!("mysql", "session"),
            Kind::Mariadb => sql!("mariadb", "session"),
        };
        let fill_in = |sql: String, limit| sql.replacen('?', limit, 1);
        limits.into_iter().fold(sql.to_owned(), fill_in)
    }

    fn galera(self) -> &'static str {
        match self {
            Kind::Mysql => sql!("mysql", "galera"),
            Kind::Mariadb => sql!("mariadb", "galera"),
        }
    }
}

/// The properties that a server reports.
#[derive(Clone, Copy)]
struct Server {
    kind: Kind,
    max_packet: u64,
}

/// Reads the server's properties, and rejects a server that could not store every row.
fn ask(driver: &mut Conn) -> Result<Server> {
    let answer: Option<(String, u64)> = driver.query_first(SERVER).map_err(classify_connecting)?;
    let (version, max_packet) = answer.unwrap_or_default();
    if max_packet < LEAST_PACKET {
        return Err(Error::backend(format!(
            "the server's max_allowed_packet is too small for some rows: set it to {LEAST_PACKET} or more (is {max_packet})"
        )));
    }
    let kind = if version.contains("MariaDB") {
        Kind::Mariadb
    } else {
        Kind::Mysql
    };
    Ok(Server { kind, max_packet })
}

/// A MySQL or MariaDB database.
///
/// The server reports which of the two it is: MySQL from 8.0.17 or MariaDB from 10.6, which are the first to have the
/// collations and settings that are needed; it is tested with MySQL 9 and MariaDB 11. Whatever the server's defaults
/// are, sessions are in UTC, in strict mode, in `utf8mb4`, and at the isolation level READ COMMITTED (so the binary
/// log, where there is one, must not be in the format `STATEMENT`). The server's `max_allowed_packet` must be at least
/// 11 MiB, as it is by default; otherwise connecting fails with [`Error::Backend`]. Cloning a backend is cheap; all
/// clones share one pool.
///
/// # Round trips
///
/// Once its statements are prepared, each operation takes one round trip to the server, except for these:
///
/// | operation | MySQL | MariaDB | why |
/// |---|---|---|---|
/// | `use_verification_token`, `use_challenge` | 2 | 1 | MySQL has no `DELETE ... RETURNING`: the row is read, then deleted exactly as read. 1 when there is none |
/// | `update_user`, `update_account`, `refresh_account`, `update_session`, `update_authenticator_counter` | 2 | 2 | neither has `UPDATE ... RETURNING`: the row is read, then updated exactly as read. 1 when there is none; 6 when someone else updated it in between: the row is then locked by a transaction (begin, update, read, commit), so that all callers take turns; and 5 for a row with more than 64 KiB of text |
/// | `use_authenticator` | 4 | 4 | begin, read and lock the row, update, commit; 3 when the counter is rejected |
/// | `create_user_with_account`, `create_user_with_authenticator` | 2 | 2 | one statement cannot insert into two tables: the session keeps the values, then inserts them in a transaction |
/// | `unlink_account_of_user`, `delete_authenticator_of_user` with `keep_last` | 5 | 5 | begin, lock the user, count the other ways to sign in, delete, commit; 1 without `keep_last` |
/// | `delete_expired` | 5 | 5 | begin, sessions, verification tokens, challenges, commit |
///
/// The result of an update is computed from the row that it has read, so changes by a trigger of the application are
/// seen only by the next read. Once the driver has signed in, a new connection is ready after one round trip, and the
/// first one after two, or three on a node of a Galera cluster.
///
/// A deadlock costs another attempt. A connection that was idle for half a second is pinged before it is used, which
/// takes one more round trip.
///
/// # Galera
///
/// On a node of a Galera cluster, a session waits for everything that other nodes have acknowledged
/// (`wsrep_sync_wait`), so you can use any node. Creating a user with an account or an authenticator takes 4 round
/// trips there. Nodes do not see each other's row locks, so a removal with `keep_last` writes and deletes a row of the
/// challenges, over which concurrent removals conflict: 6 round trips.
#[derive(Clone)]
pub struct MysqlBackend(Arc<Shared>);

struct Shared {
    pool: Pool<Arc<Connector>>,
    connector: Arc<Connector>,
}

impl MysqlBackend {
    fn open(options: &MysqlOptions) -> Result<Self> {
        tls::check(options)?;
        let connector = Arc::new(Connector {
            options: countable(options),
            server: OnceLock::new(),
            is_galera: OnceLock::new(),
            host: AtomicUsize::new(0),
        });
        let pool = Pool::new(
            connector.clone(),
            options.pool_size,
            options.checkout_timeout,
        )?;
        Ok(MysqlBackend(Arc::new(Shared { pool, connector })))
    }

    fn kind(&self) -> Kind {
        // Known since the first connection, which is opened before there is a backend.
        let server = self.0.connector.server.get();
        server.map_or(Kind::Mysql, |server| server.kind)
    }

    /// Opens a connection for SQL of any duration, without a statement timeout, except for the wait for a lock.
    fn connect_to_migrate(&self, lock_timeout: Duration) -> Result<MysqlConnection> {
        self.0.connector.connect_with(Limits {
            answer: None,
            statement: Duration::ZERO,
            lock: lock_timeout,
        })
    }

    /// Opens the connection that holds the lock on migrations, and waits for it up to this limit. It reads and writes
    /// the history, and does nothing else that takes long.
    fn connect_to_lock(&self, lock_timeout: Duration) -> Result<MysqlConnection> {
        let connector = &self.0.connector;
        let limit = lock_timeout.max(connector.options.connect_timeout);
        connector.connect_with(Limits {
            answer: Some(limit.min(LONGEST_TIMEOUT) + GRACE),
            statement: Duration::ZERO,
            lock: lock_timeout,
        })
    }

    /// Returns true if its server is a node of a Galera cluster.
    fn is_galera(&self) -> bool {
        self.0.connector.is_galera.get() == Some(&true)
    }

    fn other_hosts(&self) -> usize {
        self.0.connector.options.hosts.len().saturating_sub(1)
    }

    /// Runs `attempt` until it succeeds, fails permanently, or the time limit is reached.
    fn run<T>(
        &self,
        reads_only: bool,
        attempt: impl Fn(&mut MysqlConnection) -> Result<T>,
    ) -> Result<T> {
        let deadline = Instant::now() + self.0.connector.options.statement_timeout;
        let mut replaced = false;
        let mut moves = 0;
        let mut repeated = 0;
        loop {
            let mut connection = self.0.pool.get()?;
            connection.failure = None;
            let error = match attempt(&mut connection) {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            match connection.failure {
                Some(StatementFailure::RolledBack) if Instant::now() < deadline => {
                    drop(connection);
                    retry_backoff(repeated);
                    repeated += 1;
                }
                // A closed connection is noticed immediately, so this ignores the deadline. One replacement is enough:
                // if a second connection is lost too, the server is down.
                Some(StatementFailure::NotExecuted) if !replaced => replaced = true,
                Some(StatementFailure::Lost) if reads_only && !replaced => replaced = true,
                // Try each of the other hosts once. If all are read-only, a failover is still in progress.
                Some(StatementFailure::ReadOnly)
                    if self.0.connector.leave(connection.host) && moves < self.other_hosts() =>
                {
                    moves += 1;
                }
                _ => return Err(error),
            }
            cost::retried();
        }
    }
}

impl fmt::Debug for MysqlBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MysqlBackend")
            .field("kind", &self.kind())
            .field("options", &self.0.connector.options)
            .finish_non_exhaustive()
    }
}

backend!(MysqlBackend);

impl Database for MysqlBackend {
    type Connection = MysqlConnection;
    type Exclusive = MysqlExclusive;

    fn name(&self) -> &'static str {
        match self.kind() {
            Kind::Mysql => "mysql",
            Kind::Mariadb => "mariadb",
        }
    }

    fn statements(&self) -> &Statements {
        match (self.kind(), self.is_galera()) {
            (Kind::Mysql, false) => &MYSQL,
            (Kind::Mariadb, false) => &MARIADB,
            (Kind::Mysql, true) => &MYSQL_GALERA,
            (Kind::Mariadb, true) => &MARIADB_GALERA,
        }
    }

    fn read<T>(&self, work: impl Fn(&mut MysqlConnection) -> Result<T>) -> Result<T> {
        self.run(true, work).map_err(Error::nothing_written)
    }

    fn write<T>(&self, work: impl Fn(&mut MysqlConnection) -> Result<T>) -> Result<T> {
        self.run(false, work)
    }

    fn transaction<T>(&self, work: impl Fn(&mut MysqlConnection) -> Result<T>) -> Result<T> {
        self.run(false, |connection| connection.transaction(&work))
    }

    fn exclusive(&self) -> Result<MysqlExclusive> {
        MysqlExclusive::begin(self)
    }

    fn migrator(&self) -> Migrator {
        Migrator::new(MysqlTarget(self.clone()), migration::series(self.kind()))
    }

    fn history(&self) -> (History, Series) {
        (
            migration::history(self.kind()),
            migration::series(self.kind()),
        )
    }

    fn pool_state(&self) -> PoolState {
        self.0.pool.state()
    }
}

struct Connector {
    options: MysqlOptions,
    /// The properties that the first connection read.
    server: OnceLock<Server>,
    /// Whether it was a node of a Galera cluster.
    is_galera: OnceLock<bool>,
    /// The host in use, until it is unreachable or read-only.
    host: AtomicUsize,
}

/// The time limits of a connection.
struct Limits {
    /// For an answer, on the client's side.
    answer: Option<Duration>,
    /// For a statement, on the server's side; zero for no limit.
    statement: Duration,
    /// For a lock, on the server's side.
    lock: Duration,
}

impl Limits {
    fn of(options: &MysqlOptions) -> Self {
        Limits {
            answer: Some(options.statement_timeout + GRACE),
            statement: options.statement_timeout,
            lock: options.statement_timeout,
        }
    }

    fn statement(&self) -> Option<Duration> {
        (!self.statement.is_zero()).then_some(self.statement)
    }
}

impl Connector {
    /// Changes the session's settings, and returns whether its server is a node of a Galera cluster.
    fn set_up(&self, driver: &mut Conn, kind: Kind, settings: String) -> mysql::Result<bool> {
        if let Some(known) = self.is_galera.get() {
            let galera = if *known { SESSION_GALERA } else { "" };
            run(driver, &(settings + galera))?;
            return Ok(*known);
        }
        // Asked after the settings, because the server's own limits might not allow the query.
        let row = run(driver, &(settings + kind.galera()))?;
        let nodes: Option<u64> = row.and_then(|row| row.get(0));
        let is_galera = *self
            .is_galera
            .get_or_init(|| nodes.is_some_and(|count| count > 0));
        if is_galera {
            driver.query_drop(SESSION_GALERA)?;
        }
        Ok(is_galera)
    }

    fn connect_with(&self, limits: Limits) -> Result<MysqlConnection> {
        let (mut driver, host) = self.sign_in(&limits)?;
        let place = self.place(host);
        let Server { kind, max_packet } = match self.server.get() {
            Some(server) => *server,
            None => {
                let server = ask(&mut driver).map_err(|error| error.in_context(&place))?;
                *self.server.get_or_init(|| server)
            }
        };
        // InnoDB locks rows and the server locks tables, with separate limits in whole seconds. 0 would mean not to
        // wait.
        let lock_seconds = limits.lock.min(LONGEST_TIMEOUT).as_secs().max(1);
        // MySQL's max_execution_time is in milliseconds and applies only to SELECT; MariaDB's max_statement_time is in
        // fractional seconds and applies to all statements.
        let statement_limit = match kind {
            Kind::Mysql => limits.statement.as_millis().to_string(),
            Kind::Mariadb => limits.statement.as_secs_f64().to_string(),
        };
        let lock_limit = lock_seconds.to_string();
        let settings = kind.session([&lock_limit, &lock_limit, &statement_limit]);
        let settings = match limits.statement() {
            Some(_) => settings,
            None => settings + SESSION_IDLE,
        };
        let is_galera = self
            .set_up(&mut driver, kind, settings)
            .map_err(|error| classify_connecting(error).in_context(&place))?;
        Ok(MysqlConnection::new(
            driver,
            (host, place),
            (limits.statement(), limits.lock),
            max_packet,
            is_galera,
        ))
    }

    /// A host and its port, or the socket, for errors.
    fn place(&self, index: usize) -> String {
        if let Some(socket) = &self.options.socket {
            return socket.display().to_string();
        }
        let (name, port) = &self.options.hosts[index];
        format!("{}:{port}", host(name))
    }

    /// Connects and signs in, at the host in use or at the next one that accepts writes, and returns which it was. The
    /// session has the server's defaults.
    fn sign_in(&self, limits: &Limits) -> Result<(Conn, usize)> {
        let hosts = &self.options.hosts;
        let in_use = self.host.load(Ordering::Relaxed);
        let candidates = (in_use..hosts.len()).chain(0..in_use).map(|index| {
            let (name, port) = &hosts[index];
            Candidate {
                index,
                name: self.place(index),
                options: self.driver_options(name, *port, limits),
            }
        });
        let (driver, index) = sign_in::sign_in(candidates.collect(), self.options.connect_timeout)?;
        self.host.store(index, Ordering::Relaxed);
        Ok((driver, index))
    }

    /// Moves on to the next host, because this one is read-only, unless that was done already. Returns whether there is
    /// one.
    fn leave(&self, host: usize) -> bool {
        let hosts = self.options.hosts.len();
        let _ = self.host.compare_exchange(
            host,
            (host + 1) % hosts.max(1),
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
        hosts > 1
    }

    fn driver_options(&self, name: &str, port: u16, limits: &Limits) -> OptsBuilder {
        let options = &self.options;
        let keepalive = limits.statement().is_none().then_some(KEEPALIVE_MS);
        OptsBuilder::new()
            .ip_or_hostname(Some(host(name)))
            .tcp_port(port)
            .socket(
                options
                    .socket
                    .as_ref()
                    .map(|path| path.display().to_string()),
            )
            .user(options.user.clone())
            .pass(options.password.clone())
            .db_name(Some(options.database.clone()))
            .ssl_opts(tls::options(options))
            // Otherwise an update that changes nothing looks like a missing row.
            .additional_capabilities(CapabilityFlags::CLIENT_FOUND_ROWS)
            .tcp_connect_timeout(Some(options.connect_timeout))
            .read_timeout(limits.answer)
            .write_timeout(limits.answer)
            .tcp_keepalive_time_ms(keepalive)
            // Each of these two saves a query to the server.
            .prefer_socket(false)
            .max_allowed_packet(Some(MAX_PACKET))
            // `MysqlConnection` caches statements itself.
            .stmt_cache_size(0)
    }
}

/// Returns the same options, with time limits that an `Instant` and a server can hold.
fn countable(options: &MysqlOptions) -> MysqlOptions {
    let mut options = options.clone();
    options.connect_timeout = options.connect_timeout.min(LONGEST_TIMEOUT);
    options.statement_timeout = options.statement_timeout.min(LONGEST_TIMEOUT);
    options
}

/// The driver accepts IPv6 addresses only in brackets.
fn host(host: &str) -> String {
    if host.contains(':') && !host.starts_with('[') {
        format!("[{host}]")
    } else {
        host.to_owned()
    }
}

impl Connect for Arc<Connector> {
    type Connection = MysqlConnection;

    fn connect(&self) -> Result<MysqlConnection> {
        self.connect_with(Limits::of(&self.options))
    }

    fn ping(&self, connection: &mut MysqlConnection) -> Result<()> {
        connection.ping()
    }

    /// Connections to a host that is no longer in use are dropped too: it is down, or a replica with outdated rows.
    fn is_broken(&self, connection: &mut MysqlConnection, _: Instant) -> bool {
        connection.is_broken() || connection.host != self.host.load(Ordering::Relaxed)
    }

    fn is_unanswered(&self, connection: &mut MysqlConnection) -> bool {
        connection.failure == Some(StatementFailure::Unanswered)
    }
}
