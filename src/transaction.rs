//! Transactions with the store's operations and the application's own SQL.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::backend::{Backend, BackendTransaction};
use crate::error::{Error, Result};
use crate::sql::retry_backoff;
use crate::sql_value::{SqlRow, SqlValue};
use crate::store::AuthStore;

/// The maximum number of attempts of a transaction that conflicts with others.
const ATTEMPTS: u32 = 10;

impl AuthStore {
    /// Runs `work` in one transaction: committed when `work` returns `Ok`, otherwise rolled back.
    ///
    /// `work` gets a [`Transaction`], which has all operations of the store and runs the application's own SQL. Other
    /// callers see nothing of it before the commit. Use only the [`Transaction`] inside: the store outside uses another
    /// connection. On SQLite its writes, and in memory its reads too, wait for this transaction until they time out.
    ///
    /// A transaction that conflicts with others (a deadlock, a serialization failure) is rolled back and `work` runs
    /// again, up to ten times in all. So `work` must have no effects outside the database.
    ///
    /// If an operation inside fails, such as with [`Error::Conflict`], only that operation is undone, and `work` may
    /// continue. If that is impossible, the whole transaction is undone, and every later call fails, and so does the
    /// commit: after a lost connection, for example, or when MySQL rolls back the transaction over a timeout
    /// (`innodb_rollback_on_timeout`).
    ///
    /// On MySQL and MariaDB, a statement that changes a schema (`CREATE`, `ALTER`, `DROP`) commits what came before it,
    /// and ends the transaction: do not run one inside.
    ///
    /// A transaction holds one connection while it runs, and on SQLite the only writer, so keep it short: no
    /// option limits the time of `work` as a whole. On PostgreSQL each operation and each statement inside takes three
    /// round trips instead of one, because a savepoint surrounds it.
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
    /// database's own: `?` on SQLite, MySQL and MariaDB, `$1`, `$2` ... on PostgreSQL. Statements are prepared and
    /// kept.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`] for a statement that the database does not accept; [`Error::Rejected`] when one of the
    /// application's constraints rejects it; [`Error::Invalid`] for `parameters` when a time is outside the years 1970
    /// to 9999.
    pub fn execute(&self, sql: &'static str, parameters: &[SqlValue]) -> Result<u64> {
        self.begun.execute(sql, parameters)
    }

    /// Works like [`execute`](Transaction::execute), for a statement that returns rows. All of them are read.
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

/// A transaction of a backend that wraps another: its operations are wrapped too.
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
