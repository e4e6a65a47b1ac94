//! A blocking web server that ends when it is told to.

use std::error::Error;
use std::io;
use std::net::TcpListener;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tiny_http::{Header, Server};

use crate::http::{Request, Response};

/// How many requests are answered concurrently. More than the pool has connections is of no use.
const WORKERS: usize = 8;

/// How long a worker waits for a request before it looks whether to stop.
const TICK: Duration = Duration::from_millis(200);

pub(crate) fn listen(address: &str) -> Result<TcpListener, String> {
    TcpListener::bind(address).map_err(|error| format!("cannot listen on {address}: {error}"))
}

pub(crate) fn port(listener: &TcpListener) -> io::Result<u16> {
    listener.local_addr().map(|address| address.port())
}

/// A server and its threads.
pub(crate) struct Running {
    stop: Arc<AtomicBool>,
    workers: Vec<JoinHandle<()>>,
}

impl Running {
    pub(crate) fn start(
        listener: TcpListener,
        answer: impl Fn(&Request) -> Response + Send + Sync + 'static,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let server = Arc::new(Server::from_listener(listener, None)?);
        let answer = Arc::new(answer);
        let stop = Arc::new(AtomicBool::new(false));
        let workers = (0..WORKERS)
            .map(|_| {
                let (server, answer, stop) = (server.clone(), answer.clone(), stop.clone());
                thread::spawn(move || work(&server, &*answer, &stop))
            })
            .collect();
        Ok(Running { stop, workers })
    }

    /// Answers the requests that have begun, then ends.
    pub(crate) fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        for worker in self.workers {
            // Workers do not panic: `work` catches what handlers do.
            let _ = worker.join();
        }
    }
}

fn work(server: &Server, answer: &dyn Fn(&Request) -> Response, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        let mut incoming = match server.recv_timeout(TICK) {
            Ok(Some(incoming)) => incoming,
            Ok(None) => continue,
            Err(error) => {
                eprintln!("receiving a request failed: {error}");
                thread::sleep(TICK);
                continue;
            }
        };
        let response = match Request::read(&mut incoming) {
            // A bug in one handler must not take a worker away.
            Ok(request) => catch_unwind(AssertUnwindSafe(|| answer(&request)))
                .unwrap_or_else(|_| Response::text(500, "internal error")),
            Err(response) => response,
        };
        let mut outgoing =
            tiny_http::Response::from_data(response.body).with_status_code(response.status);
        for (name, value) in response.headers {
            // A value that no header can have would split the response: leave it out.
            if let Ok(header) = Header::from_bytes(name, value) {
                outgoing.add_header(header);
            }
        }
        // The browser may have gone away; no one is left to tell.
        let _ = incoming.respond(outgoing);
    }
}
