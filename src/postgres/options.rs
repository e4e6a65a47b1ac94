use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use tokio_postgres::config::{ChannelBinding, SslMode, SslNegotiation};

use super::PostgresBackend;
use super::parameters::PARAMETERS;
use super::tls::Tls;
use crate::error::{Error, Result};
use crate::url::authority::{self, Authority};
use crate::url::{self, Printer};

const DEFAULT_PORT: u16 = 5432;
const POOL_SIZE: u32 = 8;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const CHECKOUT_TIMEOUT: Duration = Duration::from_secs(5);
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(5);

/// The address of a PostgreSQL database, and how to use it.
///
/// Create it with [`new`](PostgresOptions::new), or parse it from a URL in [PostgreSQL's own
/// format](https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS):
/// `postgres://user:password@host:port/database`. Write `@ : / ? # %` in a user, a password or a database as `%XX`. You
/// can name several hosts, separated by commas, each with its port. For a Unix socket, name its directory instead of a
/// host: `postgres:///auth?host=/var/run/postgresql`. Options follow as a query:
///
/// | option | method | default |
/// |---|---|---|
/// | `sslmode` | [`ssl_mode`](PostgresOptions::ssl_mode) | see [`PostgresSslMode`] |
/// | `sslrootcert` | [`ssl_root_cert`](PostgresOptions::ssl_root_cert) | what the operating system trusts |
/// | `channel_binding` | [`require_channel_binding`](PostgresOptions::require_channel_binding) | `prefer` |
/// | `schema` | [`schema`](PostgresOptions::schema) | the server's search path |
/// | `prepare` | [`prepare`](PostgresOptions::prepare) | `auto` |
/// | `target_session_attrs` | [`target_session`](PostgresOptions::target_session) | `primary` with several hosts, otherwise `any` |
/// | `load_balance_hosts` | [`load_balance_hosts`](PostgresOptions::load_balance_hosts) | `disable` |
/// | `migrate_url` | [`migrate_url`](PostgresOptions::migrate_url), with its characters as `%XX` | the same as for everything else |
/// | `application_name` | [`application_name`](PostgresOptions::application_name) | none |
/// | `options` | [`session_options`](PostgresOptions::session_options) | none |
/// | `pool_size` | [`pool_size`](PostgresOptions::pool_size) | 8 connections |
/// | `connect_timeout_ms` | [`connect_timeout`](PostgresOptions::connect_timeout) | 10,000 milliseconds |
/// | `checkout_timeout_ms` | [`checkout_timeout`](PostgresOptions::checkout_timeout) | 5,000 milliseconds |
/// | `statement_timeout_ms` | [`statement_timeout`](PostgresOptions::statement_timeout) | 5,000 milliseconds |
///
/// Parameters of libpq and of other drivers and vendors are accepted if their meaning can be kept, ignored if they can
/// have no effect, and rejected with the reason otherwise: `docs/urls.md` lists them all.
///
/// `Display` prints the options as a URL without the password. Neither `Display`, `Debug` nor an error shows the
/// password.
///
/// # What the server's own settings change
///
/// They do not change any result: each session, or each transaction through a pooler, sets everything that results
/// depend on (`sql/postgres/session/pin.sql` is the list). Every transaction runs in READ COMMITTED and may write, and
/// a commit survives a crash of the server: `synchronous_commit=off` becomes `on`, and stricter values stay. The
/// server, the role or `options` still determine the `role`, and the `search_path` unless
/// [`schema`](PostgresOptions::schema) sets it.
///
/// # Poolers
///
/// Through a pooler in session or transaction mode (PgBouncer, or one like it), with its stock settings, each operation
/// is one transaction that is sent in one round trip, with an unnamed statement: see [`PostgresPrepare`]. This costs
/// the server more work than a direct connection. Connecting fails in statement mode, since no operation with two
/// statements could be atomic. A pooler may reject `options`, which this crate sends only if the URL has it.
///
/// ```
/// use authstore::PostgresOptions;
///
/// # fn main() -> authstore::Result<()> {
/// let options = PostgresOptions::new("localhost", "auth").port(5433).user("app").password("secret");
/// assert_eq!(options, "postgres://app:secret@localhost:5433/auth".parse()?);
/// assert_eq!(options.to_string(), "postgres://app@localhost:5433/auth");
/// assert!(!format!("{options:?}").contains("secret"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresOptions {
    /// In the order in which they are tried; never empty.
    pub(super) servers: Vec<Server>,
    database: Option<String>,
    user: Option<String>,
    password: Option<String>,
    application_name: Option<String>,
    session_options: Option<String>,
    ssl_mode: Option<PostgresSslMode>,
    ssl_root_cert: Option<PathBuf>,
    direct_ssl: bool,
    channel_binding: ChannelBinding,
    pub(super) schema: Option<String>,
    pub(super) prepare: PostgresPrepare,
    target_session: Option<PostgresTargetSession>,
    migrate_url: Option<Box<PostgresOptions>>,
    pub(super) load_balance_hosts: bool,
    keepalive: Keepalive,
    pub(super) pool_size: u32,
    pub(super) connect_timeout: Duration,
    pub(super) checkout_timeout: Duration,
    pub(super) statement_timeout: Duration,
}

/// One of the hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Server {
    /// A name, an address, or the directory of a Unix socket.
    pub(super) host: String,
    /// The address to use, so that the name is not looked up.
    pub(super) address: Option<IpAddr>,
    pub(super) port: u16,
}

impl Server {
    fn new(host: impl Into<String>) -> Self {
        Server {
            host: host.into(),
            address: None,
            port: DEFAULT_PORT,
        }
    }

    /// Returns true for a Unix socket. With an address, the host is only a name.
    fn is_socket(&self) -> bool {
        cfg!(unix) && self.address.is_none() && self.host.starts_with('/')
    }

    fn is_this_machine(&self) -> bool {
        match self.address {
            Some(address) => address.to_canonical().is_loopback(),
            None => authority::is_this_machine(&self.host),
        }
    }
}

/// TCP's own settings, named as in libpq.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Keepalive {
    off: bool,
    idle: Option<Duration>,
    interval: Option<Duration>,
    retries: Option<u32>,
    user_timeout: Option<Duration>,
}

/// Whether the connection is encrypted, and what the server must prove. The names are those of PostgreSQL's own client.
///
/// The default is [`Disable`](PostgresSslMode::Disable) for a server on the same machine (a Unix socket, `localhost`, a
/// loopback address), and [`VerifyFull`](PostgresSslMode::VerifyFull) for any other, and for both if you name
/// certificate authorities. A program built without the feature `postgres-tls` cannot verify:
/// [`open`](PostgresOptions::open) then fails with [`Error::Invalid`] unless you choose `Disable` explicitly.
///
/// A connection to a Unix socket is never encrypted, whatever the mode, as in PostgreSQL's own client.
///
/// There is no mode that continues unencrypted when the server has no TLS (`allow`, `prefer`): an attacker in between
/// could simply claim that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PostgresSslMode {
    /// Not encrypted: for a server on the same machine or in a trusted network. `sslmode=disable`.
    Disable,
    /// Encrypted, and nothing is verified: anyone who can redirect the connection can read and change everything on it.
    /// For servers whose certificates no one can verify. `sslmode=no-verify`, as node-postgres names it.
    NoVerify,
    /// Encrypted, and the certificate comes from a trusted authority; the host that it names does not matter. For
    /// servers that you name by address, with an authority that signs for no one else, which
    /// [`ssl_root_cert`](PostgresOptions::ssl_root_cert) must name. `sslmode=verify-ca`.
    VerifyCa,
    /// Encrypted, and the certificate comes from a trusted authority and names the host. `sslmode=verify-full`, and
    /// `sslmode=require` too, with which PostgreSQL's own client may verify nothing.
    VerifyFull,
}

impl PostgresSslMode {
    fn name(self) -> &'static str {
        match self {
            PostgresSslMode::Disable => "disable",
            PostgresSslMode::NoVerify => "no-verify",
            PostgresSslMode::VerifyCa => "verify-ca",
            PostgresSslMode::VerifyFull => "verify-full",
        }
    }
}

/// Whether statements are prepared, once for each connection, under a name. `prepare=auto|always|never`.
///
/// The server does not parse and plan a named statement each time. A name is safe only in a session that no other
/// program uses. A pooler in transaction mode gives the session, including its names, to another client after each
/// transaction: another program's statement may have the same name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PostgresPrepare {
    /// Named on a direct connection to the server, and unnamed through a pooler. Each new connection detects a pooler
    /// by comparing the process that serves the session with the one that answered the connection.
    #[default]
    Auto,
    /// Named, also through a pooler, which must keep the names of its clients apart, as PgBouncer does since 1.21
    /// (`max_prepared_statements`). Connecting fails if the pooler forwards the names unchanged.
    Always,
    /// Unnamed everywhere.
    Never,
}

/// Which of several servers to use, as in [PostgreSQL's own
/// client](https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-TARGET-SESSION-ATTRS).
/// `target_session_attrs=...`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PostgresTargetSession {
    /// Any server. `any`.
    Any,
    /// A server where transactions can write by default. `read-write`.
    ReadWrite,
    /// A server where transactions are read-only by default. `read-only`.
    ReadOnly,
    /// A server that is not a standby. `primary`.
    Primary,
    /// A standby. `standby`.
    Standby,
    /// A standby, or any server if there is none. `prefer-standby`.
    PreferStandby,
}

impl PostgresTargetSession {
    /// Checks that a server is of the wanted kind. The error says why it is not.
    pub(super) fn check(self, in_recovery: bool, read_only: bool) -> Result<(), &'static str> {
        match self {
            PostgresTargetSession::Primary if in_recovery => {
                Err("the server is a standby; target_session_attrs is primary")
            }
            PostgresTargetSession::Standby if !in_recovery => {
                Err("the server is not a standby; target_session_attrs is standby")
            }
            PostgresTargetSession::ReadWrite if in_recovery || read_only => {
                Err("the server takes no writes; target_session_attrs is read-write")
            }
            PostgresTargetSession::ReadOnly if !in_recovery && !read_only => {
                Err("the server takes writes; target_session_attrs is read-only")
            }
            _ => Ok(()),
        }
    }

    /// Returns whether a connected server is still of the wanted kind: it may have been promoted or demoted since.
    pub(super) fn accepts(self, in_recovery: bool) -> bool {
        match self {
            PostgresTargetSession::Primary | PostgresTargetSession::ReadWrite => !in_recovery,
            PostgresTargetSession::Standby => in_recovery,
            // A server that is not in recovery may still be read-only, by the session's own default.
            PostgresTargetSession::Any
            | PostgresTargetSession::ReadOnly
            | PostgresTargetSession::PreferStandby => true,
        }
    }

    const NAMES: [(Self, &'static str); 6] = [
        (Self::Any, "any"),
        (Self::ReadWrite, "read-write"),
        (Self::ReadOnly, "read-only"),
        (Self::Primary, "primary"),
        (Self::Standby, "standby"),
        (Self::PreferStandby, "prefer-standby"),
    ];
}

impl PostgresPrepare {
    const NAMES: [(Self, &'static str); 3] = [
        (Self::Auto, "auto"),
        (Self::Always, "always"),
        (Self::Never, "never"),
    ];
}

/// Returns the name of a value in a URL.
fn name_of<T: PartialEq>(names: &[(T, &'static str)], value: &T) -> &'static str {
    names
        .iter()
        .find(|(known, _)| known == value)
        .map_or("", |(_, name)| name)
}

/// Returns the value with this name.
fn named<T: Copy>(field: &'static str, names: &[(T, &'static str)], name: &str) -> Result<T> {
    names
        .iter()
        .find(|(_, known)| *known == name)
        .map(|(value, _)| *value)
        .ok_or_else(|| {
            let known: Vec<_> = names.iter().map(|(_, name)| *name).collect();
            Error::invalid(field, format!("must be one of {}", known.join(", ")))
        })
}

impl PostgresOptions {
    /// Creates options for a database on a host: its name, its address, or the directory of its Unix socket.
    pub fn new(host: impl Into<String>, database: impl Into<String>) -> Self {
        let mut options = PostgresOptions::empty();
        options.servers.push(Server::new(host));
        options.database = Some(database.into());
        options
    }

    fn empty() -> Self {
        PostgresOptions {
            servers: Vec::new(),
            database: None,
            user: None,
            password: None,
            application_name: None,
            session_options: None,
            ssl_mode: None,
            ssl_root_cert: None,
            direct_ssl: false,
            channel_binding: ChannelBinding::Prefer,
            schema: None,
            prepare: PostgresPrepare::default(),
            target_session: None,
            migrate_url: None,
            load_balance_hosts: false,
            keepalive: Keepalive::default(),
            pool_size: POOL_SIZE,
            connect_timeout: CONNECT_TIMEOUT,
            checkout_timeout: CHECKOUT_TIMEOUT,
            statement_timeout: STATEMENT_TIMEOUT,
        }
    }

    /// Adds another host, to be tried after those before it. A [`port`](PostgresOptions::port) that follows is its own.
    #[must_use]
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.servers.push(Server::new(host));
        self
    }

    /// Sets the port of the last host. Defaults to 5432.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        if let Some(server) = self.servers.last_mut() {
            server.port = port;
        }
        self
    }

    /// Sets the user to connect as. Defaults to the name of the user who runs the program, as the operating system
    /// knows it; [`open`](PostgresOptions::open) fails with [`Error::Invalid`] when that user has no name.
    #[must_use]
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// Sets the user's password. It appears in no error, no `Debug` and no `Display`.
    #[must_use]
    pub fn password(mut self, password: impl AsRef<str>) -> Self {
        self.password = Some(password.as_ref().to_owned());
        self
    }

    /// Sets the name of the program's sessions in the server's views and log, such as `pg_stat_activity`.
    #[must_use]
    pub fn application_name(mut self, name: impl Into<String>) -> Self {
        self.application_name = Some(name.into());
        self
    }

    /// Sets command-line options for the server's sessions, such as `-c jit=off`. Poolers may reject them.
    #[must_use]
    pub fn session_options(mut self, options: impl Into<String>) -> Self {
        self.session_options = Some(options.into());
        self
    }

    /// Sets the schema of the tables, so that several applications can share a database. The name is used unchanged,
    /// including upper case and special characters. Defaults to the first schema of the server's own search path that
    /// exists, usually `public`.
    ///
    /// It becomes the whole `search_path` of every session, or of every transaction through a pooler. Migrating creates
    /// the schema if it is missing, which takes the right to create schemas in the database; until then, operations
    /// fail as they do without tables. Reverting migrations leaves the schema. A
    /// [`migrate_url`](PostgresOptions::migrate_url) that names no schema uses this one.
    ///
    /// [`open`](PostgresOptions::open) fails with [`Error::Invalid`] unless the name has 1 to 63 bytes, since
    /// PostgreSQL truncates longer ones, and if it has a NUL, begins with `pg_`, or is `$user`, which PostgreSQL
    /// reserves.
    #[must_use]
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = Some(schema.into());
        self
    }

    /// Sets whether statements are prepared and named. Defaults to [`PostgresPrepare::Auto`].
    #[must_use]
    pub fn prepare(mut self, prepare: PostgresPrepare) -> Self {
        self.prepare = prepare;
        self
    }

    /// Sets which of several servers to use. Defaults to [`PostgresTargetSession::Primary`] where several hosts are
    /// named, and to [`PostgresTargetSession::Any`] for a single one.
    #[must_use]
    pub fn target_session(mut self, target: PostgresTargetSession) -> Self {
        self.target_session = Some(target);
        self
    }

    /// Sets whether to try the hosts, and the addresses of each, in random order. By default they are tried in the
    /// order in which they are named.
    #[must_use]
    pub fn load_balance_hosts(mut self, random: bool) -> Self {
        self.load_balance_hosts = random;
        self
    }

    /// Sets another URL for the same database, for migrations that should bypass a pooler. Defaults to the same
    /// connection as for everything else.
    ///
    /// This crate's own migrations also run through a pooler. A migration that cannot run in a transaction needs a
    /// direct connection to the server.
    #[must_use]
    pub fn migrate_url(mut self, options: PostgresOptions) -> Self {
        self.migrate_url = Some(Box::new(options));
        self
    }

    /// Returns the options to connect with for migrations.
    pub(super) fn to_migrate(&self) -> PostgresOptions {
        let mut options = self.migrate_url.as_deref().unwrap_or(self).clone();
        // Otherwise the tables would be created where no operation looks for them.
        options.schema = options.schema.or_else(|| self.schema.clone());
        options
    }

    /// Returns which of the servers to use.
    pub(super) fn wanted_session(&self, hosts: usize) -> PostgresTargetSession {
        self.target_session.unwrap_or(match hosts {
            0 | 1 => PostgresTargetSession::Any,
            _ => PostgresTargetSession::Primary,
        })
    }

    /// Sets whether to encrypt and what to verify. Everything but [`Disable`](PostgresSslMode::Disable) needs the
    /// feature `postgres-tls`. Defaults to what [`PostgresSslMode`] describes.
    #[must_use]
    pub fn ssl_mode(mut self, mode: PostgresSslMode) -> Self {
        self.ssl_mode = Some(mode);
        self
    }

    /// Sets a PEM file with the certificates to trust, of authorities or of the server itself. Defaults to the
    /// authorities that the operating system trusts.
    #[must_use]
    pub fn ssl_root_cert(mut self, path: impl Into<PathBuf>) -> Self {
        self.ssl_root_cert = Some(path.into());
        self
    }

    /// Requires the server to prove, while signing in, that it is the other end of the TLS connection
    /// (SCRAM-SHA-256-PLUS, RFC 5802). By default this is done if the server offers it.
    #[must_use]
    pub fn require_channel_binding(mut self) -> Self {
        self.channel_binding = ChannelBinding::Require;
        self
    }

    /// Sets the maximum number of connections, which is how many operations can run at a time. Defaults to 8; at least
    /// 1 and at most 10,000, otherwise [`open`](PostgresOptions::open) fails with [`Error::Invalid`] for `pool_size`.
    /// The server has a limit too (`max_connections`), for all its clients together.
    #[must_use]
    pub fn pool_size(mut self, connections: u32) -> Self {
        self.pool_size = connections;
        self
    }

    /// Sets how long it may take to connect to one address of one host, from the first packet to the server's answer,
    /// and to look up the addresses of a host. Defaults to 10 seconds.
    ///
    /// With several hosts, the next one is also tried after one second.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets how long an operation waits for a connection, one in use or a new one, before it fails with
    /// [`Error::Unavailable`]. Defaults to 5 seconds.
    #[must_use]
    pub fn checkout_timeout(mut self, timeout: Duration) -> Self {
        self.checkout_timeout = timeout;
        self
    }

    /// Sets how long the server may work on a statement, or wait for a lock, before the statement is canceled and the
    /// operation fails with [`Error::Unavailable`]. Defaults to 5 seconds.
    ///
    /// One second later, if the server has not answered even that, the connection is abandoned, and a write fails with
    /// [`Error::OutcomeUnknown`]. An operation that conflicts with others is also retried for this long.
    #[must_use]
    pub fn statement_timeout(mut self, timeout: Duration) -> Self {
        self.statement_timeout = timeout;
        self
    }

    /// Connects.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a pool size of 0 or above 10,000, for a timeout of 0, for options that contradict each
    /// other, and for a server on another machine when the program was built without the feature `postgres-tls` and did
    /// not choose [`Disable`](PostgresSslMode::Disable); [`Error::Backend`] when the server rejects the connection, for
    /// example for a wrong password, when its certificate is not trusted, and when the database's encoding is neither
    /// `UTF8` nor `SQL_ASCII`; [`Error::Unavailable`] when it cannot be reached.
    pub fn open(&self) -> Result<PostgresBackend> {
        PostgresBackend::open(self)
    }

    /// Returns the driver's configuration for all hosts.
    pub(super) fn driver_config(&self) -> Result<tokio_postgres::Config> {
        for (option, timeout) in [
            ("connect_timeout", self.connect_timeout),
            ("checkout_timeout", self.checkout_timeout),
            ("statement_timeout", self.statement_timeout),
        ] {
            if timeout.is_zero() {
                return Err(Error::invalid(option, "must be longer than 0"));
            }
        }
        if let Some(schema) = &self.schema {
            check_schema("schema", schema)?;
        }
        let mut config = tokio_postgres::Config::new();
        for server in &self.servers {
            config.host(&server.host).port(server.port);
            if let Some(address) = server.address {
                config.hostaddr(address);
            }
        }
        match &self.user {
            Some(user) => config.user(user),
            None => config.user(os_user()?),
        };
        if let Some(database) = &self.database {
            config.dbname(database);
        }
        if let Some(password) = &self.password {
            config.password(password);
        }
        if let Some(name) = &self.application_name {
            config.application_name(name);
        }
        if let Some(options) = &self.session_options {
            config.options(options);
        }
        if self.direct_ssl {
            config.ssl_negotiation(SslNegotiation::Direct);
        }
        let keepalive = &self.keepalive;
        config.keepalives(!keepalive.off);
        if let Some(idle) = keepalive.idle {
            config.keepalives_idle(idle);
        }
        if let Some(interval) = keepalive.interval {
            config.keepalives_interval(interval);
        }
        if let Some(retries) = keepalive.retries {
            config.keepalives_retries(retries);
        }
        if let Some(timeout) = keepalive.user_timeout {
            config.tcp_user_timeout(timeout);
        }
        config.channel_binding(self.channel_binding);
        config.ssl_mode(match self.effective_ssl_mode() {
            PostgresSslMode::Disable => SslMode::Disable,
            _ => SslMode::Require,
        });
        Ok(config)
    }

    pub(super) fn driver_tls(&self) -> Result<Tls> {
        let authorities = self.ssl_root_cert.as_deref();
        match self.effective_ssl_mode() {
            PostgresSslMode::Disable if self.channel_binding == ChannelBinding::Require => {
                Err(Error::invalid(
                    "channel_binding",
                    "cannot be required on a connection without TLS, such as to a Unix socket; to a host, add \
                     sslmode=require",
                ))
            }
            PostgresSslMode::Disable => Ok(Tls::off()),
            PostgresSslMode::NoVerify => Tls::no_verify(),
            // Otherwise anyone with a certificate of a public authority could be the server. libpq requires it too.
            PostgresSslMode::VerifyCa if authorities.is_none() => Err(Error::invalid(
                "sslmode",
                "verify-ca needs a certificate to trust: add sslrootcert, or use verify-full",
            )),
            PostgresSslMode::VerifyCa => Tls::verify_ca(authorities),
            PostgresSslMode::VerifyFull => Tls::verify_full(authorities),
        }
    }

    fn effective_ssl_mode(&self) -> PostgresSslMode {
        match self.ssl_mode {
            _ if self.servers.iter().all(Server::is_socket) => PostgresSslMode::Disable,
            Some(mode) => mode,
            None if self.ssl_root_cert.is_none()
                && self.servers.iter().all(Server::is_this_machine) =>
            {
                PostgresSslMode::Disable
            }
            None => PostgresSslMode::VerifyFull,
        }
    }

    fn set(&mut self, lists: &mut Lists, name: &'static str, value: &str) -> Result<()> {
        match name {
            "sslmode" => self.ssl_mode = Some(ssl_mode(value)?),
            "ssl" => {
                self.ssl_mode = Some(match value {
                    "no-verify" => PostgresSslMode::NoVerify,
                    value if authority::boolean(name, value)? => PostgresSslMode::VerifyFull,
                    _ => PostgresSslMode::Disable,
                });
            }
            // Prisma's `sslmode` chooses whether to use TLS, and this parameter what to verify.
            "sslaccept" => lists.ssl_accept = Some(ssl_accept(value)?),
            // As in libpq, it asks for TLS.
            "sslrootcert" if value == "system" => {
                self.ssl_root_cert = None;
                self.ssl_mode.get_or_insert(PostgresSslMode::VerifyFull);
            }
            "sslrootcert" => self.ssl_root_cert = Some(value.into()),
            "sslnegotiation" => {
                self.direct_ssl = named(name, &[(false, "postgres"), (true, "direct")], value)?;
            }
            "channel_binding" => {
                self.channel_binding = named(name, &CHANNEL_BINDING, value)?;
            }
            "schema" => self.schema = Some(schema(name, value)?),
            "currentSchema" => self.schema = Some(schema_of_jdbc(name, value)?),
            "prepare" => {
                self.prepare = match value {
                    "true" => PostgresPrepare::Auto,
                    "false" => PostgresPrepare::Never,
                    _ => named(name, &PostgresPrepare::NAMES, value)?,
                };
            }
            "pgbouncer" => {
                if authority::boolean(name, value)? {
                    self.prepare = PostgresPrepare::Never;
                }
            }
            "statement_cache_size" | "statement-cache-capacity" | "prepareThreshold" => {
                let size: u32 = value
                    .parse()
                    .map_err(|_| Error::invalid(name, "must be a whole number"))?;
                if size == 0 {
                    self.prepare = PostgresPrepare::Never;
                }
            }
            "target_session_attrs" => {
                self.target_session = Some(named(name, &PostgresTargetSession::NAMES, value)?);
            }
            "migrate_url" => {
                let options = value.parse().map_err(|error| match error {
                    Error::Invalid { reason, .. } => Error::invalid(name, reason),
                    error => error,
                })?;
                self.migrate_url = Some(Box::new(options));
            }
            "load_balance_hosts" => {
                self.load_balance_hosts =
                    named(name, &[(false, "disable"), (true, "random")], value)?;
            }
            "host" => lists.hosts = Some(value.split(',').map(str::to_owned).collect()),
            "hostaddr" => {
                lists.addresses = value
                    .split(',')
                    .map(|address| {
                        address.parse().map_err(|_| {
                            Error::invalid(name, "must have an IP address for each host")
                        })
                    })
                    .collect::<Result<_>>()?;
            }
            "port" => {
                lists.ports = Some(
                    value
                        .split(',')
                        .map(|port| match port {
                            "" => Ok(DEFAULT_PORT),
                            port => authority::port_number(port),
                        })
                        .collect::<Result<_>>()?,
                );
            }
            "user" => self.user = Some(value.to_owned()).filter(|user| !user.is_empty()),
            "password" => self.password = Some(value.to_owned()),
            "dbname" => self.database = Some(value.to_owned()).filter(|name| !name.is_empty()),
            "application_name" | "ApplicationName" => {
                self.application_name = Some(value.to_owned());
            }
            "fallback_application_name" => {
                self.application_name
                    .get_or_insert_with(|| value.to_owned());
            }
            "options" => self.session_options = Some(value.to_owned()),
            "keepalives" => self.keepalive.off = !authority::boolean(name, value)?,
            "keepalives_idle" => self.keepalive.idle = seconds_or_default(name, value)?,
            "keepalives_interval" => self.keepalive.interval = seconds_or_default(name, value)?,
            "keepalives_retries" | "keepalives_count" => {
                self.keepalive.retries = number_or_default(name, value)?;
            }
            "tcp_user_timeout" => {
                self.keepalive.user_timeout = number_or_default(name, value)?
                    .map(|number| Duration::from_millis(number.into()));
            }
            "pool_size" | "connection_limit" | "pool_max_conns" => {
                self.pool_size = url::positive(name, value)?;
            }
            "connect_timeout_ms" => self.connect_timeout = url::milliseconds(name, value)?,
            "connect_timeout" | "connectTimeout" => {
                self.connect_timeout = url::seconds(name, value)?;
            }
            "checkout_timeout_ms" => self.checkout_timeout = url::milliseconds(name, value)?,
            "pool_timeout" => self.checkout_timeout = url::seconds(name, value)?,
            "statement_timeout_ms" | "statement_timeout" | "query_timeout" => {
                self.statement_timeout = url::milliseconds(name, value)?;
            }
            "socket_timeout" | "socketTimeout" => {
                self.statement_timeout = url::seconds(name, value)?;
            }
            _ => unreachable!("each accepted name in the table is set here"),
        }
        Ok(())
    }
}

/// Parameters that only make sense together.
#[derive(Default)]
struct Lists {
    hosts: Option<Vec<String>>,
    addresses: Vec<IpAddr>,
    ports: Option<Vec<u16>>,
    ssl_accept: Option<PostgresSslMode>,
}

impl Lists {
    /// Combines these parameters with the hosts before the query.
    fn servers(self, authority: Vec<(String, Option<u16>)>) -> Result<Vec<Server>> {
        let (mut hosts, ports): (Vec<_>, Vec<_>) = authority.into_iter().unzip();
        let mut ports: Vec<_> = ports
            .into_iter()
            .map(|port| port.unwrap_or(DEFAULT_PORT))
            .collect();
        if let Some(named) = self.hosts {
            hosts = named;
        } else if hosts.iter().all(String::is_empty) && !self.addresses.is_empty() {
            hosts = self.addresses.iter().map(IpAddr::to_string).collect();
        }
        if let Some(named) = self.ports {
            ports = named;
        }
        if ports.len() == 1 {
            ports.resize(hosts.len(), ports[0]);
        }
        if ports.len() != hosts.len() {
            return Err(Error::invalid(
                "port",
                "must be given once, or once for each host",
            ));
        }
        if !self.addresses.is_empty() && self.addresses.len() != hosts.len() {
            return Err(Error::invalid(
                "hostaddr",
                "must have an IP address for each host",
            ));
        }
        // As libpq does on systems without a default Unix socket.
        if hosts.len() == 1 && hosts[0].is_empty() {
            hosts[0] = "localhost".to_owned();
        }
        if hosts.iter().any(String::is_empty) {
            return Err(Error::invalid("host", "must not be empty"));
        }
        let addresses = self
            .addresses
            .into_iter()
            .map(Some)
            .chain(std::iter::repeat(None));
        Ok(hosts
            .into_iter()
            .zip(addresses)
            .zip(ports)
            .map(|((host, address), port)| Server {
                host,
                address,
                port,
            })
            .collect())
    }
}

impl FromStr for PostgresOptions {
    type Err = Error;

    /// # Errors
    ///
    /// [`Error::Invalid`]. It names the invalid option, if there is one, and quotes no part of the URL.
    fn from_str(url: &str) -> Result<Self> {
        let (rest, query) = url::split_query(url)?;
        let rest = rest
            .strip_prefix("postgres://")
            .or_else(|| rest.strip_prefix("postgresql://"))
            .ok_or_else(|| Error::invalid("url", "must begin with postgres:// or postgresql://"))?;
        let authority = Authority::parse(rest, query)?;
        let mut parsed = PostgresOptions::empty();
        parsed.user = authority.user;
        parsed.password = authority.password;
        parsed.database = Some(authority.database).filter(|database| !database.is_empty());
        let mut lists = Lists::default();
        url::read_query(query, PARAMETERS, |name, value| {
            parsed.set(&mut lists, name, value)
        })?;
        if let Some(mode) = lists.ssl_accept
            && parsed.ssl_mode != Some(PostgresSslMode::Disable)
        {
            parsed.ssl_mode = Some(mode);
        }
        parsed.servers = lists.servers(authority.hosts)?;
        Ok(parsed)
    }
}

/// A URL with these options, without the password.
impl fmt::Display for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut url = "postgres://".to_owned();
        if let Some(user) = &self.user {
            url += &format!("{}@", url::encode(user));
        }
        let hosts: Vec<_> = self
            .servers
            .iter()
            .map(|server| authority::host_and_port(&server.host, server.port))
            .collect();
        url += &hosts.join(",");
        if let Some(database) = &self.database {
            url += &format!("/{}", url::encode(database));
        }
        let mut url = Printer::new(url);
        let addresses: Vec<_> = self
            .servers
            .iter()
            .filter_map(|server| server.address)
            .map(|address| address.to_string())
            .collect();
        if !addresses.is_empty() {
            url.parameter("hostaddr", addresses.join(","));
        }
        if let Some(mode) = self.ssl_mode {
            url.parameter("sslmode", mode.name());
        }
        if let Some(path) = &self.ssl_root_cert {
            url.parameter("sslrootcert", path.display());
        }
        if self.direct_ssl {
            url.parameter("sslnegotiation", "direct");
        }
        if self.channel_binding != ChannelBinding::Prefer {
            url.parameter(
                "channel_binding",
                name_of(&CHANNEL_BINDING, &self.channel_binding),
            );
        }
        if let Some(schema) = &self.schema {
            url.parameter("schema", schema);
        }
        if self.prepare != PostgresPrepare::default() {
            url.parameter("prepare", name_of(&PostgresPrepare::NAMES, &self.prepare));
        }
        if let Some(target) = &self.target_session {
            url.parameter(
                "target_session_attrs",
                name_of(&PostgresTargetSession::NAMES, target),
            );
        }
        if let Some(options) = &self.migrate_url {
            url.parameter("migrate_url", options);
        }
        if self.load_balance_hosts {
            url.parameter("load_balance_hosts", "random");
        }
        if let Some(name) = &self.application_name {
            url.parameter("application_name", name);
        }
        if let Some(options) = &self.session_options {
            url.parameter("options", options);
        }
        if self.keepalive.off {
            url.parameter("keepalives", 0);
        }
        if let Some(idle) = self.keepalive.idle {
            url.parameter("keepalives_idle", idle.as_secs());
        }
        if let Some(interval) = self.keepalive.interval {
            url.parameter("keepalives_interval", interval.as_secs());
        }
        if let Some(retries) = self.keepalive.retries {
            url.parameter("keepalives_retries", retries);
        }
        if let Some(timeout) = self.keepalive.user_timeout {
            url.parameter("tcp_user_timeout", timeout.as_millis());
        }
        if self.pool_size != POOL_SIZE {
            url.parameter("pool_size", self.pool_size);
        }
        url.milliseconds("connect_timeout_ms", self.connect_timeout, CONNECT_TIMEOUT);
        url.milliseconds(
            "checkout_timeout_ms",
            self.checkout_timeout,
            CHECKOUT_TIMEOUT,
        );
        url.milliseconds(
            "statement_timeout_ms",
            self.statement_timeout,
            STATEMENT_TIMEOUT,
        );
        f.write_str(&url.finish())
    }
}

/// The URL without the password, and the mode of TLS that follows.
impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresOptions")
            .field("url", &self.to_string())
            .field("ssl_mode", &self.effective_ssl_mode())
            .finish_non_exhaustive()
    }
}

const CHANNEL_BINDING: [(ChannelBinding, &str); 3] = [
    (ChannelBinding::Disable, "disable"),
    (ChannelBinding::Prefer, "prefer"),
    (ChannelBinding::Require, "require"),
];

fn ssl_mode(value: &str) -> Result<PostgresSslMode> {
    match value {
        "disable" => Ok(PostgresSslMode::Disable),
        "no-verify" => Ok(PostgresSslMode::NoVerify),
        "verify-ca" => Ok(PostgresSslMode::VerifyCa),
        "require" | "verify-full" => Ok(PostgresSslMode::VerifyFull),
        "allow" | "prefer" => Err(Error::invalid(
            "sslmode",
            "must not be allow or prefer, which send everything unencrypted when the server asks for it; must be one \
             of disable, no-verify, require, verify-ca, verify-full",
        )),
        _ => Err(Error::invalid(
            "sslmode",
            "must be one of disable, no-verify, require, verify-ca, verify-full",
        )),
    }
}

fn ssl_accept(value: &str) -> Result<PostgresSslMode> {
    let names = [
        (PostgresSslMode::VerifyFull, "strict"),
        (PostgresSslMode::NoVerify, "accept_invalid_certs"),
    ];
    named("sslaccept", &names, value)
}

fn schema(field: &'static str, value: &str) -> Result<String> {
    check_schema(field, value)?;
    Ok(value.to_owned())
}

/// JDBC's value is a search path: it may have several names, and those without quotes are folded.
fn schema_of_jdbc(field: &'static str, value: &str) -> Result<String> {
    let is_plain = |character: char| {
        !matches!(character, ',' | '"' | '\'')
            && !character.is_whitespace()
            && !character.is_uppercase()
    };
    if !value.chars().all(is_plain) {
        return Err(Error::invalid(
            field,
            "must be one name in lower case, without commas, quotes and whitespace; use schema=NAME for any other name",
        ));
    }
    schema(field, value)
}

/// Rejects a name that PostgreSQL would not use unchanged. It truncates longer names, so two applications could end up
/// sharing a schema. Reserved names have a special meaning in a search path, even when quoted.
fn check_schema(field: &'static str, name: &str) -> Result<()> {
    if name.is_empty() || name.len() > 63 {
        return Err(Error::invalid(field, "must have 1 to 63 bytes"));
    }
    if name.contains('\0') {
        return Err(Error::invalid(field, "must not contain NUL"));
    }
    if name.starts_with("pg_") || name == "$user" {
        return Err(Error::invalid(
            field,
            "must not be $user or begin with pg_, which PostgreSQL reserves",
        ));
    }
    Ok(())
}

/// Parses a whole number. As in libpq, 0 stands for the operating system's default.
fn number_or_default(field: &'static str, value: &str) -> Result<Option<u32>> {
    match value {
        "0" => Ok(None),
        value => url::positive(field, value).map(Some),
    }
}

fn seconds_or_default(field: &'static str, value: &str) -> Result<Option<Duration>> {
    match value {
        "0" => Ok(None),
        value => url::seconds(field, value).map(Some),
    }
}

/// Returns the name of the user who runs the program.
fn os_user() -> Result<String> {
    whoami::username().map_err(|_| {
        Error::invalid(
            "user",
            "is missing, and the user who runs this program has no name on this system; name a user in the URL: \
             postgres://user:password@host/database",
        )
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio_postgres::config::{ChannelBinding, Host};

    use super::super::parameters::PARAMETERS;
    use super::{PostgresOptions, PostgresPrepare, PostgresSslMode, PostgresTargetSession};
    use crate::error::Error;
    use crate::url::testing;

    impl testing::Options for PostgresOptions {
        fn without_password(mut self) -> Self {
            self.password = None;
            let migrates = self.migrate_url.take();
            self.migrate_url = migrates.map(|options| Box::new(options.without_password()));
            self
        }
    }

    #[track_caller]
    fn parse(url: &str) -> PostgresOptions {
        url.parse().expect(url)
    }

    fn refusal(url: &str) -> String {
        match url.parse::<PostgresOptions>() {
            Err(error @ Error::Invalid { .. }) => format!("{error} {error:?}"),
            other => panic!("{url}: {other:?}"),
        }
    }

    #[test]
    fn every_parameter_does_what_the_table_says() {
        testing::check_table::<PostgresOptions>("postgres://h/d", PARAMETERS);
    }

    #[test]
    fn docs_list_every_parameter() {
        testing::check_docs("PostgreSQL", PARAMETERS);
    }

    #[test]
    fn fuzz_urls() {
        testing::fuzz::<PostgresOptions>(&["postgres://", "postgresql://"], PARAMETERS);
    }

    #[test]
    fn urls_follow_postgresqls_own_format() {
        let options = parse("postgresql://ad%40a:p%40s%2Fs%3F@db.example.org:5433/au%20th");
        let config = options.driver_config().unwrap();
        assert_eq!(config.get_user(), Some("ad@a"));
        assert_eq!(config.get_password(), Some("p@s/s?".as_bytes()));
        assert_eq!(config.get_dbname(), Some("au th"));
        assert_eq!(config.get_ports(), [5433]);
        assert_eq!(config.get_hosts(), [Host::Tcp("db.example.org".into())]);

        let hosts = |url: &str| {
            let config = parse(url).user("u").driver_config().unwrap();
            (config.get_hosts().to_vec(), config.get_ports().to_vec())
        };
        let tcp = |name: &str| Host::Tcp(name.into());
        assert_eq!(
            hosts("postgres://[2001:db8::1]:5433/auth"),
            (vec![tcp("2001:db8::1")], vec![5433])
        );
        assert_eq!(
            hosts("postgres://a,b:5433/auth"),
            (vec![tcp("a"), tcp("b")], vec![5432, 5433])
        );
        assert_eq!(
            hosts("postgres:///auth?host=a,b&port=5433"),
            (vec![tcp("a"), tcp("b")], vec![5433, 5433])
        );
        assert_eq!(
            hosts("postgres://:5433/auth"),
            (vec![tcp("localhost")], vec![5433])
        );
        let socket = (vec![Host::Unix("/var/run/postgresql".into())], vec![5432]);
        assert_eq!(hosts("postgres:///auth?host=/var/run/postgresql"), socket);
        assert_eq!(hosts("postgres://%2Fvar%2Frun%2Fpostgresql/auth"), socket);
    }

    #[test]
    fn url_and_methods_set_the_same_options() {
        assert_eq!(
            parse(
                "postgres://u:p@h/d?pool_size=3&statement_timeout_ms=200&connect_timeout=2\
                 &checkout_timeout_ms=30&application_name=a%26b%3Dc&options=-c%20jit%3Doff&schema=s\
                 &prepare=always&target_session_attrs=prefer-standby&load_balance_hosts=random\
                 &sslmode=no-verify&sslrootcert=%2Fca.pem&channel_binding=require"
            ),
            PostgresOptions::new("h", "d")
                .user("u")
                .password("p")
                .pool_size(3)
                .statement_timeout(Duration::from_millis(200))
                .connect_timeout(Duration::from_secs(2))
                .checkout_timeout(Duration::from_millis(30))
                .application_name("a&b=c")
                .session_options("-c jit=off")
                .schema("s")
                .prepare(PostgresPrepare::Always)
                .target_session(PostgresTargetSession::PreferStandby)
                .load_balance_hosts(true)
                .ssl_mode(PostgresSslMode::NoVerify)
                .ssl_root_cert("/ca.pem")
                .require_channel_binding()
        );
        assert_eq!(
            parse("postgres://a:1,b/d"),
            PostgresOptions::new("a", "d").port(1).host("b")
        );
    }

    #[test]
    fn urls_of_vendors_are_accepted() {
        let neon = parse(
            "postgresql://neondb_owner:npg_x@ep-a-pooler.eu-central-1.aws.neon.tech/neondb\
             ?sslmode=require&channel_binding=require",
        );
        assert_eq!(neon.channel_binding, ChannelBinding::Require);
        assert_eq!(neon.effective_ssl_mode(), PostgresSslMode::VerifyFull);
        let supabase = parse(
            "postgresql://postgres.ref:x@aws-0-eu-central-1.pooler.supabase.com:6543/postgres\
             ?pgbouncer=true&connection_limit=1",
        );
        assert_eq!(supabase.prepare, PostgresPrepare::Never);
        assert_eq!(supabase.pool_size, 1);
        let prisma = parse(
            "postgresql://u:p@h:5432/d?schema=public&connection_limit=5&pool_timeout=2&socket_timeout=3\
             &sslmode=require&sslaccept=accept_invalid_certs",
        );
        assert_eq!(prisma.schema.as_deref(), Some("public"));
        assert_eq!(prisma.effective_ssl_mode(), PostgresSslMode::NoVerify);
        for url in [
            "postgres://u:p@ec2-1.compute.amazonaws.com:5432/d?sslmode=no-verify",
            "postgres://u:p@h.postgres.database.azure.com/d?sslmode=require",
            "postgres://default:x@h.vercel-storage.com:5432/verceldb?sslmode=require&supa=base-pooler.x",
        ] {
            parse(url);
        }
    }

    #[test]
    fn invalid_values_are_rejected_by_name() {
        for (url, name) in [
            ("postgres://h/d?pool_size=0", "pool_size"),
            (
                "postgres://h/d?statement_timeout_ms=1s",
                "statement_timeout_ms",
            ),
            ("postgres://h/d?connect_timeout=0", "connect_timeout"),
            ("postgres://h/d?sslmode=prefer", "unencrypted"),
            ("postgres://h/d?sslmode=on", "sslmode"),
            ("postgres://h/d?target_session_attrs=x", "prefer-standby"),
            ("postgres://h/d?schema=", "schema"),
            ("postgres://h/d?schema=%24user", "$user"),
            ("postgres://h/d?schema=pg_temp", "pg_"),
            ("postgres://h/d?currentSchema=pg_catalog", "pg_"),
            ("postgres://h/d?currentSchema=auth,public", "schema=NAME"),
            ("postgres://h/d?currentSchema=auth%20", "schema=NAME"),
            ("postgres://h/d?currentSchema=%22auth%22", "schema=NAME"),
            ("postgres://h/d?currentSchema=Auth", "schema=NAME"),
            ("postgres://h/d?prepare=x", "auto, always, never"),
            ("postgres://a,b/d?port=1,2,3", "port"),
            ("postgres://a,b/d?hostaddr=127.0.0.1", "hostaddr"),
            ("postgres://a,,b/d", "host"),
            ("postgres://h:x/d", "port"),
            ("postgres://h:+1/d", "port"),
            ("postgres://h:0/d", "port"),
            ("postgres:h/d", "postgres://"),
            ("host=h dbname=d password=hunter2", "postgres://"),
            (" postgres://h/d", "whitespace"),
            ("postgres://h/d\n", "whitespace"),
            ("postgres://h\n/d", "control"),
            ("postgres://h/d%00", "NUL"),
        ] {
            let error = refusal(url);
            assert!(error.contains(name), "{url}: {error}");
            assert!(!error.contains("hunter2"), "{url}: {error}");
        }
    }

    #[test]
    fn no_error_shows_a_part_of_a_password() {
        for url in [
            "postgres://ada:correct-horse@h/d?nonsense=1",
            "postgres://ada:correct-horse@h/d?pool_size=none",
            "postgres://ada:correct-horse@h:port/d",
            "postgres://ada:correct@-horse@h/d",
            "postgres://ada:?correct-horse@h/d",
            "postgres://ada:12/34?horse@h/d",
            "postgres://ada:12?sslrootcert=horse@h/d",
            "postgres://ada:12#horse@h/d",
            "postgres://ada:12/horse@h/d",
            "postgres://ada:horse/d",
            "postgres://ada:x?correct-horse=1@h/d",
            "postgres://ada:correct-horse%FF@h/d",
            "postgres://ada:correct-horse%@h/d",
            "postgres://ada:[horse@h:x/d",
            "postgres://h/d?password=correct-horse&nonsense=2",
            "postgres://h/d?sslpassword=correct-horse",
            "postgres://h/d?passfile=correct-horse",
        ] {
            let error = refusal(url);
            assert!(!error.contains("horse"), "{url}: {error}");
        }
        let options = parse("postgres://ada:correct-horse@h/d");
        assert!(!format!("{options:?} {options}").contains("horse"));
    }

    #[test]
    fn only_this_machine_is_reached_without_tls() {
        for local in [
            "postgres://localhost/d",
            "postgres://127.0.0.2/d",
            "postgres://[::1]/d",
            "postgres:///d?host=/tmp",
            "postgres:///d",
            "postgres://db.example.org/d?hostaddr=127.0.0.1",
        ] {
            assert_eq!(
                parse(local).effective_ssl_mode(),
                PostgresSslMode::Disable,
                "{local}"
            );
        }
        for remote in [
            "postgres://db.example.org/d",
            "postgres://192.0.2.1/d",
            "postgres://localhost,db.example.org/d",
            "postgres://localhost/d?hostaddr=192.0.2.1",
        ] {
            let options = parse(remote);
            assert_eq!(
                options.effective_ssl_mode(),
                PostgresSslMode::VerifyFull,
                "{remote}"
            );
            #[cfg(not(feature = "postgres-tls"))]
            {
                let error = options.open().unwrap_err().to_string();
                assert!(error.contains("`postgres-tls`"), "{error}");
                assert!(error.contains("sslmode=disable"), "{error}");
            }
            let plain = options.ssl_mode(PostgresSslMode::Disable);
            assert_eq!(plain.effective_ssl_mode(), PostgresSslMode::Disable);
            assert!(plain.driver_tls().is_ok());
        }
        for (mode, wanted) in [
            ("sslmode=require", PostgresSslMode::VerifyFull),
            ("sslmode=verify-full", PostgresSslMode::VerifyFull),
            ("sslmode=verify-ca", PostgresSslMode::VerifyCa),
            ("sslmode=no-verify", PostgresSslMode::NoVerify),
            ("sslrootcert=/etc/ca.pem", PostgresSslMode::VerifyFull),
        ] {
            let options = parse(&format!("postgres://localhost/d?{mode}"));
            assert_eq!(options.effective_ssl_mode(), wanted, "{mode}");
            #[cfg(unix)]
            {
                let socket = parse(&format!("postgres:///d?host=/tmp&{mode}"));
                assert_eq!(socket.effective_ssl_mode(), PostgresSslMode::Disable);
            }
            // libpq uses the address, not the socket.
            let address = parse(&format!(
                "postgres:///d?host=/tmp&hostaddr=127.0.0.1&{mode}"
            ));
            assert_eq!(address.effective_ssl_mode(), wanted, "{mode}");
        }
    }
}
