//! The other commands: those that change nothing, and those that there are not.

use super::command::{CommandLine, Verb};
use super::session::{Answer, Event, Pending, Question, Session, Step};
use super::transaction::is_readable;
use crate::mail::path::parse_path;

impl Session {
    pub(super) fn other(&mut self, command: &CommandLine<'_>) -> Step {
        match command.verb {
            Verb::Noop => {
                self.count_junk();
                self.say("250 2.0.0 Ok")
            }
            Verb::Rset => self.reset(command),
            Verb::Vrfy => self.verify(command),
            Verb::Etrn => self.turn(command),
            Verb::Quit => {
                // The answer may be the last of the errors; it is said all the same.
                let _ = self.say("");
                Step::Close(Answer::new("221 2.0.0 Bye"))
            }
            Verb::Help => self.say(format!("214 2.0.0 Commands: {}", Verb::all())),
            Verb::StartTls => self.fail("502 5.5.1 Error: command not implemented"),
            Verb::Auth => self.fail("503 5.5.1 Error: authentication not enabled"),
            Verb::XClient | Verb::XForward => self.fail("550 5.7.0 Error: insufficient authorization"),
            _ => self.unknown(command),
        }
    }

    fn reset(&mut self, command: &CommandLine<'_>) -> Step {
        if !command.words.is_empty() {
            return self.fail("501 5.5.4 Syntax: RSET");
        }
        self.transaction = None;
        self.count_junk();
        self.say("250 2.0.0 Ok")
    }

    fn verify(&mut self, command: &CommandLine<'_>) -> Step {
        self.count_junk();
        if self.settings.vrfy_disabled {
            return self.fail("502 5.5.1 VRFY command is disabled");
        }
        let mut words = command.words.as_slice();
        let mut smtputf8 = false;
        if let [rest @ .., last] = words
            && !rest.is_empty()
            && last.eq_ignore_ascii_case(b"SMTPUTF8")
        {
            (words, smtputf8) = (rest, true);
        }
        if words.is_empty() {
            return self.fail("501 5.5.4 Syntax: VRFY address [SMTPUTF8]");
        }
        let text = words.join(&b' ');
        let address = parse_path(&text, false).filter(|address| !address.is_empty() && is_readable(address, smtputf8));
        let Some(address) = address else {
            self.events.push(Event::IllegalAddress(command.verb, text));
            return self.fail("501 5.1.3 Bad recipient address syntax");
        };
        self.pending = Some(Pending::Vrfy(text));
        Step::Ask(Question::Vrfy(address))
    }

    /// There are no queues for single destinations.
    fn turn(&mut self, command: &CommandLine<'_>) -> Step {
        self.count_junk();
        match command.words.as_slice() {
            [domain] => self.fail(format!("459 <{}>: service unavailable", String::from_utf8_lossy(domain))),
            _ => self.fail("500 Syntax: ETRN domain"),
        }
    }

    fn unknown(&mut self, command: &CommandLine<'_>) -> Step {
        if command.is_header() {
            self.events.push(Event::NotSmtp(command.line.to_vec()));
            return Step::Close(Answer::new("221 2.7.0 Error: I can break rules, too. Goodbye."));
        }
        self.pending = Some(Pending::Unknown(command.line.to_vec()));
        Step::Ask(Question::Forbidden(command.word.to_vec()))
    }
}
