//! SQLite, through rusqlite.

mod adopt;
mod checks;
mod connection;
mod connector;
mod error;
mod exclusive;
mod file;
mod log;
mod migration;
mod options;
mod orphans;
mod parameters;
mod rejection;
mod simulation;
#[cfg(test)]
mod tests;
mod writers;

pub use options::{SqliteOptions, Synchronous};

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use self::connection::{LONGEST_BUSY_TIMEOUT, SqliteConnection};
use self::connector::Connector;
use self::error::{TimeLimit, name_limit};
use self::exclusive::SqliteExclusive;
use self::file::log_of;
use self::migration::SqliteTarget;
use self::options::Location;
use self::writers::{Steps, Turn, Verdict, Writers};
use crate::error::{Error, Result};
use crate::migration::{Migrator, Series};
use crate::pool::{Checkout, Pool, PoolState};
use crate::sql::{
    Connection, CreateUserWith, Database, DeleteExpired, History, KeepLast, RemoveWayIn,
    Statements, Update, UseAuthenticator, UseOnce, backend, sql,
};

static STATEMENTS: Statements = Statements {
    create_user: sql!("sqlite", "create_user"),
    get_user: sql!("sqlite", "get_user"),
    get_user_by_email: sql!("sqlite", "get_user_by_email"),
    get_user_by_account: sql!("sqlite", "get_user_by_account"),
    list_users: sql!("sqlite", "list_users"),
    update_user: Update::Returning(sql!("sqlite", "update_user")),
    delete_user: sql!("sqlite", "delete_user"),
    link_account: sql!("sqlite", "link_account"),
    create_user_with_account: CreateUserWith::TwoStatements,
    unlink_account: sql!("sqlite", "unlink_account"),
    unlink_account_of_user: RemoveWayIn {
        delete: sql!("sqlite", "unlink_account_of_user"),
        keep_last: KeepLast::CountThenDelete {
            lock: &[],
            count: sql!("sqlite", "unlink_account_of_user_others"),
        },
    },
    get_account: sql!("sqlite", "get_account"),
    update_account: Update::Returning(sql!("sqlite", "update_account")),
    refresh_account: Update::Returning(sql!("sqlite", "refresh_account")),
    list_accounts_by_user_id: sql!("sqlite", "list_accounts_by_user_id"),
    create_session: sql!("sqlite", "create_session"),
    get_session_and_user: sql!("sqlite", "get_session_and_user"),
    update_session: Update::Returning(sql!("sqlite", "update_session")),
    delete_session: sql!("sqlite", "delete_session"),
    delete_session_of_user: sql!("sqlite", "delete_session_of_user"),
    list_sessions_by_user_id: sql!("sqlite", "list_sessions_by_user_id"),
    list_sessions_with_details_by_user_id: sql!("sqlite", "list_sessions_with_details_by_user_id"),
    delete_sessions_by_user_id: sql!("sqlite", "delete_sessions_by_user_id"),
    get_session_details: sql!("sqlite", "get_session_details"),
    update_session_details: sql!("sqlite", "update_session_details"),
    create_verification_token: sql!("sqlite", "create_verification_token"),
    use_verification_token: UseOnce::Returning(sql!("sqlite", "use_verification_token")),
    delete_verification_tokens_by_identifier: sql!(
        "sqlite",
        "delete_verification_tokens_by_identifier"
    ),
    create_authenticator: sql!("sqlite", "create_authenticator"),
    create_user_with_authenticator: CreateUserWith::TwoStatements,
    get_authenticator: sql!("sqlite", "get_authenticator"),
    list_authenticators_by_user_id: sql!("sqlite", "list_authenticators_by_user_id"),
    list_authenticators_with_details_by_user_id: sql!(
        "sqlite",
        "list_authenticators_with_details_by_user_id"
    ),
    update_authenticator_counter: Update::Returning(sql!("sqlite", "update_authenticator_counter")),
    use_authenticator: UseAuthenticator::SelectThenUpdate {
        select: sql!("sqlite", "get_authenticator"),
        update: sql!("sqlite", "use_authenticator"),
    },
    delete_authenticator: sql!("sqlite", "delete_authenticator"),
    delete_authenticator_of_user: RemoveWayIn {
        delete: sql!("sqlite", "delete_authenticator_of_user"),
        keep_last: KeepLast::CountThenDelete {
            lock: &[],
            count: sql!("sqlite", "delete_authenticator_of_user_others"),
        },
    },
    update_authenticator_details: sql!("sqlite", "update_authenticator_details"),
    create_challenge: sql!("sqlite", "create_challenge"),
    use_challenge: UseOnce::Returning(sql!("sqlite", "use_challenge")),
    delete_expired: DeleteExpired::ThreeStatements {
        sessions: sql!("sqlite", "delete_expired_sessions"),
        verification_tokens: sql!("sqlite", "delete_expired_verification_tokens"),
        challenges: sql!("sqlite", "delete_expired_challenges"),
    },
    ping: sql!("sqlite", "ping"),
};

const BEGIN_READ: &str = sql!("sqlite", "transaction/begin_read");
const BEGIN: &str = sql!("sqlite", "transaction/begin");
const COMMIT: &str = sql!("sqlite", "transaction/commit");
const ROLLBACK: &str = sql!("sqlite", "transaction/rollback");
const SAVEPOINT: &str = sql!("sqlite", "transaction/savepoint");
const RELEASE: &str = sql!("sqlite", "transaction/release");
const ROLLBACK_TO: &str = sql!("sqlite", "transaction/rollback_to");

/// A SQLite database, in a file or in memory.
///
/// A file is in [WAL mode](https://www.sqlite.org/wal.html): readers and the writer do not wait for one another, and
/// any number of processes on one machine may share it. Writers of one process take turns in the order in which they
/// arrived, and those that wait together are committed together: one wait for the disk serves up to 64 of them. Each
/// has its own result, and none gets it before the commit.
///
/// If the file is replaced while it is open, all connections change to the file that has taken its path; a write that
/// was in progress fails with [`Error::Unavailable`]. A file that was deleted is not created again: until it is back,
/// operations fail with [`Error::Unavailable`]. The log beside the file (`-wal`) is emptied once it is larger than 8
/// MiB, unless a reader keeps a transaction open.
///
/// Cloning it is cheap; all clones share one pool.
#[derive(Clone)]
pub struct SqliteBackend(Arc<Shared>);

struct Shared {
    pool: Pool<Connector>,
    /// SQLite has one writer at a time, and its own waiting is not fair.
    writers: Writers,
    /// Whether writers that wait together commit together.
    group_commit: bool,
    busy_timeout: Duration,
    /// Whether nothing is written, so that a migrator needs no lock.
    inspect: bool,
}

impl SqliteBackend {
    pub(crate) fn open(options: &SqliteOptions) -> Result<Self> {
        let pool_size = match (&options.location, options.pool_size) {
            (_, Some(0)) => return Err(Error::invalid("pool_size", "must be at least 1")),
            (Location::Memory, None | Some(1)) => 1,
            (Location::Memory, Some(_)) => {
                return Err(Error::invalid(
                    "pool_size",
                    "a database in memory has one connection",
                ));
            }
            (Location::File(_), pool_size) => pool_size.unwrap_or(8),
        };
        let busy_timeout = options.busy_timeout.min(LONGEST_BUSY_TIMEOUT);
        let connector = Connector::new(options, busy_timeout)?;
        let path = connector.path().map(Path::to_owned);
        // Creates the file.
        let pool = Pool::new(connector, pool_size, options.checkout_timeout)?;
        Ok(SqliteBackend(Arc::new(Shared {
            pool,
            writers: Writers::new(path.as_deref().map(log_of), busy_timeout),
            // A database in memory does not wait for a disk.
            group_commit: matches!(options.location, Location::File(_)),
            busy_timeout,
            inspect: options.inspect,
        })))
    }

    /// Waits for the writers of this process, then takes a connection, in that order, so that waiting writers hold no
    /// connection that readers could use.
    ///
    /// A write waits up to the busy timeout for its turn, up to the checkout timeout for a connection, and once more up
    /// to the busy timeout for the writers of other processes.
    fn writer(&self, limit: TimeLimit) -> Result<(Turn, Checkout<Connector>)> {
        let turn = self.0.writers.turn(limit)?;
        Ok((turn, self.0.pool.get()?))
    }

    /// Writes in a transaction that other writers may share.
    fn commit<T>(
        &self,
        steps: Steps,
        work: impl Fn(&mut SqliteConnection) -> Result<T>,
    ) -> Result<T> {
        let shared = &*self.0;
        let mut alone = !shared.group_commit;
        loop {
            let (done, verdict) = shared
                .writers
                .run(&shared.pool, alone, steps, shared.busy_timeout, &work)
                .map_err(Error::nothing_written)?;
            match verdict {
                // A failed part was undone before the others were committed.
                Verdict::Stands => return done.map_err(Error::nothing_written),
                Verdict::Again => alone = true,
                // The failed part wrote nothing, and its error may be caused by parts that are rolled back now.
                Verdict::Failed(error) if done.is_err() => return Err(error.nothing_written()),
                Verdict::Failed(error) => return Err(error),
            }
        }
    }
}

impl fmt::Debug for SqliteBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteBackend").finish_non_exhaustive()
    }
}

backend!(SqliteBackend);

impl Database for SqliteBackend {
    type Connection = SqliteConnection;
    type Exclusive = SqliteExclusive;

    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn statements(&self) -> &Statements {
        &STATEMENTS
    }

    fn read<T>(&self, work: impl Fn(&mut SqliteConnection) -> Result<T>) -> Result<T> {
        work(&mut *self.0.pool.get()?).map_err(|error| {
            name_limit(
                error.nothing_written(),
                ("busy_timeout", self.0.busy_timeout),
            )
        })
    }

    /// A single statement runs in a transaction as well: its rows are read before the commit, so that a row that cannot
    /// be read is not written.
    fn write<T>(&self, work: impl Fn(&mut SqliteConnection) -> Result<T>) -> Result<T> {
        self.commit(Steps::One, work)
    }

    fn transaction<T>(&self, work: impl Fn(&mut SqliteConnection) -> Result<T>) -> Result<T> {
        self.commit(Steps::Several, work)
    }

    fn exclusive(&self) -> Result<SqliteExclusive> {
        SqliteExclusive::begin(self)
    }

    fn migrator(&self) -> Migrator {
        Migrator::new(SqliteTarget(self.clone()), Series::sqlite())
    }

    fn history(&self) -> (History, Series) {
        (migration::HISTORY, Series::sqlite())
    }

    fn pool_state(&self) -> PoolState {
        self.0.pool.state()
    }
}

/// Rolls back a transaction that is still open. If that fails, the pool drops the connection, which also ends it.
fn roll_back(connection: &mut SqliteConnection) {
    if !connection.0.is_autocommit() {
        let _ = connection.execute(ROLLBACK, &[]);
    }
}
