//! PostgreSQL, through tokio-postgres.
//!
//! The blocking crate `postgres` is a thin cover of tokio-postgres: a runtime for each connection, which waits on the
//! calling thread. We have the same here ourselves, because that cover lets a client wait without end for a server that
//! is stopped or cut off (TCP alone does not notice: a stopped server's kernel still acknowledges), and does not look
//! whether the server has closed a connection before it sends a statement. Here each statement has two limits: the
//! server's `statement_timeout`, after which it is cancelled and nothing was written, and, one second later, the
//! client's, after which the connection is given up and the outcome of a write is not known.
//!
//! Each operation is one statement, prepared once for each connection, and one round trip.

mod adopt;
mod connection;
mod error;
mod migration;
mod options;
mod runtime;
#[cfg(feature = "postgres-tls")]
mod tls;
#[cfg(not(feature = "postgres-tls"))]
#[path = "no_tls.rs"]
mod tls;
mod value;

pub use options::{PostgresOptions, PostgresSslMode};

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_postgres::config::Host;

use self::connection::PostgresConnection;
use self::error::{Fate, classify_connect, nothing_written};
use self::migration::PostgresTarget;
use self::runtime::Runtime;
use self::tls::Tls;
use crate::error::{Error, Result};
use crate::migration::{Migrator, Series};
use crate::observe;
use crate::pool::{Connect, Pool, PoolState};
use crate::sql::{
    Connection, CreateUserWith, Database, DeleteExpired, KeepLast, RemoveWayIn, Statements, Update,
    UseAuthenticator, UseOnce, backend, pause, sql,
};

static STATEMENTS: Statements = Statements {
    create_user: sql!("postgres", "create_user"),
    get_user: sql!("postgres", "get_user"),
    get_user_by_email: sql!("postgres", "get_user_by_email"),
    get_user_by_account: sql!("postgres", "get_user_by_account"),
    list_users: sql!("postgres", "list_users"),
    update_user: Update::Returning(sql!("postgres", "update_user")),
    delete_user: sql!("postgres", "delete_user"),
    link_account: sql!("postgres", "link_account"),
    create_user_with_account: CreateUserWith::OneStatement(sql!(
        "postgres",
        "create_user_with_account"
    )),
    unlink_account: sql!("postgres", "unlink_account"),
    unlink_account_of_user: RemoveWayIn {
        delete: sql!("postgres", "unlink_account_of_user"),
        keep_last: KeepLast::OneStatement(sql!("postgres", "unlink_account_of_user_keep_last")),
    },
    get_account: sql!("postgres", "get_account"),
    update_account: Update::Returning(sql!("postgres", "update_account")),
    refresh_account: Update::Returning(sql!("postgres", "refresh_account")),
    list_accounts_by_user_id: sql!("postgres", "list_accounts_by_user_id"),
    create_session: sql!("postgres", "create_session"),
    get_session_and_user: sql!("postgres", "get_session_and_user"),
    update_session: Update::Returning(sql!("postgres", "update_session")),
    delete_session: sql!("postgres", "delete_session"),
    delete_session_of_user: sql!("postgres", "delete_session_of_user"),
    list_sessions_by_user_id: sql!("postgres", "list_sessions_by_user_id"),
    list_sessions_with_details_by_user_id: sql!(
        "postgres",
        "list_sessions_with_details_by_user_id"
    ),
    delete_sessions_by_user_id: sql!("postgres", "delete_sessions_by_user_id"),
    get_session_details: sql!("postgres", "get_session_details"),
    update_session_details: sql!("postgres", "update_session_details"),
    create_verification_token: sql!("postgres", "create_verification_token"),
    use_verification_token: UseOnce::Returning(sql!("postgres", "use_verification_token")),
    delete_verification_tokens_by_identifier: sql!(
        "postgres",
        "delete_verification_tokens_by_identifier"
    ),
    create_authenticator: sql!("postgres", "create_authenticator"),
    create_user_with_authenticator: CreateUserWith::OneStatement(sql!(
        "postgres",
        "create_user_with_authenticator"
    )),
    get_authenticator: sql!("postgres", "get_authenticator"),
    list_authenticators_by_user_id: sql!("postgres", "list_authenticators_by_user_id"),
    list_authenticators_with_details_by_user_id: sql!(
        "postgres",
        "list_authenticators_with_details_by_user_id"
    ),
    update_authenticator_counter: Update::Returning(sql!(
        "postgres",
        "update_authenticator_counter"
    )),
    use_authenticator: UseAuthenticator::OneStatement(sql!("postgres", "use_authenticator")),
    delete_authenticator: sql!("postgres", "delete_authenticator"),
    delete_authenticator_of_user: RemoveWayIn {
        delete: sql!("postgres", "delete_authenticator_of_user"),
        keep_last: KeepLast::OneStatement(sql!(
            "postgres",
            "delete_authenticator_of_user_keep_last"
        )),
    },
    update_authenticator_details: sql!("postgres", "update_authenticator_details"),
    create_challenge: sql!("postgres", "create_challenge"),
    use_challenge: UseOnce::Returning(sql!("postgres", "use_challenge")),
    delete_expired: DeleteExpired::OneStatement(sql!("postgres", "delete_expired")),
    ping: sql!("postgres", "ping"),
};

const BEGIN: &str = sql!("postgres", "transaction/begin");
const COMMIT: &str = sql!("postgres", "transaction/commit");
const ROLLBACK: &str = sql!("postgres", "transaction/rollback");

/// A database on a PostgreSQL server.
///
/// Each operation is one round trip. Deadlocks and serialization failures are repeated inside, and so is whatever a
/// connection that the server has closed in the meantime (as when it was restarted, or an administrator ended the
/// connection) did not get done. Cloning it is cheap; all clones share one pool.
#[derive(Clone)]
pub struct PostgresBackend(Arc<Shared>);

struct Shared {
    pool: Pool<Connector>,
    connector: Connector,
    /// How long to repeat what other transactions made fail.
    patience: Duration,
}

impl PostgresBackend {
    pub(crate) fn open(options: &PostgresOptions) -> Result<Self> {
        if options.pool_size == 0 {
            return Err(Error::invalid("pool_size", "it must be 1 or more"));
        }
        let connector = Connector {
            tls: options.driver_tls()?,
            config: options.driver_config()?,
            connect_timeout: options.connect_timeout,
            statement_timeout: options.statement_timeout,
        };
        Ok(PostgresBackend(Arc::new(Shared {
            pool: Pool::new(
                connector.clone(),
                options.pool_size,
                options.checkout_timeout,
            )?,
            connector,
            patience: options.statement_timeout,
        })))
    }

    /// Runs `work` on a connection from the pool, again and again while that makes sense and time lasts.
    fn run<T>(
        &self,
        writes: bool,
        work: impl Fn(&mut PostgresConnection) -> Result<T>,
    ) -> Result<T> {
        let deadline = Instant::now() + self.0.patience;
        let mut kept = None;
        let (mut yielded, mut outdated, mut lost) = (0, false, false);
        loop {
            let mut connection = match kept.take() {
                Some(connection) => connection,
                None => self.0.pool.get()?,
            };
            let error = match work(&mut connection) {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            let fate = connection.fate();
            let again = match fate {
                Fate::Refused | Fate::Standby => false,
                Fate::Yielded | Fate::Untouched => true,
                Fate::Outdated => !std::mem::replace(&mut outdated, true),
                Fate::Unknown => !writes && !std::mem::replace(&mut lost, true),
            };
            if !again || Instant::now() >= deadline {
                return Err(if writes {
                    error
                } else {
                    nothing_written(error)
                });
            }
            observe::retried();
            if fate == Fate::Yielded {
                pause(yielded);
                yielded += 1;
            }
            // The pool may have others for which the statement is outdated too.
            if matches!(fate, Fate::Yielded | Fate::Outdated) {
                kept = Some(connection);
            }
        }
    }
}

impl fmt::Debug for PostgresBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresBackend").finish_non_exhaustive()
    }
}

backend!(PostgresBackend);

impl Database for PostgresBackend {
    type Connection = PostgresConnection;

    fn name(&self) -> &'static str {
        "postgres"
    }

    fn statements(&self) -> &Statements {
        &STATEMENTS
    }

    fn read<T>(&self, work: impl Fn(&mut PostgresConnection) -> Result<T>) -> Result<T> {
        self.run(false, work)
    }

    fn write<T>(&self, work: impl Fn(&mut PostgresConnection) -> Result<T>) -> Result<T> {
        self.run(true, work)
    }

    fn transaction<T>(&self, work: impl Fn(&mut PostgresConnection) -> Result<T>) -> Result<T> {
        self.run(true, |connection| {
            connection.execute(BEGIN, &[])?;
            match work(connection) {
                Ok(done) => connection.execute(COMMIT, &[]).map(|_| done),
                Err(error) => {
                    connection.roll_back(ROLLBACK);
                    Err(error)
                }
            }
        })
    }

    fn migrator(&self) -> Migrator {
        Migrator::new(PostgresTarget(self.0.connector.clone()), Series::postgres())
    }

    fn pool_state(&self) -> PoolState {
        self.0.pool.state()
    }
}

/// Makes connections.
#[derive(Clone)]
struct Connector {
    config: tokio_postgres::Config,
    tls: Tls,
    connect_timeout: Duration,
    statement_timeout: Duration,
}

/// What a session sets whatever the server's defaults are. Times, numbers and texts are not among it: they are sent in
/// binary, and no setting changes their form.
const SESSION: &str = "-c default_transaction_isolation=read\\ committed \
    -c default_transaction_read_only=off -c default_transaction_deferrable=off";

impl Connector {
    /// Connects for migrations: a step may take as long as it needs, but waits no longer than `lock_timeout` for a table
    /// that others use.
    fn connect_to_migrate(&self, lock_timeout: Option<Duration>) -> Result<PostgresConnection> {
        self.connect_with(
            Duration::ZERO,
            lock_timeout.unwrap_or(self.statement_timeout),
        )
    }

    /// A timeout of zero is none.
    fn connect_with(
        &self,
        statement_timeout: Duration,
        lock_timeout: Duration,
    ) -> Result<PostgresConnection> {
        let mut config = self.config.clone();
        config.options(format!(
            "{SESSION} -c statement_timeout={} -c lock_timeout={} {}",
            milliseconds(statement_timeout),
            milliseconds(lock_timeout),
            self.config.get_options().unwrap_or_default(),
        ));
        let runtime = Runtime::new()?;
        let connecting = async {
            tokio::time::timeout(self.connect_timeout, config.connect(self.tls.clone())).await
        };
        let hosts = hosts(&config);
        let (client, link) = runtime
            .block_on(connecting)
            .map_err(|_| {
                Error::unavailable(format!(
                    "{hosts}: no connection within {} ms",
                    self.connect_timeout.as_millis()
                ))
            })?
            .map_err(|error| classify_connect(error, &hosts))?;
        match link.parameter("server_encoding") {
            // SQL_ASCII stores the bytes that it is given.
            None | Some("UTF8" | "SQL_ASCII") => {}
            Some(encoding) => {
                return Err(Error::backend(format!(
                    "{hosts}: the database's encoding is {encoding}, in which not every text can be stored: it must be UTF8"
                )));
            }
        }
        Ok(PostgresConnection::new(
            runtime,
            client,
            link,
            self.statement_timeout,
        ))
    }
}

impl Connect for Connector {
    type Connection = PostgresConnection;

    fn connect(&self) -> Result<PostgresConnection> {
        self.connect_with(self.statement_timeout, Duration::ZERO)
    }

    fn ping(&self, connection: &mut PostgresConnection) -> Result<()> {
        connection
            .query_optional::<i64>(STATEMENTS.ping, &[])
            .map(drop)
    }

    fn is_broken(&self, connection: &mut PostgresConnection) -> bool {
        connection.is_broken()
    }
}

/// At least one, since PostgreSQL takes zero for no limit, and no more than it can count.
fn milliseconds(timeout: Duration) -> u32 {
    match timeout {
        Duration::ZERO => 0,
        timeout => u32::try_from(timeout.as_millis())
            .unwrap_or(u32::MAX)
            .clamp(1, i32::MAX.unsigned_abs()),
    }
}

/// Where the server is, to say in an error.
fn hosts(config: &tokio_postgres::Config) -> String {
    let hosts: Vec<String> = config
        .get_hosts()
        .iter()
        .map(|host| match host {
            Host::Tcp(name) => name.clone(),
            #[cfg(unix)]
            Host::Unix(path) => path.display().to_string(),
        })
        .collect();
    hosts.join(",")
}
