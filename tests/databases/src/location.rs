use std::net::SocketAddr;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// A parsed server URL: `scheme://[user[:password]@]host[:port]/[database][?options]`.
#[derive(Clone)]
pub(crate) struct Location {
    scheme: String,
    user: String,
    host: String,
    database: String,
    options: String,
}

impl Location {
    pub(crate) fn parse(url: &str) -> Result<Self, String> {
        let (scheme, rest) = url.split_once("://").ok_or("the URL has no ://")?;
        let (rest, options) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
        if host.is_empty() {
            return Err("the URL names no host".to_owned());
        }
        Ok(Location {
            scheme: scheme.to_owned(),
            user: user.to_owned(),
            host: host.to_owned(),
            database: database.to_owned(),
            options: options.to_owned(),
        })
    }

    pub(crate) fn with_password(&self, password: &str) -> Self {
        let user = self.user.split(':').next().unwrap_or_default();
        let password = utf8_percent_encode(password, NON_ALPHANUMERIC);
        Location {
            user: format!("{user}:{password}"),
            ..self.clone()
        }
    }

    /// Returns the decoded user and password.
    pub(crate) fn credentials(&self) -> (String, String) {
        let (user, password) = self.user.split_once(':').unwrap_or((&self.user, ""));
        let decode = |text| {
            percent_encoding::percent_decode_str(text)
                .decode_utf8_lossy()
                .into_owned()
        };
        (decode(user), decode(password))
    }

    /// Returns the host and port, as in the URL.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Returns the database in the URL, or an empty string.
    pub(crate) fn database(&self) -> &str {
        &self.database
    }

    pub(crate) fn url(&self, database: &str) -> String {
        self.url_at(&self.host, database)
    }

    /// Returns the same location with another host and port.
    pub(crate) fn url_through(&self, address: SocketAddr, database: &str) -> String {
        self.url_at(&address.to_string(), database)
    }

    pub(crate) fn url_at(&self, host: &str, database: &str) -> String {
        let Location {
            scheme,
            user,
            options,
            ..
        } = self;
        let at = if user.is_empty() { "" } else { "@" };
        let question_mark = if options.is_empty() { "" } else { "?" };
        format!("{scheme}://{user}{at}{host}/{database}{question_mark}{options}")
    }
}
