use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use authstore::AuthStore;
use uuid::Uuid;

use crate::cleanup::AtEnd;
use crate::client::Client;
use crate::kind::Kind;
use crate::server::Server;

/// A new, empty database for one test, dropped with this value.
#[derive(Debug)]
pub struct Database {
    kind: Kind,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Memory,
    Folder { path: PathBuf, _at_end: AtEnd },
    Server { server: Arc<Server>, name: String },
}

impl Database {
    /// Creates a database of this kind, on the shared server if it needs one. Returns the reason if it is not
    /// available.
    pub fn new(kind: Kind) -> Result<Self, String> {
        let place = match kind {
            Kind::SqliteMemory => Place::Memory,
            Kind::SqliteFile => {
                let path = std::env::temp_dir()
                    .join(format!("authstore-test-{}", Uuid::new_v4().simple()));
                std::fs::create_dir(&path)
                    .map_err(|error| format!("could not create {}: {error}", path.display()))?;
                let at_end = AtEnd::run(["rm".as_ref(), "-rf".as_ref(), path.as_os_str()])
                    .map_err(|error| format!("could not start a shell: {error}"))?;
                Place::Folder {
                    path,
                    _at_end: at_end,
                }
            }
            Kind::Postgres | Kind::Mysql | Kind::Mariadb => {
                return Self::on(&Server::shared(kind)?);
            }
        };
        Ok(Database { kind, place })
    }

    /// Creates a database on this server.
    pub fn on(server: &Arc<Server>) -> Result<Self, String> {
        let name = format!("authstore_test_{}", Uuid::new_v4().simple());
        // By default, PostgreSQL copies a new database through its log, which takes three times as long as its files.
        let how = match server.kind() {
            Kind::Postgres => "STRATEGY file_copy",
            _ => "",
        };
        server
            .client()?
            .try_query(&format!("CREATE DATABASE {name} {how}"))?;
        Ok(Database {
            kind: server.kind(),
            place: Place::Server {
                server: server.clone(),
                name,
            },
        })
    }

    /// Returns the kind of database.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns its URL. For SQLite in memory, each connection to it creates a new database.
    pub fn url(&self) -> String {
        match &self.place {
            Place::Memory => "sqlite::memory:".to_owned(),
            Place::Folder { path, .. } => format!("sqlite:{}", path.join("auth.db").display()),
            Place::Server { server, name } => server.url(name),
        }
    }

    /// Returns its URL with another host and port, such as those of a [`Proxy`](crate::Proxy).
    ///
    /// # Panics
    ///
    /// If it is not on a server.
    pub fn url_through(&self, address: SocketAddr) -> String {
        self.server().url_through(address, self.name())
    }

    /// Returns its name on the server.
    ///
    /// # Panics
    ///
    /// If it is not on a server.
    pub fn name(&self) -> &str {
        match &self.place {
            Place::Server { name, .. } => name,
            _ => panic!("{} has no server", self.kind),
        }
    }

    /// Returns its server.
    ///
    /// # Panics
    ///
    /// If it is not on a server.
    pub fn server(&self) -> &Arc<Server> {
        match &self.place {
            Place::Server { server, .. } => server,
            _ => panic!("{} has no server", self.kind),
        }
    }

    /// Opens a connection that bypasses the store.
    ///
    /// # Panics
    ///
    /// If it is not on a server, or the server does not answer.
    pub fn client(&self) -> Client {
        Client::connect(&self.url()).unwrap_or_else(|error| panic!("{}: {error}", self.kind))
    }

    /// Opens a store on it, and migrates it.
    ///
    /// # Panics
    ///
    /// If it cannot be opened or migrated.
    pub fn store(&self) -> AuthStore {
        self.store_with("")
    }

    /// Opens a store on it with these options (`pool_size=2&...`), and migrates it.
    ///
    /// # Panics
    ///
    /// If it cannot be opened or migrated.
    pub fn store_with(&self, options: &str) -> AuthStore {
        store(&with_options(self.url(), options))
    }
}

/// Opens a store at this URL, and migrates it.
///
/// # Panics
///
/// If it cannot be opened or migrated.
pub fn store(url: &str) -> AuthStore {
    let store = AuthStore::connect(url).expect("the store can be opened");
    store.migrate().expect("the store can be migrated");
    store
}

/// Adds options to a URL.
pub fn with_options(mut url: String, options: &str) -> String {
    if !options.is_empty() {
        url.push(if url.contains('?') { '&' } else { '?' });
        url += options;
    }
    url
}

impl Drop for Database {
    fn drop(&mut self) {
        let Place::Server { server, name } = &self.place else {
            return;
        };
        // Only a failed test leaves connections with locks, or a server that is down. Its own message counts, so errors
        // here do not panic.
        let dropped = server.client().and_then(|mut client| {
            if self.kind == Kind::Postgres {
                return client.try_query(&format!("DROP DATABASE {name} WITH (FORCE)"));
            }
            client.try_query("SET SESSION lock_wait_timeout = 5")?;
            client
                .try_query(&format!("DROP DATABASE {name}"))
                .or_else(|_| {
                    let left = client.try_query(&format!(
                        "SELECT id FROM information_schema.processlist WHERE db = '{name}'"
                    ))?;
                    for id in left.into_iter().flatten().flatten() {
                        // It may have ended since.
                        let _ = client.try_query(&format!("KILL {id}"));
                    }
                    client.try_query(&format!("DROP DATABASE {name}"))
                })
        });
        if let Err(error) = dropped
            && !server.is_container()
        {
            eprintln!("{}: could not drop the database {name}: {error}", self.kind);
        }
    }
}
