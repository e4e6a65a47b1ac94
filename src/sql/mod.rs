//! What the SQL databases share: the operations, written once over a small view of a connection.
//!
//! A database module brings a [`Database`] (how work gets a connection), a [`Connection`] (how a statement is run), a
//! [`Row`] (how a cell is read) and its [`Statements`] (what is sent), and is a [`Backend`](crate::Backend) thereby.

mod adopt;
mod backend;
mod history;
mod models;
mod retry_backoff;
mod statements;
mod transaction;
mod value;

pub(crate) use adopt::{
    AdoptionCost, AdoptionPlan, AdoptionTarget, Check, Repair, adopt, check, counts,
};
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
use crate::transaction::SqlValue;

/// How work gets a connection. Each method bounds its wait, and runs `work` again after a deadlock or the like, as long
/// as nothing was written.
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

    /// Runs several statements in a transaction: committed when `work` returns `Ok`, else rolled back.
    fn transaction<T>(&self, work: impl Fn(&mut Self::Connection) -> Result<T>) -> Result<T>;

    /// Begins a transaction on a connection that no one else uses until it ends.
    fn exclusive(&self) -> Result<Self::Exclusive>;

    /// Whether this is a database as seen from inside one of its transactions.
    fn is_transaction(&self) -> bool {
        false
    }

    fn migrator(&self) -> Migrator;

    /// The history of the crate's own migrations, and their series.
    fn history(&self) -> (History, Series);

    fn pool_state(&self) -> PoolState;
}

/// How a statement is run. Statements are prepared once for each connection.
pub(crate) trait Connection {
    /// Runs a statement that returns no rows, and returns how many rows it found to change.
    fn execute(&mut self, sql: &'static str, parameters: &[Value<'_>]) -> Result<u64>;

    /// Runs a statement to its end, and returns its rows.
    fn query<T: Decode>(&mut self, sql: &'static str, parameters: &[Value<'_>]) -> Result<Vec<T>>;

    /// As [`query`](Connection::query), for a statement that returns one row or none.
    fn query_optional<T: Decode>(
        &mut self,
        sql: &'static str,
        parameters: &[Value<'_>],
    ) -> Result<Option<T>>;
}

/// How a cell is read, by the number of its column; NULL is `None`. An error says what is in the cell instead, without
/// showing it.
pub(crate) trait Row {
    fn uuid(&self, column: usize) -> Result<Option<Uuid>, BoxError>;
    fn text(&self, column: usize) -> Result<Option<String>, BoxError>;
    fn time(&self, column: usize) -> Result<Option<OffsetDateTime>, BoxError>;
    fn integer(&self, column: usize) -> Result<Option<i64>, BoxError>;
    fn boolean(&self, column: usize) -> Result<Option<bool>, BoxError>;

    /// A cell of the application's own SQL, by its own type.
    fn value(&self, column: usize) -> Result<SqlValue, BoxError>;
    fn columns(&self) -> usize;
}
