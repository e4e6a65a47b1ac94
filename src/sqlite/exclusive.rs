use super::connection::SqliteConnection;
use super::error::name_limit;
use super::writers::Turn;
use super::{BEGIN, Connector, RELEASE, ROLLBACK_TO, SAVEPOINT, SqliteBackend, roll_back};
use crate::error::Result;
use crate::pool::Checkout;
use crate::sql::{Aftermath, Connection, Exclusive};

/// A connection in a transaction, which has the only turn to write.
pub(crate) struct SqliteExclusive {
    connection: Checkout<Connector>,
    // Dropped last: the next writer begins when this transaction has ended.
    turn: Turn,
}

impl SqliteExclusive {
    pub(super) fn begin(backend: &SqliteBackend) -> Result<Self> {
        let limit = ("busy_timeout", backend.0.busy_timeout);
        let (turn, mut connection) = backend.writer(limit)?;
        connection
            .execute(BEGIN, &[])
            .map_err(|error| name_limit(error, limit).nothing_written())?;
        Ok(SqliteExclusive { connection, turn })
    }
}

impl Exclusive for SqliteExclusive {
    type Connection = SqliteConnection;

    const READS_NEED_SAVEPOINT: bool = false;
    /// A statement that has written may return a row that cannot be read, or a trigger may fail and keep what the
    /// statement has changed so far (`RAISE(FAIL)`).
    const WRITES_NEED_SAVEPOINT: bool = true;

    fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }

    /// SQLite has one writer, so an open transaction never conflicts with another.
    fn aftermath(&mut self) -> Aftermath {
        if self.connection.0.is_autocommit() {
            Aftermath::Gone
        } else {
            Aftermath::Open
        }
    }

    fn savepoint(&mut self) -> Result<()> {
        self.connection.execute(SAVEPOINT, &[]).map(drop)
    }

    fn release(&mut self) -> Result<()> {
        self.connection.execute(RELEASE, &[]).map(drop)
    }

    fn roll_back_to_savepoint(&mut self) -> Result<()> {
        self.connection.execute(ROLLBACK_TO, &[])?;
        self.release()
    }

    fn commit(&mut self) -> Result<()> {
        self.connection.commit()?;
        self.turn.limit_log(&mut self.connection);
        Ok(())
    }
}

impl Drop for SqliteExclusive {
    fn drop(&mut self) {
        roll_back(&mut self.connection);
    }
}
