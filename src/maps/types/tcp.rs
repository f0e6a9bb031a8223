//! `tcp:host:port` — a server that is asked `get KEY` and answers `200 VALUE`, `400 WHY` or `500 WHY`, each on a line.
//!
//! Keys and values are encoded: `%XX` stands for white space, `%` and what cannot be printed. A connection is kept for
//! the next key. A server that cannot be reached or hangs up is tried ten times in all, a second apart, as Postfix does
//! it, and as long as [`Patience`] says. One that is silent or too slow is not tried again (Postfix would wait for a
//! quarter of an hour), and not asked for another key either. Source: `tcp_table(5)`.

use crate::base::patience::TIME_IS_OVER;
use crate::base::{Patience, system_words};
use crate::config::protocols::Protocols;
use crate::maps::client::connection::{ConnectError, Connection, Endpoint, NO_ADDRESS, TIMED_OUT, protocols_of};
use crate::maps::error::unlistable;
use crate::maps::error::{LookupError, in_message};
use crate::maps::table::{Answer, Caller, LookupTable, OpenOptions};
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Bytes in a reply, with its newline.
const LONGEST: usize = 4096;
/// Times that a server is tried for one key.
const TRIES: usize = 10;
/// Bytes of a bad reply that are shown.
const SHOWN: usize = 100;

/// A `tcp:` table.
pub struct TcpTable {
    name: String,
    /// `host:port`
    server: String,
    protocols: Protocols,
    connection: Option<Connection>,
    caller: Arc<dyn Caller>,
    patience: Arc<Patience>,
    /// The time between two tries.
    pause: Duration,
}

/// How a try ended.
enum Failure {
    /// Another may go better.
    TryAgain(String),
    /// It is over.
    Final(LookupError),
}

impl TcpTable {
    /// The table `tcp:NAME`; the server is called for the first key.
    ///
    /// # Errors
    /// A bad `inet_protocols`.
    pub fn open(name: &[u8], options: &OpenOptions) -> Result<Self, LookupError> {
        Ok(Self {
            name: format!("tcp:{}", in_message(name)),
            server: in_message(name),
            protocols: protocols_of(options.caller.as_ref())?,
            connection: None,
            caller: Arc::clone(&options.caller),
            patience: Arc::clone(&options.patience),
            pause: Duration::from_secs(1),
        })
    }

    /// Asks once; what a broken or odd connection leaves behind goes with it.
    fn ask(&mut self, key: &[u8], deadline: Instant) -> Result<Option<Vec<u8>>, Failure> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.call(deadline)?,
        };
        let request = [b"get ", &encode(key)[..], b"\n"].concat();
        let line = connection.send(&request, deadline).and_then(|()| connection.line(LONGEST, deadline));
        let line = match line {
            Ok(Some(line)) => line,
            Ok(None) => return Err(self.unread(&format!("text longer than {LONGEST}"))),
            Err(error) if error.kind() == ErrorKind::TimedOut => {
                self.warn(&["read TCP map reply from ", &self.server, ": ", TIMED_OUT].concat());
                return Err(self.late());
            }
            Err(error) if matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe) => {
                return Err(self.unread("unexpected EOF"));
            }
            Err(error) => return Err(self.unread(&system_words(&error))),
        };
        // More than was asked for would be taken for the answer to the next key.
        let fresh = connection.is_fresh(Duration::MAX, Duration::MAX);
        let answer = self.understand(&line).map_err(Failure::Final)?;
        self.connection = fresh.then_some(connection);
        Ok(answer)
    }

    fn call(&self, deadline: Instant) -> Result<Connection, Failure> {
        Connection::open(&Endpoint::Inet(self.server.clone(), self.protocols), deadline).map_err(|error| {
            let words = match error {
                ConnectError::Address(words) => return Failure::Final(LookupError::Config(words)),
                ConnectError::NotFound(words) => {
                    self.warn(&format!("host or service {} not found: {words}", self.server));
                    NO_ADDRESS.to_string()
                }
                ConnectError::Failed(words) => words,
                ConnectError::TimedOut => {
                    self.warn(&format!("connect to TCP map {}: {TIMED_OUT}", self.server));
                    return self.late();
                }
            };
            self.warn(&format!("connect to TCP map {}: {words}", self.server));
            Failure::TryAgain(words)
        })
    }

    fn understand(&self, line: &[u8]) -> Answer {
        let shown = in_message(&line[..line.len().min(SHOWN)]);
        let odd = |what: &str| {
            self.warn(&format!("read TCP map reply from {}: {what}: {shown}", self.server));
            Err(self.failed(what))
        };
        let is_code = line.len() > 3 && line[..3].iter().all(u8::is_ascii_digit) && line[3] == b' ';
        let (true, Some(text)) = (is_code, decode(line.get(4..).unwrap_or_default())) else {
            return odd("malformed reply");
        };
        match &line[..3] {
            b"200" => Ok(Some(text)),
            b"500" => Ok(None),
            b"400" => Err(self.failed(&format!("the server says: {}", in_message(&text)))),
            _ => odd("bad status code"),
        }
    }

    /// A server that let its time pass.
    fn late(&self) -> Failure {
        self.patience.give_up(&self.name);
        Failure::Final(self.failed(TIMED_OUT))
    }

    fn failed(&self, why: &str) -> LookupError {
        LookupError::Retry(LookupError::query(&self.name, why))
    }

    fn unread(&self, why: &str) -> Failure {
        self.warn(&format!("read TCP map reply from {}: {why}", self.server));
        Failure::TryAgain(why.to_string())
    }

    fn warn(&self, words: &str) {
        self.caller.warning(words.as_bytes());
    }
}

impl LookupTable for TcpTable {
    fn lookup(&mut self, key: &[u8]) -> Answer {
        let begun = Instant::now();
        let Some(deadline) = self.patience.deadline(&self.name, begun) else { return Err(self.failed(TIME_IS_OVER)) };
        let answer = self.try_until(deadline, key);
        self.patience.spend(&self.name, begun, Instant::now());
        answer
    }

    fn walk(&mut self, _: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), LookupError> {
        Err(unlistable(&self.name))
    }
}

impl TcpTable {
    fn try_until(&mut self, deadline: Instant, key: &[u8]) -> Answer {
        let mut last = String::new();
        for tried in 0..TRIES {
            // A server may well have given up a connection that was kept: that is no reason to wait.
            let was_kept = self.connection.is_some();
            match self.ask(key, deadline) {
                Ok(answer) => return Ok(answer),
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::TryAgain(why)) => last = why,
            }
            if !was_kept && tried + 1 < TRIES {
                if deadline.saturating_duration_since(Instant::now()) <= self.pause {
                    break;
                }
                std::thread::sleep(self.pause);
            }
        }
        Err(self.failed(&last))
    }
}

fn encode(text: &[u8]) -> Vec<u8> {
    let mut encoded = Vec::with_capacity(text.len());
    for &byte in text {
        match byte {
            b'%' | ..=b' ' | 0x7f.. => encoded.extend_from_slice(format!("%{byte:02X}").as_bytes()),
            _ => encoded.push(byte),
        }
    }
    encoded
}

/// Nothing if a `%` has no two digits behind it.
fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(&byte) = rest.next() {
        decoded.push(if byte == b'%' {
            let mut digit = || char::from(*rest.next()?).to_digit(16);
            u8::try_from(digit()? * 16 + digit()?).ok()?
        } else {
            byte
        });
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maps::client::connection::stand_in::{Script, serve};

    fn table(port: u16) -> TcpTable {
        let name = format!("127.0.0.1:{port}");
        let table = TcpTable::open(name.as_bytes(), &OpenOptions::default()).expect("opened");
        TcpTable { patience: Arc::new(Patience::new(Duration::from_millis(300))), pause: Duration::ZERO, ..table }
    }

    /// The answer of a server that says this and then waits.
    fn answer(reply: &'static [u8]) -> Result<Option<String>, String> {
        let (port, server) =
            serve(vec![Script { replies: vec![reply], hangs_up: false }], |request| request.ends_with(b"\n"));
        let mut table = table(port);
        let answer = table.lookup(b"A b%\x7f\xff");
        drop(table);
        assert_eq!(server.join().expect("served"), [["get A%20b%25%7F%FF\n"]]);
        let named = format!("table tcp:127.0.0.1:{port}: query error: ");
        answer.map(|value| value.map(|value| in_message(&value))).map_err(|error| error.to_string().replace(&named, ""))
    }

    /// A reply, and what is made of it.
    type Case = (&'static [u8], Result<Option<&'static str>, &'static str>);

    #[test]
    fn replies() {
        let cases: &[Case] = &[
            (b"200 hello\n", Ok(Some("hello"))),
            (b"200   a%20b%41 c \n", Ok(Some("  a bA c "))),
            (b"200 \n", Ok(Some(""))),
            (b"500 no\n", Ok(None)),
            (b"400 be%20back\n", Err("the server says: be back")),
            (b"300 x\n", Err("bad status code")),
            (b"200\n", Err("malformed reply")),
            (b"200x\n", Err("malformed reply")),
            (b"2000 x\n", Err("malformed reply")),
            (b" 200 x\n", Err("malformed reply")),
            (b"\n", Err("malformed reply")),
            (b"200 a%2\n", Err("malformed reply")),
            (b"200 a%zz\n", Err("malformed reply")),
            (b"200 no newline", Err("Connection timed out")),
            (b"", Err("Connection timed out")),
        ];
        for (reply, expected) in cases {
            let expected = expected.map(|value| value.map(str::to_string)).map_err(str::to_string);
            assert_eq!(answer(reply), expected, "{}", in_message(reply));
        }
    }

    #[test]
    fn a_connection_is_kept_and_a_lost_one_made_anew() {
        let script = |replies: Vec<&'static [u8]>| Script { replies, hangs_up: true };
        let scripts = vec![script(vec![b"200 1\n", b"200 2\n"]), script(vec![]), script(vec![b"200 3\n"])];
        let (port, server) = serve(scripts, |request| request.ends_with(b"\n"));
        let mut table = table(port);
        let values: Vec<Answer> = (0..3).map(|_| table.lookup(b"k")).collect();
        assert_eq!(values, [b"1", b"2", b"3"].map(|value| Ok(Some(value.to_vec()))));
        assert_eq!(counts(&server.join().expect("served")), [2, 0, 1]);
    }

    /// How many requests came over each connection.
    fn counts(served: &[Vec<String>]) -> Vec<usize> {
        served.iter().map(Vec::len).collect()
    }

    #[test]
    fn what_was_not_asked_for_is_no_answer() {
        let scripts = vec![
            Script { replies: vec![b"200 1\n200 forged\n"], hangs_up: false },
            Script { replies: vec![b"200 2\n"], hangs_up: false },
        ];
        let (port, server) = serve(scripts, |request| request.ends_with(b"\n"));
        let mut table = table(port);
        assert_eq!(table.lookup(b"k"), Ok(Some(b"1".to_vec())));
        assert_eq!(table.lookup(b"k"), Ok(Some(b"2".to_vec())));
        drop(table);
        assert_eq!(counts(&server.join().expect("served")), [1, 1]);
    }

    /// A caller whose main.cf has only `inet_protocols`.
    struct Protocol(&'static str);

    impl Caller for Protocol {
        fn warning(&self, _: &[u8]) {}
        fn info(&self, _: &[u8]) {}
        fn parameter(&self, name: &str) -> Option<Vec<u8>> {
            (name == "inet_protocols").then(|| self.0.into())
        }
    }

    #[test]
    fn the_server_is_called_by_the_protocols_of_main_cf() {
        let (port, server) =
            serve(vec![Script { replies: vec![b"200 four\n"], hangs_up: true }], |request| request.ends_with(b"\n"));
        let ask = |protocols, host: &str| {
            let options = OpenOptions { caller: Arc::new(Protocol(protocols)), ..OpenOptions::default() };
            let table =
                TcpTable::open(format!("{host}:{port}").as_bytes(), &options).map_err(|error| error.to_string())?;
            let answer = TcpTable { pause: Duration::ZERO, ..table }.lookup(b"k").map_err(|error| error.to_string());
            Ok(in_message(&answer?.unwrap_or_default()))
        };
        let no_address =
            |host: &str| Err(format!("table tcp:{host}:{port}: query error: Cannot assign requested address"));
        assert_eq!(ask("ipv6", "127.0.0.1"), no_address("127.0.0.1"));
        assert_eq!(ask("ipv4", "[::1]"), no_address("[::1]"));
        assert_eq!(ask("", "127.0.0.1"), Err(format!("host not found: 127.0.0.1:{port}")));
        assert_eq!(ask("ip4", "127.0.0.1"), Err("unknown inet_protocols value \"ip4\" in \"ip4\"".to_string()));
        // Its other address, if it has one, is not called: nobody is there.
        assert_eq!(ask("ipv4", "localhost"), Ok("four".to_string()));
        assert_eq!(server.join().expect("served").len(), 1);
    }

    #[test]
    fn a_server_that_is_away_or_floods_is_given_up() {
        let (port, server) = serve(Vec::new(), |_| true);
        server.join().expect("it ends at once");
        let error = table(port).lookup(b"k").map_err(|error| error.to_string());
        assert_eq!(error, Err(format!("table tcp:127.0.0.1:{port}: query error: Connection refused")));
        const FLOOD: &[u8] = &[b'x'; 1 << 20];
        let floods = (0..TRIES).map(|_| Script { replies: vec![FLOOD], hangs_up: true }).collect();
        let (port, server) = serve(floods, |request| request.ends_with(b"\n"));
        let error = table(port).lookup(b"k").map_err(|error| error.to_string());
        assert_eq!(error, Err(format!("table tcp:127.0.0.1:{port}: query error: text longer than 4096")));
        assert_eq!(server.join().expect("served").len(), TRIES);
    }

    #[test]
    fn a_silent_server_is_called_once() {
        let (port, server) =
            serve(vec![Script { replies: vec![b""], hangs_up: false }], |request| request.ends_with(b"\n"));
        let mut table = table(port);
        let mut ask = || table.lookup(b"k").map_err(|error| error.to_string());
        let answer = |words: &str| Err(format!("table tcp:127.0.0.1:{port}: query error: {words}"));
        assert_eq!(ask(), answer("Connection timed out"));
        let words = "the server did not answer in time before, so it is not asked again";
        assert_eq!([ask(), ask()], [answer(words), answer(words)]);
        assert_eq!(counts(&server.join().expect("served")), [1]);
        // Another handle of the same command line knows it too; another command line does not.
        let options = OpenOptions { patience: Arc::clone(&table.patience), ..OpenOptions::default() };
        let mut other = TcpTable::open(format!("127.0.0.1:{port}").as_bytes(), &options).expect("opened");
        assert_eq!(other.lookup(b"k").map_err(|error| error.to_string()), answer(words));
    }

    /// Each byte comes in time, and the answer does not.
    #[test]
    fn a_server_that_dribbles_is_given_up() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let server = std::thread::spawn(move || {
            let mut stream = listener.accept().expect("a call").0;
            let is_open = |stream: &mut std::net::TcpStream| std::io::Write::write_all(stream, b"2").is_ok();
            while is_open(&mut stream) {
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        let mut table = table(port);
        let begun = Instant::now();
        let answer = table.lookup(b"k").map_err(|error| error.to_string());
        assert_eq!(answer, Err(format!("table tcp:127.0.0.1:{port}: query error: Connection timed out")));
        assert!(begun.elapsed() >= Duration::from_millis(300));
        drop(table);
        server.join().expect("it ends when nobody listens");
    }

    #[test]
    fn the_longest_reply() {
        static LONG: [u8; LONGEST] = {
            let mut reply = [b'x'; LONGEST];
            (reply[0], reply[1], reply[2], reply[3], reply[LONGEST - 1]) = (b'2', b'0', b'0', b' ', b'\n');
            reply
        };
        assert_eq!(answer(&LONG).map(|value| value.map(|value| value.len())), Ok(Some(LONGEST - 5)));
    }
}
