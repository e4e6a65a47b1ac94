use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::container::{Container, Recipe};
use crate::server::Server;

const READY_TIMEOUT: Duration = Duration::from_secs(60);

/// The version of PgBouncer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PgBouncer {
    /// 1.18, of Debian 12. It does not support prepared statements, and accepts few startup parameters.
    Old,
    /// 1.24, of Debian 13.
    Recent,
}

impl PgBouncer {
    /// Both.
    pub const ALL: [PgBouncer; 2] = [PgBouncer::Old, PgBouncer::Recent];

    /// Returns the image to start: `AUTHSTORE_TEST_PGBOUNCER_OLD_IMAGE`, `AUTHSTORE_TEST_PGBOUNCER_IMAGE`, or the one
    /// that `.ci/images` builds.
    pub(crate) fn image(self) -> String {
        let (variable, image) = match self {
            PgBouncer::Old => (
                "AUTHSTORE_TEST_PGBOUNCER_OLD_IMAGE",
                "authstore/pgbouncer:1.18",
            ),
            PgBouncer::Recent => ("AUTHSTORE_TEST_PGBOUNCER_IMAGE", "authstore/pgbouncer:1.24"),
        };
        std::env::var(variable).unwrap_or_else(|_| image.to_owned())
    }
}

/// A running PgBouncer in front of a PostgreSQL server. Dropping it removes the container.
#[derive(Debug)]
pub struct Pooler {
    server: Arc<Server>,
    version: PgBouncer,
    settings: Vec<String>,
    port: u16,
    _container: Container,
}

impl Pooler {
    /// Starts PgBouncer with its default settings, except for these lines of `pgbouncer.ini`, such as `pool_mode =
    /// transaction`.
    pub fn start(
        version: PgBouncer,
        server: &Arc<Server>,
        settings: &[&str],
    ) -> Result<Self, String> {
        let (user, password) = server.credentials();
        let (host, port) = server.address();
        let mut ini = format!(
            "[databases]\n* = host={host} port={port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             admin_users = {user}\nauth_type = scram-sha-256\nauth_file = /tmp/users.txt\nunix_socket_dir =\n"
        );
        for line in settings {
            ini += line;
            ini.push('\n');
        }
        let container = Container::start(&Recipe {
            image: version.image(),
            on_host_network: true,
            environment: vec![
                ("INI", ini),
                ("USERS", format!("\"{user}\" \"{password}\"\n")),
            ],
            command: [
                "sh",
                "-c",
                "printf %s \"$USERS\" >/tmp/users.txt; printf '%slisten_port = %s\\n' \"$INI\" \"$PORT\" >/tmp/p.ini; \
                 exec setpriv --reuid=65534 --clear-groups pgbouncer /tmp/p.ini",
            ]
            .map(str::to_owned)
            .into(),
            ..Recipe::default()
        })?;
        let pooler = Pooler {
            server: server.clone(),
            version,
            settings: settings.iter().map(|&line| line.to_owned()).collect(),
            port: container.port(),
            _container: container,
        };
        let start = Instant::now();
        while let Err(reason) = std::net::TcpStream::connect(pooler.address()) {
            if start.elapsed() > READY_TIMEOUT {
                return Err(format!(
                    "PgBouncer did not answer before the timeout: {reason}\n{}",
                    pooler._container.log()
                ));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(pooler)
    }

    /// Starts another PgBouncer with the same settings, in front of another server.
    pub fn start_copy(&self, server: &Arc<Server>) -> Result<Self, String> {
        let settings: Vec<&str> = self.settings.iter().map(String::as_str).collect();
        Self::start(self.version, server, &settings)
    }

    /// Returns the server behind it.
    pub fn server(&self) -> &Arc<Server> {
        &self.server
    }

    /// Returns its host and port.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// Returns the URL of a database through it.
    pub fn url(&self, database: &str) -> String {
        self.server.url_through(self.address(), database)
    }

    /// Returns the URL of a database through it with another password.
    pub(crate) fn url_with_password(&self, password: &str, database: &str) -> String {
        self.server
            .with_password(password)
            .url_through(self.address(), database)
    }

    /// Returns the version that it reports.
    pub(crate) fn version(&self) -> Option<String> {
        let mut client = self.client("pgbouncer").ok()?;
        let mode = client
            .try_query("SHOW CONFIG")
            .ok()?
            .into_iter()
            .find(|row| {
                row.first()
                    .is_some_and(|name| name.as_deref() == Some("pool_mode"))
            })
            .and_then(|row| row.into_iter().nth(1).flatten())?;
        let version = client.try_query("SHOW VERSION").ok()?;
        let version = version.into_iter().flatten().flatten().next()?;
        Some(format!("{version}, pool_mode = {mode}"))
    }

    /// Opens a connection through it, to act as another program.
    pub fn client(&self, database: &str) -> Result<Client, String> {
        Client::connect_plainly(&self.url(database))
    }
}
