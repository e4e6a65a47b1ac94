//! PostgreSQL, through tokio-postgres.
//!
//! The blocking crate `postgres` is a thin wrapper of tokio-postgres, with a runtime for each connection that waits on
//! the calling thread. This module does the same itself, because with that wrapper a client waits indefinitely for a
//! server that is stopped or unreachable (TCP does not notice, because a stopped server's kernel still acknowledges),
//! and it does not check whether the server has closed a connection before it sends a statement. Here each statement
//! has two limits: the server's `statement_timeout`, after which it is canceled and nothing was written, and, one
//! second later, the client's, after which the connection is closed and the outcome of a write is unknown.
//!
//! Each operation is one statement and one round trip: prepared once per connection, or, if a pooler shares sessions,
//! unnamed and in its own transaction (see `connection`).

mod adopt;
#[cfg(feature = "postgres-tls")]
mod certificate;
mod connection;
mod connector;
mod driver;
mod error;
mod exclusive;
mod migration;
mod options;
mod parameters;
mod pipeline;
mod prepared_transaction;
mod runtime;
mod session;
#[cfg(feature = "postgres-tls")]
mod tls;
#[cfg(not(feature = "postgres-tls"))]
#[path = "no_tls.rs"]
mod tls;
mod value;

pub use options::{PostgresOptions, PostgresPrepare, PostgresSslMode, PostgresTargetSession};

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use self::connection::PostgresConnection;
use self::connector::Connector;
use self::error::FailureKind;
use self::exclusive::PostgresExclusive;
use self::migration::PostgresTarget;
use crate::cost;
use crate::error::{Error, Result};
use crate::migration::{Migrator, Series};
use crate::pool::{Pool, PoolState};
use crate::sql::{
    CreateUserWith, Database, DeleteExpired, History, KeepLast, RemoveWayIn, Statements, Update,
    UseAuthenticator, UseOnce, backend, retry_backoff, sql,
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

/// A database on a PostgreSQL server.
///
/// Each operation is one round trip, and one more when a connection runs it for the first time. Once the driver has
/// signed in, a new connection is ready after one round trip, or after a few more if a pooler shares sessions. Deadlocks
/// and serialization failures are retried inside. So are statements that were not run because the server had closed the
/// connection (after a restart, or by an administrator). Cloning a backend is cheap; all clones share one pool.
#[derive(Clone)]
pub struct PostgresBackend(Arc<Shared>);

struct Shared {
    pool: Pool<Connector>,
    migrates: Connector,
    /// How long to retry after conflicts with other transactions.
    retry_budget: Duration,
}

impl PostgresBackend {
    pub(crate) fn open(options: &PostgresOptions) -> Result<Self> {
        if options.pool_size == 0 {
            return Err(Error::invalid("pool_size", "must be at least 1"));
        }
        Ok(PostgresBackend(Arc::new(Shared {
            migrates: Connector::new(&options.to_migrate())?,
            pool: Pool::new(
                Connector::new(options)?,
                options.pool_size,
                options.checkout_timeout,
            )?,
            retry_budget: options.statement_timeout,
        })))
    }

    /// Runs `work` on a connection from the pool, and again after a failure that is known to have written nothing and
    /// that another attempt can fix:
    ///
    /// - a serialization conflict, until the retry budget is used up: each time, another transaction succeeded;
    /// - a connection that the server has closed, until the budget is used up: after a restart, there may be as many as
    ///   the pool has;
    /// - a stale statement, once: afterwards all statements of the connection are prepared again, so a second failure
    ///   has another cause;
    /// - a connection that is lost or does not answer, once, and only if `work` writes nothing: otherwise it might be
    ///   done twice.
    ///
    /// The budget is checked between attempts. The last one may begin just before it is used up, and then takes up to
    /// the time limits of a checkout and a statement.
    fn run<T>(
        &self,
        writes: bool,
        work: impl Fn(&mut PostgresConnection) -> Result<T>,
    ) -> Result<T> {
        let start = Instant::now();
        let mut kept = None;
        let (mut conflicts, mut was_stale, mut was_lost) = (0, false, false);
        loop {
            let mut connection = match kept.take() {
                Some(connection) => connection,
                None => self.0.pool.get()?,
            };
            connection.begin_attempt(writes);
            let error = match connection.contain(&work)? {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            let failure = connection.last_failure();
            let again = match failure {
                FailureKind::Rejected | FailureKind::Standby => false,
                FailureKind::SerializationConflict | FailureKind::NotExecuted => true,
                FailureKind::StaleStatement => !std::mem::replace(&mut was_stale, true),
                FailureKind::Unknown | FailureKind::Unanswered => {
                    !writes && !std::mem::replace(&mut was_lost, true)
                }
            };
            if !again || start.elapsed() >= self.0.retry_budget {
                return Err(error);
            }
            cost::retried();
            if failure == FailureKind::SerializationConflict {
                retry_backoff(conflicts);
                conflicts += 1;
            }
            // Keep the connection: others in the pool may have the same stale statement, and a conflict is not caused
            // by the connection.
            if matches!(
                failure,
                FailureKind::SerializationConflict | FailureKind::StaleStatement
            ) {
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
    type Exclusive = PostgresExclusive;

    fn name(&self) -> &'static str {
        "postgres"
    }

    fn statements(&self) -> &Statements {
        &STATEMENTS
    }

    fn read<T>(&self, work: impl Fn(&mut PostgresConnection) -> Result<T>) -> Result<T> {
        self.run(false, work).map_err(Error::nothing_written)
    }

    fn write<T>(&self, work: impl Fn(&mut PostgresConnection) -> Result<T>) -> Result<T> {
        self.run(true, work)
    }

    fn transaction<T>(&self, work: impl Fn(&mut PostgresConnection) -> Result<T>) -> Result<T> {
        self.run(true, |connection| {
            connection.begin()?;
            match work(connection) {
                Ok(done) => connection.commit().map(|()| done),
                Err(error) => {
                    connection.roll_back();
                    Err(error)
                }
            }
        })
    }

    fn exclusive(&self) -> Result<PostgresExclusive> {
        PostgresExclusive::begin(self)
    }

    fn migrator(&self) -> Migrator {
        Migrator::new(PostgresTarget(self.0.migrates.clone()), Series::postgres())
    }

    fn history(&self) -> (History, Series) {
        (migration::HISTORY, Series::postgres())
    }

    fn pool_state(&self) -> PoolState {
        self.0.pool.state()
    }
}
