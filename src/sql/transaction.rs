//! A transaction of several operations, which run as usual, but all on one connection.

use std::sync::Arc;

use parking_lot::Mutex;

use super::{
    Cells, Connection, Database, Decode, History, Operations, Row, Statements, Value,
    explain_missing,
};
use crate::backend::{Backend, BackendTransaction};
use crate::error::{Error, Result};
use crate::for_each_operation;
use crate::migration::{Migrator, Series};
use crate::pool::PoolState;
use crate::sql_value::{SqlRow, SqlValue};
use crate::validate;

/// A connection in an open transaction, which no one else uses. Dropping it rolls the transaction back.
pub(crate) trait Exclusive: Send + 'static {
    type Connection: Connection;

    /// Whether a failed read aborts the whole transaction, unless a savepoint surrounds it.
    const READS_NEED_SAVEPOINT: bool;

    /// Whether a failed write aborts the whole transaction, or may keep changes, unless a savepoint surrounds it.
    const WRITES_NEED_SAVEPOINT: bool;

    fn connection(&mut self) -> &mut Self::Connection;

    /// Returns the state of the transaction after a failure, as far as the failure shows it.
    fn aftermath(&mut self) -> Aftermath;

    /// Returns whether the transaction is still open. Asks the database, if the last failure leaves that in doubt.
    fn is_open(&mut self) -> bool {
        true
    }

    fn savepoint(&mut self) -> Result<()>;
    fn release(&mut self) -> Result<()>;
    fn roll_back_to_savepoint(&mut self) -> Result<()>;

    /// Commits, and returns the connection to the pool.
    fn commit(&mut self) -> Result<()>;
}

/// The state of a transaction after a failed statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aftermath {
    /// The transaction is open; only the statement was undone.
    Open,
    /// It was rolled back in favor of another one, or its server takes no writes anymore. It may succeed if repeated.
    LostToAnother,
    /// It no longer exists.
    Gone,
}

/// A database inside one of its transactions.
pub(crate) struct Within<D: Database> {
    database: D,
    held: Arc<Mutex<Held<D>>>,
}

struct Held<D: Database> {
    /// `None` once the transaction has ended.
    exclusive: Option<D::Exclusive>,
    /// The state after the last failure.
    aftermath: Aftermath,
}

impl<D: Database> Held<D> {
    /// Runs `work` on the connection. Nothing is permanent before the commit, so no failure leaves an unknown outcome.
    fn run<T>(&mut self, work: impl FnOnce(&mut D::Exclusive) -> Result<T>) -> Result<T> {
        let Some(exclusive) = self.exclusive.as_mut() else {
            return Err(Error::invalid("transaction", "has ended"));
        };
        if self.aftermath != Aftermath::Open {
            return Err(already_failed());
        }
        work(exclusive).map_err(|error| {
            self.aftermath = match exclusive.aftermath() {
                Aftermath::Open if !exclusive.is_open() => Aftermath::Gone,
                aftermath => aftermath,
            };
            error.nothing_written()
        })
    }

    /// Runs `work` so that a failure undoes only what it did, or ends the transaction.
    fn run_alone<T>(
        &mut self,
        savepoint: bool,
        work: impl FnOnce(&mut D::Connection) -> Result<T>,
    ) -> Result<T> {
        if !savepoint {
            return self.run(|exclusive| work(exclusive.connection()));
        }
        let mut undone = false;
        let done = self.run(|exclusive| {
            exclusive.savepoint()?;
            match work(exclusive.connection()) {
                Ok(done) => exclusive.release().map(|()| done),
                Err(error) => {
                    if exclusive.aftermath() == Aftermath::Open {
                        exclusive.roll_back_to_savepoint()?;
                    }
                    undone = true;
                    Err(error)
                }
            }
        });
        // The savepoint itself failed. The database may have aborted the transaction, and then answer its commit with a
        // rollback, which is not an error (PostgreSQL).
        if done.is_err() && !undone && self.aftermath == Aftermath::Open {
            self.aftermath = Aftermath::Gone;
        }
        done
    }
}

impl<D: Database> Within<D> {
    pub(crate) fn begin(database: D) -> Result<Self> {
        let exclusive = database.exclusive()?;
        Ok(Within {
            database,
            held: Arc::new(Mutex::new(Held {
                exclusive: Some(exclusive),
                aftermath: Aftermath::Open,
            })),
        })
    }
}

impl<D: Database> Clone for Within<D> {
    fn clone(&self) -> Self {
        Within {
            database: self.database.clone(),
            held: self.held.clone(),
        }
    }
}

impl<D: Database> Database for Within<D> {
    type Connection = D::Connection;
    type Exclusive = D::Exclusive;

    fn name(&self) -> &'static str {
        self.database.name()
    }

    fn statements(&self) -> &Statements {
        self.database.statements()
    }

    fn read<T>(&self, work: impl Fn(&mut D::Connection) -> Result<T>) -> Result<T> {
        let savepoint = D::Exclusive::READS_NEED_SAVEPOINT;
        self.held.lock().run_alone(savepoint, work)
    }

    fn write<T>(&self, work: impl Fn(&mut D::Connection) -> Result<T>) -> Result<T> {
        let savepoint = D::Exclusive::WRITES_NEED_SAVEPOINT;
        self.held.lock().run_alone(savepoint, work)
    }

    fn transaction<T>(&self, work: impl Fn(&mut D::Connection) -> Result<T>) -> Result<T> {
        self.held.lock().run_alone(true, work)
    }

    fn exclusive(&self) -> Result<D::Exclusive> {
        Err(Error::invalid("transaction", "cannot be nested"))
    }

    fn is_transaction(&self) -> bool {
        true
    }

    fn migrator(&self) -> Migrator {
        self.database.migrator()
    }

    fn history(&self) -> (History, Series) {
        self.database.history()
    }

    fn pool_state(&self) -> PoolState {
        self.database.pool_state()
    }
}

macro_rules! within {
    ({} $(fn $operation:ident($($argument:ident: $type:ty),*) -> $output:ty;)*) => {
        impl<D: Database> Backend for Within<D> {
            fn name(&self) -> &'static str {
                Database::name(self)
            }

            $(fn $operation(&self, $($argument: $type),*) -> Result<$output> {
                Operations::$operation(self, $($argument),*)
                    .map_err(|error| explain_missing(self, error))
            })*

            fn begin(&self) -> Result<Option<Box<dyn BackendTransaction>>> {
                self.exclusive().map(|_| None)
            }

            fn migrator(&self) -> Option<Migrator> {
                Some(Database::migrator(self))
            }

            fn pool_state(&self) -> Option<PoolState> {
                Some(Database::pool_state(self))
            }
        }
    };
}
for_each_operation!(within! {});

impl<D: Database> BackendTransaction for Within<D> {
    fn backend(&self) -> Arc<dyn Backend> {
        Arc::new(self.clone())
    }

    fn execute(&self, sql: &'static str, parameters: &[SqlValue]) -> Result<u64> {
        let values = values(parameters)?;
        self.write(|connection| connection.execute(sql, &values))
    }

    fn query(&self, sql: &'static str, parameters: &[SqlValue]) -> Result<Vec<SqlRow>> {
        let values = values(parameters)?;
        self.write(|connection| connection.query(sql, &values))
    }

    fn commit(&self) -> Result<()> {
        let mut held = self.held.lock();
        let Some(mut exclusive) = held.exclusive.take() else {
            return Err(Error::invalid("transaction", "has ended"));
        };
        if held.aftermath != Aftermath::Open {
            return Err(already_failed());
        }
        exclusive.commit().inspect_err(|_| {
            held.aftermath = exclusive.aftermath();
        })
    }

    fn roll_back(&self) {
        self.held.lock().exclusive = None;
    }

    fn may_repeat(&self) -> bool {
        self.held.lock().aftermath == Aftermath::LostToAnother
    }
}

/// Converts the application's parameters. Times have the same limits as the store's, which every database can hold.
fn values(parameters: &[SqlValue]) -> Result<Vec<Value<'_>>> {
    parameters
        .iter()
        .map(|parameter| match Value::from(parameter) {
            Value::Time(time) => validate::normalize_time("parameters", time).map(Value::Time),
            value => Ok(value),
        })
        .collect()
}

impl Decode for SqlRow {
    fn decode(cells: &mut Cells<'_, impl Row>) -> Result<Self> {
        cells.all().map(SqlRow::new)
    }
}

/// The error of an operation after a failure that ended the transaction, in case that failure was ignored.
fn already_failed() -> Error {
    Error::unavailable("an earlier failure has ended the transaction; nothing was written")
}
