use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::MysqlBackend;
use super::parameters::PARAMETERS;
use crate::error::{Error, Result};
use crate::url::authority::{self, Authority};
use crate::url::{self, Printer};

const DEFAULT_PORT: u16 = 3306;
const POOL_SIZE: u32 = 8;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const CHECKOUT_TIMEOUT: Duration = Duration::from_secs(5);
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(5);

/// The address of a MySQL or MariaDB database, and how to use it.
///
/// Create it with [`new`](MysqlOptions::new), or parse it from a URL of the form
/// `mysql://user:password@host:port/database?option=value&...`. `mariadb://` means the same, since the server reports
/// which of the two it is. Write `@ : / ? # %` in a user, a password or a database as `%XX`. You can name several
/// hosts, separated by commas, each with its port: `mysql://app@db1:3306,db2:3307/auth`. They are tried in this order.
/// The options:
///
/// | option | method | default |
/// |---|---|---|
/// | `ssl-mode` | [`ssl_mode`](MysqlOptions::ssl_mode) | see [`MysqlSslMode`] |
/// | `ssl-ca` | [`ssl_ca`](MysqlOptions::ssl_ca): the path of a file | the public authorities |
/// | `socket` | [`socket`](MysqlOptions::socket): the path of a Unix socket | none |
/// | `pool_size` | [`pool_size`](MysqlOptions::pool_size) | 8 connections |
/// | `connect_timeout_ms` | [`connect_timeout`](MysqlOptions::connect_timeout) | 10,000 milliseconds |
/// | `checkout_timeout_ms` | [`checkout_timeout`](MysqlOptions::checkout_timeout) | 5,000 milliseconds |
/// | `statement_timeout_ms` | [`statement_timeout`](MysqlOptions::statement_timeout) | 5,000 milliseconds |
///
/// Parameters of other drivers, tools and vendors are accepted if their meaning can be kept, ignored if they can have
/// no effect, and rejected with the reason otherwise: `docs/urls.md` lists them all.
///
/// `Display` prints the options as a URL without the password. Neither `Display`, `Debug` nor an error shows the
/// password.
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
/// assert_eq!(options.to_string(), "mysql://app@db.example.org:3306/auth?statement_timeout_ms=2000");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct MysqlOptions {
    /// Host and port, in the order in which they are tried; never empty.
    pub(super) hosts: Vec<(String, u16)>,
    /// Used instead of the hosts.
    pub(super) socket: Option<PathBuf>,
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

/// Whether the connection is encrypted, and what the server must prove. The names are those of MySQL's own clients.
///
/// The default is [`Disabled`](MysqlSslMode::Disabled) for a server on the same machine (a Unix socket, `localhost`, a
/// loopback address), and [`VerifyIdentity`](MysqlSslMode::VerifyIdentity) for any other, and for both if you name
/// certificate authorities. A program built without the feature `mysql-tls` cannot verify: [`open`](MysqlOptions::open)
/// then fails with [`Error::Invalid`] unless you choose `Disabled` explicitly.
///
/// There is no mode that continues unencrypted when the server has no TLS (`PREFERRED`): an attacker in between could
/// simply claim that. There is no `VERIFY_CA` either: the driver trusts the public authorities in addition to the ones
/// you name, so anyone with a certificate for some host would pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MysqlSslMode {
    /// Not encrypted: for a server on the same machine or in a trusted network. `ssl-mode=DISABLED`.
    Disabled,
    /// Encrypted, and nothing is verified: anyone who can redirect the connection can read and change everything on it.
    /// For servers whose certificates no one can verify, such as those that MySQL generates for itself.
    /// `ssl-mode=NO_VERIFY`.
    NoVerify,
    /// Encrypted, and the certificate comes from a trusted authority and names the host. `ssl-mode=VERIFY_IDENTITY`,
    /// and `ssl-mode=REQUIRED` too, with which MySQL's own clients verify nothing.
    VerifyIdentity,
}

impl MysqlSslMode {
    fn name(self) -> &'static str {
        match self {
            MysqlSslMode::Disabled => "DISABLED",
            MysqlSslMode::NoVerify => "NO_VERIFY",
            MysqlSslMode::VerifyIdentity => "VERIFY_IDENTITY",
        }
    }
}

impl MysqlOptions {
    /// Creates options for a database on a host: a name or an address, without a port.
    pub fn new(host: impl Into<String>, database: impl Into<String>) -> Self {
        MysqlOptions::with_hosts(vec![(host.into(), DEFAULT_PORT)], database.into())
    }

    fn with_hosts(hosts: Vec<(String, u16)>, database: String) -> Self {
        MysqlOptions {
            hosts,
            socket: None,
            database,
            user: None,
            password: None,
            ssl_mode: None,
            ssl_ca: None,
            pool_size: POOL_SIZE,
            connect_timeout: CONNECT_TIMEOUT,
            checkout_timeout: CHECKOUT_TIMEOUT,
            statement_timeout: STATEMENT_TIMEOUT,
        }
    }

    /// Adds another host, to be used while those before it cannot be reached or are read-only. A
    /// [`port`](MysqlOptions::port) that follows is its own.
    #[must_use]
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.hosts.push((host.into(), DEFAULT_PORT));
        self
    }

    /// Sets the port of the last host. Defaults to 3306.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        if let Some(last) = self.hosts.last_mut() {
            last.1 = port;
        }
        self
    }

    /// Sets the path of the server's Unix socket, which is used instead of the hosts. Defaults to none.
    #[must_use]
    pub fn socket(mut self, path: impl Into<PathBuf>) -> Self {
        self.socket = Some(path.into());
        self
    }

    /// Sets the user to sign in as. Defaults to the server's anonymous user, which few servers have: the others answer
    /// that access is denied for user `''`.
    #[must_use]
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// Sets the user's password. No error, `Debug` or `Display` shows it.
    #[must_use]
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// Sets whether to encrypt and what to verify. Everything but [`Disabled`](MysqlSslMode::Disabled) needs the
    /// feature `mysql-tls`. Defaults to what [`MysqlSslMode`] describes.
    #[must_use]
    pub fn ssl_mode(mut self, mode: MysqlSslMode) -> Self {
        self.ssl_mode = Some(mode);
        self
    }

    /// Sets a file with the certificates (PEM, or one in DER) of authorities to trust in addition to the public ones.
    #[must_use]
    pub fn ssl_ca(mut self, path: impl Into<PathBuf>) -> Self {
        self.ssl_ca = Some(path.into());
        self
    }

    /// Sets the maximum number of connections, which is how many operations can run at a time. Defaults to 8; at least
    /// 1 and at most 10,000, otherwise [`open`](MysqlOptions::open) fails with [`Error::Invalid`] for `pool_size`.
    #[must_use]
    pub fn pool_size(mut self, connections: u32) -> Self {
        self.pool_size = connections;
        self
    }

    /// Sets how long each host may take to accept a connection and to sign the user in. Defaults to 10 seconds.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets how long an operation waits for a connection before it fails with [`Error::Unavailable`]. Defaults to 5
    /// seconds.
    #[must_use]
    pub fn checkout_timeout(mut self, timeout: Duration) -> Self {
        self.checkout_timeout = timeout;
        self
    }

    /// Sets how long a statement may take, and how long an operation may be retried after deadlocks. Defaults to 5
    /// seconds. The server gets this limit as far as it supports one (for locks in whole seconds, at least 1). If the
    /// server does not answer at all, the client gives up 2 seconds later.
    #[must_use]
    pub fn statement_timeout(mut self, timeout: Duration) -> Self {
        self.statement_timeout = timeout;
        self
    }

    /// Connects.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a pool size of 0 or above 10,000, for a timeout of 0, and, without the feature
    /// `mysql-tls`, for a server on another machine unless [`Disabled`](MysqlSslMode::Disabled) was chosen;
    /// [`Error::Unavailable`] when the server cannot be reached or accepts no more connections; [`Error::Backend`] when
    /// it rejects this user, password, database or encryption, with its message.
    pub fn open(&self) -> Result<MysqlBackend> {
        for (field, timeout) in [
            ("connect_timeout", self.connect_timeout),
            ("checkout_timeout", self.checkout_timeout),
            ("statement_timeout", self.statement_timeout),
        ] {
            if timeout.is_zero() {
                return Err(Error::invalid(field, "must be longer than 0"));
            }
        }
        if self.pool_size == 0 {
            return Err(Error::invalid("pool_size", "must be at least 1"));
        }
        MysqlBackend::open(self)
    }

    /// Returns the chosen mode, or the default for the other options.
    pub(super) fn effective_ssl_mode(&self) -> MysqlSslMode {
        let is_here = self.socket.is_some()
            || self
                .hosts
                .iter()
                .all(|(host, _)| authority::is_this_machine(host));
        match self.ssl_mode {
            Some(mode) => mode,
            None if self.ssl_ca.is_none() && is_here => MysqlSslMode::Disabled,
            None => MysqlSslMode::VerifyIdentity,
        }
    }

    fn set(&mut self, name: &'static str, value: &str) -> Result<()> {
        match name {
            "ssl-mode" | "sslmode" | "ssl_mode" | "sslMode" => self.ssl_mode = Some(value.parse()?),
            "ssl" => self.ssl_mode = Some(mysql2_ssl(value)?),
            "useSSL" => {
                self.ssl_mode = Some(match authority::boolean(name, value)? {
                    true => MysqlSslMode::VerifyIdentity,
                    false => MysqlSslMode::Disabled,
                });
            }
            "sslaccept" => {
                self.ssl_mode = Some(match value {
                    "strict" => MysqlSslMode::VerifyIdentity,
                    "accept_invalid_certs" => MysqlSslMode::NoVerify,
                    _ => {
                        return Err(Error::invalid(
                            name,
                            "must be strict or accept_invalid_certs",
                        ));
                    }
                });
            }
            "ssl-ca" | "ssl_ca" => self.ssl_ca = Some(value.into()),
            "socket" | "unix_socket" | "socketPath" => {
                if !value.starts_with('/') {
                    return Err(Error::invalid(name, "must be an absolute path"));
                }
                self.socket = Some(value.into());
            }
            "pool_size" | "connection_limit" | "connectionLimit" | "pool_max" => {
                self.pool_size = url::positive(name, value)?;
            }
            "connect_timeout_ms" | "connectTimeout" => {
                self.connect_timeout = url::milliseconds(name, value)?;
            }
            "connect_timeout" => self.connect_timeout = url::seconds(name, value)?,
            "checkout_timeout_ms" => self.checkout_timeout = url::milliseconds(name, value)?,
            "pool_timeout" => self.checkout_timeout = url::seconds(name, value)?,
            "statement_timeout_ms" | "socketTimeout" => {
                self.statement_timeout = url::milliseconds(name, value)?;
            }
            "socket_timeout" | "read_timeout" => {
                self.statement_timeout = url::seconds(name, value)?;
            }
            _ => unreachable!("each accepted name in the table is set here"),
        }
        Ok(())
    }
}

/// A URL with these options, without the password.
impl fmt::Display for MysqlOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = self
            .user
            .as_ref()
            .map(|user| format!("{}@", url::encode(user)));
        let hosts: Vec<_> = self
            .hosts
            .iter()
            .map(|(host, port)| authority::host_and_port(host, *port))
            .collect();
        let mut url = Printer::new(format!(
            "mysql://{}{}/{}",
            user.unwrap_or_default(),
            hosts.join(","),
            url::encode(&self.database)
        ));
        if let Some(path) = &self.socket {
            url.parameter("socket", path.display());
        }
        if let Some(mode) = self.ssl_mode {
            url.parameter("ssl-mode", mode.name());
        }
        if let Some(path) = &self.ssl_ca {
            url.parameter("ssl-ca", path.display());
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
impl fmt::Debug for MysqlOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MysqlOptions")
            .field("url", &self.to_string())
            .field("ssl_mode", &self.effective_ssl_mode())
            .finish_non_exhaustive()
    }
}

impl FromStr for MysqlOptions {
    type Err = Error;

    /// # Errors
    ///
    /// [`Error::Invalid`]. It names the invalid option, if there is one, and quotes no part of the URL.
    fn from_str(url: &str) -> Result<Self> {
        let (rest, query) = url::split_query(url)?;
        let rest = rest
            .strip_prefix("mysql://")
            .or_else(|| rest.strip_prefix("mariadb://"))
            .ok_or_else(|| Error::invalid("url", "must begin with mysql:// or mariadb://"))?;
        let authority = Authority::parse(rest, query)?;
        if authority.database.is_empty() {
            return Err(Error::invalid(
                "url",
                "must name a database: mysql://user:password@host:3306/database",
            ));
        }
        let hosts = authority
            .hosts
            .into_iter()
            .map(|(host, port)| (host, port.unwrap_or(DEFAULT_PORT)))
            .collect();
        let mut parsed = MysqlOptions::with_hosts(hosts, authority.database);
        parsed.user = authority.user;
        parsed.password = authority.password;
        url::read_query(query, PARAMETERS, |name, value| parsed.set(name, value))?;
        // A socket needs no host.
        if let ([(host, _)], Some(_)) = (&mut parsed.hosts[..], &parsed.socket)
            && host.is_empty()
        {
            *host = "localhost".to_owned();
        }
        if parsed.hosts.iter().any(|(host, _)| host.is_empty()) {
            return Err(Error::invalid("host", "must not be empty"));
        }
        Ok(parsed)
    }
}

impl FromStr for MysqlSslMode {
    type Err = Error;

    /// Parses a mode, ignoring case like the servers' own clients.
    fn from_str(mode: &str) -> Result<Self> {
        match mode.to_ascii_uppercase().as_str() {
            "DISABLED" | "DISABLE" => Ok(MysqlSslMode::Disabled),
            "NO_VERIFY" | "NO-VERIFY" => Ok(MysqlSslMode::NoVerify),
            "REQUIRED" | "REQUIRE" | "VERIFY_IDENTITY" => Ok(MysqlSslMode::VerifyIdentity),
            "PREFERRED" | "PREFER" => Err(Error::invalid(
                "ssl-mode",
                "must not be PREFERRED, which sends everything unencrypted when the server asks for it; must be one \
                 of DISABLED, NO_VERIFY, REQUIRED, VERIFY_IDENTITY",
            )),
            "VERIFY_CA" => Err(Error::invalid(
                "ssl-mode",
                "must not be VERIFY_CA, since public authorities are always trusted too; must be one of DISABLED, \
                 NO_VERIFY, REQUIRED, VERIFY_IDENTITY",
            )),
            _ => Err(Error::invalid(
                "ssl-mode",
                "must be one of DISABLED, NO_VERIFY, REQUIRED, VERIFY_IDENTITY",
            )),
        }
    }
}

/// Parses the forms of mysql2's `ssl` that name no file and no cipher: a boolean, or JSON.
fn mysql2_ssl(value: &str) -> Result<MysqlSslMode> {
    let compact: String = value.chars().filter(|c| !c.is_whitespace()).collect();
    match compact.as_str() {
        "true" | "{}" | r#"{"rejectUnauthorized":true}"# => Ok(MysqlSslMode::VerifyIdentity),
        r#"{"rejectUnauthorized":false}"# => Ok(MysqlSslMode::NoVerify),
        "false" => Ok(MysqlSslMode::Disabled),
        _ => Err(Error::invalid(
            "ssl",
            "must be true, false, {} or {\"rejectUnauthorized\":true or false}; use ssl-mode and ssl-ca for the rest",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::url::testing;

    impl testing::Options for MysqlOptions {
        fn without_password(mut self) -> Self {
            self.password = None;
            self
        }
    }

    #[test]
    fn every_parameter_does_what_the_table_says() {
        testing::check_table::<MysqlOptions>("mysql://h/d", PARAMETERS);
    }

    #[test]
    fn docs_list_every_parameter() {
        testing::check_docs("MySQL and MariaDB", PARAMETERS);
    }

    #[test]
    fn fuzz_urls() {
        testing::fuzz::<MysqlOptions>(&["mysql://", "mariadb://"], PARAMETERS);
    }

    #[track_caller]
    fn parse(url: &str) -> MysqlOptions {
        url.parse().unwrap()
    }

    #[test]
    fn url_and_methods_set_the_same_options() {
        assert_eq!(parse("mysql://h/d"), MysqlOptions::new("h", "d"));
        assert_eq!(
            parse("mariadb://u@h:3307/d?"),
            MysqlOptions::new("h", "d").port(3307).user("u")
        );
        assert_eq!(
            parse("mysql://u@a:1,b,[::1]:2/d"),
            MysqlOptions::new("a", "d")
                .port(1)
                .host("b")
                .host("::1")
                .port(2)
                .user("u")
        );
        assert_eq!(
            parse("mysql://u@/d?socket=%2Fcloudsql%2Fp:r:i"),
            MysqlOptions::new("localhost", "d")
                .socket("/cloudsql/p:r:i")
                .user("u")
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
    fn errors_name_the_fault_and_no_password() {
        for (url, wrong) in [
            ("postgres://h/d", "mysql://"),
            ("mysql://u:hunter2@h", "database"),
            ("mysql://u:hunter2@h/", "database"),
            ("mysql://u:hunter2@/d", "host"),
            ("mysql://u:hunter2@h:x/d", "port"),
            ("mysql://u:hunter2@h:65536/d", "port"),
            ("mysql://u:hunter2@[::1/d", "]"),
            ("mysql://u:12/34?hunter2@h/d", "%40"),
            ("mysql://u:12?ssl-ca=hunter2@h/d", "%40"),
            ("mysql://u:12#hunter2@h/d", "%23"),
            ("mysql://u:12@hunter2@h/d", "%40"),
            ("mysql://u:hunter2/d", "port"),
            ("mysql://u:hunter2%@h/d", "password"),
            ("mysql://u:hunter2@h/d\n", "whitespace"),
            ("mysql://u:hunter2@h,,i/d", "host"),
            ("mysql://h/d?password=hunter2", "before the ?"),
            ("mysql://u:hunter2@h/d?timezone=%2B02:00", "UTC"),
            ("mysql://u:hunter2@h/d?socket=relative", "absolute"),
            ("mysql://u:hunter2%FF@h/d", "password"),
            ("mysql://u:hunter2@h/d?pool_size=0", "pool_size"),
            (
                "mysql://u:hunter2@h/d?connect_timeout_ms=soon",
                "connect_timeout_ms",
            ),
            ("mysql://u:hunter2@h/d?ssl-mode=PREFERRED", "ssl-mode"),
            ("mysql://u:hunter2@h/d?ssl-mode=VERIFY_CA", "ssl-mode"),
            ("mysql://u:hunter2@h/d?charset=latin1", "utf8mb4"),
            (
                "mysql://u:hunter2@h/d?allowPublicKeyRetrieval=false",
                "must be true",
            ),
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
    fn only_this_machine_is_reached_without_tls() {
        let elsewhere = MysqlSslMode::VerifyIdentity;
        for (url, mode) in [
            ("mysql://localhost/d", MysqlSslMode::Disabled),
            ("mysql://127.0.0.1/d", MysqlSslMode::Disabled),
            ("mysql://[::1]/d", MysqlSslMode::Disabled),
            ("mysql://h/d?socket=/s", MysqlSslMode::Disabled),
            ("mysql://localhost,h/d", elsewhere),
            (
                r#"mysql://h/d?ssl={"rejectUnauthorized":false}"#,
                MysqlSslMode::NoVerify,
            ),
            ("mysql://h/d?ssl-mode=no_verify", MysqlSslMode::NoVerify),
            ("mysql://localhost/d?sslaccept=strict", elsewhere),
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
            let options = parse(url);
            assert_eq!(options.effective_ssl_mode(), mode, "{url}");
            #[cfg(not(feature = "mysql-tls"))]
            if mode != MysqlSslMode::Disabled {
                let error = options.open().unwrap_err().to_string();
                assert!(error.contains("`mysql-tls`"), "{error}");
                assert!(error.contains("ssl-mode=DISABLED"), "{error}");
            }
        }
    }
}
