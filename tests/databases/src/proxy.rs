use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// A TCP proxy for a server that counts traffic, and can interrupt connections, hold traffic back, delay it and refuse
/// connections.
///
/// It does not parse protocols. Dropping it closes its connections.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    upstream: String,
    state: Mutex<State>,
    changed: Condvar,
    round_trips: AtomicU64,
    connections: AtomicU64,
    ended: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    traffic: Traffic,
    /// Both ends of each open connection.
    open: Vec<(u64, TcpStream, TcpStream)>,
}

/// How a proxy treats traffic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Traffic {
    /// Everything passes.
    #[default]
    Passes,
    /// New connections are closed immediately; open ones continue.
    Refused,
    /// Nothing passes in either direction, without an error.
    Held,
    /// Requests pass, and answers are held back.
    AnswersHeld,
    /// Each request arrives this much later, as over a longer distance.
    Delayed(Duration),
    /// The connection on which a client begins this request, counted from 1 over all of them, is cut before it arrives.
    CutAtRequest(u64),
    /// The connection on which a server begins this answer, counted from 1 over all of them, is cut before it arrives.
    CutAtAnswer(u64),
}

impl Proxy {
    /// Starts a proxy for the server at this host and port.
    pub fn to(upstream: impl Into<String>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let shared = Arc::new(Shared {
            upstream: upstream.into(),
            state: Mutex::default(),
            changed: Condvar::new(),
            round_trips: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            ended: AtomicBool::new(false),
        });
        let acceptor = shared.clone();
        thread::spawn(move || acceptor.accept(&listener));
        Proxy { address, shared }
    }

    /// Returns its host and port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the number of round trips over all connections: how often a client sent something after the server had.
    pub fn round_trips(&self) -> u64 {
        self.shared.round_trips.load(Ordering::SeqCst)
    }

    /// Returns how many connections were opened through it.
    pub fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Returns how many connections are open.
    pub fn open(&self) -> usize {
        self.shared.state().open.len()
    }

    /// Sets how traffic is treated from now on.
    pub fn set(&self, traffic: Traffic) {
        self.shared.state().traffic = traffic;
        self.shared.changed.notify_all();
    }

    /// Returns true if a cut that was [`set`](Proxy::set) has not happened yet.
    pub fn is_waiting_to_cut(&self) -> bool {
        matches!(
            self.shared.state().traffic,
            Traffic::CutAtRequest(_) | Traffic::CutAtAnswer(_)
        )
    }

    /// Interrupts all open connections.
    pub fn cut(&self) {
        for (_, client, server) in &self.shared.state().open {
            cut(client, server);
        }
    }

    /// Refuses new connections and interrupts the open ones, as if the server were down.
    pub fn close(&self) {
        self.set(Traffic::Refused);
        self.cut();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        self.close();
        // Wakes the accepting thread.
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn accept(self: Arc<Self>, listener: &TcpListener) {
        while let Ok((client, _)) = listener.accept() {
            if self.ended.load(Ordering::SeqCst) {
                return;
            }
            if self.state().traffic == Traffic::Refused {
                continue;
            }
            let Ok(server) = TcpStream::connect(&self.upstream) else {
                continue;
            };
            if self.connect(client, server).is_err() {
                continue;
            }
        }
    }

    fn connect(self: &Arc<Self>, client: TcpStream, server: TcpStream) -> std::io::Result<()> {
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let id = self.connections.fetch_add(1, Ordering::SeqCst);
        self.state()
            .open
            .push((id, client.try_clone()?, server.try_clone()?));
        // On MySQL the server sends first, on PostgreSQL the client. Either way, the client's first message counts as a
        // round trip.
        let client_spoke_last = Arc::new(AtomicBool::new(false));
        let (from_client, from_server) = (client.try_clone()?, server.try_clone()?);
        let (shared, last) = (self.clone(), client_spoke_last.clone());
        thread::spawn(move || shared.pump(id, from_client, server, true, &last));
        let shared = self.clone();
        thread::spawn(move || shared.pump(id, from_server, client, false, &client_spoke_last));
        Ok(())
    }

    fn pump(
        &self,
        id: u64,
        mut from: TcpStream,
        mut to: TcpStream,
        is_request: bool,
        client_spoke_last: &AtomicBool,
    ) {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(length) = from.read(&mut buffer) {
            if length == 0 {
                break;
            }
            let begins = client_spoke_last.swap(is_request, Ordering::SeqCst) != is_request;
            if begins && is_request {
                self.round_trips.fetch_add(1, Ordering::SeqCst);
            }
            if !self.may_pass(is_request, begins) {
                break;
            }
            if to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        cut(&from, &to);
        self.state().open.retain(|(other, ..)| *other != id);
    }

    /// Waits while traffic is held back. Returns false if the connection must be closed.
    fn may_pass(&self, is_request: bool, begins: bool) -> bool {
        let mut state = self.state();
        loop {
            match &mut state.traffic {
                Traffic::Held => {}
                Traffic::AnswersHeld if !is_request => {}
                Traffic::Delayed(delay) if is_request && begins => {
                    let delay = *delay;
                    drop(state);
                    thread::sleep(delay);
                    return true;
                }
                Traffic::CutAtRequest(left) if is_request && begins => {
                    *left -= 1;
                    if *left > 0 {
                        return true;
                    }
                    state.traffic = Traffic::Passes;
                    return false;
                }
                Traffic::CutAtAnswer(left) if !is_request && begins => {
                    *left -= 1;
                    if *left > 0 {
                        return true;
                    }
                    state.traffic = Traffic::Passes;
                    return false;
                }
                _ => return true,
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// The other side may have closed it already.
fn cut(client: &TcpStream, server: &TcpStream) {
    let _ = client.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Both);
}
