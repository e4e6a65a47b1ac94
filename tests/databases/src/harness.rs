use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use authstore::AuthStore;
use authstore_conformance::{BoxError, Declined, Description, Harness, Outage, Storage};
use rusqlite::Connection;

use crate::database::{Database, with_options};
use crate::kind::Kind;
use crate::pooler::Pooler;
use crate::proxy::{Proxy, Traffic};
use crate::server::Server;

/// One of the five databases, for the conformance suite.
#[derive(Clone, Debug)]
pub struct DatabaseHarness {
    kind: Kind,
    server: Option<Arc<Server>>,
    pooler: Option<Arc<Pooler>>,
}

impl DatabaseHarness {
    /// Uses the shared server, if the database needs one.
    pub fn new(kind: Kind) -> Self {
        DatabaseHarness {
            kind,
            server: None,
            pooler: None,
        }
    }

    /// Uses this server.
    pub fn on(server: Arc<Server>) -> Self {
        DatabaseHarness {
            kind: server.kind(),
            server: Some(server),
            pooler: None,
        }
    }

    /// Uses PostgreSQL through this pooler.
    pub fn through(pooler: Arc<Pooler>) -> Self {
        DatabaseHarness {
            kind: pooler.server().kind(),
            server: Some(pooler.server().clone()),
            pooler: Some(pooler),
        }
    }

    fn server(&self) -> Result<Arc<Server>, String> {
        match &self.server {
            Some(server) => Ok(server.clone()),
            None => Server::shared(self.kind),
        }
    }

    /// Returns true if another server like this can be started, to be killed.
    fn can_be_killed(&self) -> bool {
        self.kind.is_server() && self.server().is_ok_and(|server| server.can_be_copied())
    }

    fn remote(
        server: &Arc<Server>,
        pooler: Option<Arc<Pooler>>,
        is_its_own: bool,
    ) -> Result<Remote, String> {
        let database = Database::on(server)?;
        Ok(Remote {
            proxy: Proxy::to(match &pooler {
                Some(pooler) => pooler.address().to_string(),
                None => server.host(),
            }),
            pooler,
            database,
            is_its_own,
        })
    }
}

impl Harness for DatabaseHarness {
    fn describe(&self) -> Description {
        let name = match self.pooler {
            Some(_) => "postgres-pgbouncer",
            None => self.kind.name(),
        };
        let mut description = Description::new(name, env!("CARGO_PKG_VERSION"));
        let (version, settings) = match self.kind {
            Kind::SqliteMemory | Kind::SqliteFile => (
                Some(format!("SQLite {}", rusqlite::version())),
                BTreeMap::new(),
            ),
            _ => self
                .server()
                .and_then(|server| server_description(&server))
                .unwrap_or_else(|reason| (None, BTreeMap::from([("error".to_owned(), reason)]))),
        };
        description.server_version = version;
        description.server_settings = settings;
        if self.kind.is_server() {
            description.server_settings.insert(
                "checkout_timeout_ms".to_owned(),
                CHECKOUT_TIMEOUT.to_owned(),
            );
        }
        description.cut_off_by = self.kind.is_server().then_some(Outage::Proxy);
        if self.can_be_killed() {
            description.restarted_by = Some(Outage::Kill);
            description.server_settings.insert(
                "killed server".to_owned(),
                "a separate one, which syncs every commit".to_owned(),
            );
        }
        if let Some(version) = self.pooler.as_ref().and_then(|pooler| pooler.version()) {
            description
                .server_settings
                .insert("pooler".to_owned(), version);
        }
        description
    }

    fn fresh(&self) -> Result<Box<dyn Storage>, BoxError> {
        Ok(match self.kind {
            Kind::SqliteMemory => Box::new(Memory::default()),
            Kind::SqliteFile => Box::new(File {
                writer: Mutex::default(),
                database: Database::new(self.kind)?,
            }),
            _ => Box::new(Self::remote(&self.server()?, self.pooler.clone(), false)?),
        })
    }

    fn fresh_to_restart(&self) -> Result<Box<dyn Storage>, BoxError> {
        if !self.can_be_killed() {
            return self.fresh();
        }
        let server = Arc::new(self.server()?.start_durable_copy()?);
        let pooler = match &self.pooler {
            Some(pooler) => Some(Arc::new(pooler.start_copy(&server)?)),
            None => None,
        };
        Ok(Box::new(Self::remote(&server, pooler, true)?))
    }

    fn declined(&self) -> Vec<Declined> {
        match self.kind {
            Kind::SqliteMemory | Kind::SqliteFile => embedded(self.kind),
            _ if self.can_be_killed() => Vec::new(),
            _ => vec![Declined::new(
                "faults.killed_server",
                "The server was not started by these tests, and may have other users: it must not be killed.",
            )],
        }
    }
}

/// Returns the rules to decline for a database that runs in the process.
fn embedded(kind: Kind) -> Vec<Declined> {
    const NO_CONNECTION: &str =
        "SQLite runs in the process of its caller: there is no connection to cut.";
    let mut declined: Vec<Declined> = [
        "faults.unreachable",
        "faults.restart",
        "faults.cut_during_write",
        "faults.answer_lost",
        "faults.answer_late",
        "faults.answers_in_step",
        "faults.cut_transaction",
        "faults.interrupted_migration",
        "secrets.unreachable",
        "secrets.unanswered",
    ]
    .map(|rule| Declined::new(rule, NO_CONNECTION))
    .into();
    declined.push(Declined::new(
        "faults.wrong_password",
        "SQLite has no passwords.",
    ));
    declined.push(Declined::new(
        "faults.killed_server",
        match kind {
            Kind::SqliteMemory => "A database in memory ends with its process.",
            _ => {
                "SQLite runs in the process of its caller, which a rule cannot kill; tests/sqlite_processes.rs kills others."
            }
        },
    ));
    if kind == Kind::SqliteMemory {
        declined.push(Declined::new(
            "faults.paused",
            "A database in memory belongs to one process: no one else can block it.",
        ));
    }
    declined
}

/// Returns the server's version and its relevant settings.
fn server_description(
    server: &Server,
) -> Result<(Option<String>, BTreeMap<String, String>), String> {
    let kind = server.kind();
    let mut client = server.client()?;
    let (version, settings): (_, &[&str]) = if kind == Kind::Postgres {
        (
            "SHOW server_version",
            &[
                "SELECT current_setting('server_encoding')",
                "SELECT datcollate FROM pg_database WHERE datname = current_database()",
                "SELECT current_setting('default_transaction_isolation')",
                "SELECT current_setting('TimeZone')",
                "SELECT current_setting('fsync')",
            ],
        )
    } else {
        (
            "SELECT @@version",
            &[
                "SELECT @@character_set_server",
                "SELECT @@collation_server",
                "SELECT @@transaction_isolation",
                "SELECT @@system_time_zone",
                "SELECT @@sql_mode",
                "SELECT @@innodb_flush_log_at_trx_commit",
            ],
        )
    };
    let version = format!("{} {}", kind.title(), client.query_one(version));
    let settings = settings
        .iter()
        .map(|&query| {
            let name = query
                .trim_start_matches("SELECT ")
                .trim_start_matches("current_setting('")
                .trim_start_matches("@@");
            let name = name.split(['\'', ' ']).next().unwrap_or(name);
            (name.to_owned(), client.query_one(query))
        })
        .collect();
    Ok((Some(version), settings))
}

/// SQLite in memory. A database is only reachable through its handle, so all handles are clones of the first.
#[derive(Default)]
struct Memory(OnceLock<AuthStore>);

impl Storage for Memory {
    fn open(&self) -> Result<AuthStore, BoxError> {
        if let Some(store) = self.0.get() {
            return Ok(store.clone());
        }
        let store = AuthStore::connect("sqlite::memory:")?;
        Ok(self.0.get_or_init(|| store).clone())
    }
}

/// SQLite on a file, where another program can block writers.
struct File {
    // The first field, so that it is closed before the file is removed.
    writer: Mutex<Option<Connection>>,
    database: Database,
}

impl Storage for File {
    fn open(&self) -> Result<AuthStore, BoxError> {
        Ok(AuthStore::connect(&self.database.url())?)
    }

    fn pause(&self) -> Result<(), BoxError> {
        let url = self.database.url();
        let writer = Connection::open(url.trim_start_matches("sqlite:"))?;
        writer.busy_timeout(Duration::from_secs(10))?;
        writer.execute_batch("BEGIN IMMEDIATE")?;
        *self.writer.lock().unwrap_or_else(PoisonError::into_inner) = Some(writer);
        Ok(())
    }

    fn resume(&self) -> Result<(), BoxError> {
        *self.writer.lock().unwrap_or_else(PoisonError::into_inner) = None;
        Ok(())
    }
}

/// Several rules run concurrently on a busy machine, so a long wait for a connection is not a failure.
const CHECKOUT_TIMEOUT: &str = "20000";

/// A database on a server, behind a proxy that can be closed without disturbing others.
struct Remote {
    database: Database,
    pooler: Option<Arc<Pooler>>,
    proxy: Proxy,
    /// Whether this is the only storage on the server.
    is_its_own: bool,
}

impl Storage for Remote {
    fn open(&self) -> Result<AuthStore, BoxError> {
        let url = self.database.url_through(self.proxy.address());
        let options = format!("checkout_timeout_ms={CHECKOUT_TIMEOUT}");
        Ok(AuthStore::connect(&with_options(url, &options))?)
    }

    fn cut_off(&self) -> Result<(), BoxError> {
        self.proxy.close();
        Ok(())
    }

    fn restore(&self) -> Result<(), BoxError> {
        self.proxy.set(Traffic::Passes);
        Ok(())
    }

    fn restart(&self) -> Result<(), BoxError> {
        if !self.is_its_own {
            return Err("other rules use the server, so it is not killed".into());
        }
        Ok(self.database.server().crash()?)
    }

    fn hold_answers(&self) -> Result<(), BoxError> {
        self.proxy.set(Traffic::AnswersHeld);
        Ok(())
    }

    fn pause(&self) -> Result<(), BoxError> {
        self.proxy.set(Traffic::Held);
        Ok(())
    }

    fn resume(&self) -> Result<(), BoxError> {
        self.proxy.set(Traffic::Passes);
        Ok(())
    }

    fn open_with_password(&self, password: &str) -> Result<authstore::Result<AuthStore>, BoxError> {
        let name = self.database.name();
        let url = match &self.pooler {
            Some(pooler) => pooler.url_with_password(password, name),
            None => self.database.server().url_with_password(password, name),
        };
        Ok(AuthStore::connect(&url))
    }
}
