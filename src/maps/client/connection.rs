//! What the clients of servers have in common: where a server is, and a connection whose every step ends in time.
//!
//! Addresses are written as everywhere in Postfix: `host:port`, `[host]:port`, or a port alone for this host. A reply
//! must be there as a whole before its time is over, however slowly it comes.

use crate::base::system_words;
use crate::config::protocols::Protocols;
use crate::mail::host_port::{host_address, host_and_port, named_port};
use crate::maps::error::{LookupError, in_message};
use crate::maps::table::Caller;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Where a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `host:port`, as it was written, and which of the host's addresses may be called.
    Inet(String, Protocols),
    /// The path of a socket.
    Unix(PathBuf),
}

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectError {
    /// The address is none; trying again does not help.
    Address(String),
    /// The host or the port has no number: why.
    NotFound(String),
    /// Nobody took the call; the system's words.
    Failed(String),
    /// Nobody took the call in time.
    TimedOut,
}

/// The system's words for a server that lets its time pass.
pub const TIMED_OUT: &str = "Connection timed out";

/// The system's words for an address that cannot be had.
pub const NO_ADDRESS: &str = "Cannot assign requested address";

/// The number of a port, by number or by its name in /etc/services.
fn port_number(port: &str) -> Option<u16> {
    let digits = port.trim_start_matches(' ');
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return digits.parse().ok();
    }
    named_port(&std::fs::read_to_string("/etc/services").ok()?, port)
}

/// The kinds of addresses that whoever opens a table uses.
///
/// # Errors
/// An `inet_protocols` with a word that Postfix does not know.
pub fn protocols_of(caller: &dyn Caller) -> Result<Protocols, LookupError> {
    match caller.parameter("inet_protocols") {
        Some(text) => Protocols::parse(&in_message(&text)).map_err(LookupError::Config),
        None => Ok(Protocols::ALL),
    }
}

/// The addresses of a server, in the system's order, without those that are not used.
fn addresses(text: &str, protocols: Protocols) -> Result<Vec<SocketAddr>, ConnectError> {
    let (host, port) = host_and_port(text).map_err(|words| ConnectError::Address(format!("{text}: {words}")))?;
    if protocols == Protocols::default() {
        return Err(ConnectError::Address(format!("host not found: {text}")));
    }
    let not_found = |words: &str| ConnectError::NotFound(words.to_string());
    let port = port_number(port).ok_or_else(|| not_found("Servname not supported for ai_socktype"))?;
    let host = if host.is_empty() { "localhost" } else { host };
    if host_address(host).is_some_and(|address| !protocols.allow(address)) {
        return Err(not_found("Address family for hostname not supported"));
    }
    let found = (host, port).to_socket_addrs().map_err(|error| {
        let words = error.to_string();
        not_found(words.strip_prefix("failed to lookup address information: ").unwrap_or(&words))
    })?;
    let used: Vec<SocketAddr> = found.filter(|address| protocols.allow(address.ip())).collect();
    if used.is_empty() { Err(not_found("Name or service not known")) } else { Ok(used) }
}

/// A connection, with what came over it and was not asked for yet.
#[derive(Debug)]
pub struct Connection {
    stream: Stream,
    held: Vec<u8>,
    opened: Instant,
    used: Instant,
}

#[derive(Debug)]
enum Stream {
    Inet(TcpStream),
    Unix(UnixStream),
}

impl Connection {
    /// Calls a server; each of its addresses gets its part of the time until the deadline.
    ///
    /// # Errors
    /// When there is none, or nobody took the call.
    pub fn open(endpoint: &Endpoint, deadline: Instant) -> Result<Self, ConnectError> {
        let stream = match endpoint {
            Endpoint::Inet(text, protocols) => Stream::Inet(call(&addresses(text, *protocols)?, deadline)?),
            Endpoint::Unix(path) => Stream::Unix(call_path(path, deadline).map_err(failed)?),
        };
        let now = Instant::now();
        Ok(Self { stream, held: Vec::new(), opened: now, used: now })
    }

    /// Whether it may be used again: neither opened nor last used too long ago, and nothing came that was not asked
    /// for.
    #[must_use]
    pub fn is_fresh(&self, idle: Duration, age: Duration) -> bool {
        self.held.is_empty() && self.used.elapsed() < idle && self.opened.elapsed() < age
    }

    /// Sends all of it.
    ///
    /// # Errors
    /// [`ErrorKind::TimedOut`] at the deadline, else the system's.
    pub fn send(&mut self, mut bytes: &[u8], deadline: Instant) -> io::Result<()> {
        self.used = Instant::now();
        while !bytes.is_empty() {
            let left = Some(left_until(deadline)?);
            let sent = match &mut self.stream {
                Stream::Inet(stream) => stream.set_write_timeout(left).and_then(|()| stream.write(bytes)),
                Stream::Unix(stream) => stream.set_write_timeout(left).and_then(|()| stream.write(bytes)),
            };
            match sent {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => bytes = &bytes[count..],
                Err(error) if is_passing(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The next byte.
    ///
    /// # Errors
    /// [`ErrorKind::UnexpectedEof`] when the server hung up, [`ErrorKind::TimedOut`] at the deadline, else the
    /// system's.
    pub fn byte(&mut self, deadline: Instant) -> io::Result<u8> {
        self.take(1, deadline).map(|bytes| bytes[0])
    }

    /// The next bytes, this many.
    ///
    /// # Errors
    /// As for [`byte`](Self::byte).
    pub fn take(&mut self, count: usize, deadline: Instant) -> io::Result<Vec<u8>> {
        while self.held.len() < count {
            self.fill(deadline)?;
        }
        Ok(self.held.drain(..count).collect())
    }

    /// The bytes before the next newline, which is taken away; nothing if it is not among the first `most`.
    ///
    /// # Errors
    /// As for [`byte`](Self::byte).
    pub fn line(&mut self, most: usize, deadline: Instant) -> io::Result<Option<Vec<u8>>> {
        loop {
            let seen = &self.held[..self.held.len().min(most)];
            if let Some(at) = memchr::memchr(b'\n', seen) {
                let line = self.held.drain(..=at).take(at).collect();
                return Ok(Some(line));
            }
            if self.held.len() >= most {
                return Ok(None);
            }
            self.fill(deadline)?;
        }
    }

    fn fill(&mut self, deadline: Instant) -> io::Result<()> {
        let mut buffer = [0; 4096];
        loop {
            let left = Some(left_until(deadline)?);
            let read = match &mut self.stream {
                Stream::Inet(stream) => stream.set_read_timeout(left).and_then(|()| stream.read(&mut buffer)),
                Stream::Unix(stream) => stream.set_read_timeout(left).and_then(|()| stream.read(&mut buffer)),
            };
            match read {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(count) => {
                    self.held.extend_from_slice(&buffer[..count]);
                    return Ok(());
                }
                Err(error) if is_passing(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }
}

fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock)
}

/// The time until the deadline; never none.
fn left_until(deadline: Instant) -> io::Result<Duration> {
    match deadline.checked_duration_since(Instant::now()) {
        Some(left) if !left.is_zero() => Ok(left),
        _ => Err(ErrorKind::TimedOut.into()),
    }
}

fn failed(error: io::Error) -> ConnectError {
    match error.kind() {
        ErrorKind::TimedOut | ErrorKind::WouldBlock => ConnectError::TimedOut,
        _ => ConnectError::Failed(system_words(&error)),
    }
}

fn call(addresses: &[SocketAddr], deadline: Instant) -> Result<TcpStream, ConnectError> {
    let mut why = ConnectError::NotFound("no address".to_string());
    for (address, addresses_left) in addresses.iter().zip((1..=addresses.len()).rev()) {
        let part = |left: Duration| left / u32::try_from(addresses_left).unwrap_or(u32::MAX);
        let stream = left_until(deadline).and_then(|left| TcpStream::connect_timeout(address, part(left)));
        match stream.map_err(failed) {
            Ok(stream) => return Ok(stream),
            Err(error) => why = error,
        }
    }
    Err(why)
}

/// As the standard library does it, but not for ever: a server that takes no calls makes callers wait.
fn call_path(path: &Path, deadline: Instant) -> io::Result<UnixStream> {
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    set_socket_timeout(&socket, Timeout::Send, Some(left_until(deadline)?))?;
    connect(&socket, &SocketAddrUnix::new(path)?)?;
    Ok(socket.into())
}

#[cfg(test)]
pub(in crate::maps) mod stand_in {
    //! A server for tests: it serves connections one after the other, each by the next script.

    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::thread::JoinHandle;

    /// What a server does with one connection: for each request, which `is_whole` finds the end of, the next reply;
    /// after the last it hangs up, or waits until the client does.
    pub struct Script {
        pub replies: Vec<&'static [u8]>,
        pub hangs_up: bool,
    }

    /// Starts a server on a port of its own; gives the port, and the requests of each connection once all scripts are
    /// done.
    pub fn serve(
        scripts: Vec<Script>,
        is_whole: impl Fn(&[u8]) -> bool + Send + 'static,
    ) -> (u16, JoinHandle<Vec<Vec<String>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let server = std::thread::spawn(move || {
            let serve = |script: Script| {
                let mut stream = listener.accept().expect("a call").0;
                run(script, &mut stream, &is_whole)
            };
            scripts.into_iter().map(serve).collect()
        });
        (port, server)
    }

    fn run(script: Script, stream: &mut TcpStream, is_whole: &impl Fn(&[u8]) -> bool) -> Vec<String> {
        let mut requests = Vec::new();
        for reply in script.replies {
            let mut request = Vec::new();
            let mut byte = [0];
            while !is_whole(&request) && stream.read(&mut byte).is_ok_and(|count| count > 0) {
                request.push(byte[0]);
            }
            requests.push(String::from_utf8_lossy(&request).into_owned());
            // The client may have hung up, which is its right.
            let _ = stream.write_all(reply);
        }
        if !script.hangs_up {
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest);
        }
        requests
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_by_number() {
        assert_eq!(port_number(" 1"), Some(1));
        assert_eq!(port_number("99999"), None);
    }

    /// As Postfix 3.11 finds servers, by the value of `inet_protocols`.
    #[test]
    fn only_addresses_that_are_used_are_called() {
        let family = "not found: Address family for hostname not supported";
        let cases: &[(&str, &str, &str)] = &[
            ("all", "127.0.0.1:25", "127.0.0.1:25"),
            ("all", "[::1]:25", "[::1]:25"),
            ("ipv6 ipv4", "127.0.0.1:25", "127.0.0.1:25"),
            ("ipv4", "127.0.0.1:25", "127.0.0.1:25"),
            ("ipv4", "localhost:25", "127.0.0.1:25"),
            ("ipv4", "25", "127.0.0.1:25"),
            ("ipv4", "[::1]:25", family),
            ("ipv6", "[::1]:25", "[::1]:25"),
            ("ipv6", "127.0.0.1:25", family),
            ("", "127.0.0.1:25", "error: host not found: 127.0.0.1:25"),
            ("", "127.0.0.1", "error: 127.0.0.1: garbage after numerical service"),
        ];
        for (protocols, text, expected) in cases {
            let found = match addresses(text, Protocols::parse(protocols).expect("protocols")) {
                Ok(found) => {
                    let mut shown: Vec<String> = found.iter().map(ToString::to_string).collect();
                    // A host file may name an address twice.
                    shown.dedup();
                    shown.join(" ")
                }
                Err(ConnectError::Address(words)) => format!("error: {words}"),
                Err(ConnectError::NotFound(words)) => format!("not found: {words}"),
                Err(other) => format!("{other:?}"),
            };
            assert_eq!(found, *expected, "{text} with inet_protocols = {protocols}");
        }
        // A name has the addresses of both kinds, or those of one.
        let of = |protocols| addresses("localhost:25", protocols).unwrap_or_default();
        let (all, v6) = (of(Protocols::ALL), of(Protocols { v4: false, v6: true }));
        assert!(v6.iter().all(SocketAddr::is_ipv6));
        assert_eq!(all.iter().filter(|address| address.is_ipv6()).count(), v6.len());
    }

    #[test]
    fn a_socket_that_takes_no_calls_is_given_up() {
        let scratch = tempfile::tempdir().expect("scratch directory");
        let path = scratch.path().join("socket");
        let open = |patience| Connection::open(&Endpoint::Unix(path.clone()), Instant::now() + patience).map(drop);
        let patience = Duration::from_millis(50);
        assert_eq!(open(patience), Err(ConnectError::Failed("No such file or directory".into())));
        let listener = std::os::unix::net::UnixListener::bind(&path).expect("bound");
        rustix::net::listen(&listener, 0).expect("a short queue");
        let kept =
            Connection::open(&Endpoint::Unix(path.clone()), Instant::now() + patience).expect("the first is queued");
        assert_eq!(open(patience), Err(ConnectError::TimedOut));
        drop((kept, listener));
        assert_eq!(open(patience), Err(ConnectError::Failed("Connection refused".into())));
    }
}
