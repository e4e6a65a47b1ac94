//! A web server that calls a blocking function for each request and shuts down gracefully.
//!
//! hyper reads the requests, because it limits how long a client may take. The blocking servers have no such limit, and
//! `tiny_http` leaves a connection unanswered if two arrive together (0.12: a thread that has been woken still counts
//! as idle). Nothing outside this file is async.

use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::net::{IpAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::HeaderValue;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::runtime::Runtime;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::timeout;

use crate::http::{Request, Response};

/// The maximum number of concurrent requests. More than the number of pooled connections, because some wait for the
/// provider or the mail server instead.
const WORKERS: usize = 64;

/// The maximum number of open connections. Further clients wait.
const MAX_CONNECTIONS: usize = 1_000;

/// The timeout for a client to send a request, or to begin the next one.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(30);

/// The maximum size of a body, in bytes. The largest form is a passkey's response.
const MAX_BODY: usize = 64 * 1024;

/// How long a shutdown waits for clients that read their responses slowly.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

type Answer = dyn Fn(&Request) -> Response + Send + Sync;

pub(crate) fn listen(address: &str) -> Result<TcpListener, String> {
    TcpListener::bind(address).map_err(|error| format!("cannot listen on {address}: {error}"))
}

pub(crate) fn port(listener: &TcpListener) -> io::Result<u16> {
    listener.local_addr().map(|address| address.port())
}

/// A server and its threads.
pub(crate) struct Running {
    runtime: Runtime,
    stop: oneshot::Sender<()>,
    accepting: JoinHandle<()>,
}

impl Running {
    pub(crate) fn start(
        listener: TcpListener,
        answer: impl Fn(&Request) -> Response + Send + Sync + 'static,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(WORKERS)
            .enable_all()
            .build()?;
        listener.set_nonblocking(true)?;
        let (stop, stopped) = oneshot::channel();
        let accepting = runtime.spawn(accept(listener, Arc::new(answer), stopped));
        Ok(Running {
            runtime,
            stop,
            accepting,
        })
    }

    /// Answers the requests in progress, then shuts down.
    pub(crate) fn stop(self) {
        drop(self.stop);
        // A client that has not read its response by then is gone.
        let _ = self
            .runtime
            .block_on(async { timeout(STOP_TIMEOUT, self.accepting).await });
    }
}

async fn accept(listener: TcpListener, answer: Arc<Answer>, mut stopped: oneshot::Receiver<()>) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return eprintln!("listening failed: {error}"),
    };
    let connections = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let next = async {
            let place = places.clone().acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            next = next => next,
            _ = &mut stopped => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // For example, out of file descriptors: retrying immediately would only use up the processor.
                eprintln!("accepting a connection failed: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let answer = answer.clone();
        let service = service_fn(move |request| handle(request, peer.ip(), answer.clone()));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(CLIENT_TIMEOUT)
            .serve_connection(TokioIo::new(stream), service);
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            // An error means that the client has disconnected, or did not send HTTP.
            let _ = connection.await;
            drop(place);
        });
    }
    drop(listener);
    connections.shutdown().await;
}

async fn handle(
    request: hyper::Request<Incoming>,
    peer: IpAddr,
    answer: Arc<Answer>,
) -> Result<hyper::Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = timeout(CLIENT_TIMEOUT, Limited::new(body, MAX_BODY).collect()).await;
    let response = match body {
        Ok(Ok(body)) => {
            let answered =
                spawn_blocking(move || match Request::new(&head, &body.to_bytes(), peer) {
                    Ok(request) => answer(&request),
                    Err(response) => response,
                });
            // A panic in a handler affects only its own request.
            answered
                .await
                .unwrap_or_else(|_| Response::text(500, "internal error"))
        }
        Ok(Err(_)) => Response::text(413, "the form is too long, or was interrupted"),
        Err(_) => Response::text(408, "the form took too long"),
    };
    Ok(send(response))
}

fn send(response: Response) -> hyper::Response<Full<Bytes>> {
    let mut sent = hyper::Response::builder().status(response.status);
    for (name, value) in response.headers {
        // A value that is invalid in a header could split the response, so omit it.
        if let Ok(value) = HeaderValue::try_from(value) {
            sent = sent.header(name, value);
        }
    }
    sent.body(Full::new(response.body.into()))
        .expect("statuses and names of headers are constants")
}
