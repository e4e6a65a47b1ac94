//! Schema migrations: the types that describe them, and the [`Migrator`] that runs them.
//!
//! A *series* is a list of migrations that belong together. The crate's series is called `authstore`, and an
//! application can add its own from a folder ([`Series::from_dir`]). All series share one history table,
//! `authstore_migration`, which records the series, version, name, checksum and time of each applied migration. A
//! *step* is one migration, as a run applies or reverts it.
//!
//! # What a migration may do
//!
//! Nothing that a migration sets, opens or locks in its session affects the history or the next migration. The result
//! is the same whether migrations are applied in one run or in several.
//!
//! | database | a migration runs | changes to its session | transactions that it begins or ends itself |
//! |---|---|---|---|
//! | PostgreSQL | in one transaction with its history row, on a separate connection | are reset before the row is written | ending the transaction fails the migration; what it committed stays, and is not recorded |
//! | PostgreSQL through a pooler | behind a savepoint; the whole run is one transaction | are reset before the row is written | as above |
//! | MySQL, MariaDB | on a separate connection; DDL commits implicitly | end with the connection | leaving one open fails the migration, and rolls back what is not committed |
//! | SQLite | behind a savepoint; the whole run is one transaction | pragmas that would outlast it, `ATTACH` and temporary objects fail the migration | a statement that begins or ends one fails the migration |
//!
//! A failed migration is not recorded. It is rolled back, except for what it committed on PostgreSQL, MySQL and
//! MariaDB.
//!
//! A migration that begins with the line `-- authstore: no-transaction` runs outside a transaction. If it fails, what
//! it has done so far stays: see [`Series::from_dir`].
//!
//! ```
//! use authstore::AuthStore;
//! use authstore::migration::StepState;
//!
//! # fn main() -> authstore::Result<()> {
//! let store = AuthStore::connect("sqlite::memory:")?;
//! let migrator = store.migrator().expect("SQLite has a schema");
//! for step in migrator.up()? {
//!     println!("{step}");
//! }
//! assert!(migrator.status()?.iter().all(|row| matches!(row.state, StepState::Applied { .. })));
//! # Ok(())
//! # }
//! ```

mod adoption;
mod client_command;
mod error;
mod migrator;
mod series;
mod target;

pub use adoption::{Adoption, AdoptionEstimate, AdoptionProgress, TableRows, TableWork};
pub use error::MigrationError;
pub use migrator::{Migrator, Step, StepState, StepStatus};
pub(crate) use series::embedded;
pub use series::{Direction, Migration, Series};
pub(crate) use target::left_transaction_open;
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(crate) use target::timed_out_waiting;
pub use target::{Applied, Lock, Target};
