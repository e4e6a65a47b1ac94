//! A small web service next to an Auth.js application: it returns the user who is signed in.
//!
//! ```sh
//! DATABASE_URL=postgres://... cargo run --features postgres --example whoami -- 127.0.0.1:8080
//! curl --cookie "authjs.session-token=..." http://127.0.0.1:8080/whoami
//! ```
//!
//! It reads the session cookie that Auth.js sets, and looks the session up in the database that both share. The guide
//! `docs/authjs.md` explains how to set it up.

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

/// The names of Auth.js's cookie. The last two are from NextAuth.js before version 5.
///
/// Browsers accept a cookie with the prefix `__Secure-` only over https. If your site uses https, omit the names
/// without it: someone on the network could plant such a cookie, with the token of their own session.
const COOKIES: [&str; 4] = [
    "__Secure-authjs.session-token",
    "authjs.session-token",
    "__Secure-next-auth.session-token",
    "next-auth.session-token",
];

/// The number of requests that are answered concurrently.
pub(crate) const THREADS: usize = 4;

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let url = std::env::var("DATABASE_URL")
        .map_err(|_| "set DATABASE_URL to the database that Auth.js uses")?;
    let address = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:8080".into());
    let store = AuthStore::connect(&url)?;
    let server = Server::http(&address)?;
    println!("http://{}/whoami", server.server_addr());
    serve(&Arc::new(server), &store);
    Ok(())
}

/// Answers requests until the server is unblocked, once for each thread.
pub(crate) fn serve(server: &Arc<Server>, store: &AuthStore) {
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                // An error means that the server was stopped.
                while let Ok(request) = server.recv() {
                    let response = answer(&request, store);
                    // An error means that the client has disconnected.
                    let _ = request.respond(response);
                }
            });
        }
    });
}

fn answer(request: &Request, store: &AuthStore) -> Response<Cursor<Vec<u8>>> {
    match (request.method(), request.url()) {
        (Method::Get, "/whoami") => {}
        _ => return respond(404, &json!({ "error": "not found; use GET /whoami" })),
    }
    match signed_in_user(request, store) {
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
fn signed_in_user(request: &Request, store: &AuthStore) -> authstore::Result<Option<Value>> {
    let Some(token) = session_token(request) else {
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

/// Returns the value of the first of [`COOKIES`] that the request has.
fn session_token(request: &Request) -> Option<String> {
    let cookies: Vec<(&str, &str)> = request
        .headers()
        .iter()
        .filter(|header| header.field.equiv("Cookie"))
        .flat_map(|header| header.value.as_str().split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .collect();
    COOKIES.iter().find_map(|name| {
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
