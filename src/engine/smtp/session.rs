//! A session: what is answered to what.
//!
//! A session knows no sockets and asks no tables. It is given command lines, says what comes next ([`Step`]), and goes
//! on when it is told the outcome. One transaction holds a sender, its recipients and what came of the message; it is
//! set and cleared as a whole: no recipient without a sender, nothing of one message in the next.

use super::chunks::Chunks;
use super::command::{CommandLine, Verb};
use super::parameters::{MailParameters, RcptParameters};
use super::settings::Settings;
use super::tally::Tally;
use crate::mail::reply::Reply;
use std::fmt;
use std::sync::Arc;

/// What the server says: one line, or several of which each has the code; without the end of the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer(pub String);

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// This is said, and the next command is waited for.
    Say(Answer),
    /// This is said, and the connection is closed.
    Close(Answer),
    /// This is asked; [`Session::told`] goes on.
    Ask(Question),
    /// This is said, and a message comes up to the lone dot; [`Session::message`] goes on.
    Data(Answer),
    /// So many bytes of a message come; [`Session::chunk`] goes on.
    Chunk(u64),
    /// A message is here; [`Session::stored`] goes on.
    Store,
}

/// What is asked of those who know the tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// Whether a client may connect.
    Connect,
    /// Whether it may have this name.
    Helo(Vec<u8>),
    /// Whether this, in internal form, may be the sender.
    Mail(Vec<u8>),
    /// Whether mail may go to this, in internal form.
    Rcpt(Vec<u8>),
    /// Whether the message may come.
    Data,
    /// Whether it may stay.
    EndOfMessage,
    /// Whether an address is known.
    Vrfy(Vec<u8>),
    /// Whether a word is one of those on which the connection is closed (`smtpd_forbidden_commands`).
    Forbidden(Vec<u8>),
}

/// How a client has greeted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Greeting {
    /// By `EHLO`.
    pub extended: bool,
    /// The name that it said.
    pub name: Vec<u8>,
}

/// A recipient that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// In internal form.
    pub address: Vec<u8>,
    /// What stood behind it.
    pub parameters: RcptParameters,
}

/// A message under way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transaction {
    /// In internal form.
    pub sender: Vec<u8>,
    /// What stood behind it.
    pub parameters: MailParameters,
    /// Those that were taken.
    pub recipients: Vec<Recipient>,
    /// What came by `BDAT`.
    pub(super) chunks: Option<Chunks>,
    /// The message as it came, with lines that end in LF.
    pub content: Vec<u8>,
}

/// What the log tells of a session besides its beginning and end; addresses and texts are as they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A command was refused, by this answer.
    Rejected(Verb, Reply),
    /// An address could not be read: the word that held it.
    IllegalAddress(Verb, Vec<u8>),
    /// What is no command closed the connection.
    NotSmtp(Vec<u8>),
    /// This came before the answer to a command was there.
    Pipelining(Verb, Vec<u8>),
    /// A `BDAT` that says no size.
    MalformedBdat(Vec<u8>),
    /// The connection was closed for this many errors.
    TooManyErrors(Verb),
}

/// A session.
#[derive(Debug)]
pub struct Session {
    pub(super) settings: Arc<Settings>,
    pub(super) greeting: Option<Greeting>,
    pub(super) transaction: Option<Transaction>,
    /// What the last question is about.
    pub(super) pending: Option<Pending>,
    /// The command that is being answered.
    pub(super) verb: Verb,
    tally: Tally,
    errors: usize,
    junk: usize,
    pub(super) events: Vec<Event>,
}

/// What an outcome is waited for.
#[derive(Clone, Debug)]
pub(super) enum Pending {
    Connect,
    Greeting(Greeting),
    Mail(Vec<u8>, MailParameters),
    Rcpt(Recipient),
    Data,
    /// The first chunk, of so many bytes.
    Chunk(u64),
    EndOfMessage,
    Vrfy(Vec<u8>),
    Unknown(Vec<u8>),
}

impl Answer {
    /// An answer by its text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Whether it says that things went well, so far.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.0.starts_with(['2', '3'])
    }
}

impl From<Reply> for Answer {
    fn from(reply: Reply) -> Self {
        Self(reply.to_string())
    }
}

/// As it is sent, without the last CR LF.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Session {
    /// A session with a client that has just connected, and what is asked first.
    #[must_use]
    pub fn begin(settings: Arc<Settings>) -> (Self, Step) {
        let session = Self {
            settings,
            greeting: None,
            transaction: None,
            pending: Some(Pending::Connect),
            verb: Verb::Unknown,
            tally: Tally::default(),
            errors: 0,
            junk: 0,
            events: Vec::new(),
        };
        (session, Step::Ask(Question::Connect))
    }

    /// How the client greeted.
    #[must_use]
    pub fn greeting(&self) -> Option<&Greeting> {
        self.greeting.as_ref()
    }

    /// The message under way.
    #[must_use]
    pub fn transaction(&self) -> Option<&Transaction> {
        self.transaction.as_ref()
    }

    /// The command that was answered last.
    #[must_use]
    pub const fn verb(&self) -> Verb {
        self.verb
    }

    /// What was said so far, counted.
    #[must_use]
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// What there is to log since this was last asked.
    pub fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// Whether an answer waits a moment first, since there were many errors.
    #[must_use]
    pub fn is_slowed(&self) -> bool {
        self.errors > self.settings.soft_error_limit
    }

    /// A command line without its end; `behind` is what has come in behind it already.
    pub fn command(&mut self, line: &[u8], behind: &[u8]) -> Step {
        let command = CommandLine::parse(line);
        let is_text = !self.settings.smtputf8 || simdutf8::basic::from_utf8(line).is_ok();
        self.verb = if is_text { command.verb } else { Verb::Unknown };
        self.tally.come(self.verb);
        if self.errors >= self.settings.hard_error_limit {
            self.events.push(Event::TooManyErrors(self.verb));
            return Step::Close(Answer(format!("421 4.7.0 {} Error: too many errors", self.settings.host)));
        }
        if !is_text {
            return self.fail("500 5.5.2 Error: bad UTF-8 syntax");
        }
        if command.word.is_empty() {
            return self.fail("500 5.5.2 Error: bad syntax");
        }
        if !behind.is_empty() && self.must_wait() {
            self.events.push(Event::Pipelining(self.verb, behind[..behind.len().min(100)].to_vec()));
            self.errors += 1;
            return Step::Close(Answer::new("554 5.5.0 Error: SMTP protocol synchronization"));
        }
        match command.verb {
            Verb::Helo | Verb::Ehlo => self.greet(&command),
            Verb::Mail => self.mail(&command),
            Verb::Rcpt => self.rcpt(&command),
            Verb::Data => self.data(&command),
            Verb::Bdat => self.bdat(&command),
            _ => self.other(&command),
        }
    }

    /// Goes on with the outcome of a question: what is said instead of going on, if anything.
    pub fn told(&mut self, refusal: Option<Reply>) -> Step {
        let Some(pending) = self.pending.take() else { return self.fail("451 4.3.0 Error: internal error") };
        if let Some(reply) = refusal {
            return self.refuse(pending, reply);
        }
        match pending {
            Pending::Connect => {
                let banner = Answer(format!("220 {}", self.settings.banner));
                Step::Say(banner)
            }
            Pending::Greeting(greeting) => self.greeted(greeting),
            Pending::Mail(sender, parameters) => {
                self.transaction = Some(Transaction { sender, parameters, ..Transaction::default() });
                self.say("250 2.1.0 Ok")
            }
            Pending::Rcpt(recipient) => {
                if let Some(transaction) = &mut self.transaction {
                    transaction.recipients.push(recipient);
                }
                self.say("250 2.1.5 Ok")
            }
            Pending::Data => Step::Data(Answer::new("354 End data with <CR><LF>.<CR><LF>")),
            Pending::Chunk(size) => self.begin_chunks(size),
            Pending::EndOfMessage => Step::Store,
            Pending::Vrfy(address) => self.say(format!("252 2.0.0 {}", String::from_utf8_lossy(&address))),
            Pending::Unknown(_) => self.fail("500 5.5.2 Error: command not recognized"),
        }
    }

    /// Whether what comes behind this command has to wait for its answer.
    fn must_wait(&self) -> bool {
        let may_go_on = self.greeting.as_ref().is_some_and(|greeting| greeting.extended);
        self.settings.forbids_pipelining && self.verb != Verb::Quit && (!may_go_on || self.verb.ends_a_group())
    }

    fn refuse(&mut self, pending: Pending, reply: Reply) -> Step {
        match pending {
            Pending::Unknown(line) => {
                self.events.push(Event::NotSmtp(line));
                return Step::Close(Answer::new("221 2.7.0 Error: I can break rules, too. Goodbye."));
            }
            Pending::Connect => {
                self.events.push(Event::Rejected(Verb::Unknown, reply.clone()));
                return Step::Close(reply.into());
            }
            Pending::Chunk(size) if !reply.hangs_up() => {
                self.events.push(Event::Rejected(self.verb, reply.clone()));
                return self.read_over(size, reply.to_string());
            }
            Pending::EndOfMessage => self.transaction = None,
            _ => {}
        }
        self.events.push(Event::Rejected(self.verb, reply.clone()));
        if reply.hangs_up() {
            self.errors += 1;
            return Step::Close(reply.into());
        }
        self.fail(reply.to_string())
    }

    /// Answers well.
    pub(super) fn say(&mut self, text: impl Into<String>) -> Step {
        self.tally.succeed(self.verb);
        Step::Say(Answer::new(text))
    }

    /// Answers that something is wrong.
    pub(super) fn fail(&mut self, text: impl Into<String>) -> Step {
        self.errors += 1;
        Step::Say(Answer::new(text))
    }

    /// The same, and tells of it in the log.
    pub(super) fn reject(&mut self, reply: Reply) -> Step {
        self.events.push(Event::Rejected(self.verb, reply.clone()));
        self.fail(reply.to_string())
    }

    /// Counts a command that brings no message further; too many of them are errors.
    pub(super) fn count_junk(&mut self) {
        if self.junk > self.settings.junk_command_limit {
            self.errors += 1;
        }
        self.junk += 1;
    }

    /// A message was taken: what was wrong before it is forgotten.
    pub(super) fn forgive(&mut self) {
        (self.errors, self.junk) = (0, 0);
    }
}
