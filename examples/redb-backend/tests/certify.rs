//! The harness, and the line that creates a test for each rule.
//!
//! The backend is certified in memory, because syncing thousands of writes to a disk takes long. `file.rs` tests what
//! differs in a file.

use authstore::AuthStore;
use authstore_conformance::{BoxError, Declined, Description, Harness, Storage, certify};
use authstore_redb::RedbBackend;

struct RedbHarness;

impl Harness for RedbHarness {
    fn describe(&self) -> Description {
        let mut description = Description::new("redb", env!("CARGO_PKG_VERSION"));
        description
            .server_settings
            .insert("storage".into(), "in memory".into());
        description
    }

    fn fresh(&self) -> Result<Box<dyn Storage>, BoxError> {
        Ok(Box::new(RedbStorage(RedbBackend::in_memory()?)))
    }

    fn declined(&self) -> Vec<Declined> {
        const SCHEMA: &str = "There is no schema: the tables are made when the file is opened.";
        const SERVER: &str = "There is no server, so there is nothing to cut off, and no password.";
        vec![
            Declined::new("migrate", SCHEMA),
            Declined::new("secrets.without_schema", SCHEMA),
            Declined::new("secrets.unreachable", SERVER),
            Declined::new("faults.unreachable", SERVER),
            Declined::new("faults.restart", SERVER),
            Declined::new("faults.paused", SERVER),
            Declined::new("faults.cut_during_write", SERVER),
            Declined::new("faults.answer_lost", SERVER),
            Declined::new("faults.answer_late", SERVER),
            Declined::new("faults.answers_in_step", SERVER),
            Declined::new("faults.killed_server", SERVER),
            Declined::new("secrets.unanswered", SERVER),
            Declined::new("faults.wrong_password", SERVER),
        ]
    }
}

struct RedbStorage(RedbBackend);

impl Storage for RedbStorage {
    fn open(&self) -> Result<AuthStore, BoxError> {
        Ok(AuthStore::new(self.0.clone()))
    }
}

certify!(RedbHarness);

/// Runs all rules together, and writes the certificate to the workspace's folder `target/conformance`. It certifies
/// only in the profile `certify`, because `quick` tests too little.
#[test]
fn certificate() {
    let certificate = authstore_conformance::Runner::new(RedbHarness).run();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/conformance");
    certificate.write(folder, "redb").unwrap();
    assert!(certificate.all_kept, "{}", certificate.to_markdown());
}
