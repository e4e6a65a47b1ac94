use std::time::Instant;

use super::PostgresBackend;
use super::connection::PostgresConnection;
use super::connector::Connector;
use super::error::FailureKind;
use crate::error::{Error, Result};
use crate::pool::Checkout;
use crate::sql::{Aftermath, Exclusive, sql};

const SAVEPOINT: &str = sql!("postgres", "transaction/savepoint");
const RELEASE: &str = sql!("postgres", "transaction/release");
const UNDO: &str = sql!("postgres", "transaction/undo");

/// A connection in a transaction. Through a pooler, the transaction keeps the server's session reserved.
pub(crate) struct PostgresExclusive {
    connection: Checkout<Connector>,
    is_open: bool,
}

impl PostgresExclusive {
    pub(super) fn begin(backend: &PostgresBackend) -> Result<Self> {
        let start = Instant::now();
        let mut was_lost = false;
        loop {
            let mut connection = backend.0.pool.get()?;
            connection.begin_attempt(true);
            let begun = connection.contain(PostgresConnection::begin);
            let Err(error) = begun.map_err(Error::nothing_written)? else {
                return Ok(PostgresExclusive {
                    connection,
                    is_open: true,
                });
            };
            // Nothing was written, so use another connection, as for a single operation: after a restart, the server
            // has closed all those in the pool.
            let may_try_another = match connection.last_failure() {
                FailureKind::NotExecuted => true,
                FailureKind::Unknown => !std::mem::replace(&mut was_lost, true),
                _ => false,
            };
            if !may_try_another || start.elapsed() >= backend.0.retry_budget {
                return Err(error.nothing_written());
            }
        }
    }
}

impl Exclusive for PostgresExclusive {
    type Connection = PostgresConnection;

    // After any failure, PostgreSQL ignores all further statements of the transaction.
    const READS_NEED_SAVEPOINT: bool = true;
    const WRITES_NEED_SAVEPOINT: bool = true;

    fn connection(&mut self) -> &mut PostgresConnection {
        &mut self.connection
    }

    fn aftermath(&mut self) -> Aftermath {
        match self.connection.last_failure() {
            // A stale statement is prepared again when the transaction is repeated.
            FailureKind::SerializationConflict | FailureKind::StaleStatement => {
                Aftermath::LostToAnother
            }
            _ if self.connection.is_lost() => Aftermath::Gone,
            _ => Aftermath::Open,
        }
    }

    fn savepoint(&mut self) -> Result<()> {
        self.connection.run_command(SAVEPOINT)
    }

    fn release(&mut self) -> Result<()> {
        self.connection.run_command(RELEASE)
    }

    fn roll_back_to_savepoint(&mut self) -> Result<()> {
        self.connection.run_command(UNDO)
    }

    fn commit(&mut self) -> Result<()> {
        self.is_open = false;
        self.connection.commit()
    }
}

impl Drop for PostgresExclusive {
    fn drop(&mut self) {
        if self.is_open {
            self.connection.roll_back();
        }
    }
}
