//! Transactions with the store's operations and the application's own SQL.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::backend::Backend;
use crate::error::{Error, Result};
use crate::sql::retry_backoff;
use crate::store::AuthStore;

/// The maximum number of attempts of a transaction that conflicts with others.
const ATTEMPTS: u32 = 10;

impl AuthStore {
    /// Runs `work` in one transaction: committed when `work` returns `Ok`, otherwise rolled back.
    ///
    /// `work` gets a [`Transaction`], which has all operations of the store and runs the application's own SQL. Other
    /// callers see nothing of it before the commit. Use only the [`Transaction`] inside: the store outside uses another
    /// connection, which on SQLite waits for this one.
    ///
    /// A transaction that conflicts with others (a deadlock, a serialization failure) is rolled back and `work` runs
    /// again, up to ten times. So `work` must have no effects outside the database.
    ///
    /// If an operation inside fails, such as with [`Error::Conflict`], only that operation is undone, and `work` may
    /// continue. Once the connection is lost, every later call fails.
    ///
    /// A transaction holds one connection while it runs, and on SQLite the only writer, so keep it short. On PostgreSQL
    /// each writing statement inside takes three round trips instead of one, because a savepoint surrounds it.
    ///
    /// ```
    /// use authstore::{AuthStore, Error, NewUser};
    ///
    /// # fn main() -> authstore::Result<()> {
    /// # let store = AuthStore::connect("sqlite::memory:")?;
    /// # store.migrate()?;
    /// # store.transaction(|tx| tx.execute("CREATE TABLE profile (user_id text REFERENCES \"User\" (id), plan text)", &[]))?;
    /// let user = store.transaction(|tx| {
    ///     let user = tx.create_user(NewUser::default())?;
    ///     let values = [user.id.into(), "free".into()];
    ///     tx.execute("INSERT INTO profile (user_id, plan) VALUES (?, ?)", &values)?;
    ///     Ok::<_, Error>(user)
    /// })?;
    /// # assert!(store.get_user(user.id)?.is_some());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The error of `work`. [`Error::Unavailable`] when the transaction conflicted too often, and
    /// [`Error::OutcomeUnknown`] when the connection was lost during the commit. [`Error::Invalid`] for a `transaction`
    /// inside a transaction, and for a backend without transactions.
    pub fn transaction<T, E: From<Error>>(
        &self,
        mut work: impl FnMut(&Transaction) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        let mut attempt = 1;
        loop {
            let begun = self.backend.begin()?.ok_or_else(|| {
                let name = self.backend.name();
                let reason = format!("is not supported by the backend `{name}`");
                Error::invalid("transaction", reason)
            })?;
            let transaction = Transaction {
                store: AuthStore {
                    backend: begun.backend(),
                },
                begun,
            };
            let error = match work(&transaction) {
                Ok(done) => match transaction.begun.commit() {
                    Ok(()) => return Ok(done),
                    Err(error) => error.into(),
                },
                Err(error) => {
                    transaction.begun.roll_back();
                    error
                }
            };
            if !transaction.begun.may_repeat() || attempt == ATTEMPTS {
                return Err(error);
            }
            retry_backoff(attempt);
            attempt += 1;
        }
    }
}

/// An open transaction: it [dereferences](Deref) to a store, and runs the application's own SQL.
///
/// [`AuthStore::transaction`] creates it. Clones of its store fail with [`Error::Invalid`] once it has ended.
pub struct Transaction {
    store: AuthStore,
    begun: Box<dyn BackendTransaction>,
}

impl Transaction {
    /// Runs one of the application's statements that returns no rows, and returns how many rows it changed.
    ///
    /// The statement is a constant and its values are parameters, so nothing can be injected. Placeholders are the
    /// database's own: `?` on SQLite, MySQL and MariaDB, `$1`, `$2` ... on PostgreSQL. Statements are prepared and kept.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`] for a statement that the database does not accept; [`Error::Rejected`] when one of the
    /// application's constraints rejects it.
    pub fn execute(&self, sql: &'static str, parameters: &[SqlValue]) -> Result<u64> {
        self.begun.execute(sql, parameters)
    }

    /// As [`execute`](Transaction::execute), for a statement that returns rows. All of them are read.
    pub fn query(&self, sql: &'static str, parameters: &[SqlValue]) -> Result<Vec<SqlRow>> {
        self.begun.query(sql, parameters)
    }
}

impl Deref for Transaction {
    type Target = AuthStore;

    fn deref(&self) -> &AuthStore {
        &self.store
    }
}

impl Drop for Transaction {
    /// When `work` panics.
    fn drop(&mut self) {
        self.begun.roll_back();
    }
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction").finish_non_exhaustive()
    }
}

/// An open transaction of a [`Backend`].
pub trait BackendTransaction: Send {
    /// Returns the operations, as part of the transaction. Once it has ended, they fail with [`Error::Invalid`].
    fn backend(&self) -> Arc<dyn Backend>;

    /// Runs a statement, and returns how many rows it changed.
    fn execute(&self, sql: &'static str, parameters: &[SqlValue]) -> Result<u64>;

    /// Runs a statement, and returns its rows.
    fn query(&self, sql: &'static str, parameters: &[SqlValue]) -> Result<Vec<SqlRow>>;

    /// Commits everything, or nothing. [`Error::OutcomeUnknown`] when it is unknown which.
    fn commit(&self) -> Result<()>;

    /// Undoes everything. Does nothing when the transaction has ended.
    fn roll_back(&self);

    /// Returns whether the transaction failed only because of a conflict with others, so that running it again may succeed.
    fn may_repeat(&self) -> bool;
}

/// A transaction of a backend that wraps another: its operations are wrapped as well.
pub(crate) struct WrappedTransaction<W> {
    transaction: Box<dyn BackendTransaction>,
    wrap: W,
}

impl<W: Fn(Arc<dyn Backend>) -> Arc<dyn Backend> + Send + 'static> WrappedTransaction<W> {
    pub(crate) fn wrap(
        transaction: Box<dyn BackendTransaction>,
        wrap: W,
    ) -> Box<dyn BackendTransaction> {
        Box::new(WrappedTransaction { transaction, wrap })
    }
}

impl<W: Fn(Arc<dyn Backend>) -> Arc<dyn Backend> + Send> BackendTransaction
    for WrappedTransaction<W>
{
    fn backend(&self) -> Arc<dyn Backend> {
        (self.wrap)(self.transaction.backend())
    }

    fn execute(&self, sql: &'static str, parameters: &[SqlValue]) -> Result<u64> {
        self.transaction.execute(sql, parameters)
    }

    fn query(&self, sql: &'static str, parameters: &[SqlValue]) -> Result<Vec<SqlRow>> {
        self.transaction.query(sql, parameters)
    }

    fn commit(&self) -> Result<()> {
        self.transaction.commit()
    }

    fn roll_back(&self) {
        self.transaction.roll_back();
    }

    fn may_repeat(&self) -> bool {
        self.transaction.may_repeat()
    }
}

/// A parameter or a cell of the application's own SQL.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum SqlValue {
    /// NULL.
    Null,
    /// A boolean. On SQLite and MySQL, an integer: 0 or 1.
    Boolean(bool),
    /// An integer.
    Integer(i64),
    /// A floating-point number.
    Real(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A UUID: `uuid` on PostgreSQL, text in lower case elsewhere, as in the store's own tables.
    Uuid(Uuid),
    /// A time, in the store's own format on each database.
    Time(OffsetDateTime),
}

macro_rules! sql_value_from {
    ($($source:ty => $make:expr;)*) => {
        $(impl From<$source> for SqlValue {
            fn from(value: $source) -> Self {
                let make: fn($source) -> SqlValue = $make;
                make(value)
            }
        })*
    };
}

sql_value_from! {
    bool => SqlValue::Boolean;
    i64 => SqlValue::Integer;
    i32 => |value| SqlValue::Integer(value.into());
    u32 => |value| SqlValue::Integer(value.into());
    f64 => SqlValue::Real;
    String => SqlValue::Text;
    &str => |value| SqlValue::Text(value.to_owned());
    Vec<u8> => SqlValue::Bytes;
    Uuid => SqlValue::Uuid;
    OffsetDateTime => SqlValue::Time;
}

impl<T: Into<SqlValue>> From<Option<T>> for SqlValue {
    fn from(value: Option<T>) -> Self {
        value.map_or(SqlValue::Null, Into::into)
    }
}

/// A row of the application's own SQL.
#[derive(Clone, Debug, PartialEq)]
pub struct SqlRow(Vec<SqlValue>);

impl SqlRow {
    /// Creates a row, for a backend to return.
    pub fn new(cells: Vec<SqlValue>) -> Self {
        SqlRow(cells)
    }

    /// Returns the cell in this column, counted from 0, as a `bool`, `i64`, `f64`, `String`, `Vec<u8>`, `Uuid`,
    /// `OffsetDateTime`, or an `Option` of one.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`] when there is no such column, or the cell is of another type.
    pub fn get<T: FromSqlValue>(&self, column: usize) -> Result<T> {
        let cell = self.0.get(column).ok_or_else(|| {
            let columns = self.0.len();
            Error::backend(format!("no column {column}: the row has {columns}"))
        })?;
        T::from_sql_value(cell).ok_or_else(|| {
            Error::backend(format!(
                "column {column} is {} and cannot be read as {}",
                cell.kind(),
                std::any::type_name::<T>()
            ))
        })
    }
}

impl SqlValue {
    fn kind(&self) -> &'static str {
        match self {
            SqlValue::Null => "NULL",
            SqlValue::Boolean(_) => "a boolean",
            SqlValue::Integer(_) => "an integer",
            SqlValue::Real(_) => "a floating-point number",
            SqlValue::Text(_) => "text",
            SqlValue::Bytes(_) => "bytes",
            SqlValue::Uuid(_) => "a UUID",
            SqlValue::Time(_) => "a time",
        }
    }
}

/// A type that a cell can be read as. Databases store some types as another one: booleans as integers, UUIDs and times as
/// text.
pub trait FromSqlValue: Sized {
    /// Returns the cell as this type, or `None` if it is of another one.
    fn from_sql_value(cell: &SqlValue) -> Option<Self>;
}

macro_rules! from_sql_value {
    ($($target:ty: $($pattern:pat => $value:expr),+;)*) => {
        $(impl FromSqlValue for $target {
            fn from_sql_value(cell: &SqlValue) -> Option<Self> {
                match cell {
                    $($pattern => $value,)+
                    _ => None,
                }
            }
        })*
    };
}

from_sql_value! {
    bool: SqlValue::Boolean(value) => Some(*value), SqlValue::Integer(value @ (0 | 1)) => Some(*value == 1);
    i64: SqlValue::Integer(value) => Some(*value);
    f64: SqlValue::Real(value) => Some(*value);
    String: SqlValue::Text(value) => Some(value.clone());
    Vec<u8>: SqlValue::Bytes(value) => Some(value.clone());
    Uuid: SqlValue::Uuid(value) => Some(*value), SqlValue::Text(value) => Uuid::try_parse(value).ok();
    OffsetDateTime: SqlValue::Time(value) => Some(*value), SqlValue::Text(value) => OffsetDateTime::parse(value, &Rfc3339).ok();
}

impl<T: FromSqlValue> FromSqlValue for Option<T> {
    fn from_sql_value(cell: &SqlValue) -> Option<Self> {
        match cell {
            SqlValue::Null => Some(None),
            cell => T::from_sql_value(cell).map(Some),
        }
    }
}

/// The content of a cell that has no counterpart in [`SqlValue`].
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(crate) fn unsupported(kind: &str) -> crate::error::BoxError {
    format!("a column of type {kind} cannot be read; cast it to text in the statement").into()
}
