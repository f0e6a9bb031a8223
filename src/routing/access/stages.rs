//! The stages of a session and the lists that are looked at in each.
//!
//! With `smtpd_delay_reject`, the lists of the client, of `HELO` and of the sender wait for the first recipient, and are looked at for
//! each. What `defer_if_permit` put aside counts until the recipient's end; what `defer_if_reject` put aside, until the stage's.

use super::super::trail::{Step, Trail};
use super::decision::{Decision, Stop, Subject};
use super::reply::{Reply, Topic};
use super::restriction_list::words;
use super::session::ClientName;
use super::walk::Access;
use crate::config::catalogue::restriction_list;

/// What became of one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The recipient, in internal form.
    pub recipient: Vec<u8>,
    /// What the server says instead of taking it; nothing if it is taken.
    pub reply: Option<Reply>,
    /// The command that is answered with that, or with success: `CONNECT`, `HELO`, `MAIL`, `RCPT`.
    pub command: &'static str,
    /// The list that refused, and the restrictions in it, the outermost first; empty if the server itself did.
    pub refused_by: Vec<String>,
    /// What tables said that happens besides: the message is held, discarded, sent elsewhere.
    pub effects: Vec<String>,
    /// Everything that was looked at.
    pub steps: Vec<Step>,
}

impl Access<'_, '_> {
    /// Goes through a whole session for some recipients, in internal form.
    pub fn check(&mut self, recipients: &[Vec<u8>]) -> Vec<Verdict> {
        let mut trail = Trail::default();
        // In each stage the server knows what the client has said until then.
        let (helo, sender) = (self.session.helo.take(), std::mem::take(&mut self.session.sender));
        let mut refused = self.connect(&mut trail).map(|reply| ("CONNECT", reply));
        self.session.helo = helo;
        refused = refused.or_else(|| self.helo(&mut trail).map(|reply| ("HELO", reply)));
        self.session.sender = sender;
        refused = refused.or_else(|| self.mail(&mut trail).map(|reply| ("MAIL", reply)));
        let before = trail.finish();
        let (by, effects) = (self.refused_by.clone(), self.effects.clone());
        let mut verdicts = Vec::new();
        for recipient in recipients {
            let mut trail = Trail::default();
            let mut verdict = Verdict {
                recipient: recipient.clone(),
                reply: None,
                command: "RCPT",
                refused_by: by.clone(),
                effects: effects.clone(),
                steps: before.clone(),
            };
            match &refused {
                Some((command, reply)) => (verdict.command, verdict.reply) = (command, Some(reply.clone())),
                None => {
                    self.effects.clone_from(&effects);
                    verdict.reply = self.rcpt(recipient, &mut trail);
                    verdict.effects = std::mem::take(&mut self.effects);
                    verdict.refused_by.clone_from(&self.refused_by);
                }
            }
            verdict.steps.extend(trail.finish());
            verdicts.push(verdict);
        }
        verdicts
    }

    /// A client connects: what it is greeted with instead.
    pub fn connect(&mut self, trail: &mut Trail) -> Option<Reply> {
        if self.session.client.name == ClientName::NotAsked && self.lookups.has_dns() {
            let client = &mut self.session.client;
            let subject = client.address.to_string();
            trail.stage("client name", subject.as_bytes(), |trail| self.lookups.name_client(client, trail));
        }
        if self.delays() { None } else { self.client_stage(trail) }
    }

    /// The client has said its name, if it did.
    pub fn helo(&mut self, trail: &mut Trail) -> Option<Reply> {
        if self.delays() { None } else { self.helo_stage(trail) }
    }

    /// The client has named a sender.
    pub fn mail(&mut self, trail: &mut Trail) -> Option<Reply> {
        self.discards = false;
        self.taken = 0;
        self.sender_listed = false;
        if !self.session.tls && self.demands_tls() {
            trail.note("smtpd_tls_security_level = encrypt, and the connection is not encrypted");
            return Some(Reply::new(530, "5.7.0", "Must issue a STARTTLS command first"));
        }
        if self.session.helo.is_none() && self.lookups.is_yes("smtpd_helo_required").unwrap_or(false) {
            trail.note("smtpd_helo_required = yes");
            return Some(Reply::new(503, "5.5.1", "Error: send HELO/EHLO first"));
        }
        let sender = self.session.sender.clone();
        if !sender.is_empty()
            && let Some(reply) = self.bad_address(&sender, "5.1.7", "Bad sender address syntax", trail)
        {
            return Some(reply);
        }
        if self.delays() { None } else { self.sender_stage(trail) }
    }

    /// The client has named a recipient.
    pub fn rcpt(&mut self, recipient: &[u8], trail: &mut Trail) -> Option<Reply> {
        let reply = self.rcpt_stage(recipient, trail);
        self.taken += usize::from(reply.is_none());
        reply
    }

    fn rcpt_stage(&mut self, recipient: &[u8], trail: &mut Trail) -> Option<Reply> {
        self.refused_by.clear();
        self.steps = 0;
        self.recipient = recipient.to_vec();
        self.recipient_listed = false;
        if recipient.eq_ignore_ascii_case(b"postmaster") {
            trail.note("postmaster without a domain is always taken");
            return None;
        }
        let bad = Reply::new(501, "5.1.3", "Bad recipient address syntax");
        if recipient.is_empty() {
            return Some(bad);
        }
        if let Some(reply) = self.bad_address(recipient, &bad.status, &bad.text, trail) {
            return Some(reply);
        }
        if self.discards {
            trail.note("the message is discarded already: nothing is checked");
        }
        // What the client's and the sender's lists put aside holds for each recipient anew.
        let waiting = self.if_permit.clone();
        let refused = self.recipient_lists(trail);
        self.if_permit = waiting;
        refused
    }

    fn recipient_lists(&mut self, trail: &mut Trail) -> Option<Reply> {
        if self.delays() {
            self.if_permit = None;
            let refused = self.client_stage(trail).or_else(|| self.helo_stage(trail));
            if let Some(reply) = refused.or_else(|| self.sender_stage(trail)) {
                return Some(reply);
            }
        }
        self.if_reject = None;
        let mut lists = ["smtpd_relay_restrictions", "smtpd_recipient_restrictions"];
        if !self.lookups.is_yes("smtpd_relay_before_recipient_restrictions").unwrap_or(false) {
            lists.reverse();
        }
        let recipient = self.recipient.clone();
        for list in lists {
            if let Some(reply) = self.list(list, Topic::Recipient, &recipient, trail) {
                return Some(reply);
            }
        }
        if let Some(waiting) = self.if_permit.take() {
            self.refused_by = waiting.by;
            return Some(self.softened(waiting.reply));
        }
        let is_due = self.lookups.is_yes("smtpd_reject_unlisted_recipient").unwrap_or(true);
        if !is_due || self.recipient_listed || self.discards {
            return None;
        }
        self.own("smtpd_reject_unlisted_recipient", &recipient, trail, Self::reject_unlisted_recipient)
    }

    fn client_stage(&mut self, trail: &mut Trail) -> Option<Reply> {
        self.if_reject = None;
        let client = self.session.client.to_string();
        self.list("smtpd_client_restrictions", Topic::Client, client.as_bytes(), trail)
    }

    fn helo_stage(&mut self, trail: &mut Trail) -> Option<Reply> {
        self.if_reject = None;
        let helo = self.session.helo.clone()?;
        self.list("smtpd_helo_restrictions", Topic::Helo, &helo, trail)
    }

    fn sender_stage(&mut self, trail: &mut Trail) -> Option<Reply> {
        self.if_reject = None;
        // Only here: an earlier list that looked for the sender does not do so for the next recipient.
        self.sender_listed = false;
        let sender = self.session.sender.clone();
        let refused = self.list("smtpd_sender_restrictions", Topic::Sender, &sender, trail);
        let is_due = self.lookups.is_yes("smtpd_reject_unlisted_sender").unwrap_or(false);
        if refused.is_some() || !is_due || self.sender_listed || self.discards || sender.is_empty() {
            return refused;
        }
        self.own("smtpd_reject_unlisted_sender", &sender, trail, Self::reject_unlisted_sender)
    }

    /// Goes through the list that a parameter holds.
    fn list(&mut self, parameter: &str, topic: Topic, name: &[u8], trail: &mut Trail) -> Option<Reply> {
        let text = match self.lookups.text(parameter) {
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
        let decision = trail.stage(parameter, name, |trail| self.run_list(&list, &subject, trail));
        self.path.pop();
        refusal(decision)
    }

    /// A check that the server makes without being told in a list.
    fn own(
        &mut self,
        parameter: &str,
        name: &[u8],
        trail: &mut Trail,
        check: fn(&mut Self, &mut Trail) -> Result<Decision, Stop>,
    ) -> Option<Reply> {
        self.path.push(format!("{parameter} = yes"));
        let decision = trail.stage(parameter, name, |trail| check(self, trail));
        if decision.is_err() {
            self.refused_by.clone_from(&self.path);
        }
        self.path.pop();
        refusal(decision)
    }

    /// The refusal of an address that cannot be one; one that cannot be resolved now may be.
    fn bad_address(&mut self, address: &[u8], status: &str, text: &str, trail: &mut Trail) -> Option<Reply> {
        let is_bad = self.resolve(address, trail).is_ok_and(|resolved| resolved.malformed);
        is_bad.then(|| Reply::new(501, status, text))
    }

    fn demands_tls(&self) -> bool {
        match self.lookups.text("smtpd_tls_security_level").unwrap_or_default().as_slice() {
            b"" => self.lookups.is_yes("smtpd_enforce_tls").unwrap_or(false),
            level => level == b"encrypt",
        }
    }

    fn delays(&self) -> bool {
        self.lookups.is_yes("smtpd_delay_reject").unwrap_or(true)
    }
}

fn refusal(decision: Result<Decision, Stop>) -> Option<Reply> {
    match decision {
        Ok(Decision::Reject(reply)) | Err(Stop(reply)) => Some(reply),
        Ok(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Client, Session};
    use super::*;
    use crate::base::Source;
    use crate::config::catalogue::Version;
    use crate::config::host::Host;
    use crate::config::paths::PathMap;
    use crate::config::{ConfigFiles, Configuration, Settings};
    use crate::maps::NoCaller;
    use crate::routing::Lookups;
    use std::net::Ipv4Addr;
    use std::path::Path;
    use std::sync::Arc;

    fn verdicts(main: &str, recipients: &[&str]) -> Vec<Verdict> {
        let main = format!(
            "myhostname = mail.example.com\nmydestination = example.com\nlocal_recipient_maps =\nmynetworks = 10.0.0.0/8\n\
             relay_domains =\nalias_maps =\nsmtpd_relay_restrictions = reject_unauth_destination\n{main}"
        );
        let files = ConfigFiles::from_sources(Path::new("."), &Arc::new(Source::new("main.cf", main)), None);
        let settings = Settings { target: Version::NEWEST, profile: None, host: Host::unknown() };
        let configuration = Configuration::new(files, settings);
        let paths = PathMap::system();
        let mut lookups = Lookups::new(&configuration, &paths, Arc::new(NoCaller));
        let session = Session {
            client: Client::at(Ipv4Addr::new(192, 0, 2, 1).into()),
            helo: Some(b"h".to_vec()),
            sender: b"a@b.example".to_vec(),
            sasl_user: None,
            tls: false,
        };
        let recipients: Vec<Vec<u8>> = recipients.iter().map(|one| one.as_bytes().to_vec()).collect();
        Access::new(&mut lookups, None, session).expect("the server runs").check(&recipients)
    }

    fn replies(main: &str, recipients: &[&str]) -> Vec<String> {
        let shown = |verdict: Verdict| verdict.reply.map_or("taken".to_string(), |reply| reply.to_string());
        verdicts(main, recipients).into_iter().map(shown).collect()
    }

    /// Lists that multiply, in classes or by way of tables, end in an error and not never.
    #[test]
    fn lists_without_end() {
        let classes: String = (0..40).map(|at| format!("c{at} = c{0}, c{0}\n", at + 1)).collect();
        let names: String = (0..=40).map(|at| format!(" c{at}")).collect();
        let error = "451 4.3.5 Server configuration error";
        let main =
            format!("smtpd_restriction_classes ={names}\n{classes}c40 = sleep 0\nsmtpd_recipient_restrictions = c0\n");
        assert_eq!(replies(&main, &["x@example.com"]), [error]);
        let again =
            "smtpd_restriction_classes = c\nc = check_sender_access static:{c, c}\nsmtpd_recipient_restrictions = c\n";
        assert_eq!(replies(again, &["x@example.com"]), [error]);
    }

    /// Nothing that was put aside for one recipient is left for the next, but what holds for the whole message is.
    #[test]
    fn one_recipient_after_the_other() {
        let main = "smtpd_recipient_restrictions = check_recipient_access inline:{one@example.com=DEFER_IF_PERMIT, \
                    two@example.com=DISCARD}\n";
        let found =
            replies(main, &["one@example.com", "x@example.com", "x@b.example", "two@example.com", "x@b.example"]);
        let later = "450 4.7.1 <one@example.com>: Recipient address rejected: Service unavailable";
        let denied = "554 5.7.1 <x@b.example>: Relay access denied";
        assert_eq!(found, [later, "taken", denied, "taken", "taken"]);
    }

    /// Who refused is told with the lists that lead there, also where the refusal was put aside.
    #[test]
    fn what_decided() {
        let main = "smtpd_restriction_classes = c\nc = check_helo_access inline:{{h=permit_mynetworks defer_if_permit}}\n\
                    smtpd_helo_restrictions = c\nsmtpd_recipient_restrictions = check_recipient_access inline:{x@example.com=HOLD}\n";
        let verdicts = verdicts(main, &["x@example.com", "x@b.example"]);
        let path = [
            "smtpd_helo_restrictions",
            "c",
            "check_helo_access inline:{{h=permit_mynetworks defer_if_permit}}",
            "defer_if_permit",
        ];
        assert_eq!(verdicts[0].refused_by, path);
        assert_eq!(verdicts[1].refused_by, ["smtpd_relay_restrictions", "reject_unauth_destination"]);
        assert_eq!(verdicts[0].effects, ["the message is held"]);
        assert_eq!((verdicts[0].command, verdicts[1].effects.len()), ("RCPT", 0));
    }
}
