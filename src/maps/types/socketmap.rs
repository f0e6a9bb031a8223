//! `socketmap:inet:host:port:name` and `socketmap:unix:path:name` — a server that is asked `name key` in a netstring
//! (`LENGTH:BYTES,`) and answers `OK value`, `NOTFOUND`, `TEMP why`, `TIMEOUT why` or `PERM why` in another.
//!
//! A connection is kept for ten seconds of idleness and a hundred in all; when it breaks, the key is asked once more
//! over a new one. Source: `socketmap_table(5)`.

use crate::base::patience::TIME_IS_OVER;
use crate::base::{Patience, system_words};
use crate::maps::client::connection::{ConnectError, Connection, Endpoint, NO_ADDRESS, TIMED_OUT, protocols_of};
use crate::maps::error::unlistable;
use crate::maps::error::{LookupError, in_message};
use crate::maps::table::{Answer, Caller, LookupTable, OpenOptions};
use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// `socketmap_max_reply_size` where nobody says.
const REPLY_SIZE: usize = 100_000;
/// An unused connection is closed after this.
const IDLE: Duration = Duration::from_secs(10);
/// Any connection is closed after this.
const AGE: Duration = Duration::from_secs(100);
/// Digits of a length, of which zeros in front could go on for ever.
const DIGITS: usize = 100;

/// A `socketmap:` table.
pub struct SocketmapTable {
    name: String,
    endpoint: Endpoint,
    /// The name that the server knows.
    map: Vec<u8>,
    reply_size: usize,
    /// The longest query that is sent; nothing before 3.12, which knows no limit.
    query_size: Option<usize>,
    connection: Option<Connection>,
    caller: Arc<dyn Caller>,
    patience: Arc<Patience>,
}

/// Why there is no reply.
enum Fault {
    Io(io::Error),
    TooLong,
    Format,
}

impl SocketmapTable {
    /// The table `socketmap:NAME`; the server is called for the first key.
    ///
    /// # Errors
    /// A name that is not of one of the two forms, or a bad `socketmap_max_reply_size`, `socketmap_max_query_size` or
    /// `inet_protocols`.
    pub fn open(name: &[u8], options: &OpenOptions) -> Result<Self, LookupError> {
        let config = |words: String| Err(LookupError::Config(words));
        let Some(colon) = memchr::memrchr(b':', name) else {
            return config("socketmap requires server:socketmap argument".to_string());
        };
        let (server, map) = (&name[..colon], &name[colon + 1..]);
        let shown = in_message(server);
        let (transport, place) = match memchr::memchr(b':', server) {
            Some(colon) if colon + 1 < server.len() => (&server[..colon], &server[colon + 1..]),
            _ => return config(format!("need service transport:endpoint instead of \"{shown}\"")),
        };
        let endpoint = match transport {
            b"inet" => Endpoint::Inet(in_message(place), protocols_of(options.caller.as_ref())?),
            b"unix" => Endpoint::Unix(OsStr::from_bytes(place).into()),
            _ => return config(format!("invalid transport name: {} in service: {shown}", in_message(transport))),
        };
        Ok(Self {
            name: format!("socketmap:{}", in_message(name)),
            endpoint,
            map: map.to_vec(),
            reply_size: size(options.caller.as_ref(), "socketmap_max_reply_size")?.unwrap_or(REPLY_SIZE),
            query_size: size(options.caller.as_ref(), "socketmap_max_query_size")?,
            connection: None,
            caller: Arc::clone(&options.caller),
            patience: Arc::clone(&options.patience),
        })
    }

    fn ask(&mut self, key: &[u8], deadline: Instant) -> Result<Vec<u8>, LookupError> {
        let request = [&self.map[..], b" ", key].concat();
        if self.query_size.is_some_and(|most| request.len() > most) {
            return Err(self.failed("query exceeds socketmap_max_query_size"));
        }
        let request = [format!("{}:", request.len()).as_bytes(), &request, b","].concat();
        for is_last in [false, true] {
            let mut connection = match self.connection.take().filter(|connection| connection.is_fresh(IDLE, AGE)) {
                Some(connection) => connection,
                None => self.call(deadline)?,
            };
            let sent = connection.send(&request, deadline).map_err(Fault::Io);
            let reply = sent.and_then(|()| read_reply(&mut connection, self.reply_size, deadline));
            let (warning, why) = match reply {
                Ok(reply) => {
                    self.connection = Some(connection);
                    return Ok(reply);
                }
                Err(Fault::Io(error)) if error.kind() == ErrorKind::TimedOut => {
                    self.patience.give_up(&self.name);
                    ("time limit exceeded".to_string(), TIMED_OUT.to_string())
                }
                Err(Fault::Io(_)) if !is_last => continue,
                Err(Fault::Io(error)) if is_hang_up(&error) => {
                    ("unexpected disconnect".to_string(), "unexpected disconnect".to_string())
                }
                Err(Fault::Io(error)) => (system_words(&error), system_words(&error)),
                Err(Fault::TooLong) => ("input exceeds size limit".to_string(), "Message too long".to_string()),
                Err(Fault::Format) => ("input format error".to_string(), "Application error".to_string()),
            };
            return Err(self.no_reply(&warning, &why));
        }
        Err(self.failed(""))
    }

    fn call(&self, deadline: Instant) -> Result<Connection, LookupError> {
        let place = match &self.endpoint {
            Endpoint::Inet(server, _) => server.clone(),
            Endpoint::Unix(path) => in_message(path.as_os_str().as_bytes()),
        };
        Connection::open(&self.endpoint, deadline).map_err(|error| {
            let words = match error {
                ConnectError::Address(words) => return LookupError::Config(words),
                ConnectError::NotFound(words) => {
                    self.warn(&format!("host or service {place} not found: {words}"));
                    NO_ADDRESS.to_string()
                }
                ConnectError::Failed(words) => words,
                ConnectError::TimedOut => {
                    self.patience.give_up(&self.name);
                    TIMED_OUT.to_string()
                }
            };
            self.warn(&format!("connect to {place}: {words}"));
            self.no_reply(&words, &words)
        })
    }

    fn understand(&self, reply: &[u8]) -> Answer {
        let space = memchr::memchr(b' ', reply);
        let (verb, text) = space.map_or((reply, &b""[..]), |at| (&reply[..at], &reply[at + 1..]));
        let what = match verb {
            b"OK" => return Ok(Some(text.to_vec())),
            b"NOTFOUND" => return Ok(None),
            b"TEMP" => "temporary",
            b"TIMEOUT" => "timeout",
            b"PERM" => "permanent",
            _ => "unknown",
        };
        let colon = if text.is_empty() { "" } else { ": " };
        self.warn(&format!("{} socketmap server {what} error{colon}{}", self.name, in_message(text)));
        Err(match what {
            "permanent" => LookupError::Config(LookupError::query(&self.name, "")),
            _ => self.failed(&format!("{what} error of the server{colon}{}", in_message(text))),
        })
    }

    /// Warns of a reply that did not come.
    fn no_reply(&self, warning: &str, why: &str) -> LookupError {
        self.warn(&format!("table {} lookup error: {warning}", self.name));
        self.failed(why)
    }

    fn failed(&self, why: &str) -> LookupError {
        LookupError::Retry(LookupError::query(&self.name, why))
    }

    fn warn(&self, words: &str) {
        self.caller.warning(words.as_bytes());
    }
}

/// A size that main.cf sets; nothing if nobody says.
fn size(caller: &dyn Caller, parameter: &str) -> Result<Option<usize>, LookupError> {
    let Some(value) = caller.parameter(parameter) else { return Ok(None) };
    let text = in_message(&value);
    match text.parse() {
        Ok(0) => Err(LookupError::Config(format!("invalid {parameter} parameter value 0 < 1"))),
        Ok(size) => Ok(Some(size)),
        Err(_) => Err(LookupError::Config(format!("bad numerical configuration: {parameter} = {text}"))),
    }
}

fn is_hang_up(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe | ErrorKind::ConnectionReset)
}

/// Reads a netstring.
fn read_reply(connection: &mut Connection, most: usize, deadline: Instant) -> Result<Vec<u8>, Fault> {
    let mut length: Option<usize> = None;
    for _ in 0..=DIGITS {
        match connection.byte(deadline).map_err(Fault::Io)? {
            digit @ b'0'..=b'9' => {
                let grown = length.unwrap_or(0).saturating_mul(10).saturating_add(usize::from(digit - b'0'));
                if grown > most {
                    return Err(Fault::TooLong);
                }
                length = Some(grown);
            }
            b':' => {
                let length = length.ok_or(Fault::Format)?;
                let mut reply = connection.take(length.saturating_add(1), deadline).map_err(Fault::Io)?;
                return if reply.pop() == Some(b',') { Ok(reply) } else { Err(Fault::Format) };
            }
            _ => break,
        }
    }
    Err(Fault::Format)
}

impl LookupTable for SocketmapTable {
    fn lookup(&mut self, key: &[u8]) -> Answer {
        let begun = Instant::now();
        let Some(deadline) = self.patience.deadline(&self.name, begun) else { return Err(self.failed(TIME_IS_OVER)) };
        let reply = self.ask(key, deadline);
        self.patience.spend(&self.name, begun, Instant::now());
        self.understand(&reply?)
    }

    fn walk(&mut self, _: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), LookupError> {
        Err(unlistable(&self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maps::client::connection::stand_in::{Script, serve};

    fn table(port: u16) -> SocketmapTable {
        let name = format!("inet:127.0.0.1:{port}:Map");
        let table = SocketmapTable::open(name.as_bytes(), &OpenOptions::default()).expect("a good name");
        SocketmapTable { patience: Arc::new(Patience::new(Duration::from_millis(300))), ..table }
    }

    fn script(replies: Vec<&'static [u8]>, hangs_up: bool) -> Script {
        Script { replies, hangs_up }
    }

    fn answer(reply: &'static [u8]) -> Result<Option<String>, String> {
        let (port, server) = serve(vec![script(vec![reply], false)], |request| request.ends_with(b","));
        let mut table = table(port);
        let answer = table.lookup(b"A k\xff");
        drop(table);
        assert_eq!(server.join().expect("served"), [["8:Map A k\u{fffd},"]]);
        let named = format!("table socketmap:inet:127.0.0.1:{port}:Map: query error");
        answer.map(|value| value.map(|value| in_message(&value))).map_err(|error| error.to_string().replace(&named, ""))
    }

    /// A reply, and what is made of it.
    type Case = (&'static [u8], Result<Option<&'static str>, &'static str>);

    #[test]
    fn replies() {
        let cases: &[Case] = &[
            (b"8:OK hello,", Ok(Some("hello"))),
            (b"2:OK,", Ok(Some(""))),
            (b"08:OK  a b ,", Ok(Some(" a b "))),
            (b"9:NOTFOUND ,", Ok(None)),
            (b"8:TEMP why,", Err(": temporary error of the server: why")),
            (b"7:TIMEOUT,", Err(": timeout error of the server")),
            (b"8:PERM why,", Err("")),
            (b"4:ok x,", Err(": unknown error of the server: x")),
            (b"0:,", Err(": unknown error of the server")),
            (b"4:OK aX", Err(": Application error")),
            (b":OK a,", Err(": Application error")),
            (b"-4:OK a,", Err(": Application error")),
            (b"garbage", Err(": Application error")),
            (&[b'0'; 3000], Err(": Application error")),
            (&[b'9'; 3000], Err(": Message too long")),
            (b"100001:", Err(": Message too long")),
            (b"5:OK a", Err(": Connection timed out")),
            (b"", Err(": Connection timed out")),
        ];
        for (reply, expected) in cases {
            let expected = expected.map(|value| value.map(str::to_string)).map_err(str::to_string);
            assert_eq!(answer(reply), expected, "{}", in_message(&reply[..reply.len().min(20)]));
        }
    }

    #[test]
    fn a_connection_is_kept_and_a_lost_one_made_anew_once() {
        let scripts = vec![
            script(vec![b"4:OK 1,", b"4:OK 2,"], true),
            script(vec![b"4:OK 3,"], true),
            script(vec![b"4:OK"], true),
            script(vec![b""], true),
        ];
        let (port, server) = serve(scripts, |request| request.ends_with(b","));
        let mut table = table(port);
        for value in [b"1", b"2", b"3"] {
            assert_eq!(table.lookup(b"k"), Ok(Some(value.to_vec())));
        }
        table.connection = None;
        let error = table.lookup(b"k").map_err(|error| error.to_string());
        let words = "query error: unexpected disconnect";
        assert_eq!(error, Err(format!("table socketmap:inet:127.0.0.1:{port}:Map: {words}")));
        assert_eq!(server.join().expect("served").len(), 4);
        let refused = table.lookup(b"k").map_err(|error| error.to_string());
        assert_eq!(refused, Err(format!("table socketmap:inet:127.0.0.1:{port}:Map: query error: Connection refused")));
    }

    #[test]
    fn a_silent_server_is_called_once() {
        let (port, server) = serve(vec![script(vec![b""], false)], |request| request.ends_with(b","));
        let mut table = table(port);
        let mut ask = || table.lookup(b"k").map_err(|error| error.to_string());
        let answer = |words: &str| Err(format!("table socketmap:inet:127.0.0.1:{port}:Map: query error: {words}"));
        assert_eq!(ask(), answer("Connection timed out"));
        assert_eq!(ask(), answer("the server did not answer in time before, so it is not asked again"));
        assert_eq!(server.join().expect("served"), [["5:Map k,"]]);
    }

    /// Who has a main.cf with this limit.
    struct Limit(&'static str);

    impl Caller for Limit {
        fn warning(&self, _: &[u8]) {}

        fn info(&self, _: &[u8]) {}

        fn parameter(&self, name: &str) -> Option<Vec<u8>> {
            (name == "socketmap_max_query_size").then(|| self.0.into())
        }
    }

    #[test]
    fn long_queries_are_not_sent() {
        let (port, server) = serve(vec![script(vec![b"4:OK 1,"], true)], |request: &[u8]| request.ends_with(b","));
        let name = format!("inet:127.0.0.1:{port}:Map");
        let open = |limit| {
            let options = OpenOptions { caller: Arc::new(Limit(limit)), ..OpenOptions::default() };
            SocketmapTable::open(name.as_bytes(), &options).map_err(|error| error.to_string())
        };
        let mut table = open("8").expect("a good limit");
        let error = table.lookup(b"12345").map_err(|error| error.to_string());
        assert_eq!(error, Err(format!("table socketmap:{name}: query error: query exceeds socketmap_max_query_size")));
        assert_eq!(table.lookup(b"1234"), Ok(Some(b"1".to_vec())));
        assert_eq!(server.join().expect("served"), [["8:Map 1234,"]]);
        let refused = |limit| open(limit).map(drop);
        assert_eq!(refused("0"), Err("invalid socketmap_max_query_size parameter value 0 < 1".to_string()));
        assert_eq!(refused("x"), Err("bad numerical configuration: socketmap_max_query_size = x".to_string()));
    }

    #[test]
    fn names() {
        let cases = [
            ("x", "socketmap requires server:socketmap argument"),
            ("inet:x", "need service transport:endpoint instead of \"inet\""),
            ("unix::n", "need service transport:endpoint instead of \"unix:\""),
            ("INET:h:1:n", "invalid transport name: INET in service: INET:h:1"),
        ];
        for (name, expected) in cases {
            let error = SocketmapTable::open(name.as_bytes(), &OpenOptions::default()).map(drop);
            assert_eq!(error, Err(LookupError::Config(expected.into())), "{name}");
        }
        let table = SocketmapTable::open(b"unix:/a:b:", &OpenOptions::default()).expect("a good name");
        assert_eq!((table.endpoint, table.map), (Endpoint::Unix("/a:b".into()), Vec::new()));
    }
}
