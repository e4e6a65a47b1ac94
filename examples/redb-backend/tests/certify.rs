//! The harness, and the line that makes a test of each rule.

use authstore::AuthStore;
use authstore_conformance::{BoxError, Description, Harness, Storage, certify};
use authstore_redb::RedbBackend;
use tempfile::TempDir;

struct RedbHarness;

impl Harness for RedbHarness {
    fn describe(&self) -> Description {
        Description::new("redb", env!("CARGO_PKG_VERSION"))
    }

    fn fresh(&self) -> Result<Box<dyn Storage>, BoxError> {
        let folder = tempfile::tempdir()?;
        let backend = RedbBackend::open(folder.path().join("auth.redb"))?;
        Ok(Box::new(RedbStorage {
            backend,
            _folder: folder,
        }))
    }
}

/// Fields are dropped in this order: the file is closed, then its folder removed.
struct RedbStorage {
    backend: RedbBackend,
    _folder: TempDir,
}

impl Storage for RedbStorage {
    fn open(&self) -> Result<AuthStore, BoxError> {
        Ok(AuthStore::new(self.backend.clone()))
    }
}

certify!(RedbHarness);
