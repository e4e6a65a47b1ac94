//! The part of a URL that names the user, the server and the database.

use std::net::IpAddr;

use super::{decode, encode};
use crate::error::{Error, Result};

/// The part of a server's URL between the `//` and the `?`, decoded.
#[derive(Debug, PartialEq)]
pub(crate) struct Authority {
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
    /// Host and port; one host may be empty, as in `postgres:///auth`.
    pub(crate) hosts: Vec<(String, Option<u16>)>,
    pub(crate) database: String,
}

impl Authority {
    /// Reads `user:password@host:port,host:port/database`.
    ///
    /// `query` is only searched for an `@` or a `#`, which shows that the password ended too early.
    pub(crate) fn parse(text: &str, query: &str) -> Result<Self> {
        let (authority, database) = text.split_once('/').unwrap_or((text, ""));
        // Otherwise the rest of a password would be treated as a host, a database or an option, and shown in errors.
        if authority.matches('@').count() > 1 || database.contains('@') || query.contains('@') {
            return Err(Error::invalid(
                "url",
                "contains an @ other than the one before the host; in a user, a password, a database or an option, \
                 write @ as %40, / as %2F, ? as %3F",
            ));
        }
        if text.contains('#') || query.contains('#') {
            return Err(Error::invalid("url", "contains a #; write # as %23"));
        }
        let (credentials, hosts) = match authority.split_once('@') {
            Some((credentials, hosts)) => (Some(credentials), hosts),
            None => (None, authority),
        };
        let (user, password) = match credentials.map(|text| text.split_once(':')) {
            Some(Some((user, password))) => (Some(user), Some(decode("password", password)?)),
            Some(None) => (credentials, None),
            None => (None, None),
        };
        Ok(Authority {
            user: user
                .filter(|user| !user.is_empty())
                .map(|user| decode("user", user))
                .transpose()?,
            password,
            hosts: hosts
                .split(',')
                .map(split_port)
                .collect::<Result<Vec<_>>>()?,
            database: decode("database", database)?,
        })
    }
}

/// Splits `host`, `host:port`, `[::1]` or `[::1]:port`.
fn split_port(address: &str) -> Result<(String, Option<u16>)> {
    let (host, port) = match address.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']').ok_or_else(|| {
                Error::invalid(
                    "host",
                    "begins with [, but the ] of an IPv6 address is missing",
                )
            })?;
            if !port.is_empty() && !port.starts_with(':') {
                return Err(Error::invalid(
                    "host",
                    "must end with the ] of an IPv6 address, or with a : and a port after it",
                ));
            }
            (host, port.strip_prefix(':'))
        }
        None => match address.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (address, None),
        },
    };
    let port = match port {
        None | Some("") => None,
        Some(text) => Some(port_number(text)?),
    };
    Ok((decode("host", host)?, port))
}

/// Parses a port: digits only, at least 1.
pub(crate) fn port_number(text: &str) -> Result<u16> {
    Some(text)
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|text| text.parse().ok())
        .filter(|port| *port > 0)
        .ok_or_else(|| Error::invalid("port", "must be a whole number from 1 to 65535"))
}

/// Formats a host and its port for a URL.
pub(crate) fn host_and_port(host: &str, port: u16) -> String {
    if host.contains(':') && !host.contains('/') {
        format!("[{}]:{port}", encode(host).replace("%3A", ":"))
    } else {
        format!("{}:{port}", encode(host))
    }
}

/// Returns whether the host is this machine, so that no one in between can listen.
pub(crate) fn is_this_machine(host: &str) -> bool {
    host.starts_with('/')
        || host.eq_ignore_ascii_case("localhost")
        || host
            .parse()
            .is_ok_and(|address: IpAddr| address.to_canonical().is_loopback())
}

/// Parses a switch.
pub(crate) fn boolean(field: &'static str, value: &str) -> Result<bool> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "1" | "on" | "yes" => Ok(true),
        "false" | "0" | "off" | "no" => Ok(false),
        _ => Err(Error::invalid(field, "must be true or false")),
    }
}
