use crate::error::{Error, Result};
use crate::store::AuthStore;

/// A statement or a migration of the application, in the SQL dialect of each database.
///
/// Dialects differ in their types and in their placeholders: PostgreSQL has `$1`, the others `?`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DialectSql {
    /// For SQLite.
    pub sqlite: &'static str,
    /// For PostgreSQL.
    pub postgres: &'static str,
    /// For MySQL and MariaDB.
    pub mysql: &'static str,
}

impl AuthStore {
    /// Returns the SQL for the database of this store, so that an application runs on each of them:
    ///
    /// ```
    /// use authstore::{AuthStore, DialectSql, NewUser};
    ///
    /// const SET_PLAN: DialectSql = DialectSql {
    ///     sqlite: "UPDATE profile SET plan = ? WHERE user_id = ?",
    ///     postgres: "UPDATE profile SET plan = $1 WHERE user_id = $2",
    ///     mysql: "UPDATE profile SET plan = ? WHERE user_id = ?",
    /// };
    ///
    /// # fn main() -> authstore::Result<()> {
    /// # let store = AuthStore::connect("sqlite::memory:")?;
    /// # store.migrate()?;
    /// # store.transaction(|tx| tx.execute("CREATE TABLE profile (user_id text, plan text)", &[]))?;
    /// # let user = store.create_user(NewUser::default())?;
    /// store.transaction(|tx| tx.execute(tx.sql(SET_PLAN)?, &["paid".into(), user.id.into()]))?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] when the [name](crate::Backend::name) of the backend is not `sqlite`, `postgres`, `mysql` or
    /// `mariadb`.
    pub fn sql(&self, sql: DialectSql) -> Result<&'static str> {
        match self.backend_name() {
            "sqlite" => Ok(sql.sqlite),
            "postgres" => Ok(sql.postgres),
            "mysql" | "mariadb" => Ok(sql.mysql),
            name => Err(Error::invalid(
                "sql",
                format!("there is no SQL for the backend {name}"),
            )),
        }
    }
}
