//! The harness for a server.

use std::sync::{Mutex, MutexGuard, PoisonError};

use authstore::AuthStore;
use authstore_conformance::{BoxError, Declined, Description, Harness, Outage, Storage};
use authstore_test_databases::{Proxy, Traffic};
use authstore_valkey::ValkeyBackend;

use crate::server::{Server, url, version};

pub(crate) struct ValkeyHarness;

impl Harness for ValkeyHarness {
    fn describe(&self) -> Description {
        let mut description = Description::new("valkey", env!("CARGO_PKG_VERSION"));
        description.server_version = version().ok().map(|(_, version)| version.clone());
        for setting in ["appendonly=yes", "appendfsync=always"] {
            let (name, value) = setting.split_once('=').unwrap_or_default();
            let settings = &mut description.server_settings;
            settings.insert(name.to_owned(), value.to_owned());
        }
        description.cut_off_by = Some(Outage::Kill);
        description.restarted_by = Some(Outage::Kill);
        description
    }

    fn fresh(&self) -> Result<Box<dyn Storage>, BoxError> {
        Ok(Box::new(ValkeyStorage::new()?))
    }

    fn declined(&self) -> Vec<Declined> {
        const SCHEMA: &str = "There is no schema: a key is made when something is stored by it.";
        vec![
            Declined::new("migrate", SCHEMA),
            Declined::new("secrets.without_schema", SCHEMA),
        ]
    }
}

/// A server behind a proxy that can hold back answers. Cutting it off kills it.
pub(crate) struct ValkeyStorage {
    pub(crate) proxy: Proxy,
    server: Mutex<Server>,
}

impl ValkeyStorage {
    pub(crate) fn new() -> Result<Self, BoxError> {
        let server = Server::start()?;
        Ok(ValkeyStorage {
            proxy: Proxy::to(server.address().to_string()),
            server: Mutex::new(server),
        })
    }

    pub(crate) fn server(&self) -> MutexGuard<'_, Server> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Storage for ValkeyStorage {
    fn open(&self) -> Result<AuthStore, BoxError> {
        let url = url(self.proxy.address(), &self.server().password);
        Ok(AuthStore::new(ValkeyBackend::open(&url)?))
    }

    fn cut_off(&self) -> Result<(), BoxError> {
        self.proxy.close();
        self.server().kill();
        Ok(())
    }

    fn restart(&self) -> Result<(), BoxError> {
        let mut server = self.server();
        server.kill();
        server.start_again()
    }

    fn restore(&self) -> Result<(), BoxError> {
        self.server().start_again()?;
        self.proxy.set(Traffic::Passes);
        Ok(())
    }

    fn pause(&self) -> Result<(), BoxError> {
        self.proxy.set(Traffic::Held);
        Ok(())
    }

    fn hold_answers(&self) -> Result<(), BoxError> {
        self.proxy.set(Traffic::AnswersHeld);
        Ok(())
    }

    fn resume(&self) -> Result<(), BoxError> {
        self.proxy.set(Traffic::Passes);
        Ok(())
    }

    fn open_with_password(&self, password: &str) -> Result<authstore::Result<AuthStore>, BoxError> {
        let url = url(self.proxy.address(), password);
        Ok(ValkeyBackend::open(&url).map(AuthStore::new))
    }
}
