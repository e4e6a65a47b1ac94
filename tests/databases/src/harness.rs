use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use authstore::AuthStore;
use authstore_conformance::{BoxError, Declined, Description, Harness, Storage};
use rusqlite::Connection;

use crate::database::Database;
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
    /// The server that the process shares, where the database needs one.
    pub fn new(kind: Kind) -> Self {
        DatabaseHarness {
            kind,
            server: None,
            pooler: None,
        }
    }

    /// This server.
    pub fn on(server: Arc<Server>) -> Self {
        DatabaseHarness {
            kind: server.kind(),
            server: Some(server),
            pooler: None,
        }
    }

    /// PostgreSQL through this pooler.
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
            _ => {
                let database = Database::on(&self.server()?)?;
                Box::new(Remote {
                    proxy: Proxy::to(match &self.pooler {
                        Some(pooler) => pooler.address().to_string(),
                        None => database.server().host(),
                    }),
                    pooler: self.pooler.clone(),
                    database,
                })
            }
        })
    }

    fn declined(&self) -> Vec<Declined> {
        match self.kind {
            Kind::SqliteMemory | Kind::SqliteFile => embedded(self.kind),
            _ => Vec::new(),
        }
    }
}

/// What cannot happen to a database that runs in the process.
fn embedded(kind: Kind) -> Vec<Declined> {
    const NO_CONNECTION: &str =
        "SQLite runs in the process of its caller: there is no connection that could be cut.";
    let mut declined: Vec<Declined> = [
        "faults.unreachable",
        "faults.restart",
        "faults.cut_during_write",
        "faults.answer_lost",
        "faults.answer_late",
        "faults.answers_in_step",
        "secrets.unreachable",
        "secrets.unanswered",
    ]
    .map(|rule| Declined::new(rule, NO_CONNECTION))
    .into();
    declined.push(Declined::new(
        "faults.wrong_password",
        "SQLite has no passwords.",
    ));
    if kind == Kind::SqliteMemory {
        declined.push(Declined::new(
            "faults.paused",
            "A database in memory belongs to one process: nobody else can hold it up.",
        ));
    }
    declined
}

/// The server's version, and those of its settings that might make a difference.
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

/// SQLite in memory: a handle is the only way to the database, so all are clones of the first.
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

/// SQLite on a file, where another program can hold up writers.
struct File {
    // First, so that it is closed before the file is removed.
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

/// A database on a server, with a way to it that can be closed without disturbing others.
struct Remote {
    database: Database,
    pooler: Option<Arc<Pooler>>,
    proxy: Proxy,
}

impl Storage for Remote {
    fn open(&self) -> Result<AuthStore, BoxError> {
        // Several rules at once on a busy machine: to wait for a connection is no failure.
        let url = self.database.url_through(self.proxy.address());
        let separator = if url.contains('?') { '&' } else { '?' };
        Ok(AuthStore::connect(&format!(
            "{url}{separator}checkout_timeout_ms=20000"
        ))?)
    }

    fn cut_off(&self) -> Result<(), BoxError> {
        self.proxy.close();
        Ok(())
    }

    fn restore(&self) -> Result<(), BoxError> {
        self.proxy.set(Traffic::Passes);
        Ok(())
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
