//! An example backend of `authstore` without SQL, in a [redb](https://docs.rs/redb) file. It uses only the public trait
//! [`authstore::Backend`].
//!
//! ```
//! use authstore::{AuthStore, NewUser};
//! use authstore_redb::RedbBackend;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! let store = AuthStore::new(RedbBackend::open(folder.path().join("auth.redb"))?);
//! let ada = store.create_user(NewUser { email: Some("ada@example.org".into()), ..NewUser::default() })?;
//! assert_eq!(store.get_user_by_email("ada@example.org")?, Some(ada));
//! # Ok(())
//! # }
//! ```
//!
//! How it keeps the contract:
//!
//! - Each operation is one redb transaction. redb commits it atomically, and syncs the file before the commit returns.
//! - There is one writer at a time, so what a write transaction has checked stays true until it commits. A writer waits
//!   for its turn at most [`WAIT`].
//! - Readers never wait, and see a consistent snapshot of the last commit.
//! - A redb file belongs to one process at a time. Clones of a [`RedbBackend`] share it.

mod backend;
mod failure;
mod rows;
mod tables;
mod write;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use authstore::Error;
use parking_lot::Mutex;
use redb::backends::InMemoryBackend;
use redb::{Database, DatabaseError, ReadTransaction, ReadableDatabase, WriteTransaction};

use failure::Failure;

/// How long an operation that writes waits for its turn before it fails with [`authstore::Error::Unavailable`].
pub const WAIT: Duration = Duration::from_secs(10);

/// A backend in a redb file. Cheap to clone; clones share the file.
#[derive(Clone)]
pub struct RedbBackend {
    file: Arc<File>,
}

struct File {
    database: Database,
    /// Held by the writer. redb has such a lock too, but waits for it indefinitely.
    turn: Mutex<()>,
}

impl RedbBackend {
    /// Opens the file, which is created if missing.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] if another program has the file open or it cannot be read; [`Error::Backend`] if it is
    /// not a redb file.
    pub fn open(path: impl AsRef<Path>) -> authstore::Result<Self> {
        Self::new(Database::create(path))
    }

    /// Creates a database in memory, for tests. It is dropped with the last clone.
    ///
    /// # Errors
    ///
    /// No errors are expected.
    pub fn in_memory() -> authstore::Result<Self> {
        Self::new(Database::builder().create_with_backend(InMemoryBackend::new()))
    }

    fn new(database: Result<Database, DatabaseError>) -> authstore::Result<Self> {
        let backend = RedbBackend {
            file: Arc::new(File {
                database: database.map_err(Failure::from)?,
                turn: Mutex::new(()),
            }),
        };
        backend.write(write::create_tables)?;
        Ok(backend)
    }

    /// Runs one operation that reads.
    fn read<T>(
        &self,
        operation: impl FnOnce(&ReadTransaction) -> Result<T, Failure>,
    ) -> authstore::Result<T> {
        let transaction = self.file.database.begin_read().map_err(Failure::from)?;
        Ok(operation(&transaction)?)
    }

    /// Runs one operation that writes, and commits it if it succeeds. Dropping a transaction rolls it back.
    fn write<T>(
        &self,
        operation: impl FnOnce(&WriteTransaction) -> Result<T, Failure>,
    ) -> authstore::Result<T> {
        let Some(_turn) = self.file.turn.try_lock_for(WAIT) else {
            return Err(Error::unavailable("others kept writing for too long"));
        };
        let transaction = self.file.database.begin_write().map_err(Failure::from)?;
        let result = operation(&transaction)?;
        transaction.commit().map_err(Failure::from)?;
        Ok(result)
    }
}

impl fmt::Debug for RedbBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedbBackend").finish_non_exhaustive()
    }
}
