//! Signs in with the driver at one of several hosts, within a time limit, even if the driver panics or hangs.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Duration, Instant};

use mysql::prelude::Queryable;
use mysql::{Conn, DriverError, Opts, OptsBuilder};

use super::error::{SignInFailure, classify_connecting};
use crate::error::{Error, Result, of_all};
use crate::sql::sql;

const READ_ONLY: &str = sql!("mysql", "read_only");

/// How long to wait for a host before the next one is tried at the same time.
const HEAD_START: Duration = Duration::from_secs(1);

/// The server's error `ER_ACCESS_DENIED_ERROR`.
const ACCESS_DENIED: u16 = 1045;

/// How often to try again if the user is rejected.
///
/// The driver drops the last byte of a server's challenge if it is 0. MariaDB's plugins ed25519 and parsec end their
/// challenge with any byte, so one sign-in in 256 fails despite the right password, with an error of the server or a
/// panic of the driver. This is fixed in `mysql_common` by <https://github.com/blackbeam/rust_mysql_common/pull/193>,
/// but no release of `mysql` uses the fix yet.
const MORE_TRIES: u32 = if cfg!(feature = "mariadb-auth") { 2 } else { 0 };

/// A host to sign in at.
pub(super) struct Candidate {
    /// Its place in the URL, counted from 0.
    pub(super) index: usize,
    /// Its name and port, for errors.
    pub(super) name: String,
    pub(super) options: OptsBuilder,
}

/// An attempt that is in progress.
struct Attempt {
    index: usize,
    name: String,
    since: Instant,
}

/// The connection, and whether its host is read-only.
type Signed = (Conn, bool);

/// The number of an attempt, and its result.
type End = (usize, Result<Signed, (Error, SignInFailure)>);

/// Signs in at the first of these hosts that accepts writes, otherwise at the first that accepts the user. Each has
/// `timeout`, and one second before the next one is tried at the same time.
///
/// The first host is the one in use. If it is only full, its connections are not given up for a read-only host.
///
/// A single host is used without checking whether it is read-only.
///
/// Each attempt is a thread, because the driver limits the wait for each answer, but not the total. An abandoned thread
/// ends with the driver's own timeouts.
pub(super) fn sign_in(candidates: Vec<Candidate>, timeout: Duration) -> Result<(Conn, usize)> {
    let asks = candidates.len() > 1;
    let in_use = candidates.first().map(|candidate| candidate.index);
    let mut candidates = candidates.into_iter();
    let mut attempts: Vec<Attempt> = Vec::new();
    let mut read_only = None;
    let mut full = None;
    let mut failures = Vec::new();
    let (sender, receiver) = mpsc::channel();
    loop {
        let last_began = attempts.last().map(|attempt| attempt.since);
        if last_began.is_none_or(|since| since.elapsed() >= HEAD_START)
            && let Some(candidate) = candidates.next()
        {
            attempts.push(begin(candidate, asks, sender.clone())?);
        }
        let (Some(oldest), Some(newest)) = (attempts.first(), attempts.last()) else {
            return match full {
                Some(error) => Err(error),
                None => read_only.ok_or_else(|| of_all(failures)),
            };
        };
        let mut until = oldest.since + timeout;
        if candidates.len() > 0 {
            until = until.min(newest.since + HEAD_START);
        }
        match receiver.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok((index, end)) => {
                attempts.retain(|attempt| attempt.index != index);
                match end {
                    Ok((driver, false)) => return Ok((driver, index)),
                    Ok((driver, true)) => {
                        read_only.get_or_insert((driver, index));
                    }
                    // If a host rejects the user, the options are wrong, and the next host would reject the user too.
                    Err((error, SignInFailure::User))
                        if attempts.is_empty() && read_only.is_none() =>
                    {
                        return Err(error);
                    }
                    Err((error, SignInFailure::Full)) if in_use == Some(index) => {
                        full = Some(error)
                    }
                    Err((error, _)) => failures.push(error),
                }
            }
            Err(_) => attempts.retain(|attempt| {
                let is_in_time = attempt.since.elapsed() < timeout;
                if !is_in_time {
                    let error =
                        Error::unavailable("timed out waiting for the server to sign the user in");
                    failures.push(
                        error
                            .after("connect_timeout", timeout)
                            .in_context(&attempt.name),
                    );
                }
                is_in_time
            }),
        }
    }
}

fn begin(candidate: Candidate, asks: bool, sender: Sender<End>) -> Result<Attempt> {
    let Candidate {
        index,
        name,
        options,
    } = candidate;
    let place = name.clone();
    thread::Builder::new()
        .name("authstore-sign-in".to_owned())
        .spawn(move || {
            let end = connect(&options, asks)
                .map_err(|(error, failure)| (error.in_context(&place), failure));
            // Fails if another host was faster, or after the timeout.
            let _ = sender.send((index, end));
        })
        .map_err(|error| {
            Error::unavailable("cannot start a thread for connecting").with_source(error)
        })?;
    Ok(Attempt {
        index,
        name,
        since: Instant::now(),
    })
}

/// Connects, and tries again up to [`MORE_TRIES`] times if the driver may have spoiled the right password.
fn connect(options: &OptsBuilder, asks: bool) -> Result<Signed, (Error, SignInFailure)> {
    let mut more_tries = MORE_TRIES;
    // Says more than a panic of the driver at the last try.
    let mut denied = None;
    loop {
        match catch_unwind(AssertUnwindSafe(|| connect_once(options.clone(), asks))) {
            Ok(Err(mysql::Error::MySqlError(error)))
                if error.code == ACCESS_DENIED && more_tries > 0 =>
            {
                denied = Some(mysql::Error::MySqlError(error));
            }
            Err(_) if more_tries > 0 => {}
            Ok(end) => return end.map_err(classify_end),
            Err(panic) => {
                if let Some(denied) = denied {
                    return Err(classify_end(denied));
                }
                // A constant message of the driver, without a password. Any other message might contain one.
                let words = panic.downcast_ref::<&'static str>().copied();
                let error = explain_panic(words.unwrap_or("no reason was given"));
                return Err((error, SignInFailure::Host));
            }
        }
        more_tries -= 1;
    }
}

fn classify_end(error: mysql::Error) -> (Error, SignInFailure) {
    let failure = SignInFailure::of(&error);
    (classify_connecting(error), failure)
}

fn connect_once(options: OptsBuilder, asks: bool) -> mysql::Result<Signed> {
    let mut driver = reach(options)?;
    let is_read_only = match asks {
        true => driver.query_first(READ_ONLY)?,
        false => None,
    };
    Ok((driver, is_read_only.unwrap_or(false)))
}

/// Connects to the first of the host's addresses that accepts a connection. They share the connect timeout.
///
/// The driver gives up if the first address fails. Only if it has a local address to use, it tries all of that family.
/// It needs the host's name to verify the server, so it cannot be given the address instead.
fn reach(options: OptsBuilder) -> mysql::Result<Conn> {
    let settings = Opts::from(options.clone());
    let addresses = addresses(&settings);
    if addresses.len() < 2 {
        return Conn::new(options);
    }
    let timeout = settings.get_tcp_connect_timeout();
    let options = options.tcp_connect_timeout(timeout.map(|total| total / addresses.len() as u32));
    let mut local: Vec<IpAddr> = addresses.iter().map(any_of_family).collect();
    local.dedup();
    for address in local {
        let bound = options
            .clone()
            .bind_address(Some(SocketAddr::new(address, 0)));
        match Conn::new(bound) {
            Err(mysql::Error::DriverError(
                DriverError::ConnectTimeout | DriverError::CouldNotConnect(_),
            )) => {}
            end => return end,
        }
    }
    // The failures above may only be about the other family. This one tells what is wrong with the first address.
    Conn::new(options)
}

/// Returns the addresses of the host, or none for a Unix socket, or if the name is unknown, which the driver reports.
fn addresses(options: &Opts) -> Vec<SocketAddr> {
    if options.get_socket().is_some() {
        return Vec::new();
    }
    let name = options.get_ip_or_hostname();
    let name = name.trim_matches(['[', ']']);
    (name, options.get_tcp_port())
        .to_socket_addrs()
        .map(Iterator::collect)
        .unwrap_or_default()
}

fn any_of_family(address: &SocketAddr) -> IpAddr {
    match address {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    }
}

/// The driver panics if the server asks for a plugin that it was built without.
fn explain_panic(words: &'static str) -> Error {
    for (mark, plugin) in [("ed25519", "ed25519"), ("parsec", "parsec")] {
        if words.contains(mark) {
            return Error::backend(format!(
                "the user signs in with MariaDB's plugin {plugin}; enable the feature `mariadb-auth` of authstore"
            ));
        }
    }
    Error::backend(format!(
        "the driver panicked while signing in the user: {words}"
    ))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn each_address_of_a_name_is_tried() {
        // Two on most machines: 127.0.0.1 and ::1.
        let addresses = ("localhost", 0).to_socket_addrs().unwrap();
        let listener = TcpListener::bind(addresses.last().unwrap()).unwrap();
        let port = listener.local_addr().unwrap().port();
        let options = OptsBuilder::new()
            .ip_or_hostname(Some("localhost"))
            .tcp_port(port);
        thread::spawn(move || drop(listener.accept()));
        let error = reach(options).unwrap_err();
        // It accepts a connection, but no user.
        assert!(
            matches!(
                error,
                mysql::Error::IoError(_) | mysql::Error::CodecError(_)
            ),
            "{error:?}"
        );
    }
}
