use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio_postgres::config::{Host, SslMode};

use super::PostgresBackend;
use super::tls::Tls;
use crate::error::{Error, Result};
use crate::url;

/// Where a PostgreSQL database is, and how to use it.
///
/// Made by [`new`](PostgresOptions::new), or parsed from a URL as
/// [PostgreSQL itself writes it](https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS):
/// `postgres://user:password@host:port/database`. In it, a character that has a meaning (`@ : / ? #`) is written as `%XX`.
/// Several hosts may be named, separated by commas. A path takes the place of a host to reach a server by its Unix
/// socket: `postgres:///auth?host=/var/run/postgresql`. Options follow as a query:
///
/// | option | method | default |
/// |---|---|---|
/// | `sslmode` | [`ssl_mode`](PostgresOptions::ssl_mode) | see [`PostgresSslMode`] |
/// | `sslrootcert` | [`ssl_root_cert`](PostgresOptions::ssl_root_cert) | what the operating system trusts |
/// | `pool_size` | [`pool_size`](PostgresOptions::pool_size) | 8 connections |
/// | `connect_timeout_ms` | [`connect_timeout`](PostgresOptions::connect_timeout) | 10,000 milliseconds |
/// | `checkout_timeout_ms` | [`checkout_timeout`](PostgresOptions::checkout_timeout) | 5,000 milliseconds |
/// | `statement_timeout_ms` | [`statement_timeout`](PostgresOptions::statement_timeout) | 5,000 milliseconds |
/// | `prepare` | [`prepare`](PostgresOptions::prepare) | `auto` |
/// | `target_session_attrs` | [`target_session`](PostgresOptions::target_session) | `primary` with several hosts, otherwise `any` |
/// | `load_balance_hosts` | [`load_balance_hosts`](PostgresOptions::load_balance_hosts) | `disable` |
/// | `migrate_url` | [`migrate_url`](PostgresOptions::migrate_url), with its characters as `%XX` | the same as for everything else |
///
/// and of PostgreSQL's own: `host`, `hostaddr`, `port`, `user`, `password`, `dbname`, `application_name`, `options`,
/// `connect_timeout` (in seconds), `sslnegotiation`, `keepalives`, `keepalives_idle`, `keepalives_interval`, `keepalives_retries` and `tcp_user_timeout`.
///
/// Neither `Debug` nor an error shows the password.
///
/// # What the server's own settings change
///
/// Nothing that a result depends on: each session, or each transaction where a pooler shares sessions out, sets what it
/// depends on itself (`sql/postgres/session/pin.sql` is the list). Every transaction runs in READ COMMITTED and may write,
/// and a commit survives a crash of the server: `synchronous_commit=off` becomes `on`, and stricter values stay.
/// The `search_path` and the `role` stay as the server, the role or `options` have them.
///
/// # Poolers
///
/// Through a pooler in session or transaction mode (PgBouncer, or one like it), with its stock settings, each operation is
/// one transaction that is sent in one round trip, with an unnamed statement: see [`PostgresPrepare`]. This costs the
/// server more work than a connection of its own. Statement mode is refused, since nothing that takes two statements
/// could be atomic. A pooler may refuse `options`, which this crate sends only if the URL has it.
///
/// ```
/// use authstore::PostgresOptions;
///
/// # fn main() -> authstore::Result<()> {
/// let options = PostgresOptions::new("localhost", "auth").port(5432).user("app").password("secret");
/// assert_eq!(options, "postgres://app:secret@localhost:5432/auth".parse()?);
/// assert!(!format!("{options:?}").contains("secret"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresOptions {
    config: tokio_postgres::Config,
    ssl_mode: Option<PostgresSslMode>,
    ssl_root_cert: Option<PathBuf>,
    pub(super) pool_size: u32,
    pub(super) connect_timeout: Duration,
    pub(super) checkout_timeout: Duration,
    pub(super) statement_timeout: Duration,
    pub(super) prepare: PostgresPrepare,
    pub(super) load_balance_hosts: bool,
    target_session: Option<PostgresTargetSession>,
    migrate_url: Option<Box<PostgresOptions>>,
}

/// Whether the connection is encrypted, and what the server must prove; named as PostgreSQL's own client names it.
///
/// Unless one is chosen, a server on the same machine (a Unix socket, `localhost`, a loopback address) is reached with
/// [`Disable`](PostgresSslMode::Disable), and any other with [`VerifyFull`](PostgresSslMode::VerifyFull), which is also
/// what a choice of authorities makes of both. A program that is built without the feature `postgres-tls` cannot do
/// that, and reaches every server without TLS.
///
/// There is no mode that encrypts and believes anybody, nor one that goes on without encryption when the server has none:
/// whoever can listen could answer as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PostgresSslMode {
    /// Not encrypted: for a server on the same machine or in a network that is trusted. `sslmode=disable`.
    Disable,
    /// Encrypted, and the certificate comes from an authority that is trusted, whatever host it names: for servers that
    /// are reached by an address, with an authority that signs for no one else. `sslmode=verify-ca`.
    VerifyCa,
    /// Encrypted, and the certificate comes from an authority that is trusted and names the host. `sslmode=verify-full`,
    /// and `sslmode=require` too, with which PostgreSQL's own client may check nothing.
    VerifyFull,
}

/// Whether statements are prepared, once for each connection, under a name. `prepare=auto|always|never`.
///
/// A named statement saves the server from parsing and planning it each time. It is safe only on a session that no other
/// program uses. A pooler in transaction mode hands the session on after each transaction, and with it the names: another
/// program's statement may have the same one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PostgresPrepare {
    /// Named on a connection to the server itself, and unnamed through a pooler: found out at each connect, by whether
    /// the process that serves the session is the one that answered the connection.
    #[default]
    Auto,
    /// Named, also through a pooler, which must keep the names of its clients apart, as PgBouncer does from 1.21 on
    /// (`max_prepared_statements`). Connecting fails through a pooler that passes the names on as they are.
    Always,
    /// Unnamed everywhere.
    Never,
}

/// Which of several servers to use, as
/// [PostgreSQL's own client has it](https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-TARGET-SESSION-ATTRS).
/// `target_session_attrs=...`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PostgresTargetSession {
    /// Any server. `any`.
    Any,
    /// A server that takes writes unless told otherwise. `read-write`.
    ReadWrite,
    /// A server that takes no writes unless told otherwise. `read-only`.
    ReadOnly,
    /// A server that is not a standby. `primary`.
    Primary,
    /// A standby. `standby`.
    Standby,
    /// A standby, or any server if there is none. `prefer-standby`.
    PreferStandby,
}

impl PostgresTargetSession {
    /// The reason why a server is not the one that is wanted.
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

    /// Whether a connected server is still one that is wanted, after it may have been promoted or demoted.
    pub(super) fn accepts(self, in_recovery: bool) -> bool {
        match self {
            PostgresTargetSession::Primary | PostgresTargetSession::ReadWrite => !in_recovery,
            PostgresTargetSession::Standby => in_recovery,
            // Of a server that is not in recovery, the session's own default said that it takes no writes.
            PostgresTargetSession::Any
            | PostgresTargetSession::ReadOnly
            | PostgresTargetSession::PreferStandby => true,
        }
    }

    fn parse(value: &str) -> Result<Self> {
        Ok(match value {
            "any" => PostgresTargetSession::Any,
            "read-write" => PostgresTargetSession::ReadWrite,
            "read-only" => PostgresTargetSession::ReadOnly,
            "primary" => PostgresTargetSession::Primary,
            "standby" => PostgresTargetSession::Standby,
            "prefer-standby" => PostgresTargetSession::PreferStandby,
            _ => {
                return Err(Error::invalid(
                    "target_session_attrs",
                    "must be any, read-write, read-only, primary, standby or prefer-standby",
                ));
            }
        })
    }
}

impl PostgresOptions {
    /// A database on a host: its name, its address, or the path of the directory in which the server has its Unix
    /// socket.
    pub fn new(host: impl Into<String>, database: impl Into<String>) -> Self {
        let mut config = tokio_postgres::Config::new();
        config.host(host).dbname(database);
        PostgresOptions::with_config(config)
    }

    fn with_config(config: tokio_postgres::Config) -> Self {
        PostgresOptions {
            config,
            ssl_mode: None,
            ssl_root_cert: None,
            pool_size: 8,
            connect_timeout: Duration::from_secs(10),
            checkout_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(5),
            prepare: PostgresPrepare::default(),
            load_balance_hosts: false,
            target_session: None,
            migrate_url: None,
        }
    }

    /// The server's port: 5432 unless said otherwise.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.config.port(port);
        self
    }

    /// Whom to connect as: the user who runs the program, unless said otherwise.
    #[must_use]
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.config.user(user);
        self
    }

    /// The user's password.
    #[must_use]
    pub fn password(mut self, password: impl AsRef<str>) -> Self {
        self.config.password(password.as_ref());
        self
    }

    /// What the server calls the program's sessions, as in `pg_stat_activity`.
    #[must_use]
    pub fn application_name(mut self, name: impl Into<String>) -> Self {
        self.config.application_name(name);
        self
    }

    /// Whether to encrypt. All but [`Disable`](PostgresSslMode::Disable) needs the feature `postgres-tls`.
    #[must_use]
    pub fn ssl_mode(mut self, mode: PostgresSslMode) -> Self {
        self.ssl_mode = Some(mode);
        self
    }

    /// A PEM file with the certificates of the authorities to trust, in place of those that the operating system trusts.
    #[must_use]
    pub fn ssl_root_cert(mut self, path: impl Into<PathBuf>) -> Self {
        self.ssl_root_cert = Some(path.into());
        self
    }

    /// How many connections to keep, at most: so many operations can run at a time. The server has a limit too
    /// (`max_connections`), for all its clients together.
    #[must_use]
    pub fn pool_size(mut self, connections: u32) -> Self {
        self.pool_size = connections;
        self
    }

    /// Sets how long it may take to connect to one address of one host, from the first packet to the server's answer, and to
    /// look up the addresses of a host. Defaults to 10 seconds.
    ///
    /// With several hosts, the next one is tried as well after one second.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long an operation waits for a connection before it is [`Error::Unavailable`]: for one that others use, or for
    /// a new one.
    #[must_use]
    pub fn checkout_timeout(mut self, timeout: Duration) -> Self {
        self.checkout_timeout = timeout;
        self
    }

    /// How long the server works on a statement, or waits for others, before it is cancelled and [`Error::Unavailable`].
    ///
    /// One second later, if the server has not answered even that, the connection is given up, and a write is
    /// [`Error::OutcomeUnknown`]. For as long as this timeout, too, an operation is repeated when others made it fail.
    #[must_use]
    pub fn statement_timeout(mut self, timeout: Duration) -> Self {
        self.statement_timeout = timeout;
        self
    }

    /// Sets whether statements are prepared and named. Defaults to [`PostgresPrepare::Auto`].
    #[must_use]
    pub fn prepare(mut self, prepare: PostgresPrepare) -> Self {
        self.prepare = prepare;
        self
    }

    /// Sets which of several servers to use. Defaults to [`PostgresTargetSession::Primary`] where several hosts are named,
    /// and to [`PostgresTargetSession::Any`] for a single one.
    #[must_use]
    pub fn target_session(mut self, target: PostgresTargetSession) -> Self {
        self.target_session = Some(target);
        self
    }

    /// Sets whether to try the hosts, and the addresses of each, in random order. Defaults to the order in which they are
    /// named.
    #[must_use]
    pub fn load_balance_hosts(mut self, random: bool) -> Self {
        self.load_balance_hosts = random;
        self
    }

    /// Sets another way to the same database for migrations, past a pooler. Defaults to the one for everything else.
    ///
    /// This crate's own migrations run through a pooler as well. A step that cannot run in a transaction needs a
    /// connection to the server itself.
    #[must_use]
    pub fn migrate_url(mut self, options: PostgresOptions) -> Self {
        self.migrate_url = Some(Box::new(options));
        self
    }

    /// The options to connect with for migrations.
    pub(super) fn to_migrate(&self) -> &PostgresOptions {
        self.migrate_url.as_deref().unwrap_or(self)
    }

    /// Which server to use, of so many.
    pub(super) fn wanted_session(&self, hosts: usize) -> PostgresTargetSession {
        self.target_session.unwrap_or(match hosts {
            0 | 1 => PostgresTargetSession::Any,
            _ => PostgresTargetSession::Primary,
        })
    }

    /// Connects.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for options that do not go together; [`Error::Backend`] when the server refuses, for a wrong
    /// password, say, and when its certificate is not trusted; [`Error::Unavailable`] when it cannot be reached.
    pub fn open(&self) -> Result<PostgresBackend> {
        PostgresBackend::open(self)
    }

    /// The driver's configuration, complete.
    pub(super) fn driver_config(&self) -> Result<tokio_postgres::Config> {
        for (option, timeout) in [
            ("connect_timeout", self.connect_timeout),
            ("checkout_timeout", self.checkout_timeout),
            ("statement_timeout", self.statement_timeout),
        ] {
            if timeout.is_zero() {
                return Err(Error::invalid(option, "it must be longer than nothing"));
            }
        }
        let mut config = self.config.clone();
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            config.host("localhost");
        }
        config.ssl_mode(match self.effective_ssl_mode() {
            PostgresSslMode::Disable => SslMode::Disable,
            PostgresSslMode::VerifyCa | PostgresSslMode::VerifyFull => SslMode::Require,
        });
        Ok(config)
    }

    pub(super) fn driver_tls(&self) -> Result<Tls> {
        match self.effective_ssl_mode() {
            PostgresSslMode::Disable => Ok(Tls::off()),
            PostgresSslMode::VerifyCa => Tls::of_any_host(self.ssl_root_cert.as_deref()),
            PostgresSslMode::VerifyFull => Tls::of_the_host(self.ssl_root_cert.as_deref()),
        }
    }

    fn effective_ssl_mode(&self) -> PostgresSslMode {
        match self.ssl_mode {
            Some(mode) => mode,
            None if self.ssl_root_cert.is_some() => PostgresSslMode::VerifyFull,
            None if cfg!(not(feature = "postgres-tls")) || self.is_local() => {
                PostgresSslMode::Disable
            }
            None => PostgresSslMode::VerifyFull,
        }
    }

    fn is_local(&self) -> bool {
        let is_loopback = |host: &str| {
            host == "localhost"
                || host
                    .parse()
                    .is_ok_and(|address: IpAddr| address.is_loopback())
        };
        let hosts_are_local = self.config.get_hosts().iter().all(|host| match host {
            Host::Tcp(name) => is_loopback(name),
            #[cfg(unix)]
            Host::Unix(_) => true,
        });
        hosts_are_local && self.config.get_hostaddrs().iter().all(IpAddr::is_loopback)
    }
}

/// Without the password.
impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresOptions")
            .field("hosts", &self.config.get_hosts())
            .field("ports", &self.config.get_ports())
            .field("user", &self.config.get_user())
            .field("database", &self.config.get_dbname())
            .field("ssl_mode", &self.effective_ssl_mode())
            .field("ssl_root_cert", &self.ssl_root_cert)
            .field("pool_size", &self.pool_size)
            .field("connect_timeout", &self.connect_timeout)
            .field("checkout_timeout", &self.checkout_timeout)
            .field("statement_timeout", &self.statement_timeout)
            .field("prepare", &self.prepare)
            .field("target_session", &self.target_session)
            .field("load_balance_hosts", &self.load_balance_hosts)
            .field("migrate_url", &self.migrate_url)
            .finish_non_exhaustive()
    }
}

const OPTIONS: [&str; 25] = [
    "sslmode",
    "sslrootcert",
    "pool_size",
    "connect_timeout_ms",
    "checkout_timeout_ms",
    "statement_timeout_ms",
    "prepare",
    "migrate_url",
    "host",
    "hostaddr",
    "port",
    "user",
    "password",
    "dbname",
    "application_name",
    "options",
    "connect_timeout",
    "target_session_attrs",
    "load_balance_hosts",
    "sslnegotiation",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "tcp_user_timeout",
];

impl FromStr for PostgresOptions {
    type Err = Error;

    /// # Errors
    ///
    /// [`Error::Invalid`], naming the option where one is at fault.
    fn from_str(url: &str) -> Result<Self> {
        let (rest, options) = url::split_options(url)?;
        let authority = rest
            .strip_prefix("postgres://")
            .or_else(|| rest.strip_prefix("postgresql://"))
            .ok_or_else(|| Error::invalid("url", "it must begin with postgres://"))?;
        // Else what follows the first would be taken for a host, and be told in an error.
        if authority.matches('@').count() > 1 {
            return Err(Error::invalid(
                "url",
                "an @ in the user or the password must be written as %40",
            ));
        }
        let mut parsed = PostgresOptions::with_config(tokio_postgres::Config::new());
        let mut driver = String::new();
        let query_has_at = url[rest.len()..].contains('@');
        for (name, value) in options {
            match name.as_str() {
                "sslmode" => parsed.ssl_mode = Some(ssl_mode(&value)?),
                "sslrootcert" if value == "system" => parsed.ssl_root_cert = None,
                "sslrootcert" => parsed.ssl_root_cert = Some(value.into()),
                "pool_size" => parsed.pool_size = url::positive("pool_size", &value)?,
                "connect_timeout_ms" => {
                    parsed.connect_timeout = url::milliseconds("connect_timeout_ms", &value)?;
                }
                "checkout_timeout_ms" => {
                    parsed.checkout_timeout = url::milliseconds("checkout_timeout_ms", &value)?;
                }
                "statement_timeout_ms" => {
                    parsed.statement_timeout = url::milliseconds("statement_timeout_ms", &value)?;
                }
                "connect_timeout" => {
                    let seconds = url::positive("connect_timeout", &value)?;
                    parsed.connect_timeout = Duration::from_secs(seconds.into());
                }
                "prepare" => {
                    parsed.prepare = match value.as_str() {
                        "auto" => PostgresPrepare::Auto,
                        "always" => PostgresPrepare::Always,
                        "never" => PostgresPrepare::Never,
                        _ => {
                            return Err(Error::invalid("prepare", "must be auto, always or never"));
                        }
                    };
                }
                "target_session_attrs" => {
                    parsed.target_session = Some(PostgresTargetSession::parse(&value)?);
                }
                "load_balance_hosts" => {
                    parsed.load_balance_hosts = match value.as_str() {
                        "disable" => false,
                        "random" => true,
                        _ => {
                            return Err(Error::invalid(
                                "load_balance_hosts",
                                "must be disable or random",
                            ));
                        }
                    };
                }
                "migrate_url" => {
                    let options = value.parse().map_err(|error| match error {
                        Error::Invalid { reason, .. } => Error::invalid("migrate_url", reason),
                        error => error,
                    })?;
                    parsed.migrate_url = Some(Box::new(options));
                }
                known if OPTIONS.contains(&known) => {
                    let separator = if driver.is_empty() { '?' } else { '&' };
                    let value = utf8_percent_encode(&value, NON_ALPHANUMERIC);
                    driver += &format!("{separator}{known}={value}");
                }
                // What looks like nothing that is known may be the rest of a password with a `?` in it.
                name if query_has_at || !is_name(name) => {
                    return Err(url::unknown_option("...", &OPTIONS));
                }
                unknown => return Err(url::unknown_option(unknown, &OPTIONS)),
            }
        }
        parsed.config = format!("{rest}{driver}").parse().map_err(unreadable)?;
        Ok(parsed)
    }
}

fn is_name(option: &str) -> bool {
    option
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// The driver's reason: it names the part that it cannot read, and does not quote it.
fn unreadable(error: tokio_postgres::Error) -> Error {
    let reason = error.into_source().map_or_else(
        || "it cannot be read".to_owned(),
        |source| source.to_string(),
    );
    Error::invalid("url", reason)
}

fn ssl_mode(value: &str) -> Result<PostgresSslMode> {
    match value {
        "disable" => Ok(PostgresSslMode::Disable),
        "verify-ca" => Ok(PostgresSslMode::VerifyCa),
        "require" | "verify-full" => Ok(PostgresSslMode::VerifyFull),
        "allow" | "prefer" => Err(Error::invalid(
            "sslmode",
            "to go on without TLS where the server has none protects from nobody: it must be disable, require, \
             verify-ca or verify-full",
        )),
        _ => Err(Error::invalid(
            "sslmode",
            "it must be disable, require, verify-ca or verify-full",
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio_postgres::config::Host;

    use super::{OPTIONS, PostgresOptions, PostgresSslMode};
    use crate::error::Error;

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
    fn a_url_is_read_as_postgresql_writes_it() {
        let options = parse("postgresql://ad%40a:p%40s%2Fs%3F@db.example.org:5433/au%20th");
        assert_eq!(options.config.get_user(), Some("ad@a"));
        assert_eq!(options.config.get_password(), Some("p@s/s?".as_bytes()));
        assert_eq!(options.config.get_dbname(), Some("au th"));
        assert_eq!(options.config.get_ports(), [5433]);
        assert_eq!(
            options.config.get_hosts(),
            [Host::Tcp("db.example.org".into())]
        );

        let hosts = |url: &str| parse(url).config.get_hosts().to_vec();
        assert_eq!(
            hosts("postgres://[2001:db8::1]:5433/auth"),
            [Host::Tcp("2001:db8::1".into())]
        );
        assert_eq!(
            hosts("postgres://a,b:5433/auth"),
            [Host::Tcp("a".into()), Host::Tcp("b".into())]
        );
        let socket = [Host::Unix("/var/run/postgresql".into())];
        assert_eq!(hosts("postgres:///auth?host=/var/run/postgresql"), socket);
        assert_eq!(hosts("postgres://%2Fvar%2Frun%2Fpostgresql/auth"), socket);
    }

    #[test]
    fn options_of_ours_and_of_postgresql_are_read() {
        let options = parse(
            "postgres://h/d?pool_size=3&statement_timeout_ms=200&connect_timeout=2\
             &checkout_timeout_ms=30&application_name=a%26b%3Dc&options=-c%20jit%3Doff",
        );
        assert_eq!(options.pool_size, 3);
        assert_eq!(options.statement_timeout, Duration::from_millis(200));
        assert_eq!(options.connect_timeout, Duration::from_secs(2));
        assert_eq!(options.checkout_timeout, Duration::from_millis(30));
        assert_eq!(options.config.get_application_name(), Some("a&b=c"));
        assert_eq!(options.config.get_options(), Some("-c jit=off"));
    }

    #[test]
    fn what_cannot_be_understood_is_refused_by_name() {
        let unknown = refusal("postgres://h/d?pool_sise=3");
        for option in OPTIONS {
            assert!(unknown.contains(option), "{unknown}");
        }
        assert!(unknown.contains("pool_sise"), "{unknown}");
        for (url, name) in [
            ("postgres://h/d?pool_size=0", "pool_size"),
            (
                "postgres://h/d?statement_timeout_ms=1s",
                "statement_timeout_ms",
            ),
            ("postgres://h/d?connect_timeout=0", "connect_timeout"),
            ("postgres://h/d?sslmode=prefer", "sslmode"),
            ("postgres://h/d?sslmode=on", "sslmode"),
            (
                "postgres://h/d?target_session_attrs=x",
                "target_session_attrs",
            ),
            ("postgres://h:x/d", "port"),
            ("postgres:h/d", "postgres://"),
            ("host=h dbname=d", "postgres://"),
        ] {
            let error = refusal(url);
            assert!(error.contains(name), "{url}: {error}");
        }
    }

    #[test]
    fn no_password_is_shown_whatever_is_wrong_with_the_url() {
        for url in [
            "postgres://ada:correct-horse@h/d?nonsense=1",
            "postgres://ada:correct-horse@h/d?pool_size=none",
            "postgres://ada:correct-horse@h:port/d",
            "postgres://ada:correct@-horse@h/d",
            "postgres://ada:?correct-horse@h/d",
            "postgres://ada:x?correct-horse=1@h/d",
            "postgres://ada:correct-horse%FF%40@h:x/d",
            "postgres://h/d?password=correct-horse&nonsense=2",
        ] {
            let error = refusal(url);
            assert!(!error.contains("horse"), "{url}: {error}");
        }
        let options = parse("postgres://ada:correct-horse@h/d");
        assert!(!format!("{options:?}").contains("horse"));
    }

    #[test]
    fn only_a_server_on_this_machine_is_reached_without_tls() {
        for local in [
            "postgres://localhost/d",
            "postgres://127.0.0.2/d",
            "postgres://[::1]/d",
            "postgres:///d?host=/tmp",
            "postgres:///d",
        ] {
            assert_eq!(
                parse(local).effective_ssl_mode(),
                PostgresSslMode::Disable,
                "{local}"
            );
        }
        let elsewhere = if cfg!(feature = "postgres-tls") {
            PostgresSslMode::VerifyFull
        } else {
            PostgresSslMode::Disable
        };
        for remote in [
            "postgres://db.example.org/d",
            "postgres://192.0.2.1/d",
            "postgres://localhost,db.example.org/d",
            "postgres://localhost/d?hostaddr=192.0.2.1",
        ] {
            assert_eq!(parse(remote).effective_ssl_mode(), elsewhere, "{remote}");
            let plain = format!(
                "{remote}{}sslmode=disable",
                if remote.contains('?') { '&' } else { '?' }
            );
            assert_eq!(parse(&plain).effective_ssl_mode(), PostgresSslMode::Disable);
        }
        for (mode, wanted) in [
            ("sslmode=require", PostgresSslMode::VerifyFull),
            ("sslmode=verify-full", PostgresSslMode::VerifyFull),
            ("sslmode=verify-ca", PostgresSslMode::VerifyCa),
            ("sslrootcert=/etc/ca.pem", PostgresSslMode::VerifyFull),
        ] {
            let options = parse(&format!("postgres://localhost/d?{mode}"));
            assert_eq!(options.effective_ssl_mode(), wanted, "{mode}");
        }
    }
}
