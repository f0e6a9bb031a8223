//! The stages of a session and the lists that are looked at in each.
//!
//! With `smtpd_delay_reject`, the lists of the client, of `HELO` and of the sender wait for the first recipient, and
//! are looked at for each. What `defer_if_permit` put aside counts until the recipient's end; what `defer_if_reject`
//! put aside, until the stage's.

use super::decision::{Decision, Stop, Subject};
use super::restriction_list::words;
use super::session::{ClientName, Command};
use super::topic::Topic;
use super::walk::Access;
use crate::config::catalogue::restriction_list;
use crate::mail::reply::Reply;

impl Access<'_, '_> {
    /// A client connects: what it is greeted with instead.
    pub fn connect(&mut self) -> Option<Reply> {
        self.begin(Command::Connect);
        if self.session.client.name == ClientName::NotAsked && self.router.has_dns() {
            let client = &mut self.session.client;
            let subject = client.address.to_string();
            self.router.stage("client name", subject.as_bytes(), |router| router.name_client(client));
        }
        if self.delays() { None } else { self.client_stage() }
    }

    /// The client has said its name, if it did.
    pub fn helo(&mut self) -> Option<Reply> {
        self.begin(Command::Helo);
        if self.delays() { None } else { self.helo_stage() }
    }

    /// The client has named a sender.
    pub fn mail(&mut self) -> Option<Reply> {
        self.begin(Command::Mail);
        self.discards = false;
        self.taken.clear();
        self.effects.clear();
        self.sender_listed = false;
        if !self.session.tls && self.demands_tls() {
            self.router.note("smtpd_tls_security_level = encrypt, and the connection is not encrypted");
            return Some(Reply::new(530, "5.7.0", "Must issue a STARTTLS command first"));
        }
        if self.session.helo.is_none() && self.router.is_yes("smtpd_helo_required").unwrap_or(false) {
            self.router.note("smtpd_helo_required = yes");
            return Some(Reply::new(503, "5.5.1", "Error: send HELO/EHLO first"));
        }
        if let Some(reply) = self.local_client() {
            return Some(reply);
        }
        let sender = self.session.sender.clone();
        if !sender.is_empty()
            && let Some(reply) = self.bad_address(&sender, "5.1.7", "Bad sender address syntax")
        {
            return Some(reply);
        }
        if self.delays() { None } else { self.sender_stage() }
    }

    /// The client has named a recipient.
    pub fn rcpt(&mut self, recipient: &[u8]) -> Option<Reply> {
        let reply = self.rcpt_stage(recipient);
        if reply.is_none() {
            self.taken.push(recipient.to_vec());
        }
        reply
    }

    /// The client asks whether a recipient is known.
    pub fn vrfy(&mut self, recipient: &[u8]) -> Option<Reply> {
        self.rcpt_stage(recipient)
    }

    fn rcpt_stage(&mut self, recipient: &[u8]) -> Option<Reply> {
        self.begin(Command::Rcpt);
        self.recipient = recipient.to_vec();
        self.recipient_listed = false;
        if recipient.eq_ignore_ascii_case(b"postmaster") {
            self.router.note("postmaster without a domain is always taken");
            return None;
        }
        let bad = Reply::new(501, "5.1.3", "Bad recipient address syntax");
        if recipient.is_empty() {
            return Some(bad);
        }
        if let Some(reply) = self.bad_address(recipient, &bad.status, &bad.text) {
            return Some(reply);
        }
        if self.discards {
            self.router.note("the message is discarded already: nothing is checked");
        }
        // What the client's and the sender's lists put aside holds for each recipient anew.
        let waiting = self.if_permit.clone();
        let refused = self.recipient_lists();
        self.if_permit = waiting;
        refused
    }

    fn recipient_lists(&mut self) -> Option<Reply> {
        if self.delays() {
            self.if_permit = None;
            let refused = self.client_stage().or_else(|| self.helo_stage());
            if let Some(reply) = refused.or_else(|| self.sender_stage()) {
                return Some(reply);
            }
        }
        self.if_reject = None;
        let mut lists = ["smtpd_relay_restrictions", "smtpd_recipient_restrictions"];
        if !self.router.is_yes("smtpd_relay_before_recipient_restrictions").unwrap_or(false) {
            lists.reverse();
        }
        let recipient = self.recipient.clone();
        for list in lists {
            if let Some(reply) = self.list(list, Topic::Recipient, &recipient) {
                return Some(reply);
            }
        }
        if let Some(reply) = self.put_aside() {
            return Some(reply);
        }
        let is_due = self.router.is_yes("smtpd_reject_unlisted_recipient").unwrap_or(true);
        if !is_due || self.recipient_listed || self.discards {
            return None;
        }
        self.own("smtpd_reject_unlisted_recipient", &recipient, Self::reject_unlisted_recipient)
    }

    /// Forgets what the answer to the last command was.
    pub(super) fn begin(&mut self, command: Command) {
        self.command = command;
        self.refused_by.clear();
        self.steps = 0;
    }

    /// What was put aside for the case that all else permits, which is now.
    pub(super) fn put_aside(&mut self) -> Option<Reply> {
        let waiting = self.if_permit.take()?;
        self.refused_by = waiting.by;
        Some(self.softened(waiting.reply))
    }

    fn client_stage(&mut self) -> Option<Reply> {
        self.if_reject = None;
        let client = self.session.client.to_string();
        self.list("smtpd_client_restrictions", Topic::Client, client.as_bytes())
    }

    fn helo_stage(&mut self) -> Option<Reply> {
        self.if_reject = None;
        let helo = self.session.helo.clone()?;
        self.list("smtpd_helo_restrictions", Topic::Helo, &helo)
    }

    fn sender_stage(&mut self) -> Option<Reply> {
        self.if_reject = None;
        // Only here: an earlier list that looked for the sender does not do so for the next recipient.
        self.sender_listed = false;
        let sender = self.session.sender.clone();
        let refused = self.list("smtpd_sender_restrictions", Topic::Sender, &sender);
        let is_due = self.router.is_yes("smtpd_reject_unlisted_sender").unwrap_or(false);
        if refused.is_some() || !is_due || self.sender_listed || self.discards || sender.is_empty() {
            return refused;
        }
        self.own("smtpd_reject_unlisted_sender", &sender, Self::reject_unlisted_sender)
    }

    /// Goes through the list that a parameter holds.
    pub(super) fn list(&mut self, parameter: &str, topic: Topic, name: &[u8]) -> Option<Reply> {
        let text = match self.router.text(parameter) {
            Ok(text) => text,
            Err(_) => return Some(Stop::configuration().0),
        };
        let list = words(&text);
        if list.is_empty() || self.discards {
            return None;
        }
        let bare_table = restriction_list(parameter).and_then(|list| list.bare_table);
        let subject = Subject { name: name.to_vec(), topic, bare_table };
        self.path.push(parameter.to_string());
        let decision = self.stage(parameter, name, |access| access.run_list(&list, &subject));
        self.path.pop();
        refusal(decision)
    }

    /// A check that the server makes without being told in a list.
    fn own(&mut self, parameter: &str, name: &[u8], check: fn(&mut Self) -> Result<Decision, Stop>) -> Option<Reply> {
        self.path.push(format!("{parameter} = yes"));
        let decision = self.stage(parameter, name, |access| access.unless_unknown(check));
        if decision.is_err() {
            self.refused_by.clone_from(&self.path);
        }
        self.path.pop();
        refusal(decision)
    }

    /// The refusal of an address that cannot be one; one that cannot be resolved now may be.
    fn bad_address(&mut self, address: &[u8], status: &str, text: &str) -> Option<Reply> {
        let is_bad = self.resolve(address).is_ok_and(|resolved| resolved.malformed);
        is_bad.then(|| Reply::new(501, status, text))
    }

    fn demands_tls(&self) -> bool {
        match &*self.router.text("smtpd_tls_security_level").unwrap_or_default() {
            b"" => self.router.is_yes("smtpd_enforce_tls").unwrap_or(false),
            level => level == b"encrypt",
        }
    }

    fn delays(&self) -> bool {
        self.router.is_yes("smtpd_delay_reject").unwrap_or(true)
    }
}

fn refusal(decision: Result<Decision, Stop>) -> Option<Reply> {
    match decision {
        Ok(Decision::Reject(reply)) | Err(Stop(reply)) => Some(reply),
        Ok(_) => None,
    }
}
