//! A whole session for some recipients, and what becomes of each.

use super::effect::Effect;
use super::session::Command;
use super::walk::Access;
use crate::mail::reply::Reply;
use crate::routing::router::trail::Step;

/// What became of one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The recipient, in internal form.
    pub recipient: Vec<u8>,
    /// What the server says instead of taking it, or the message for it; nothing if both are taken.
    pub reply: Option<Reply>,
    /// What is answered with that, or with success.
    pub command: Command,
    /// The list that refused, and the restrictions in it, the outermost first; empty if the server itself did.
    pub refused_by: Vec<String>,
    /// What tables said that happens besides to a message that is taken: it is held, discarded, sent elsewhere.
    pub effects: Vec<Effect>,
    /// Everything that was looked at.
    pub steps: Vec<Step>,
}

impl Verdict {
    /// `rejected at DATA 554 …`, where the command is told unless it is the usual one; nothing if it is taken.
    #[must_use]
    pub fn rejected(&self) -> Option<String> {
        let at = if self.command == Command::Rcpt { String::new() } else { format!(" at {}", self.command.word()) };
        self.reply.as_ref().map(|reply| format!("rejected{at} {reply}"))
    }

    /// Whether the message is taken, and thrown away at once.
    #[must_use]
    pub fn discards(&self) -> bool {
        self.reply.is_none() && self.effects.contains(&Effect::Discard)
    }
}

/// A refusal, of what, and by what.
#[derive(Clone)]
struct Refused(Command, Reply, Vec<String>);

impl Access<'_, '_> {
    /// Goes through a whole session for some recipients, in internal form. Verdicts have steps if the router records
    /// them.
    pub fn check(&mut self, recipients: &[Vec<u8>]) -> Vec<Verdict> {
        let (reply, before) = self.recorded(Self::begin_session);
        // What ends the session for all.
        let mut end = reply.map(|reply| self.refused(reply));
        let mut verdicts = Vec::new();
        for recipient in recipients {
            let (mut refused, mut steps) = (end.clone(), before.clone());
            if end.is_none() {
                let (reply, own) = self.recorded(|access| access.rcpt(recipient));
                steps.extend(own);
                refused = reply.map(|reply| self.refused(reply));
                end = refused.clone().filter(|Refused(_, reply, _)| reply.hangs_up());
            }
            let mut verdict = Verdict {
                recipient: recipient.clone(),
                reply: None,
                command: Command::EndOfMessage,
                refused_by: Vec::new(),
                effects: Vec::new(),
                steps,
            };
            refused.into_iter().for_each(|refused| verdict.refuse(refused));
            verdicts.push(verdict);
        }
        let mut after = Vec::new();
        if end.is_none() && !self.taken.is_empty() {
            let (reply, steps) = self.recorded(|access| access.data().or_else(|| access.end_of_message()));
            end = reply.map(|reply| self.refused(reply));
            after = steps;
        }
        for verdict in verdicts.iter_mut().filter(|verdict| verdict.reply.is_none()) {
            verdict.steps.extend_from_slice(&after);
            match &end {
                Some(refused) => verdict.refuse(refused.clone()),
                None => verdict.effects.clone_from(&self.effects),
            }
        }
        verdicts
    }

    /// All that comes before the first recipient: what the server says instead of going on.
    fn begin_session(&mut self) -> Option<Reply> {
        // In each stage the server knows what the client has said until then.
        let (helo, sender) = (self.session.helo.take(), std::mem::take(&mut self.session.sender));
        let mut reply = self.connect();
        self.session.helo = helo;
        reply = reply.or_else(|| self.helo());
        self.session.sender = sender;
        reply.or_else(|| self.mail())
    }

    /// A refusal of what was answered last.
    fn refused(&self, reply: Reply) -> Refused {
        Refused(self.command, reply, self.refused_by.clone())
    }
}

impl Verdict {
    fn refuse(&mut self, Refused(command, reply, by): Refused) {
        (self.command, self.reply, self.refused_by) = (command, Some(reply), by);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Client, Session};
    use super::*;
    use crate::base::Source;
    use crate::config::paths::PathMap;
    use crate::config::{ConfigFiles, Configuration, Platform, Site};
    use crate::maps::NoCaller;
    use crate::routing::Router;
    use std::net::Ipv4Addr;
    use std::path::Path;
    use std::sync::Arc;

    fn verdicts(main: &str, recipients: &[&str]) -> Vec<Verdict> {
        messages(main, &[recipients]).concat()
    }

    /// The verdicts of a session with some messages, each for some recipients.
    fn messages(main: &str, messages: &[&[&str]]) -> Vec<Vec<Verdict>> {
        let main = format!(
            "myhostname = mail.example.com\nmydestination = example.com\nlocal_recipient_maps =\nmynetworks = 10.0.0.0/8\n\
             relay_domains =\nalias_maps =\nsmtpd_relay_restrictions = reject_unauth_destination\n{main}"
        );
        let files = ConfigFiles::from_sources(Path::new("."), &Arc::new(Source::new("main.cf", main)), None);
        let site = Site::new(Configuration::new(files, Platform::default()), PathMap::system());
        let mut router = Router::new(&site, Arc::new(NoCaller));
        let session = Session {
            client: Client::at(Ipv4Addr::new(192, 0, 2, 1).into()),
            helo: Some(b"h".to_vec()),
            sender: b"a@b.example".to_vec(),
            sasl_user: None,
            tls: false,
        };
        let mut access = Access::new(&mut router, None, session).expect("the server runs");
        let bytes = |one: &&str| one.as_bytes().to_vec();
        messages.iter().map(|recipients| access.check(&recipients.iter().map(bytes).collect::<Vec<_>>())).collect()
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
        assert_eq!((verdicts[0].command, verdicts[0].effects.len()), (Command::Rcpt, 0));
    }

    /// What one recipient brings about, even one that is refused, happens to the message of all that are taken; of what
    /// goes elsewhere as a whole, the last counts.
    #[test]
    fn effects_are_for_all() {
        let main = "smtpd_recipient_restrictions = check_recipient_access inline:{{x@b.example=HOLD}, \
                    {x@example.com=FILTER smtp:a}, {y@example.com=FILTER smtp:b}, {z@example.com=BCC c@b.example}}\n\
                    smtpd_data_restrictions = check_sender_access inline:{{a@b.example=REDIRECT d@b.example}}\n\
                    smtpd_end_of_data_restrictions = check_sender_access inline:{{a@b.example=PREPEND X: y}}\n";
        let verdicts =
            verdicts(main, &["x@b.example", "x@example.com", "y@example.com", "z@example.com", "x@b.example"]);
        let shown = |effects: &[Effect]| effects.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        let effects: Vec<_> = verdicts.iter().map(|verdict| shown(&verdict.effects)).collect();
        let all = "the message is held; the message goes through the filter smtp:b; a copy goes to c@b.example; \
                   the message goes to nobody but d@b.example";
        assert_eq!(effects, ["", all, all, all, ""]);
        let again = messages(main, &[&["z@example.com"], &["a@example.com"]]);
        assert_eq!(shown(&again[1][0].effects), "the message goes to nobody but d@b.example");
    }

    /// A message that is refused is refused for those that were taken, and who was refused before stays refused as he
    /// was.
    #[test]
    fn refusals_of_the_message() {
        let main = "smtpd_recipient_restrictions = check_recipient_access inline:{x@example.com=HOLD}\n\
                    smtpd_data_restrictions = check_recipient_access inline:{{x@example.com=defer_if_permit}}\n\
                    smtpd_end_of_data_restrictions = reject\n";
        let shown = |recipients: &[&str]| -> Vec<String> {
            let verdicts = verdicts(main, recipients).into_iter();
            verdicts
                .map(|one| format!("{}; {}", one.rejected().unwrap_or_default(), one.refused_by.join(" ")))
                .collect()
        };
        let denied =
            "rejected 554 5.7.1 <x@b.example>: Relay access denied; smtpd_relay_restrictions reject_unauth_destination";
        let later = "rejected at DATA 450 4.7.1 <x@example.com>: Recipient address rejected: Service unavailable; \
                     smtpd_data_restrictions check_recipient_access inline:{{x@example.com=defer_if_permit}}";
        let end = "rejected at END-OF-MESSAGE 554 5.7.1 <END-OF-MESSAGE>: End-of-data rejected: Access denied; \
                   smtpd_end_of_data_restrictions reject";
        assert_eq!(shown(&["x@b.example", "x@example.com"]), [denied, later]);
        assert_eq!(shown(&["x@example.com", "x@b.example", "y@example.com"]), [end, denied, end]);
        // Nobody wants it.
        assert_eq!(shown(&["x@b.example"]), [denied]);
    }

    /// Who is hung up on cannot send the message to those that were taken, nor name others.
    #[test]
    fn hanging_up_ends_it_for_all() {
        let main = "smtpd_recipient_restrictions = check_recipient_access inline:{{two@example.com=421 Bye}}\n";
        let bye = "421 4.7.1 <two@example.com>: Recipient address rejected: Bye";
        let denied = "554 5.7.1 <x@b.example>: Relay access denied";
        let recipients = ["x@b.example", "one@example.com", "two@example.com", "three@example.com"];
        assert_eq!(replies(main, &recipients), [denied, bye, bye, bye]);
    }
}
