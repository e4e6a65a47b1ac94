//! The properties of a session, detected when it is connected, and its settings.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use std::{future, io};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::Client;
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};

use super::options::{PostgresPrepare, PostgresTargetSession};

/// The properties of a session of the server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Session {
    /// Whether a pooler is in between, so that transactions of other clients may run in the session between ours.
    pub(super) is_shared: bool,
    /// Whether statements are named.
    pub(super) names_statements: bool,
    /// Whether the server was a standby.
    pub(super) in_recovery: bool,
    /// The requested kind of server.
    pub(super) target: PostgresTargetSession,
}

/// The time limits of a session (`None`: no limit), and the schema of the tables.
#[derive(Clone, Debug)]
pub(super) struct Pins {
    pub(super) statement: Option<Duration>,
    pub(super) lock: Option<Duration>,
    /// Whether to lift the server's limits on idle transactions.
    pub(super) idle_in_transaction: bool,
    /// Without a schema, the server's search path stays.
    pub(super) schema: Option<String>,
}

impl Pins {
    /// The parameters of `session/pin.sql` for one transaction.
    pub(super) fn for_transaction(&self) -> [Option<String>; 6] {
        self.settings(true, None)
    }

    /// The parameters of `session/pin.sql` for a session, unless another process than this one serves it.
    pub(super) fn for_session_of(&self, process: i32) -> [Option<String>; 6] {
        self.settings(false, Some(process))
    }

    fn settings(&self, in_transaction: bool, process: Option<i32>) -> [Option<String>; 6] {
        [
            Some(in_transaction.to_string()),
            Some(milliseconds(self.statement).to_string()),
            Some(milliseconds(self.lock).to_string()),
            self.idle_in_transaction.then(|| "0".to_owned()),
            self.schema.clone(),
            process.map(|process| process.to_string()),
        ]
    }
}

/// For PostgreSQL zero means no limit, so the shortest limit is one. The longest is the largest number that it accepts.
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

/// Returns the ID of the process that serves the session, as the other end reports it, or 0. A pooler sends each client
/// an invented key, by which it recognizes requests to cancel a statement.
///
/// The driver does not expose the key, except in the request to cancel a statement, which contains it unencrypted
/// (<https://www.postgresql.org/docs/current/protocol-message-formats.html>, `CancelRequest`). So this writes such a
/// request, but not to a server.
pub(super) async fn reported_process_id(client: &Client) -> i32 {
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

/// Collects everything that is written, and answers that TLS may begin.
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
