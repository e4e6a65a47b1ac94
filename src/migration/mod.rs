//! Versions of a schema: what they are, and what runs them.
//!
//! A *series* is a list of migrations that belong together: the crate's own is called `authstore`, and an application
//! may add one of its own from a folder ([`Series::from_dir`]). All series share one history table,
//! `authstore_migration`, which keeps the series, version, name, checksum and time of each step that was applied.
//!
//! # What a step may do
//!
//! What a step sets, opens or locks in its session reaches neither the history nor the next step: several steps give the
//! same result in one run as in several.
//!
//! | database | a step runs | what it does to its session | a transaction of its own |
//! |---|---|---|---|
//! | PostgreSQL | in one transaction with its row of history, on a connection of its own | is put back before the row is written | ending the transaction fails the step: what it committed stays, and is not recorded |
//! | PostgreSQL through a pooler | behind a savepoint, all steps in one transaction | is put back before the row is written | as above |
//! | MySQL, MariaDB | on a connection of its own; DDL commits implicitly | ends with the connection | leaving one open fails the step, and rolls back what is not committed |
//! | SQLite | behind a savepoint, all steps in one transaction | pragmas that would outlast it, `ATTACH` and temporary objects fail the step | a statement that begins or ends one fails the step |
//!
//! A failed step is not recorded. It is undone, except for what it committed on PostgreSQL, MySQL and MariaDB.
//!
//! A step that begins with the line `-- authstore: no-transaction` runs outside a transaction, and what it had done when it
//! failed stays: see [`Series::from_dir`].
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
