//! A small web service next to an Auth.js application: it returns the user who is signed in.
//!
//! ```sh
//! export DATABASE_URL=postgres://... AUTH_URL=http://localhost:3000
//! cargo run --features postgres --example whoami -- 127.0.0.1:8080
//! curl --cookie "authjs.session-token=..." http://127.0.0.1:8080/whoami
//! ```
//!
//! It reads the session cookie that Auth.js sets, and looks the session up in the database that both share. The guide
//! `docs/authjs.md` explains how to set it up. It looks sessions up by the token itself: where `SignIn` hashes tokens,
//! the stored hash would be a valid cookie. Run it behind a proxy that limits slow clients: its web server does not.

use std::error::Error;
use std::io::Cursor;
use std::sync::Arc;
use std::thread;

use authstore::AuthStore;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tiny_http::{Header, Method, Request, Response, Server};

/// The names of Auth.js's cookie on a site with https. The last one is from NextAuth.js before version 5.
///
/// Browsers accept a cookie with the prefix `__Secure-` only over https. A site with https must not accept the names
/// without it: someone on the network could plant such a cookie, with the token of their own session.
pub(crate) const SECURE_COOKIES: Cookies = [
    "__Secure-authjs.session-token",
    "__Secure-next-auth.session-token",
];

/// Their names on a site without https, such as `http://localhost:3000`.
pub(crate) const COOKIES: Cookies = ["authjs.session-token", "next-auth.session-token"];

pub(crate) type Cookies = [&'static str; 2];

/// The number of requests that are answered concurrently.
pub(crate) const THREADS: usize = 4;

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let url = std::env::var("DATABASE_URL")
        .map_err(|_| "set DATABASE_URL to the database that Auth.js uses")?;
    // As in Auth.js, this is the address of the site.
    let site = std::env::var("AUTH_URL").unwrap_or_default();
    let cookies = if site.starts_with("http:") {
        COOKIES
    } else {
        SECURE_COOKIES
    };
    let address = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:8080".into());
    let store = AuthStore::connect(&url)?;
    let server = Server::http(&address)?;
    println!("http://{}/whoami", server.server_addr());
    serve(&Arc::new(server), &store, &cookies);
    Ok(())
}

/// Answers requests until the server is unblocked, once for each thread.
pub(crate) fn serve(server: &Arc<Server>, store: &AuthStore, cookies: &Cookies) {
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                // An error means that the server was stopped.
                while let Ok(request) = server.recv() {
                    let response = answer(&request, store, cookies);
                    // An error means that the client has disconnected.
                    let _ = request.respond(response);
                }
            });
        }
    });
}

fn answer(request: &Request, store: &AuthStore, cookies: &Cookies) -> Response<Cursor<Vec<u8>>> {
    match (request.method(), request.url()) {
        (Method::Get, "/whoami") => {}
        _ => return respond(404, &json!({ "error": "not found; use GET /whoami" })),
    }
    match signed_in_user(request, store, cookies) {
        Ok(Some(person)) => respond(200, &person),
        Ok(None) => respond(401, &json!({ "error": "no one is signed in" })),
        Err(error) if error.is_retryable() => {
            eprintln!("session lookup failed: {error}");
            respond(503, &json!({ "error": "please try again in a moment" }))
        }
        Err(error) => {
            eprintln!("session lookup failed: {error}");
            respond(500, &json!({ "error": "internal error" }))
        }
    }
}

/// Returns the user whom the request's session belongs to, or `None` if there is no session or it has expired.
fn signed_in_user(
    request: &Request,
    store: &AuthStore,
    cookies: &Cookies,
) -> authstore::Result<Option<Value>> {
    let Some(token) = session_token(request, cookies) else {
        return Ok(None);
    };
    let found = store.get_session_and_user(&token)?;
    // The store also returns expired sessions, so reject them here.
    Ok(found
        .filter(|(session, _)| !session.is_expired(OffsetDateTime::now_utc()))
        .map(|(session, user)| {
            json!({
                "id": user.id.to_string(),
                "name": user.name,
                "email": user.email,
                "image": user.image,
                "expires": session.expires.format(&Rfc3339).ok(),
            })
        }))
}

/// Returns the value of the first of these cookies that the request has.
fn session_token(request: &Request, names: &Cookies) -> Option<String> {
    let cookies: Vec<(&str, &str)> = request
        .headers()
        .iter()
        .filter(|header| header.field.equiv("Cookie"))
        .flat_map(|header| header.value.as_str().split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .collect();
    names.iter().find_map(|name| {
        let (_, value) = cookies.iter().find(|(cookie, _)| cookie == name)?;
        // Auth.js percent-encodes the value, like that of any cookie.
        Some(percent_decode_str(value).decode_utf8().ok()?.into_owned())
    })
}

fn respond(status: u16, body: &Value) -> Response<Cursor<Vec<u8>>> {
    let header =
        |name: &str, value: &str| Header::from_bytes(name, value).expect("a header in ASCII");
    Response::from_string(body.to_string())
        .with_status_code(status)
        .with_header(header("Content-Type", "application/json"))
        // The response depends on the user.
        .with_header(header("Cache-Control", "no-store"))
}
