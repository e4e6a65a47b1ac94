use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::client::Client;
use crate::container::{Container, Recipe, engine};
use crate::kind::Kind;
use crate::location::Location;

/// The timeout for a server to start.
const READY_TIMEOUT: Duration = Duration::from_secs(120);

/// A running PostgreSQL, MySQL or MariaDB.
pub struct Server {
    kind: Kind,
    location: Location,
    container: Option<Container>,
    /// Its configuration, if it was started here.
    setup: Option<Setup>,
}

/// The configuration of a test's own server.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Arguments of the server's command line.
    pub arguments: Vec<String>,
    /// Statements to run once the server answers, for settings without an argument.
    pub statements: Vec<&'static str>,
    /// Whether commits survive a restart. It costs speed, so it is off for servers that are not restarted.
    pub durable: bool,
    /// Files to put into the container, by path. Only the server can read them.
    pub files: Vec<(String, Vec<u8>)>,
}

impl Setup {
    /// Defaults that differ as much as possible from what the store needs.
    pub fn hostile(kind: Kind) -> Self {
        let arguments: &[&str] = match kind {
            Kind::Postgres => &[
                "--timezone=Pacific/Apia",
                "--datestyle=SQL,DMY",
                "--intervalstyle=sql_standard",
                "--bytea_output=escape",
                "--extra_float_digits=-15",
                "--standard_conforming_strings=off",
                "--backslash_quote=on",
                "--transform_null_equals=on",
                "--default_transaction_isolation=read uncommitted",
                "--default_transaction_read_only=on",
                "--client_encoding=LATIN1",
                "--search_path=\"$user\",public,pg_temp",
                "--row_security=off",
                "--session_replication_role=replica",
                "--synchronous_commit=off",
                "--array_nulls=off",
                "--quote_all_identifiers=on",
                "--gin_fuzzy_search_limit=1",
                "--xmlbinary=hex",
                "--xmloption=document",
                "--timezone_abbreviations=India",
                "--exit_on_error=on",
                "--default_transaction_deferrable=on",
                "--idle_in_transaction_session_timeout=1s",
            ],
            _ => &[
                "--default-time-zone=+13:00",
                "--sql-mode=",
                "--character-set-server=latin1",
                "--collation-server=latin1_swedish_ci",
                "--transaction-isolation=READ-UNCOMMITTED",
                "--explicit-defaults-for-timestamp=0",
                "--autocommit=0",
            ],
        };
        let statements: &[&str] = match kind {
            Kind::Postgres => &[],
            Kind::Mysql => HOSTILE_TO_MYSQL,
            _ => HOSTILE_TO_MARIADB,
        };
        Setup {
            arguments: arguments
                .iter()
                .map(|&argument| argument.to_owned())
                .collect(),
            statements: statements.to_vec(),
            ..Setup::default()
        }
    }
}

/// Settings for all future sessions, on both servers.
macro_rules! hostile_globals {
    ($($more:literal),*) => {
        &[
            "SET GLOBAL completion_type = 'CHAIN'",
            "SET GLOBAL transaction_read_only = 1",
            "SET GLOBAL foreign_key_checks = 0",
            "SET GLOBAL unique_checks = 0",
            "SET GLOBAL sql_auto_is_null = 1",
            "SET GLOBAL sql_safe_updates = 1",
            "SET GLOBAL sql_select_limit = 1",
            "SET GLOBAL sql_big_selects = 0",
            "SET GLOBAL max_join_size = 1",
            "SET GLOBAL max_sort_length = 64",
            "SET GLOBAL group_concat_max_len = 4",
            "SET GLOBAL div_precision_increment = 0",
            "SET GLOBAL default_week_format = 3",
            "SET GLOBAL low_priority_updates = 1",
            "SET GLOBAL innodb_lock_wait_timeout = 1",
            "SET GLOBAL lock_wait_timeout = 1",
            "SET GLOBAL sql_quote_show_create = 0",
            "SET GLOBAL innodb_strict_mode = 0",
            "SET GLOBAL lc_messages = 'de_DE'",
            "SET GLOBAL lc_time_names = 'de_DE'",
            $($more),*
        ]
    };
}

const HOSTILE_TO_MYSQL: &[&str] = hostile_globals![
    "SET GLOBAL max_execution_time = 500",
    "SET GLOBAL sql_require_primary_key = 1",
    "SET GLOBAL sql_generate_invisible_primary_key = 1",
    "SET GLOBAL default_storage_engine = 'MEMORY'",
    "SET GLOBAL default_collation_for_utf8mb4 = 'utf8mb4_general_ci'"
];

const HOSTILE_TO_MARIADB: &[&str] = hostile_globals![
    "SET GLOBAL max_statement_time = 0.5",
    "SET GLOBAL sql_notes = 0",
    "SET GLOBAL max_error_count = 0",
    "SET GLOBAL check_constraint_checks = 0",
    "SET GLOBAL innodb_snapshot_isolation = 1",
    "SET GLOBAL old_mode = 'ZERO_DATE_TIME_CAST,NO_DUP_KEY_WARNINGS_WITH_IGNORE'",
    "SET GLOBAL system_versioning_alter_history = 'KEEP'",
    "SET GLOBAL default_storage_engine = 'Aria'"
];

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Server({} at {})", self.kind, self.location.host())
    }
}

impl Server {
    /// Returns the server that all tests of this process share: the one whose URL is in the environment, or a container
    /// that is started at the first call and removed when the process ends. Returns the reason if there is none.
    pub fn shared(kind: Kind) -> Result<Arc<Self>, String> {
        static SERVERS: [OnceLock<Result<Arc<Server>, String>>; 3] = [const { OnceLock::new() }; 3];
        Self::shared_in(&SERVERS, kind, Setup::default)
    }

    /// Like [`shared`](Server::shared), but a container has the settings of [`Setup::hostile`].
    pub fn hostile(kind: Kind) -> Result<Arc<Self>, String> {
        static SERVERS: [OnceLock<Result<Arc<Server>, String>>; 3] = [const { OnceLock::new() }; 3];
        Self::shared_in(&SERVERS, kind, || Setup::hostile(kind))
    }

    fn shared_in(
        servers: &[OnceLock<Result<Arc<Self>, String>>; 3],
        kind: Kind,
        setup: impl FnOnce() -> Setup,
    ) -> Result<Arc<Self>, String> {
        let position = Kind::SERVERS
            .into_iter()
            .position(|server| server == kind)
            .ok_or("SQLite has no server")?;
        servers[position]
            .get_or_init(|| {
                let server = match std::env::var(kind.url_variable()) {
                    Ok(url) => Self::at(kind, &url)
                        .map_err(|reason| format!("{}: {reason}", kind.url_variable())),
                    Err(_) => Self::start(kind, &setup()),
                };
                server.map(Arc::new)
            })
            .clone()
    }

    /// Starts a server in a container that is not shared. Dropping it removes the container.
    pub fn start(kind: Kind, setup: &Setup) -> Result<Self, String> {
        engine()?;
        let password = Uuid::new_v4().simple().to_string();
        let recipe = recipe(kind, setup, &password);
        let container = Container::start(&recipe).map_err(|reason| {
            format!("could not start a container of {} ({reason})", recipe.image)
        })?;
        let mut server = Self::in_container(kind, container, &password)?;
        server.setup = Some(setup.clone());
        let mut client = server.client()?;
        for statement in &setup.statements {
            client
                .try_query(statement)
                .map_err(|error| format!("{statement}: {error}"))?;
        }
        Ok(server)
    }

    /// Starts another server like this one, not shared, on which commits survive a kill. Fails if this one was not
    /// started here.
    pub fn start_durable_copy(&self) -> Result<Self, String> {
        let setup = self
            .setup
            .as_ref()
            .ok_or("the server was not started by these tests, so there is no other one like it")?;
        Self::start(
            self.kind,
            &Setup {
                durable: true,
                ..setup.clone()
            },
        )
    }

    /// Returns true if [`start_durable_copy`](Server::start_durable_copy) can start a copy.
    pub fn can_be_copied(&self) -> bool {
        self.setup.is_some()
    }

    /// Waits until the server in this container answers.
    pub(crate) fn in_container(
        kind: Kind,
        container: Container,
        password: &str,
    ) -> Result<Self, String> {
        let (scheme, user, database) = match kind {
            Kind::Postgres => ("postgres", "postgres", "postgres"),
            _ => ("mysql", "root", ""),
        };
        let location = Location::parse(&format!(
            "{scheme}://{user}:{password}@127.0.0.1:{}/{database}",
            container.port()
        ))?;
        let server = Server {
            kind,
            location,
            container: Some(container),
            setup: None,
        };
        server.wait_until_ready()?;
        Ok(server)
    }

    /// Uses a running server that is not ours.
    fn at(kind: Kind, url: &str) -> Result<Self, String> {
        let server = Server {
            kind,
            location: Location::parse(url)?,
            container: None,
            setup: None,
        };
        server.client()?;
        Ok(server)
    }

    /// Returns the kind of database.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns the URL of a database on it.
    pub fn url(&self, database: &str) -> String {
        self.location.url(database)
    }

    /// Returns its URL, as for `AUTHSTORE_TEST_..._URL`.
    pub fn admin_url(&self) -> String {
        self.location.url(self.location.database())
    }

    /// Returns the URL of a database on it with another host and port, such as those of a [`Proxy`](crate::Proxy).
    pub fn url_through(&self, address: std::net::SocketAddr, database: &str) -> String {
        self.location.url_through(address, database)
    }

    /// Returns the URL of a database on it with another password.
    pub fn url_with_password(&self, password: &str, database: &str) -> String {
        self.location.with_password(password).url(database)
    }

    /// Returns its host and port.
    pub fn host(&self) -> String {
        match self.location.host() {
            host if host.contains(':') => host.to_owned(),
            host if self.kind == Kind::Postgres => format!("{host}:5432"),
            host => format!("{host}:3306"),
        }
    }

    /// Returns its location with another password.
    pub(crate) fn with_password(&self, password: &str) -> Location {
        self.location.with_password(password)
    }

    /// Returns a server in this container with the same users as this one, once it answers.
    pub(crate) fn twin(&self, container: Container) -> Result<Self, String> {
        let host = format!("127.0.0.1:{}", container.port());
        let twin = Server {
            kind: self.kind,
            location: Location::parse(&self.url_at(&host, self.location.database()))?,
            container: Some(container),
            setup: None,
        };
        twin.wait_until_ready()?;
        Ok(twin)
    }

    /// Returns the URL of a database, with other hosts.
    pub(crate) fn url_at(&self, hosts: &str, database: &str) -> String {
        self.location.url_at(hosts, database)
    }

    /// Returns the user and password of the tests.
    pub(crate) fn credentials(&self) -> (String, String) {
        self.location.credentials()
    }

    /// Returns its host and its port.
    pub(crate) fn address(&self) -> (String, u16) {
        let host = self.host();
        let (name, port) = host.rsplit_once(':').expect("a port");
        (name.to_owned(), port.parse().expect("a port is a number"))
    }

    /// Opens a connection that bypasses the store.
    pub fn client(&self) -> Result<Client, String> {
        Client::connect(&self.admin_url())
    }

    /// Returns true if it is our container, which can be paused and restarted.
    pub fn is_container(&self) -> bool {
        self.container.is_some()
    }

    /// Returns the name of its container, if it is ours.
    pub fn container_name(&self) -> Option<&str> {
        self.container.as_ref().map(Container::name)
    }

    /// Runs it on these processors only, in the form of `docker update --cpuset-cpus`.
    pub fn use_processors(&self, processors: &str) -> Result<(), String> {
        self.container()?
            .docker(&["update", "--cpuset-cpus", processors])
    }

    /// Shuts it down cleanly and starts it again. Returns when it answers.
    pub fn restart(&self) -> Result<(), String> {
        self.container()?.docker(&["restart", "--time=30"])?;
        self.wait_until_ready()
    }

    /// Kills it and starts it again. Returns when it answers.
    pub fn crash(&self) -> Result<(), String> {
        self.kill()?;
        self.start_again()
    }

    /// Kills it.
    pub fn kill(&self) -> Result<(), String> {
        self.container()?.docker(&["kill"])
    }

    /// Stops it.
    pub fn stop(&self) -> Result<(), String> {
        self.container()?.docker(&["stop", "--time=30"])
    }

    /// Starts it after [`stop`](Server::stop) or [`kill`](Server::kill). Returns when it answers.
    pub fn start_again(&self) -> Result<(), String> {
        self.container()?.docker(&["start"])?;
        self.wait_until_ready()
    }

    /// Freezes it: connections stay open, and nothing answers.
    pub fn pause(&self) -> Result<(), String> {
        self.container()?.docker(&["pause"])
    }

    /// Unfreezes it.
    pub fn unpause(&self) -> Result<(), String> {
        self.container()?.docker(&["unpause"])
    }

    fn container(&self) -> Result<&Container, String> {
        self.container
            .as_ref()
            .ok_or_else(|| "the server is not a container of these tests".to_owned())
    }

    fn wait_until_ready(&self) -> Result<(), String> {
        let container = self.container()?;
        let deadline = Instant::now() + READY_TIMEOUT;
        loop {
            let answer = self
                .client()
                .and_then(|mut client| client.try_query("SELECT 1"));
            let Err(reason) = answer else { return Ok(()) };
            if !container.is_running() {
                return Err(format!("it ended: {}", container.log()));
            }
            if Instant::now() > deadline {
                return Err(format!(
                    "it did not answer before the timeout: {reason}\n{}",
                    container.log()
                ));
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Returns the image of containers.
pub(crate) fn image(kind: Kind) -> String {
    std::env::var(kind.image_variable()).unwrap_or_else(|_| {
        match kind {
            Kind::Postgres => "postgres:17",
            Kind::Mysql => "mysql:9",
            _ => "mariadb:11",
        }
        .to_owned()
    })
}

fn recipe(kind: Kind, setup: &Setup, password: &str) -> Recipe {
    let mut recipe = Recipe {
        image: image(kind),
        files: setup.files.clone(),
        ..Recipe::default()
    };
    let (server, owner, arguments): (_, _, &[&str]) = match kind {
        Kind::Postgres => {
            recipe.port = 5432;
            recipe.environment = vec![
                ("POSTGRES_PASSWORD", password.to_owned()),
                ("PGDATA", "/var/lib/postgresql/authstore-test".to_owned()),
                // Each connection hashes its password thousands of times, which is slow without optimization.
                (
                    "POSTGRES_INITDB_ARGS",
                    "--set=scram_iterations=1".to_owned(),
                ),
            ];
            let speed: &[&str] = &[
                "--fsync=off",
                "--synchronous_commit=off",
                "--full_page_writes=off",
                "--max_connections=500",
            ];
            recipe.in_memory = Some("/var/lib/postgresql/authstore-test");
            ("postgres", "postgres", speed)
        }
        _ => {
            recipe.port = 3306;
            let variable = if kind == Kind::Mysql {
                "MYSQL_ROOT_PASSWORD"
            } else {
                "MARIADB_ROOT_PASSWORD"
            };
            recipe.environment = vec![(variable, password.to_owned())];
            recipe.in_memory = Some("/var/lib/mysql");
            let server = if kind == Kind::Mysql {
                "mysqld"
            } else {
                "mariadbd"
            };
            let speed: &[&str] = &[
                "--innodb-flush-log-at-trx-commit=0",
                "--innodb-doublewrite=0",
                "--skip-log-bin",
                "--performance-schema=0",
                "--max-connections=500",
            ];
            (server, "mysql", speed)
        }
    };
    let mut command = vec![server.to_owned()];
    if setup.durable {
        recipe.in_memory = None;
        command.push(match kind {
            Kind::Postgres => "--max_connections=500".to_owned(),
            _ => "--max-connections=500".to_owned(),
        });
    } else {
        command.extend(arguments.iter().map(|&argument| argument.to_owned()));
    }
    command.extend(setup.arguments.iter().cloned());
    recipe.command = if setup.files.is_empty() {
        command
    } else {
        // Files are created as root's, but the server requires that it owns a private key that no one else can read.
        let mut script = "for file in \"$@\"; do [ \"$file\" = -- ] && break; chown ".to_owned();
        script += owner;
        script += " \"$file\" && chmod 600 \"$file\"; shift; done; shift; exec docker-entrypoint.sh \"$@\"";
        let mut wrapped = vec!["sh".to_owned(), "-c".to_owned(), script, "sh".to_owned()];
        wrapped.extend(setup.files.iter().map(|(path, _)| path.clone()));
        wrapped.push("--".to_owned());
        wrapped.extend(command);
        wrapped
    };
    recipe
}
