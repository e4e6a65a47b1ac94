//! Opens connections: chooses a host, and detects the properties of its server.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio_postgres::config::Host;
#[cfg(unix)]
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config};

use super::STATEMENTS;
use super::connection::{PIN, PostgresConnection, as_text};
use super::driver::{Driver, RawConnection, answer};
use super::error::{StatementFailure, classify_connect};
use super::options::{PostgresOptions, PostgresPrepare, PostgresTargetSession};
use super::pipeline::both;
use super::runtime::Runtime;
use super::session::{Pins, Session, reported_process_id};
use super::tls::Tls;
use crate::error::{Error, Result, of_all};
use crate::pool::Connect;
use crate::sql::{Connection, sql};

const IDENTIFY: &str = sql!("postgres", "session/identify");

/// How long to wait for a host before the next one is tried at the same time. Otherwise a host that does not answer
/// would cost the whole connect timeout each time.
const HEAD_START: Duration = Duration::from_secs(1);

/// How long a connection for migrations is silent before the operating system asks whether the server is still there.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// Opens connections.
#[derive(Clone)]
pub(super) struct Connector {
    config: Config,
    hosts: Vec<Candidate>,
    tls: Tls,
    connect_timeout: Duration,
    statement_timeout: Duration,
    schema: Option<String>,
    prepare: PostgresPrepare,
    target: PostgresTargetSession,
    shuffles_hosts: bool,
}

/// One of the hosts.
#[derive(Clone)]
struct Candidate {
    host: Option<Host>,
    address: Option<IpAddr>,
    port: u16,
}

/// A server that answered, and is of the requested kind.
struct Found {
    client: Client,
    connection: RawConnection,
    session: Session,
    host: String,
}

impl Connector {
    pub(super) fn new(options: &PostgresOptions) -> Result<Self> {
        let config = options.driver_config()?;
        let hosts = candidates(&config)?;
        Ok(Connector {
            tls: options.driver_tls()?,
            connect_timeout: options.connect_timeout,
            statement_timeout: options.statement_timeout,
            schema: options.schema.clone(),
            prepare: options.prepare,
            target: options.wanted_session(hosts.len()),
            shuffles_hosts: options.load_balance_hosts,
            config,
            hosts,
        })
    }

    /// Connects for migrations: a migration may take as long as it needs, but waits no longer than `lock_timeout` for a
    /// table that others use.
    pub(super) fn connect_to_migrate(
        &self,
        lock_timeout: Option<Duration>,
    ) -> Result<PostgresConnection> {
        self.connect_with(Pins {
            statement: None,
            lock: Some(lock_timeout.unwrap_or(self.statement_timeout)),
            idle_in_transaction: true,
            schema: self.schema.clone(),
        })
    }

    fn connect_with(&self, pins: Pins) -> Result<PostgresConnection> {
        let runtime = Runtime::new()?;
        let found = runtime.block_on(self.find(&pins))?;
        match found.connection.parameter("server_encoding") {
            // SQL_ASCII stores bytes unchanged.
            None | Some("UTF8" | "SQL_ASCII") => {}
            Some(encoding) => {
                return Err(Error::backend(format!(
                    "{}: the database's encoding is {encoding}, which cannot store every string; it must be UTF8",
                    found.host
                )));
            }
        }
        PostgresConnection::new(
            found.client,
            Driver::new(runtime, found.connection),
            found.session,
            pins,
            // The same timeout applies if the server stops answering here.
            self.connect_timeout,
        )
        .map_err(|error| error.nothing_written().in_context(&found.host))
        .map(|connection| connection.at(found.host))
    }

    async fn find(&self, pins: &Pins) -> Result<Found> {
        match self.target {
            PostgresTargetSession::PreferStandby => {
                match self.find_any(PostgresTargetSession::Standby, pins).await {
                    Ok(found) => Ok(found),
                    Err(_) => self.find_any(PostgresTargetSession::Any, pins).await,
                }
            }
            target => self.find_any(target, pins).await,
        }
    }

    /// Tries the hosts in order, each with a delay before the next, and returns the first server of the requested kind.
    async fn find_any(&self, target: PostgresTargetSession, pins: &Pins) -> Result<Found> {
        let mut hosts: VecDeque<&Candidate> = self.hosts.iter().collect();
        if self.shuffles_hosts {
            shuffle(hosts.make_contiguous());
        }
        let mut attempts: Vec<Pin<Box<dyn Future<Output = Result<Found>> + Send + '_>>> =
            Vec::new();
        let mut errors = Vec::new();
        let mut head_start = Box::pin(tokio::time::sleep(Duration::ZERO));
        poll_fn(|context| {
            loop {
                let is_due = head_start.as_mut().poll(context).is_ready() || attempts.is_empty();
                if let Some(host) = hosts.front()
                    && is_due
                {
                    attempts.push(Box::pin(self.try_host(host, target, pins)));
                    hosts.pop_front();
                    head_start.set(tokio::time::sleep(HEAD_START));
                    // A new timer must be polled once before it can wake the task.
                    continue;
                }
                let mut ended = None;
                for (index, attempt) in attempts.iter_mut().enumerate() {
                    if let Poll::Ready(result) = attempt.as_mut().poll(context) {
                        ended = Some((index, result));
                        break;
                    }
                }
                match ended {
                    Some((_, Ok(found))) => return Poll::Ready(Ok(found)),
                    Some((index, Err(error))) => {
                        drop(attempts.remove(index));
                        errors.push(error);
                        if attempts.is_empty() && hosts.is_empty() {
                            return Poll::Ready(Err(of_all(std::mem::take(&mut errors))));
                        }
                    }
                    None => return Poll::Pending,
                }
            }
        })
        .await
    }

    /// Tries each address of a host, for up to the connect timeout.
    async fn try_host(
        &self,
        candidate: &Candidate,
        target: PostgresTargetSession,
        pins: &Pins,
    ) -> Result<Found> {
        let name = candidate.name();
        let addresses = match (candidate.address, &candidate.host) {
            (Some(address), _) => vec![Some(address)],
            (None, Some(Host::Tcp(host))) => {
                let mut addresses = self.resolve(host, candidate.port, &name).await?;
                if self.shuffles_hosts {
                    shuffle(&mut addresses);
                }
                addresses
            }
            _ => vec![None],
        };
        let mut errors = Vec::new();
        for address in addresses {
            let mut config = self.config_for(candidate, address);
            if pins.statement.is_none() {
                // Without a limit on answers, only this notices a server that is gone.
                config.keepalives_idle(config.get_keepalives_idle().min(KEEPALIVE));
            }
            let attempt = tokio::time::timeout(
                self.connect_timeout,
                self.try_server(&config, &name, target, pins),
            );
            match attempt
                .await
                .unwrap_or_else(|_| Err(self.connect_timed_out(&name)))
            {
                Ok(found) => return Ok(found),
                Err(error) => errors.push(error),
            }
        }
        Err(of_all(errors))
    }

    async fn resolve(&self, host: &str, port: u16, name: &str) -> Result<Vec<Option<IpAddr>>> {
        let found =
            tokio::time::timeout(self.connect_timeout, tokio::net::lookup_host((host, port)))
                .await
                .map_err(|_| self.connect_timed_out(name))?;
        let addresses: Vec<_> = found
            .map_err(|error| Error::unavailable(format!("{name}: {error}")))?
            .map(|address| Some(address.ip()))
            .collect();
        if addresses.is_empty() {
            return Err(Error::unavailable(format!("{name}: has no address")));
        }
        Ok(addresses)
    }

    /// Connects, asks for the server's properties, and sets up the session, unless a pooler shares it.
    async fn try_server(
        &self,
        config: &Config,
        name: &str,
        target: PostgresTargetSession,
        pins: &Pins,
    ) -> Result<Found> {
        let (client, mut connection) = config
            .connect(self.tls.clone())
            .await
            .map_err(|error| classify_connect(error, name))?;
        let reported = reported_process_id(&client).await;
        let settings = pins.for_session_of(reported);
        let settings = settings.each_ref().map(as_text);
        let identify = client.query_typed(IDENTIFY, &[]);
        let pin = client.execute_typed(PIN, &settings);
        let (mut rows, _) =
            answer(&mut connection, both(identify, pin))
                .await
                .map_err(|failure| {
                    let failure = StatementFailure::from(failure).not_executed();
                    failure.error.in_context(name)
                })?;
        let row = rows.pop().ok_or_else(|| {
            Error::backend(format!("{name}: the server does not report its properties"))
        })?;
        let unreadable = |error: tokio_postgres::Error| {
            Error::backend(format!(
                "{name}: the server does not report its properties: {error}"
            ))
        };
        let process: i32 = row.try_get(0).map_err(unreadable)?;
        let in_recovery: bool = row.try_get(1).map_err(unreadable)?;
        let read_only: bool = row.try_get(2).map_err(unreadable)?;
        target
            .check(in_recovery, read_only)
            .map_err(|reason| Error::unavailable(format!("{name}: {reason}")))?;
        let is_shared = reported != process;
        Ok(Found {
            client,
            connection,
            session: Session {
                is_shared,
                names_statements: self.prepare.names_statements(is_shared),
                in_recovery,
                target,
            },
            host: name.to_owned(),
        })
    }

    fn config_for(&self, candidate: &Candidate, address: Option<IpAddr>) -> Config {
        let mut config = without_hosts(&self.config);
        match &candidate.host {
            Some(Host::Tcp(host)) => {
                config.host(host);
            }
            #[cfg(unix)]
            Some(Host::Unix(path)) => {
                config.host_path(path);
                // As in libpq: the server has no TLS there. With an address, the path is only a name.
                if address.is_none() {
                    config.ssl_mode(SslMode::Disable);
                }
            }
            None => {}
        }
        if let Some(address) = address {
            config.hostaddr(address);
        }
        config.port(candidate.port);
        config
    }

    fn connect_timed_out(&self, name: &str) -> Error {
        Error::unavailable(format!(
            "{name}: timed out connecting (connect_timeout_ms={})",
            self.connect_timeout.as_millis()
        ))
    }
}

impl Candidate {
    /// The server's name in an error.
    fn name(&self) -> String {
        let port = self.port;
        match (&self.host, self.address) {
            (Some(Host::Tcp(name)), _) if name.contains(':') => format!("[{name}]:{port}"),
            (Some(Host::Tcp(name)), _) => format!("{name}:{port}"),
            #[cfg(unix)]
            (Some(Host::Unix(path)), _) => path.display().to_string(),
            (None, Some(address)) => SocketAddr::new(address, port).to_string(),
            (None, None) => "no host".to_owned(),
        }
    }
}

impl Connect for Connector {
    type Connection = PostgresConnection;

    fn connect(&self) -> Result<PostgresConnection> {
        self.connect_with(Pins {
            statement: Some(self.statement_timeout),
            lock: None,
            idle_in_transaction: false,
            schema: self.schema.clone(),
        })
    }

    fn ping(&self, connection: &mut PostgresConnection) -> Result<()> {
        connection.begin_attempt(false);
        connection
            .query_optional::<i64>(STATEMENTS.ping, &[])
            .map(drop)
    }

    fn is_broken(&self, connection: &mut PostgresConnection, _: Instant) -> bool {
        connection.is_broken()
    }

    fn is_unanswered(&self, connection: &mut PostgresConnection) -> bool {
        connection.is_unanswered()
    }
}

/// Returns the hosts, with their ports and addresses, paired as in libpq.
fn candidates(config: &Config) -> Result<Vec<Candidate>> {
    let (hosts, addresses) = (config.get_hosts(), config.get_hostaddrs());
    let ports = config.get_ports();
    let count = hosts.len().max(addresses.len());
    if !hosts.is_empty() && !addresses.is_empty() && hosts.len() != addresses.len() {
        return Err(Error::invalid(
            "hostaddr",
            format!(
                "must name as many addresses as there are hosts ({} addresses, {} hosts)",
                addresses.len(),
                hosts.len()
            ),
        ));
    }
    if ports.len() > 1 && ports.len() != count {
        return Err(Error::invalid(
            "port",
            format!(
                "must name one port, or as many as there are hosts ({} ports, {count} hosts)",
                ports.len()
            ),
        ));
    }
    Ok((0..count)
        .map(|index| Candidate {
            host: hosts.get(index).cloned(),
            address: addresses.get(index).copied(),
            port: *ports.get(index).or(ports.first()).unwrap_or(&5432),
        })
        .collect())
}

/// Returns the configuration without its hosts, because the driver can add hosts, but not remove them.
fn without_hosts(config: &Config) -> Config {
    let mut single = Config::new();
    if let Some(user) = config.get_user() {
        single.user(user);
    }
    if let Some(password) = config.get_password() {
        single.password(password);
    }
    if let Some(name) = config.get_dbname() {
        single.dbname(name);
    }
    if let Some(options) = config.get_options() {
        single.options(options);
    }
    if let Some(name) = config.get_application_name() {
        single.application_name(name);
    }
    if let Some(timeout) = config.get_tcp_user_timeout() {
        single.tcp_user_timeout(*timeout);
    }
    if let Some(interval) = config.get_keepalives_interval() {
        single.keepalives_interval(interval);
    }
    if let Some(retries) = config.get_keepalives_retries() {
        single.keepalives_retries(retries);
    }
    single
        .ssl_mode(config.get_ssl_mode())
        .ssl_negotiation(config.get_ssl_negotiation())
        .channel_binding(config.get_channel_binding())
        .keepalives(config.get_keepalives())
        .keepalives_idle(config.get_keepalives_idle());
    single
}

/// Shuffles the list.
fn shuffle<T>(list: &mut [T]) {
    for end in (1..list.len()).rev() {
        let chance = RandomState::new().hash_one(end);
        list.swap(end, usize::try_from(chance % (end as u64 + 1)).unwrap_or(0));
    }
}
