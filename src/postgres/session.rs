//! What a session is like, found out when it is connected, and what is set for it.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use std::{future, io};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::Client;
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};

use super::options::{PostgresPrepare, PostgresTargetSession};

/// A session of the server's, as it was found when it was connected.
#[derive(Clone, Copy, Debug)]
pub(super) struct Session {
    /// Whether there is a pooler in between, so that someone else's transactions may run on it between ours.
    pub(super) is_shared: bool,
    /// Whether statements are prepared and named.
    pub(super) names_statements: bool,
    /// Whether the server was a standby.
    pub(super) in_recovery: bool,
    /// Which servers are wanted.
    pub(super) target: PostgresTargetSession,
}

/// The time limits of a session, of which `None` is no limit, and the schema of the tables.
#[derive(Clone, Debug)]
pub(super) struct Pins {
    pub(super) statement: Option<Duration>,
    pub(super) lock: Option<Duration>,
    /// Whether the session may sit in a transaction for as long as it takes; otherwise the server's limits stay.
    pub(super) idle_in_transaction: bool,
    /// Without one, the server's search path stays.
    pub(super) schema: Option<String>,
}

impl Pins {
    /// The parameters of `session/pin.sql`.
    pub(super) fn settings(&self, in_transaction: bool) -> [Option<String>; 5] {
        [
            Some(in_transaction.to_string()),
            Some(milliseconds(self.statement).to_string()),
            Some(milliseconds(self.lock).to_string()),
            self.idle_in_transaction.then(|| "0".to_owned()),
            self.schema.clone(),
        ]
    }
}

/// PostgreSQL takes zero for no limit, so the shortest is one, and the longest is what it can count.
fn milliseconds(timeout: Option<Duration>) -> u32 {
    timeout.map_or(0, |timeout| {
        u32::try_from(timeout.as_millis())
            .unwrap_or(u32::MAX)
            .clamp(1, i32::MAX.unsigned_abs())
    })
}

impl PostgresPrepare {
    pub(super) fn names_statements(self, is_shared: bool) -> bool {
        match self {
            PostgresPrepare::Auto => !is_shared,
            PostgresPrepare::Always => true,
            PostgresPrepare::Never => false,
        }
    }
}

/// The process that serves the session, as whoever answered the connection says. A pooler tells every client a key of its
/// own making, since it has to find the client by it when a statement is to be cancelled. 0 if nothing was said.
///
/// The driver keeps the key to itself, but for the request to cancel a statement, which holds it in the clear
/// (<https://www.postgresql.org/docs/current/protocol-message-formats.html>, `CancelRequest`). So that request is written
/// here, and goes nowhere.
pub(super) async fn announced_process(client: &Client) -> i32 {
    let mut request = Recorder::default();
    let written = client
        .cancel_token()
        .cancel_query_raw(&mut request, NoHandshake)
        .await;
    match (written, request.sent.last_chunk::<8>()) {
        (Ok(()), Some(&[a, b, c, d, ..])) => i32::from_be_bytes([a, b, c, d]),
        _ => 0,
    }
}

/// Takes whatever is written, and answers that TLS may begin.
#[derive(Default)]
struct Recorder {
    sent: Vec<u8>,
}

impl AsyncRead for Recorder {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        buffer.put_slice(b"S");
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Recorder {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.sent.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl TlsStream for &mut Recorder {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

struct NoHandshake;

impl<'r> TlsConnect<&'r mut Recorder> for NoHandshake {
    type Stream = &'r mut Recorder;
    type Error = io::Error;
    type Future = future::Ready<io::Result<&'r mut Recorder>>;

    fn connect(self, stream: &'r mut Recorder) -> Self::Future {
        future::ready(Ok(stream))
    }
}
