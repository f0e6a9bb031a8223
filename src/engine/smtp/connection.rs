//! A session as bytes: what comes in becomes command lines, messages and chunks, and what is said comes out.
//!
//! The owner gives it what it reads ([`Connection::feed`]) and does what it says ([`Connection::advance`]) until it
//! wants more. What is kept of the input is bounded: a command that is too long is cut, and answered, and the
//! connection ends behind it.

use super::data::{BareNewline, DataReader};
use super::session::{Answer, Question, Session, Step};
use super::settings::Settings;
use crate::mail::reply::Reply;
use std::sync::Arc;

/// What the owner of a connection does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Reads more.
    Read,
    /// Sends this, then looks again.
    Send(Answer),
    /// Sends this and closes the connection.
    Close(Answer),
    /// Asks this, and tells what came of it ([`Connection::told`]).
    Ask(Question),
    /// Stores the message of the session, and tells what came of it ([`Connection::stored`]).
    Store,
}

/// A connection.
#[derive(Debug)]
pub struct Connection {
    session: Session,
    settings: Arc<Settings>,
    input: Vec<u8>,
    /// How much of the input is done with.
    at: usize,
    mode: Mode,
    bare_newline: BareNewline,
    /// Nothing more is read: behind this answer the connection ends.
    is_cut: bool,
}

#[derive(Debug)]
enum Mode {
    /// Waits for a command.
    Command,
    /// Waits for what comes behind `DATA`.
    Data(Box<DataReader>),
    /// Waits for so many bytes more.
    Chunk(u64, Vec<u8>),
    /// A step that is to be taken.
    Step(Step),
    /// Waits for what the owner was asked for.
    Owner,
}

impl Connection {
    /// A connection that has just been made.
    #[must_use]
    pub fn new(settings: Arc<Settings>) -> Self {
        let (session, step) = Session::begin(Arc::clone(&settings));
        let bare_newline = settings.bare_newline;
        Self { session, settings, input: Vec::new(), at: 0, mode: Mode::Step(step), bare_newline, is_cut: false }
    }

    /// The session.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The session, to take messages and events out of it.
    pub fn session_mut(&mut self) -> &mut Session {
        &mut self.session
    }

    /// The client is one of those whose bare line feeds are taken as they come.
    pub fn take_bare_newlines(&mut self) {
        self.bare_newline = BareNewline::Taken;
    }

    /// Takes bytes in.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.at == self.input.len() {
            self.input.clear();
            self.at = 0;
        }
        self.input.extend_from_slice(bytes);
    }

    /// How many bytes of the message that is under way have come.
    #[must_use]
    pub fn received(&self) -> Option<u64> {
        match &self.mode {
            Mode::Data(reader) => Some(reader.received()),
            Mode::Chunk(_, bytes) => Some(bytes.len() as u64),
            Mode::Command | Mode::Step(_) | Mode::Owner => None,
        }
    }

    /// What is to be done now.
    pub fn advance(&mut self) -> Next {
        loop {
            match std::mem::replace(&mut self.mode, Mode::Command) {
                Mode::Step(step) => {
                    if let Some(next) = self.take(step) {
                        return next;
                    }
                }
                Mode::Owner => {
                    self.mode = Mode::Owner;
                    return Next::Read;
                }
                Mode::Command => match self.line() {
                    Some(step) => self.mode = Mode::Step(step),
                    None => return Next::Read,
                },
                Mode::Data(mut reader) => {
                    let (taken, is_end) = reader.feed(&self.input[self.at..]);
                    self.at += taken;
                    if !is_end {
                        self.mode = Mode::Data(reader);
                        return Next::Read;
                    }
                    self.mode = Mode::Step(self.session.message(reader.finish()));
                }
                Mode::Chunk(left, mut bytes) => {
                    let rest = &self.input[self.at..];
                    let taken = rest.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                    bytes.extend_from_slice(&rest[..taken]);
                    self.at += taken;
                    let left = left - taken as u64;
                    if left > 0 {
                        self.mode = Mode::Chunk(left, bytes);
                        return Next::Read;
                    }
                    self.mode = Mode::Step(self.session.chunk(&bytes));
                }
            }
        }
    }

    /// What came of a question: what is said instead of going on, if anything.
    pub fn told(&mut self, refusal: Option<Reply>) {
        self.mode = Mode::Step(self.session.told(refusal));
    }

    /// The message was stored under this queue id; or what is said instead.
    ///
    /// # Errors
    /// None: the parameter tells them.
    pub fn stored(&mut self, outcome: Result<&str, Reply>) {
        self.mode = Mode::Step(self.session.stored(outcome));
    }

    /// Begins a step; nothing if it leads to the next at once.
    fn take(&mut self, step: Step) -> Option<Next> {
        match step {
            Step::Say(answer) if self.is_cut => Some(Next::Close(answer)),
            Step::Say(answer) => Some(Next::Send(answer)),
            Step::Close(answer) => Some(Next::Close(answer)),
            Step::Ask(question) => {
                self.mode = Mode::Owner;
                Some(Next::Ask(question))
            }
            Step::Store => {
                self.mode = Mode::Owner;
                Some(Next::Store)
            }
            Step::Data(answer) => {
                let reader = DataReader::new(self.settings.size_limit, self.bare_newline);
                self.mode = Mode::Data(Box::new(reader));
                Some(Next::Send(answer))
            }
            Step::Chunk(size) => {
                self.mode = Mode::Chunk(size, Vec::new());
                None
            }
        }
    }

    /// Answers the next command line, if there is one.
    fn line(&mut self) -> Option<Step> {
        let rest = &self.input[self.at..];
        let limit = self.settings.line_limit;
        let (length, end) = match memchr::memchr(b'\n', &rest[..rest.len().min(limit + 2)]) {
            Some(at) => (at, at + 1),
            None if rest.len() < limit + 2 => return None,
            None => {
                self.is_cut = true;
                (limit, rest.len())
            }
        };
        let line = &rest[..length];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let step = self.session.command(line, &rest[end..]);
        self.at += end;
        Some(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said to this input, which comes in pieces of `size` bytes; every question is answered with yes.
    fn said(input: &str, size: usize) -> Vec<String> {
        let mut connection = Connection::new(Arc::new(Settings { forbids_pipelining: false, ..Settings::default() }));
        let mut said = Vec::new();
        let mut pieces = input.as_bytes().chunks(size);
        loop {
            match connection.advance() {
                Next::Read => match pieces.next() {
                    Some(piece) => connection.feed(piece),
                    None => return said,
                },
                Next::Send(answer) => said.push(answer.0),
                Next::Close(answer) => {
                    said.push(answer.0);
                    said.push("(closed)".into());
                    return said;
                }
                Next::Ask(Question::Forbidden(word)) => {
                    connection.told((word == b"GET").then(|| Reply::new(521, "5.7.0", "forbidden")));
                }
                Next::Ask(_) => connection.told(None),
                Next::Store => {
                    let content = connection.session().transaction().map(|message| message.content.clone());
                    said.push(String::from_utf8(content.unwrap()).unwrap());
                    connection.stored(Ok("ID"));
                }
            }
        }
    }

    #[test]
    fn input_in_any_pieces() {
        let input = "HELO h\r\nMAIL FROM:<a@b.example>\nRCPT TO:<x@example.com>\r\nDATA\r\nSubject: x\r\n\r\n..\r\n.\r\n\
                     MAIL FROM:<>\r\nRCPT TO:<x@example.com>\r\nBDAT 3\r\na\r\nBDAT 2 LAST\r\n\nbGET x\r\nNOOP\r\n";
        let expected = [
            "220 mail.example.com ESMTP Postfix",
            "250 mail.example.com",
            "250 2.1.0 Ok",
            "250 2.1.5 Ok",
            "354 End data with <CR><LF>.<CR><LF>",
            "Subject: x\n\n.\n",
            "250 2.0.0 Ok: queued as ID",
            "250 2.1.0 Ok",
            "250 2.1.5 Ok",
            "250 2.0.0 Ok: 3 bytes",
            "a\n\nb\n",
            "250 2.0.0 Ok: 7 bytes queued as ID",
            "221 2.7.0 Error: I can break rules, too. Goodbye.",
            "(closed)",
        ];
        for size in 1..=input.len() {
            assert_eq!(said(input, size), expected, "in pieces of {size}");
        }
    }

    /// What comes behind a `BDAT` that is refused is no command.
    #[test]
    fn refused_chunks() {
        let mut connection = Connection::new(Arc::new(Settings::default()));
        let input = "EHLO h\r\nBDAT 6\r\nNOOP\r\nMAIL FROM:<a@b.example>\r\nBDAT 6\r\nNOOP\r\nMAIL FROM:<a@b.example>\r\n\
                     RCPT TO:<x@example.com>\r\nBDAT 6\r\nNOOP\r\nDATA\r\n";
        let mut said = Vec::new();
        let mut pieces = input.split_inclusive('\n');
        loop {
            match connection.advance() {
                Next::Read => match pieces.next() {
                    Some(piece) => connection.feed(piece.as_bytes()),
                    None => break,
                },
                Next::Send(answer) => said.push(answer.0.lines().last().unwrap_or_default().to_string()),
                Next::Ask(Question::Data) => connection.told(Some(Reply::new(550, "5.7.1", "no"))),
                Next::Ask(_) => connection.told(None),
                other => panic!("{other:?}"),
            }
        }
        let expected = [
            "503 5.5.1 Error: need RCPT command",
            "250 2.1.0 Ok",
            "554 5.5.1 Error: no valid recipients",
            "250 2.1.0 Ok",
            "250 2.1.5 Ok",
            "550 5.7.1 no",
            "503 5.5.1 Error: need RCPT command",
        ];
        assert_eq!(said[2..], expected);
    }

    /// A command that is too long is cut, answered, and the last.
    #[test]
    fn long_commands() {
        let fits = format!("NOOP {}\r\nNOOP\r\n", "x".repeat(2043));
        let long = format!("NOOP {}\r\nNOOP\r\n", "x".repeat(5000));
        for size in [1, 100, 10_000] {
            assert_eq!(said(&fits, size)[1..], ["250 2.0.0 Ok", "250 2.0.0 Ok"]);
            assert_eq!(said(&long, size)[1..], ["250 2.0.0 Ok", "(closed)"]);
        }
    }

    /// Errors have an end.
    #[test]
    fn many_errors() {
        let said = said(&"FOO\r\n".repeat(30), 1000);
        assert_eq!(said.len(), 23);
        assert_eq!(said[20], "500 5.5.2 Error: command not recognized");
        assert_eq!(said[21..], ["421 4.7.0 mail.example.com Error: too many errors", "(closed)"]);
    }
}
