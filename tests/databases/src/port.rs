use std::net::TcpListener;

use uuid::Uuid;

/// Returns a port of this machine that nothing listens on.
///
/// It is below the ephemeral ports (32,768 and above on Linux), so that no outgoing connection takes it before a server
/// does, or while the server restarts.
pub fn free_port() -> u16 {
    loop {
        let random = Uuid::new_v4();
        let port = 20_000 + u16::from_be_bytes([random.as_bytes()[0] & 0x1f, random.as_bytes()[1]]);
        if TcpListener::bind(("0.0.0.0", port)).is_ok() {
            return port;
        }
    }
}
