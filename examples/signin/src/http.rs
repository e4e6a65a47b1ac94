//! Requests and responses.

use std::net::IpAddr;

use hyper::Method;
use hyper::http::request::Parts;

/// A request, with the parts that a sign-in reads.
pub(crate) struct Request {
    pub(crate) is_post: bool,
    pub(crate) path: String,
    query: Vec<(String, String)>,
    form: Vec<(String, String)>,
    cookies: Vec<(String, String)>,
    pub(crate) authorization: String,
    pub(crate) user_agent: Option<String>,
    pub(crate) peer: String,
    pub(crate) forwarded_for: Option<String>,
}

impl Request {
    /// Parses a request, or returns the response to one that cannot be accepted.
    pub(crate) fn new(head: &Parts, body: &[u8], peer: IpAddr) -> Result<Self, Response> {
        let is_post = match head.method {
            Method::GET | Method::HEAD => false,
            Method::POST => true,
            _ => return Err(Response::text(405, "use GET or POST")),
        };
        // Each header may occur several times.
        let header = |name: &str| {
            let found = head.headers.get_all(name).iter();
            found
                .filter_map(|value| value.to_str().ok())
                .collect::<Vec<_>>()
        };
        let one = |name: &str| header(name).first().map(|&value| value.to_owned());
        let is_form = one("Content-Type")
            .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        let cookies = header("Cookie").join(";");
        let cookies = cookies.split(';').filter_map(|cookie| {
            let (name, value) = cookie.trim().split_once('=')?;
            Some((name.to_owned(), value.to_owned()))
        });
        Ok(Request {
            is_post,
            path: head.uri.path().to_owned(),
            query: pairs(head.uri.query().unwrap_or_default().as_bytes()),
            form: if is_form { pairs(body) } else { Vec::new() },
            cookies: cookies.collect(),
            authorization: one("Authorization").unwrap_or_default(),
            user_agent: one("User-Agent").map(|value| value.chars().take(400).collect()),
            peer: peer.to_string(),
            // A proxy appends the address that it sees.
            forwarded_for: header("X-Forwarded-For")
                .last()
                .map(|&value| value.to_owned()),
        })
    }

    /// Returns a query parameter, or an empty string if it is missing.
    pub(crate) fn query(&self, name: &str) -> &str {
        find(&self.query, name).unwrap_or_default()
    }

    /// Returns a field of the form, or an empty string if it is missing.
    pub(crate) fn form(&self, name: &str) -> &str {
        find(&self.form, name).unwrap_or_default()
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        find(&self.cookies, name).filter(|value| !value.is_empty())
    }
}

fn pairs(encoded: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(encoded).into_owned().collect()
}

fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs
        .iter()
        .find(|(found, _)| found == name)
        .map(|(_, value)| value.as_str())
}

/// A response. Headers forbid storing it, framing it, and guessing its type.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn new(status: u16, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        // No `form-action`: browsers also apply it to redirects, and one form redirects to the provider, wherever that
        // is.
        let policy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
                      frame-ancestors 'none'; base-uri 'none'";
        Response {
            status,
            headers: vec![
                ("Content-Type", kind.into()),
                ("Content-Security-Policy", policy.into()),
                ("X-Content-Type-Options", "nosniff".into()),
                // The URLs of links contain tokens, which no other site may see.
                ("Referrer-Policy", "no-referrer".into()),
                ("Cache-Control", "no-store".into()),
            ],
            body: body.into(),
        }
    }

    pub(crate) fn html(status: u16, body: String) -> Self {
        Self::new(status, "text/html; charset=utf-8", body)
    }

    pub(crate) fn text(status: u16, body: &str) -> Self {
        Self::new(status, "text/plain; charset=utf-8", body)
    }

    pub(crate) fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::new(status, "application/json", body.to_string())
    }

    /// Redirects the browser, with GET.
    pub(crate) fn redirect(to: &str) -> Self {
        Self::text(303, "").with("Location", to.to_owned())
    }

    pub(crate) fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// Builds a URL with query parameters.
pub(crate) fn url(base: &str, fields: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    let separator = if base.contains('?') { '&' } else { '?' };
    format!("{base}{separator}{query}")
}
