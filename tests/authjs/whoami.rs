//! The example, over a socket, with sessions that Auth.js created.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use authstore_test_databases::{Kind, Test};
use serde_json::{Value, json};
use time::macros::datetime;
use tiny_http::Server;

use crate::adapter::Both;
use crate::on_each;
use crate::values::{date, in_an_hour};

// `main` itself is not called here.
#[allow(dead_code)]
#[path = "../../examples/whoami.rs"]
mod example;

pub(crate) fn tests() -> Vec<Test> {
    on_each("example_identifies_the_user", example_identifies_the_user)
}

/// The example's server. Dropping it stops the server.
struct Service {
    server: Arc<Server>,
    thread: Option<thread::JoinHandle<()>>,
    address: SocketAddr,
}

impl Service {
    fn start(store: authstore::AuthStore, cookies: example::Cookies) -> Self {
        let server = Arc::new(Server::http("127.0.0.1:0").expect("a socket"));
        let address = server.server_addr().to_ip().expect("an address");
        let thread = thread::spawn({
            let server = server.clone();
            move || example::serve(&server, &store, &cookies)
        });
        Service {
            server,
            thread: Some(thread),
            address,
        }
    }

    /// Returns the status and the body of the response.
    fn get(&self, path: &str, headers: &str) -> (u16, Value) {
        let mut stream = TcpStream::connect(self.address).expect("it listens");
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .expect("a timeout");
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Connection: close\r\n\r\n"
        )
        .expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a body");
        assert!(
            head.contains("application/json") && head.contains("no-store"),
            "{head}"
        );
        let status = head
            .split(' ')
            .nth(1)
            .expect("a status")
            .parse()
            .expect("a number");
        (status, serde_json::from_str(body).expect("JSON"))
    }

    fn get_with_cookie(&self, cookie: &str) -> (u16, Value) {
        self.get("/whoami", &format!("Cookie: {cookie}\r\n"))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        for _ in 0..example::THREADS {
            self.server.unblock();
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn example_identifies_the_user(kind: Kind) {
    let both = Both::new(kind);
    let Both { store, mut js, .. } = both;
    let service = Service::start(store.clone(), example::COOKIES);
    let secure = Service::start(store.clone(), example::SECURE_COOKIES);
    let mut sign_in = |email: &str, token: &str, expires| {
        let user = js.call(
            "createUser",
            &json!([{ "name": "Ada \"✓\"", "email": email }]),
        );
        let session =
            json!([{ "sessionToken": token, "userId": user["id"], "expires": date(expires) }]);
        js.call("createSession", &session);
        user["id"].clone()
    };
    let nobody = (401, json!({ "error": "no one is signed in" }));
    let token = "4e9ad6ad-7a37-4ea8-a0cf-fa3f3fae2b71";
    let expires = in_an_hour();
    let ada = sign_in("ada@example.org", token, expires);
    let expected = json!({
        "id": ada, "name": "Ada \"✓\"", "email": "ada@example.org", "image": null,
        "expires": expires.format(&time::format_description::well_known::Rfc3339).unwrap(),
    });

    for (service, other, name) in [
        (&service, &secure, "authjs.session-token"),
        (&secure, &service, "__Secure-authjs.session-token"),
        (&service, &secure, "next-auth.session-token"),
        (&secure, &service, "__Secure-next-auth.session-token"),
    ] {
        assert_eq!(other.get_with_cookie(&format!("{name}={token}")), nobody);
        assert_eq!(
            service.get_with_cookie(&format!("{name}={token}")),
            (200, expected.clone())
        );
        let among_others = format!("theme=dark; {name}={token}; authjs.csrf-token=x%7Cy");
        assert_eq!(service.get_with_cookie(&among_others).0, 200);
        assert_eq!(service.get_with_cookie(&format!("{name}={token}x")), nobody);
        assert_eq!(service.get_with_cookie(&format!("{name}=")), nobody);
        assert_eq!(
            service.get_with_cookie(&format!("{name}={}", "x".repeat(256))),
            nobody
        );
    }
    assert_eq!(service.get("/whoami", ""), nobody);
    assert_eq!(
        service.get_with_cookie(&format!("session-token={token}")),
        nobody
    );
    assert_eq!(
        service.get_with_cookie(&format!("Authjs.session-token={token}")),
        nobody
    );
    assert_eq!(
        service
            .get("/", &format!("Cookie: authjs.session-token={token}\r\n"))
            .0,
        404
    );

    // The cookie that only the site itself can set is used.
    sign_in("eve@example.org", "eve", expires);
    let both = format!("authjs.session-token=eve; __Secure-authjs.session-token={token}");
    assert_eq!(secure.get_with_cookie(&both).1["id"], ada);

    // A token that must be encoded in a cookie.
    let odd = sign_in("odd@example.org", "a b;c=d%é", expires);
    let encoded = service.get_with_cookie("authjs.session-token=a%20b%3Bc%3Dd%25%C3%A9");
    assert_eq!(encoded.1["id"], odd);

    // An expired session, and one that was ended.
    sign_in(
        "late@example.org",
        "late",
        datetime!(2026-01-01 00:00:00 UTC),
    );
    assert_eq!(service.get_with_cookie("authjs.session-token=late"), nobody);
    js.call("deleteSession", &json!([token]));
    assert_eq!(
        service.get_with_cookie(&format!("authjs.session-token={token}")),
        nobody
    );
}
