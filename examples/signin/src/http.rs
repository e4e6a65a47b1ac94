//! Requests and responses.

use std::io::Read;

/// The longest body that is read, in bytes. A passkey's answer is the longest form there is.
const MAX_BODY: u64 = 64 * 1024;

/// A request, with the parts that a sign-in reads.
pub(crate) struct Request {
    pub(crate) is_post: bool,
    pub(crate) path: String,
    query: Vec<(String, String)>,
    form: Vec<(String, String)>,
    cookies: Vec<(String, String)>,
    pub(crate) authorization: String,
    pub(crate) user_agent: Option<String>,
    pub(crate) peer: Option<String>,
    pub(crate) forwarded_for: Option<String>,
}

impl Request {
    /// Reads a request, or returns the answer to one that cannot be accepted.
    pub(crate) fn read(incoming: &mut tiny_http::Request) -> Result<Self, Response> {
        use tiny_http::Method::{Get, Head, Post};
        let is_post = match incoming.method() {
            Get | Head => false,
            Post => true,
            _ => return Err(Response::text(405, "use GET or POST")),
        };
        let header = |name: &'static str| {
            let found = incoming.headers().iter().find(|h| h.field.equiv(name));
            found.map(|header| header.value.to_string())
        };
        let user_agent = header("User-Agent").map(|value| value.chars().take(400).collect());
        let forwarded_for = header("X-Forwarded-For");
        let authorization = header("Authorization").unwrap_or_default();
        let is_form = header("Content-Type")
            .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        let cookies = header("Cookie").unwrap_or_default();
        let cookies = cookies.split(';').filter_map(|cookie| {
            let (name, value) = cookie.trim().split_once('=')?;
            Some((name.to_owned(), value.to_owned()))
        });
        let cookies = cookies.collect();
        let peer = incoming.remote_addr().map(|peer| peer.ip().to_string());
        let (path, query) = incoming
            .url()
            .split_once('?')
            .unwrap_or((incoming.url(), ""));
        let (path, query) = (path.to_owned(), pairs(query.as_bytes()));

        let mut body = Vec::new();
        let read = incoming
            .as_reader()
            .take(MAX_BODY + 1)
            .read_to_end(&mut body);
        if read.is_err() || body.len() as u64 > MAX_BODY {
            return Err(Response::text(413, "the form is too long"));
        }
        let form = if is_form { pairs(&body) } else { Vec::new() };
        Ok(Request {
            is_post,
            path,
            query,
            form,
            cookies,
            authorization,
            user_agent,
            peer,
            forwarded_for,
        })
    }

    /// A field of the address; empty if it is missing.
    pub(crate) fn query(&self, name: &str) -> &str {
        find(&self.query, name).unwrap_or_default()
    }

    /// A field of the form; empty if it is missing.
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

/// A response. Every one says not to be stored, framed or guessed at.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn new(status: u16, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        // No `form-action`: browsers apply it to redirects as well, and a form leads to the provider, wherever that is.
        let policy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
                      frame-ancestors 'none'; base-uri 'none'";
        Response {
            status,
            headers: vec![
                ("Content-Type", kind.into()),
                ("Content-Security-Policy", policy.into()),
                ("X-Content-Type-Options", "nosniff".into()),
                // Addresses of links hold tokens, which no other site should see.
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

    /// Sends the browser elsewhere, with GET.
    pub(crate) fn redirect(to: &str) -> Self {
        Self::text(303, "").with("Location", to.to_owned())
    }

    pub(crate) fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// Builds an address with fields.
pub(crate) fn url(base: &str, fields: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    let separator = if base.contains('?') { '&' } else { '?' };
    format!("{base}{separator}{query}")
}
