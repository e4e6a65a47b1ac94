//! Versions of a schema: what they are, and what runs them.
//!
//! A *series* is a list of migrations that belong together: the crate's own is called `authstore`, and an application
//! may add one of its own from a folder ([`Series::from_dir`]). All series share one history table,
//! `authstore_migration`, which keeps the series, version, name, checksum and time of each step that was taken.
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
mod error;
mod migrator;
mod series;
mod target;

pub use adoption::{Adoption, AdoptionProgress, TableRows};
pub use error::MigrationError;
pub use migrator::{Migrator, Step, StepState, StepStatus};
pub(crate) use series::embedded;
pub use series::{Direction, Migration, Series};
pub use target::{Applied, Lock, Target};
