//! The code that the SQL databases share: all operations, written once on top of a few small traits.
//!
//! A database module implements [`Database`] (gets a connection), [`Connection`] (runs a statement) and [`Row`] (reads
//! a cell), and lists its SQL in [`Statements`]. That makes it a [`Backend`](crate::Backend).

mod adopt;
mod backend;
mod history;
mod models;
mod retry_backoff;
mod statements;
mod transaction;
mod value;

#[cfg(feature = "sqlite")]
pub(crate) use adopt::change;
pub(crate) use adopt::{
    AdoptionCost, AdoptionPlan, AdoptionTarget, Check, Repair, adopt, check, counts,
};
#[cfg(feature = "mysql")]
pub(crate) use adopt::{TABLES, changed_table};
pub(crate) use backend::{Operations, backend};
pub(crate) use history::{History, explain_missing};
pub(crate) use models::{Cells, Decode};
pub(crate) use retry_backoff::retry_backoff;
pub(crate) use statements::{
    CreateUserWith, DeleteExpired, KeepLast, RemoveWayIn, Statements, Update, UseAuthenticator,
    UseOnce, sql,
};
pub(crate) use transaction::{Aftermath, Exclusive, Within};
pub(crate) use value::Value;

use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::{BoxError, Result};
use crate::migration::{Migrator, Series};
use crate::pool::PoolState;
use crate::sql_value::SqlValue;

/// Gets connections, and runs work on them. Each method limits its wait, and repeats `work` after a conflict such as a
/// deadlock, as long as nothing was written.
pub(crate) trait Database: Clone + Send + Sync + 'static {
    type Connection: Connection;
    type Exclusive: Exclusive<Connection = Self::Connection>;

    /// See [`Backend::name`](crate::Backend::name).
    fn name(&self) -> &'static str;

    fn statements(&self) -> &Statements;

    /// Runs statements that write nothing.
    fn read<T>(&self, work: impl Fn(&mut Self::Connection) -> Result<T>) -> Result<T>;

    /// Runs one statement that writes, and commits automatically.
    fn write<T>(&self, work: impl Fn(&mut Self::Connection) -> Result<T>) -> Result<T>;

    /// Runs several statements in a transaction, which is committed if `work` returns `Ok` and rolled back otherwise.
    fn transaction<T>(&self, work: impl Fn(&mut Self::Connection) -> Result<T>) -> Result<T>;

    /// Begins a transaction on a connection that no one else uses until it ends.
    fn exclusive(&self) -> Result<Self::Exclusive>;

    /// Returns true if the operations run inside an open transaction of the application.
    fn is_transaction(&self) -> bool {
        false
    }

    fn migrator(&self) -> Migrator;

    /// Returns the statements for the migration history, and the crate's own series.
    fn history(&self) -> (History, Series);

    fn pool_state(&self) -> PoolState;
}

/// Checks that each parameter of a statement has a value: the application's own SQL may have too many or too few.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) fn check_parameters(wanted: usize, given: usize) -> Result<()> {
    if wanted == given {
        return Ok(());
    }
    Err(crate::error::Error::backend(format!(
        "the statement has {wanted} parameter(s), but {given} value(s) were given"
    )))
}

/// Runs statements. Each is prepared once per connection.
pub(crate) trait Connection {
    /// Runs a statement that returns no rows, and returns the number of rows that it matched.
    fn execute(&mut self, sql: &'static str, parameters: &[Value<'_>]) -> Result<u64>;

    /// Runs a statement, and returns all its rows.
    fn query<T: Decode>(&mut self, sql: &'static str, parameters: &[Value<'_>]) -> Result<Vec<T>>;

    /// Like [`query`](Connection::query), for a statement that returns at most one row.
    fn query_optional<T: Decode>(
        &mut self,
        sql: &'static str,
        parameters: &[Value<'_>],
    ) -> Result<Option<T>>;
}

/// Reads cells by column number; NULL is `None`. An error describes what the cell holds, without its value.
pub(crate) trait Row {
    fn uuid(&self, column: usize) -> Result<Option<Uuid>, BoxError>;
    fn text(&self, column: usize) -> Result<Option<String>, BoxError>;
    fn time(&self, column: usize) -> Result<Option<OffsetDateTime>, BoxError>;
    fn integer(&self, column: usize) -> Result<Option<i64>, BoxError>;
    fn boolean(&self, column: usize) -> Result<Option<bool>, BoxError>;

    /// Reads a cell of the application's own SQL, by the type that the database reports.
    fn value(&self, column: usize) -> Result<SqlValue, BoxError>;
    fn columns(&self) -> usize;
}
