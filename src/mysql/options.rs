use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::MysqlBackend;
use crate::error::{Error, Result};
use crate::url;

/// Where a MySQL or MariaDB database is, and how to use it.
///
/// Made by [`new`](MysqlOptions::new), or parsed from a URL of the form
/// `mysql://user:password@host:port/database?option=value&...`; `mariadb://` means the same, for the server itself tells
/// which of the two it is. User, password, host and database may hold any character, written as `%XX` where it means
/// something in a URL. The options:
///
/// | option | method | default |
/// |---|---|---|
/// | `ssl-mode` | [`ssl_mode`](MysqlOptions::ssl_mode) | see [`MysqlSslMode`] |
/// | `ssl-ca` | [`ssl_ca`](MysqlOptions::ssl_ca): the path of a file | the public authorities |
/// | `pool_size` | [`pool_size`](MysqlOptions::pool_size) | 8 connections |
/// | `connect_timeout_ms` | [`connect_timeout`](MysqlOptions::connect_timeout) | 10,000 milliseconds |
/// | `checkout_timeout_ms` | [`checkout_timeout`](MysqlOptions::checkout_timeout) | 5,000 milliseconds |
/// | `statement_timeout_ms` | [`statement_timeout`](MysqlOptions::statement_timeout) | 5,000 milliseconds |
///
/// ```
/// use std::time::Duration;
///
/// use authstore::MysqlOptions;
///
/// # fn main() -> authstore::Result<()> {
/// let options = MysqlOptions::new("db.example.org", "auth")
///     .user("app")
///     .password("p@ss")
///     .statement_timeout(Duration::from_secs(2));
/// assert_eq!(options, "mysql://app:p%40ss@db.example.org/auth?statement_timeout_ms=2000".parse()?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct MysqlOptions {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) database: String,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    pub(super) ssl_mode: Option<MysqlSslMode>,
    pub(super) ssl_ca: Option<PathBuf>,
    pub(super) pool_size: u32,
    pub(super) connect_timeout: Duration,
    pub(super) checkout_timeout: Duration,
    pub(super) statement_timeout: Duration,
}

/// Whether the connection is encrypted, and what the server must prove; named as MySQL's own clients name it.
///
/// Unless one is chosen, a server on the same machine (`localhost`, a loopback address) is reached with
/// [`Disabled`](MysqlSslMode::Disabled), and any other with [`VerifyIdentity`](MysqlSslMode::VerifyIdentity), which is
/// also what a choice of authorities makes of both. A program that is built without the feature `mysql-tls` cannot do
/// that, and reaches every server without TLS.
///
/// There is no mode that encrypts and believes anybody, nor one that goes on without encryption when the server has none
/// (`PREFERRED`): whoever can listen could answer as well. Nor is there `VERIFY_CA`: since the driver trusts the public
/// authorities besides those that are named, everybody who has a certificate for some host would pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MysqlSslMode {
    /// Not encrypted: for a server on the same machine or in a network that is trusted. `ssl-mode=DISABLED`.
    Disabled,
    /// Encrypted, and the certificate comes from an authority that is trusted and names the host.
    /// `ssl-mode=VERIFY_IDENTITY`, and `ssl-mode=REQUIRED` too, with which MySQL's own clients may check nothing.
    VerifyIdentity,
}

impl MysqlOptions {
    /// A database on a host: a name or an address, without a port.
    pub fn new(host: impl Into<String>, database: impl Into<String>) -> Self {
        MysqlOptions {
            host: host.into(),
            port: 3306,
            database: database.into(),
            user: None,
            password: None,
            ssl_mode: None,
            ssl_ca: None,
            pool_size: 8,
            connect_timeout: Duration::from_secs(10),
            checkout_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(5),
        }
    }

    /// The server's port: 3306 unless said otherwise.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Who signs in to the server.
    #[must_use]
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// The user's password. It appears in no error and no `Debug`.
    #[must_use]
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// Whether to encrypt. All but [`Disabled`](MysqlSslMode::Disabled) needs the feature `mysql-tls`.
    #[must_use]
    pub fn ssl_mode(mut self, mode: MysqlSslMode) -> Self {
        self.ssl_mode = Some(mode);
        self
    }

    /// A file with the certificates (PEM, or one in DER) of authorities to trust besides the public ones.
    #[must_use]
    pub fn ssl_ca(mut self, path: impl Into<PathBuf>) -> Self {
        self.ssl_ca = Some(path.into());
        self
    }

    /// How many connections to keep, at most: so many operations can run at a time.
    #[must_use]
    pub fn pool_size(mut self, connections: u32) -> Self {
        self.pool_size = connections;
        self
    }

    /// How long to wait until the server's host takes a connection. What the server has to say while the user signs in is
    /// awaited as long as the answer to a statement.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long an operation waits for a connection before it is [`Error::Unavailable`].
    #[must_use]
    pub fn checkout_timeout(mut self, timeout: Duration) -> Self {
        self.checkout_timeout = timeout;
        self
    }

    /// How long a statement may take, and how long an operation may go on trying after deadlocks. The server is told to
    /// give up at this time, as far as it can be told (for locks in whole seconds, from 1); one that says nothing at all
    /// is given up 2 seconds later.
    #[must_use]
    pub fn statement_timeout(mut self, timeout: Duration) -> Self {
        self.statement_timeout = timeout;
        self
    }

    /// Connects.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a pool size or a timeout of 0, and for TLS without the feature `mysql-tls`;
    /// [`Error::Unavailable`] when the server cannot be reached or takes no more connections; [`Error::Backend`] when it
    /// refuses this user, password, database or encryption, in the server's words.
    pub fn open(&self) -> Result<MysqlBackend> {
        for (field, timeout) in [
            ("connect_timeout", self.connect_timeout),
            ("checkout_timeout", self.checkout_timeout),
            ("statement_timeout", self.statement_timeout),
        ] {
            if timeout.is_zero() {
                return Err(Error::invalid(field, "it must be longer than 0"));
            }
        }
        if self.pool_size == 0 {
            return Err(Error::invalid("pool_size", "it must be 1 or more"));
        }
        MysqlBackend::open(self)
    }

    /// The mode that was chosen, or the one that follows from the rest.
    pub(super) fn effective_ssl_mode(&self) -> MysqlSslMode {
        match self.ssl_mode {
            Some(mode) => mode,
            None if self.ssl_ca.is_some() => MysqlSslMode::VerifyIdentity,
            None if cfg!(feature = "mysql-tls") && !is_local(&self.host) => {
                MysqlSslMode::VerifyIdentity
            }
            None => MysqlSslMode::Disabled,
        }
    }
}

fn is_local(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

/// Without the password.
impl fmt::Debug for MysqlOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MysqlOptions")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("database", &self.database)
            .field("user", &self.user)
            .field("password", &self.password.as_ref().map(|_| "[redacted]"))
            .field("ssl_mode", &self.effective_ssl_mode())
            .field("ssl_ca", &self.ssl_ca)
            .field("pool_size", &self.pool_size)
            .field("connect_timeout", &self.connect_timeout)
            .field("checkout_timeout", &self.checkout_timeout)
            .field("statement_timeout", &self.statement_timeout)
            .finish()
    }
}

const OPTIONS: [&str; 6] = [
    "ssl-mode",
    "ssl-ca",
    "pool_size",
    "connect_timeout_ms",
    "checkout_timeout_ms",
    "statement_timeout_ms",
];

impl FromStr for MysqlOptions {
    type Err = Error;

    /// # Errors
    ///
    /// [`Error::Invalid`], naming the option where one is at fault, and never showing the password.
    fn from_str(url: &str) -> Result<Self> {
        let (rest, options) = url::split_options(url)?;
        let rest = rest
            .strip_prefix("mysql://")
            .or_else(|| rest.strip_prefix("mariadb://"))
            .ok_or_else(|| Error::invalid("url", "it must begin with mysql:// or mariadb://"))?;
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        if database.is_empty() {
            return Err(Error::invalid(
                "url",
                "it must name a database: mysql://user:password@host:3306/database",
            ));
        }
        let (credentials, address) = match authority.rsplit_once('@') {
            Some((credentials, address)) => (Some(credentials), address),
            None => (None, authority),
        };
        let (host, port) = split_port(address)?;
        let mut parsed = MysqlOptions::new(host, url::decode("database", database)?);
        if let Some(port) = port {
            parsed.port = port;
        }
        if let Some(credentials) = credentials {
            let (user, password) = match credentials.split_once(':') {
                Some((user, password)) => (user, Some(password)),
                None => (credentials, None),
            };
            parsed.user = Some(url::decode("user", user)?);
            parsed.password = password
                .map(|password| url::decode("password", password))
                .transpose()?;
        }
        for (name, value) in options {
            match name.as_str() {
                "ssl-mode" => parsed.ssl_mode = Some(value.parse()?),
                "ssl-ca" => parsed.ssl_ca = Some(value.into()),
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
                _ => return Err(url::unknown_option(&name, &OPTIONS)),
            }
        }
        Ok(parsed)
    }
}

/// Splits `host`, `host:port`, `[::1]` or `[::1]:port`.
fn split_port(address: &str) -> Result<(String, Option<u16>)> {
    let (host, port) = match address.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest
                .split_once(']')
                .ok_or_else(|| Error::invalid("url", "the address of its host lacks a `]`"))?;
            (host, port.strip_prefix(':'))
        }
        None => match address.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (address, None),
        },
    };
    if host.is_empty() {
        return Err(Error::invalid("url", "it names no host"));
    }
    let port = match port {
        None | Some("") => None,
        Some(port) => Some(port.parse().map_err(|_| {
            Error::invalid("url", "its port must be a whole number from 0 to 65535")
        })?),
    };
    Ok((url::decode("host", host)?, port))
}

impl FromStr for MysqlSslMode {
    type Err = Error;

    /// In capitals or not, as the servers' own clients take it.
    fn from_str(mode: &str) -> Result<Self> {
        match mode.to_ascii_uppercase().as_str() {
            "DISABLED" => Ok(MysqlSslMode::Disabled),
            "REQUIRED" | "VERIFY_IDENTITY" => Ok(MysqlSslMode::VerifyIdentity),
            _ => Err(Error::invalid(
                "ssl-mode",
                "it must be DISABLED, REQUIRED or VERIFY_IDENTITY",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn parse(url: &str) -> MysqlOptions {
        url.parse().unwrap()
    }

    #[test]
    fn a_url_says_what_the_methods_say() {
        assert_eq!(parse("mysql://h/d"), MysqlOptions::new("h", "d"));
        assert_eq!(
            parse("mariadb://u@h:3307/d?"),
            MysqlOptions::new("h", "d").port(3307).user("u")
        );
        assert_eq!(
            parse("mysql://%C3%A4%3A:p%40%2F%3F%23%25:@[::1]:1/d%2Fe"),
            MysqlOptions::new("::1", "d/e")
                .port(1)
                .user("ä:")
                .password("p@/?#%:")
        );
        assert_eq!(
            parse(
                "mysql://h/d?ssl-mode=required&ssl-ca=%2Fca.pem&pool_size=1&connect_timeout_ms=2\
                 &checkout_timeout_ms=3&statement_timeout_ms=4"
            ),
            MysqlOptions::new("h", "d")
                .ssl_mode(MysqlSslMode::VerifyIdentity)
                .ssl_ca("/ca.pem")
                .pool_size(1)
                .connect_timeout(Duration::from_millis(2))
                .checkout_timeout(Duration::from_millis(3))
                .statement_timeout(Duration::from_millis(4))
        );
    }

    #[test]
    fn what_is_wrong_is_named_and_the_password_is_not_shown() {
        for (url, wrong) in [
            ("postgres://h/d", "mysql://"),
            ("mysql://u:hunter2@h", "database"),
            ("mysql://u:hunter2@h/", "database"),
            ("mysql://u:hunter2@/d", "host"),
            ("mysql://u:hunter2@h:x/d", "port"),
            ("mysql://u:hunter2@h:65536/d", "port"),
            ("mysql://u:hunter2@[::1/d", "]"),
            ("mysql://u:hunter2%FF@h/d", "password"),
            ("mysql://u:hunter2@h/d?pool_size=0", "pool_size"),
            (
                "mysql://u:hunter2@h/d?connect_timeout_ms=soon",
                "connect_timeout_ms",
            ),
            ("mysql://u:hunter2@h/d?ssl-mode=PREFERRED", "ssl-mode"),
            ("mysql://u:hunter2@h/d?ssl-mode=VERIFY_CA", "ssl-mode"),
            ("mysql://u:hunter2@h/d?charset=utf8", "statement_timeout_ms"),
        ] {
            let error = url.parse::<MysqlOptions>().unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(matches!(error, Error::Invalid { .. }), "{shown}");
            assert!(shown.contains(wrong), "{url}: {shown}");
            assert!(!shown.contains("hunter2"), "{shown}");
        }
        let shown = format!("{:?}", parse("mysql://u:hunter2@h/d"));
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn a_server_elsewhere_is_reached_by_tls_where_that_is_built_in() {
        let elsewhere = if cfg!(feature = "mysql-tls") {
            MysqlSslMode::VerifyIdentity
        } else {
            MysqlSslMode::Disabled
        };
        for (url, mode) in [
            ("mysql://localhost/d", MysqlSslMode::Disabled),
            ("mysql://127.0.0.1/d", MysqlSslMode::Disabled),
            ("mysql://[::1]/d", MysqlSslMode::Disabled),
            ("mysql://10.0.0.1/d", elsewhere),
            ("mysql://db.example.org/d", elsewhere),
            (
                "mysql://db.example.org/d?ssl-mode=DISABLED",
                MysqlSslMode::Disabled,
            ),
            (
                "mysql://localhost/d?ssl-ca=ca.pem",
                MysqlSslMode::VerifyIdentity,
            ),
        ] {
            assert_eq!(parse(url).effective_ssl_mode(), mode, "{url}");
        }
    }
}
