use std::sync::Arc;

use super::connection::MysqlConnection;
use super::error::{Phase, StatementFailure};
use super::{Connector, MysqlBackend};
use crate::error::Result;
use crate::pool::Checkout;
use crate::sql::{Aftermath, Exclusive, sql};

/// Sets a savepoint as well, which shows after a failure whether the transaction is still open.
const BEGIN: &str = sql!("mysql", "transaction/begin_exclusive");
const STILL_OPEN: &str = sql!("mysql", "transaction/still_open");
const SAVEPOINT: &str = sql!("mysql", "transaction/savepoint");
const RELEASE: &str = sql!("mysql", "transaction/release");
const UNDO: &str = sql!("mysql", "transaction/undo");

/// A connection in a transaction.
pub(crate) struct MysqlExclusive {
    connection: Checkout<Arc<Connector>>,
    connector: Arc<Connector>,
    is_open: bool,
}

impl MysqlExclusive {
    pub(super) fn begin(backend: &MysqlBackend) -> Result<Self> {
        let mut was_closed = false;
        loop {
            let mut connection = backend.0.pool.get()?;
            let Err(error) = connection.begin(BEGIN) else {
                return Ok(MysqlExclusive {
                    connection,
                    connector: backend.0.connector.clone(),
                    is_open: true,
                });
            };
            // The server has closed the connection since its last use. Nothing was written, so use another one.
            let may_try_another = matches!(
                connection.failure,
                Some(StatementFailure::NotExecuted | StatementFailure::Lost)
            );
            if !may_try_another || std::mem::replace(&mut was_closed, true) {
                return Err(error);
            }
        }
    }
}

impl Exclusive for MysqlExclusive {
    type Connection = MysqlConnection;

    // A statement that fails undoes itself. After one that has written and whose rows cannot be read, the transaction
    // ends: a savepoint would cost each write two round trips.
    const READS_NEED_SAVEPOINT: bool = false;
    const WRITES_NEED_SAVEPOINT: bool = false;

    fn connection(&mut self) -> &mut MysqlConnection {
        self.connection.failure = None;
        self.connection.in_doubt = false;
        &mut self.connection
    }

    fn aftermath(&mut self) -> Aftermath {
        match self.connection.failure {
            None => Aftermath::Open,
            Some(StatementFailure::RolledBack) => Aftermath::LostToAnother,
            // The server takes no writes anymore. Another host may.
            Some(StatementFailure::ReadOnly) if self.connector.leave(self.connection.host) => {
                Aftermath::LostToAnother
            }
            Some(_) => Aftermath::Gone,
        }
    }

    fn is_open(&mut self) -> bool {
        // This ends the savepoints after `began`, so it is done only in doubt.
        !self.connection.in_doubt
            || self
                .connection
                .run_script(STILL_OPEN, Phase::BeforeCommit)
                .is_ok()
    }

    fn savepoint(&mut self) -> Result<()> {
        self.connection().run_script(SAVEPOINT, Phase::BeforeCommit)
    }

    fn release(&mut self) -> Result<()> {
        self.connection().run_script(RELEASE, Phase::BeforeCommit)
    }

    fn roll_back_to_savepoint(&mut self) -> Result<()> {
        let was_in_doubt = self.connection.in_doubt;
        let undone = self.connection().run_script(UNDO, Phase::BeforeCommit);
        if undone.is_err() && was_in_doubt {
            // The transaction is gone, and it is not repeated: it has waited for others already.
            self.connection.failure = Some(StatementFailure::NoRetry);
        }
        undone
    }

    fn commit(&mut self) -> Result<()> {
        self.connection().commit()?;
        self.is_open = false;
        Ok(())
    }
}

impl Drop for MysqlExclusive {
    fn drop(&mut self) {
        if self.is_open {
            self.connection.roll_back();
        }
    }
}
