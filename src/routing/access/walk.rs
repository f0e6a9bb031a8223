//! Going through a list: one restriction after the other, until one decides.
//!
//! `warn_if_reject` holds for the restriction behind it and all inside that. Refusals that wait (`defer_if_…`) are kept
//! aside; once both kinds wait, the rest of the list changes nothing.

use super::decision::{Checked, Decision, Stop, Subject};
use super::effect::Effect;
use super::restriction_list::{Classes, StartError};
use super::session::{Command, Session};
use super::topic::Topic;
use crate::config::catalogue::{Argument, restriction};
use crate::config::services::Service;
use crate::mail::reply::Reply;
use crate::maps::LookupError;
use crate::routing::rewrite::resolve::Resolved;
use crate::routing::router::Asking;
use crate::routing::router::Router;
use crate::routing::router::trail::{Step, StepKind};
use std::collections::HashMap;

/// How deeply classes and tables may lead to further lists.
const MAX_DEPTH: usize = 100;

/// How many restrictions are looked at for one command: lists in tables and classes can multiply without end.
const MOST_STEPS: usize = 10_000;

/// A refusal that was put aside, and what did it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Waiting {
    pub reply: Reply,
    pub by: Vec<String>,
}

/// An SMTP session as its access restrictions see it.
pub struct Access<'l, 'a> {
    /// What is known of the client; the owner fills it while the client speaks.
    pub session: Session,
    pub(super) router: &'l mut Router<'a>,
    pub(super) classes: Classes,
    /// The recipient that is being judged; empty before there is one.
    pub(super) recipient: Vec<u8>,
    /// What is being answered.
    pub(super) command: Command,
    /// The recipients that were taken.
    pub(super) taken: Vec<Vec<u8>>,
    /// A table said `DISCARD`: nothing more is checked.
    pub(super) discards: bool,
    pub(super) if_permit: Option<Waiting>,
    pub(super) if_reject: Option<Waiting>,
    /// The sender has been looked for in the tables of its class, or the recipient.
    pub(super) sender_listed: bool,
    pub(super) recipient_listed: bool,
    /// The list and the restrictions that are being looked at, and those that refused.
    pub(super) path: Vec<String>,
    pub(super) refused_by: Vec<String>,
    /// What tables said that happens to the message, should anybody get it.
    pub(super) effects: Vec<Effect>,
    /// `warn_if_reject` holds.
    pub(super) warns: bool,
    depth: usize,
    /// How many restrictions were looked at for this command.
    pub(super) steps: usize,
    /// And whether that rests on what nobody here can tell.
    pub(super) resolved: HashMap<Vec<u8>, (Resolved, bool)>,
    asked_before: Asking,
}

/// A byte of a HELO name as the server keeps it.
pub(super) fn tame(byte: u8) -> u8 {
    if matches!(byte, b'<' | b'>' | b'(' | b')' | b'"' | b';' | b'@' | b'\\') { b'?' } else { byte }
}

impl<'l, 'a> Access<'l, 'a> {
    /// A session with a server; `service` is its line in master.cf. Until this is dropped, parameters are those of that
    /// service.
    ///
    /// # Errors
    /// The server would not run.
    pub fn new(
        router: &'l mut Router<'a>,
        service: Option<&'a Service>,
        mut session: Session,
    ) -> Result<Self, StartError> {
        let asked_before = router.ask_as_server(service);
        let classes = router.start().inspect_err(|_| router.asking = asked_before)?;
        session.helo = session.helo.map(|helo| helo.into_iter().map(tame).collect());
        session.tls |= router.is_yes("smtpd_tls_wrappermode").unwrap_or(false);
        Ok(Self::fresh(router, classes, session, asked_before))
    }

    pub(super) fn fresh(router: &'l mut Router<'a>, classes: Classes, session: Session, asked_before: Asking) -> Self {
        Self {
            session,
            router,
            classes,
            recipient: Vec::new(),
            command: Command::Connect,
            taken: Vec::new(),
            discards: false,
            if_permit: None,
            if_reject: None,
            sender_listed: false,
            recipient_listed: false,
            path: Vec::new(),
            refused_by: Vec::new(),
            effects: Vec::new(),
            warns: false,
            depth: 0,
            steps: 0,
            resolved: HashMap::new(),
            asked_before,
        }
    }

    /// Does work and gives the steps on its way, as [`Router::recorded`] does.
    pub(super) fn recorded<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> (T, Vec<Step>) {
        let before = self.router.start_trail();
        let done = work(self);
        (done, self.router.finish_trail(before))
    }

    /// Does work inside a stage of the trail.
    pub(super) fn stage<T>(&mut self, name: &str, subject: &[u8], work: impl FnOnce(&mut Self) -> T) -> T {
        self.router.begin(name, subject);
        let done = work(self);
        self.router.end();
        done
    }

    /// Goes through a list.
    pub(super) fn run_list(&mut self, list: &[Vec<u8>], subject: &Subject) -> Checked {
        if self.depth >= MAX_DEPTH {
            self.router.note("unreasonable nesting of restriction lists");
            return Err(Stop::configuration());
        }
        self.depth += 1;
        let warns = self.warns;
        let result = self.run_words(list, subject);
        self.warns = warns;
        self.depth -= 1;
        result
    }

    fn run_words(&mut self, list: &[Vec<u8>], subject: &Subject) -> Checked {
        let warns = self.warns;
        let mut rest = list.iter();
        while let Some(word) = rest.next() {
            if self.discards {
                break;
            }
            self.steps += 1;
            if self.steps > MOST_STEPS {
                self.router.note("unreasonably many restrictions");
                return Err(Stop::configuration());
            }
            if word.eq_ignore_ascii_case(b"warn_if_reject") {
                self.warns = true;
                continue;
            }
            let name = String::from_utf8_lossy(word).to_ascii_lowercase();
            let takes = restriction(&name).is_some_and(|known| known.argument != Argument::None);
            let argument = if takes { rest.next() } else { None };
            let shown = [Some(word), argument].map(|word| word.map(|word| String::from_utf8_lossy(word)));
            let shown = shown.into_iter().flatten().collect::<Vec<_>>().join(" ");
            self.path.push(shown.clone());
            self.router.begin(&shown, b"");
            let result = match (word.contains(&b':'), subject.bare_table) {
                (true, Some(restriction)) => self.decide(restriction, Some(word), subject),
                (true, None) => Err(Stop::configuration()),
                (false, _) => match self.classes.get(word) {
                    Some(class) if restriction(&name).is_none() || name == "reject_sender_login_mismatch" => {
                        let class = class.clone();
                        self.run_list(&class, subject)
                    }
                    _ => self.unless_unknown(|access| access.decide(&name, argument.map(Vec::as_slice), subject)),
                },
            };
            let decision = match &result {
                Ok(decision) => decision.clone(),
                Err(Stop(reply)) => {
                    self.refused_by.clone_from(&self.path);
                    Decision::Reject(reply.clone())
                }
            };
            self.router.end_as(|| StepKind::Restriction { name: shown, decision });
            self.path.pop();
            self.warns = warns;
            if let decision @ (Decision::Permit | Decision::Reject(_)) = result? {
                return Ok(decision);
            }
            if self.if_permit.is_some() && self.if_reject.is_some() {
                break;
            }
        }
        Ok(Decision::Undecided)
    }

    /// Does a check; what it says counts for nothing if it rests on what nobody here can tell.
    pub(super) fn unless_unknown(&mut self, check: impl FnOnce(&mut Self) -> Checked) -> Checked {
        let before = self.router.unknown_answers();
        let aside = (self.if_permit.clone(), self.if_reject.clone(), self.refused_by.clone());
        let result = check(self);
        if self.router.unknown_answers() == before || matches!(result, Ok(Decision::Undecided | Decision::NotAsked(_)))
        {
            return result;
        }
        (self.if_permit, self.if_reject, self.refused_by) = aside;
        let tables: Vec<String> = self.router.open_questions().iter().map(|question| question.why.clone()).collect();
        let why = if tables.is_empty() { "it rests on tables that were not asked".into() } else { tables.join("; ") };
        Ok(Decision::NotAsked(why))
    }

    /// One restriction, by its name in small letters.
    fn decide(&mut self, name: &str, argument: Option<&[u8]>, subject: &Subject) -> Checked {
        let needs = |what: &str| Ok(Decision::NotAsked(format!("needs {what}")));
        let table = || argument.filter(|argument| argument.contains(&b':')).ok_or_else(Stop::configuration);
        match name {
            "permit" => Ok(Decision::Permit),
            "reject" => {
                let code = self.number("reject_code")?;
                Ok(self.reject(code, "5.7.1", subject.refused("Access denied")))
            }
            "defer" => {
                let code = self.number("defer_code")?;
                Ok(self.reject(code, "4.3.2", subject.refused("Try again later")))
            }
            "defer_if_permit" => {
                let reply = Reply::new(450, "4.7.0", subject.refused("defer_if_permit requested"));
                Ok(self.defer_if_permit(reply))
            }
            "defer_if_reject" => {
                let reply = Reply::new(450, "4.7.0", subject.refused("defer_if_reject requested"));
                Ok(self.defer_if_reject(reply))
            }
            "sleep" => match argument {
                Some(seconds) if !seconds.is_empty() && seconds.iter().all(u8::is_ascii_digit) => {
                    Ok(Decision::Undecided)
                }
                _ => Err(Stop::configuration()),
            },
            "check_policy_service" => {
                table()?;
                needs("a policy server")
            }
            "reject_plaintext_session" if !self.session.tls => {
                let code = self.number("plaintext_reject_code")?;
                Ok(self.reject(code, "4.7.1", "Session encryption is required".into()))
            }
            "reject_plaintext_session"
            | "reject_unauth_pipelining"
            | "permit_tls_clientcerts"
            | "check_etrn_access"
            | "permit_tls_all_clientcerts" => Ok(Decision::Undecided),
            "check_ccert_access" => table().map(|_| Decision::Undecided),
            "permit_mynetworks" => self.permit_mynetworks(subject),
            "permit_inet_interfaces" => self.permit_inet_interfaces(subject),
            "permit_sasl_authenticated" => self.permit_sasl_authenticated(),
            "check_client_access" => self.check_client_access(table()?, subject),
            "check_reverse_client_hostname_access" => self.check_reverse_client_access(table()?, subject),
            "check_sasl_access" => self.check_sasl_access(table()?, subject),
            "check_helo_access" => self.check_helo_access(table()?, subject),
            "check_sender_access" => self.check_sender_access(table()?, subject),
            "check_recipient_access" => self.check_recipient_access(table()?, subject),
            "reject_unknown_client_hostname" | "reject_unknown_client" => self.reject_unknown_client(),
            "reject_unknown_reverse_client_hostname" => self.reject_unknown_reverse_client(),
            "reject_invalid_helo_hostname" | "reject_invalid_hostname" => self.reject_invalid_helo(subject),
            "reject_non_fqdn_helo_hostname" | "reject_non_fqdn_hostname" => self.reject_non_fqdn_helo(subject),
            "reject_unknown_helo_hostname" | "reject_unknown_hostname" => self.reject_unknown_helo(subject),
            "reject_non_fqdn_sender" => {
                let sender = self.session.sender.clone();
                self.reject_non_fqdn(&subject.about(Topic::Sender, &sender))
            }
            "reject_non_fqdn_recipient" => {
                let recipient = self.recipient.clone();
                self.reject_non_fqdn(&subject.about(Topic::Recipient, &recipient))
            }
            "reject_unknown_sender_domain" | "reject_unknown_address" => {
                let sender = self.session.sender.clone();
                self.reject_unknown_domain(Topic::Sender, &sender)
            }
            "reject_unknown_recipient_domain" => {
                let recipient = self.recipient.clone();
                self.reject_unknown_domain(Topic::Recipient, &recipient)
            }
            "reject_unlisted_sender" => self.reject_unlisted_sender(),
            "reject_unlisted_recipient" | "check_recipient_maps" => self.reject_unlisted_recipient(),
            "reject_multi_recipient_bounce" => self.reject_multi_recipient_bounce(subject),
            "permit_auth_destination" => self.permit_auth_destination(),
            "reject_unauth_destination" => {
                let code = self.number("relay_domains_reject_code")?;
                self.reject_unauth_destination(code, "5.7.1")
            }
            "defer_unauth_destination" => {
                let code = self.number("relay_domains_reject_code")?.saturating_sub(100);
                self.reject_unauth_destination(code, "4.7.1")
            }
            "reject_authenticated_sender_login_mismatch"
            | "reject_unauthenticated_sender_login_mismatch"
            | "reject_known_sender_login_mismatch" => self.reject_login_mismatch(name, subject),
            "reject_unverified_sender" | "reject_unverified_recipient" => needs("the address verification service"),
            "permit_mx_backup" => self.permit_mx_backup(),
            "reject_rbl"
            | "reject_rbl_client"
            | "reject_rhsbl_client"
            | "reject_rhsbl_helo"
            | "reject_rhsbl_recipient"
            | "reject_rhsbl_reverse_client"
            | "reject_rhsbl_sender"
            | "permit_dnswl_client"
            | "permit_rhswl_client" => match argument {
                Some(list) if name.starts_with("permit_") => self.permit_listed(name, list),
                Some(list) => self.reject_listed(name, list),
                None => {
                    self.router.note(format_args!("{name} stands without a domain: ignored"));
                    Ok(Decision::Undecided)
                }
            },
            _ if name.ends_with("_a_access") || name.ends_with("_mx_access") || name.ends_with("_ns_access") => {
                let table = table()?;
                self.check_servers(name, table, subject).unwrap_or_else(|| Err(Stop::configuration()))
            }
            _ => {
                let gone = restriction(name).map_or("unknown restriction", |_| "Postfix 3.9 and later do not have");
                self.router.note(format_args!("{gone} {name}"));
                Err(Stop::configuration())
            }
        }
    }

    /// Refuses, unless that is to be a warning only.
    pub(super) fn reject(&mut self, code: usize, status: &str, text: String) -> Decision {
        let reply = Reply::new(code, status, text);
        if self.warns {
            return Decision::Warned(self.softened(reply));
        }
        let own = Waiting { reply, by: self.path.clone() };
        let refusal = if own.reply.code >= 500 { self.if_reject.take().unwrap_or(own) } else { own };
        self.refused_by = refusal.by;
        Decision::Reject(self.softened(refusal.reply))
    }

    pub(super) fn softened(&self, reply: Reply) -> Reply {
        if self.router.is_yes("soft_bounce").unwrap_or(false) { reply.softened() } else { reply }
    }

    /// Keeps a refusal for the case that all else permits; the first one stays.
    pub(super) fn defer_if_permit(&mut self, reply: Reply) -> Decision {
        if self.warns {
            return Decision::Warned(reply);
        }
        let by = self.path.clone();
        self.if_permit.get_or_insert_with(|| Waiting { reply: reply.clone(), by });
        Decision::DeferIfPermit(reply)
    }

    /// Keeps a refusal for the case that something else refuses.
    pub(super) fn defer_if_reject(&mut self, reply: Reply) -> Decision {
        let by = self.path.clone();
        self.if_reject.get_or_insert_with(|| Waiting { reply: reply.clone(), by });
        Decision::DeferIfReject(reply)
    }

    /// A number of the server's; a bad one would end it.
    pub(super) fn number(&self, parameter: &str) -> Result<usize, Stop> {
        self.router.number(parameter).map_err(|_| Stop::configuration())
    }

    /// An address, rewritten and resolved; told once in the trail.
    pub(super) fn resolve(&mut self, address: &[u8]) -> Result<Resolved, LookupError> {
        if let Some((resolved, is_doubtful)) = self.resolved.get(address) {
            if *is_doubtful {
                self.router.rests_on_unknown();
            }
            return Ok(resolved.clone());
        }
        let before = self.router.unknown_answers();
        let sender = if address == self.session.sender { Vec::new() } else { self.session.sender.clone() };
        let mut resolved = self.router.stage("resolve", address, |router| {
            let rewritten = router.rewrite(address)?;
            router.resolve(&sender, &rewritten)
        })?;
        resolved.recipient.make_ascii_lowercase();
        let is_doubtful = self.router.unknown_answers() != before;
        self.resolved.insert(address.to_vec(), (resolved.clone(), is_doubtful));
        Ok(resolved)
    }
}

impl Drop for Access<'_, '_> {
    fn drop(&mut self) {
        self.router.asking = self.asked_before;
    }
}
