//! `MAIL`, `RCPT` and `DATA`: a message, from its sender to its last line.

use super::command::CommandLine;
use super::data::Received;
use super::parameters::{MailParameters, RcptParameters};
use super::session::{Event, Pending, Question, Recipient, Session, Step};
use crate::mail::local_part::split_domain;
use crate::mail::path::parse_path;
use crate::mail::reply::Reply;

impl Session {
    pub(super) fn mail(&mut self, command: &CommandLine<'_>) -> Step {
        if self.settings.helo_required && self.greeting.is_none() {
            return self.reject(Reply::new(503, "5.5.1", "Error: send HELO/EHLO first"));
        }
        if self.transaction.is_some() {
            return self.fail("503 5.5.1 Error: nested MAIL command");
        }
        let words = command.words_behind("FROM:").unwrap_or_default();
        let Some((address, parameters)) = words.split_first() else {
            return self.fail("501 5.5.4 Syntax: MAIL FROM:<address>");
        };
        let smtputf8 = parameters.iter().any(|word| word.eq_ignore_ascii_case(b"SMTPUTF8"));
        let sender = parse_path(address, self.settings.strict_envelopes);
        let Some(sender) = sender.filter(|sender| is_readable(sender, smtputf8)) else {
            self.events.push(Event::IllegalAddress(command.verb, address.to_vec()));
            return self.fail("501 5.1.7 Bad sender address syntax");
        };
        let parameters = match MailParameters::parse(parameters, &self.settings) {
            Ok(parameters) => parameters,
            Err(reply) => return self.fail(reply.to_string()),
        };
        if self.settings.size_limit > 0 && parameters.size > self.settings.size_limit {
            return self.reject(Reply::new(552, "5.3.4", "Message size exceeds fixed limit"));
        }
        self.pending = Some(Pending::Mail(sender.clone(), parameters));
        Step::Ask(Question::Mail(sender))
    }

    pub(super) fn rcpt(&mut self, command: &CommandLine<'_>) -> Step {
        let Some(transaction) = &self.transaction else {
            return self.fail("503 5.5.1 Error: need MAIL command");
        };
        if transaction.chunks.is_some() {
            return self.fail("503 5.5.1 Error: RCPT after BDAT");
        }
        let smtputf8 = transaction.parameters.smtputf8;
        let is_full = transaction.recipients.len() >= self.settings.recipient_limit;
        let words = command.words_behind("TO:").unwrap_or_default();
        let Some((word, parameters)) = words.split_first() else {
            return self.fail("501 5.5.4 Syntax: RCPT TO:<address>");
        };
        let address = parse_path(word, self.settings.strict_envelopes)
            .filter(|address| !address.is_empty() && is_readable(address, smtputf8));
        let Some(address) = address else {
            self.events.push(Event::IllegalAddress(command.verb, word.to_vec()));
            return self.fail("501 5.1.3 Bad recipient address syntax");
        };
        let parameters = match RcptParameters::parse(parameters, &self.settings) {
            Ok(parameters) => parameters,
            Err(reply) => return self.fail(reply.to_string()),
        };
        if is_full {
            // Who goes on with the next message has made no error.
            let reply = Reply::new(452, "4.5.3", "Error: too many recipients");
            self.events.push(Event::Rejected(command.verb, reply.clone()));
            return Step::Say(reply.into());
        }
        self.pending = Some(Pending::Rcpt(Recipient { address: address.clone(), parameters }));
        Step::Ask(Question::Rcpt(address))
    }

    pub(super) fn data(&mut self, command: &CommandLine<'_>) -> Step {
        match &self.transaction {
            None => return self.fail("503 5.5.1 Error: need RCPT command"),
            Some(transaction) if transaction.chunks.is_some() => {
                return self.fail("503 5.5.1 Error: DATA after BDAT");
            }
            Some(transaction) if transaction.recipients.is_empty() => {
                return self.fail("554 5.5.1 Error: no valid recipients");
            }
            Some(_) => {}
        }
        if !command.words.is_empty() {
            return self.fail("501 5.5.4 Syntax: DATA");
        }
        self.pending = Some(Pending::Data);
        Step::Ask(Question::Data)
    }

    /// The end of a message that came behind `DATA`.
    pub fn message(&mut self, received: Received) -> Step {
        match received {
            Received::Whole(content) => {
                if let Some(transaction) = &mut self.transaction {
                    transaction.content = content;
                }
                self.end_of_message()
            }
            Received::TooBig => {
                self.transaction = None;
                self.reject(Reply::new(552, "5.3.4", "Error: message file too big"))
            }
            Received::BareNewline(code) => {
                self.transaction = None;
                let text = format!("{} Error: bare <LF> received", self.settings.host);
                self.reject(Reply::new(usize::from(code), "5.5.2", text))
            }
        }
    }

    pub(super) fn end_of_message(&mut self) -> Step {
        self.pending = Some(Pending::EndOfMessage);
        Step::Ask(Question::EndOfMessage)
    }

    /// The message was stored under this queue id, or could not be: what is said instead.
    pub fn stored(&mut self, outcome: Result<&str, Reply>) -> Step {
        if outcome.is_ok() {
            self.forgive();
        }
        let chunks = self.transaction.take().and_then(|transaction| transaction.chunks);
        match (outcome, chunks) {
            (Ok(id), Some(chunks)) => self.say(format!("250 2.0.0 Ok: {} bytes queued as {id}", chunks.total)),
            (Ok(id), None) => self.say(format!("250 2.0.0 Ok: queued as {id}")),
            (Err(reply), _) => self.reject(reply),
        }
    }
}

/// Whether an address has a domain of ASCII, as it must without `SMTPUTF8`.
pub(super) fn is_readable(address: &[u8], smtputf8: bool) -> bool {
    smtputf8 || split_domain(address).1.is_none_or(<[u8]>::is_ascii)
}
