//! access: who may connect, send, be sent to, and relay, in a table for each of these questions.
//!
//! Sendmail asks for each form of a key with its tag (`From:`) and without, the longest form first; so a key without a
//! tag stands in all tables, and one with a tag takes its place in one. Only addresses and names of clients that may
//! relay come to mynetworks and relay_clients, only domains to relay-domains: an `OK` of Postfix in a list that decides
//! about relaying would let everybody in. Source: access(5), cf/README.

use super::access_value::Action;
use super::draft::Draft;
use super::lists::{LOCAL_DOMAINS, RELAY_CLIENTS, RELAY_DOMAINS, network};
use super::old_site::OldSite;
use super::read::Row;
use super::report::Verdict;
use super::settings::{Class, Flag, Role};
use std::collections::HashSet;

/// What clients may, by name and IPv4 address.
pub const CLIENTS: &str = "client_access";
/// What clients may, by IPv6 network.
pub const CLIENT_NETWORKS: &str = "client_access.cidr";
/// What senders may: addresses and local parts.
pub const SENDERS: &str = "sender_access";
/// What senders may: domains, which Sendmail asks for behind local parts.
pub const SENDER_DOMAINS: &str = "sender_domains";
/// What may be sent to.
pub const RECIPIENTS: &str = "recipient_access";
/// Recipients of this host that take everything.
pub const FRIENDS: &str = "spam_friends";
/// Addresses that mail is relayed to whatever their domain.
pub const RELAY_RECIPIENTS: &str = "relay_recipients";

/// Networks that may relay: elements of mynetworks behind those that may not.
pub const ACCESS_NETWORKS: &str = "access_networks";

const TAGS: [&str; 4] = ["connect", "from", "to", "spam"];

/// Tags that this program has no table for, and what to do by hand.
const BY_HAND: [(&str, &str, &str); 14] = [
    (
        "greetpause",
        "a pause before the greeting that differs by client has no place in Postfix",
        "postscreen_greet_wait, and postscreen_access_list for those who need not wait",
    ),
    (
        "clientrate",
        "a limit that differs by client has no place in Postfix",
        "smtpd_client_connection_rate_limit, and smtpd_client_event_limit_exceptions",
    ),
    (
        "clientconn",
        "a limit that differs by client has no place in Postfix",
        "smtpd_client_connection_count_limit, and smtpd_client_event_limit_exceptions",
    ),
    (
        "authinfo",
        "a password is not copied by a program",
        "smtp_sasl_password_maps with [HOST] USER:PASSWORD, smtp_sasl_auth_enable = yes",
    ),
    ("tls_srv", "how a server must encrypt is a policy", "smtp_tls_policy_maps"),
    ("tls_rcpt", "how a recipient's server must encrypt is a policy", "smtp_tls_policy_maps"),
    ("try_tls", "whether TLS is tried with a server is a policy", "smtp_tls_policy_maps with HOST none"),
    ("tls_clt", "what a client's certificate must be is a policy", "check_ccert_access by fingerprint"),
    ("certissuer", "Postfix knows certificates by fingerprint, not by issuer", "check_ccert_access, relay_clientcerts"),
    (
        "certsubject",
        "Postfix knows certificates by fingerprint, not by subject",
        "check_ccert_access, relay_clientcerts",
    ),
    ("srv_features", "features of the server that differ by client", "smtpd_discard_ehlo_keyword_address_maps"),
    ("clt_features", "features of the client that differ by server", "smtp_discard_ehlo_keyword_address_maps"),
    (
        "compat",
        "pairs of sender and recipient have no table in Postfix",
        "smtpd_restriction_classes, or a policy service",
    ),
    ("qgrp", "queue groups have no place in Postfix", "a transport of its own in master.cf"),
];

/// Which question a row answers; without a tag, all but the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Tag {
    None,
    Connect,
    From,
    To,
    Spam,
}

/// The form of a key, without its tag.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    /// `10.1`: a network, as mynetworks has it.
    Network(String),
    /// `user@dom`
    Address,
    /// `user@`
    Local,
    /// `dom`
    Domain,
    /// What Postfix has no key for; why.
    Odd(&'static str),
}

struct Key<'r> {
    tag: Tag,
    text: &'r str,
    form: Form,
    action: Action,
    row: &'r Row,
}

/// What became of a row in each table.
#[derive(Default)]
struct Told {
    carried: Vec<String>,
    changed: Vec<String>,
    decide: Option<Verdict>,
}

/// Carries the table over.
pub fn carry(site: &OldSite, draft: &mut Draft) {
    let (mut keys, mut others) = (Vec::new(), Vec::new());
    for row in site.rows(Role::Access) {
        match Key::of(row) {
            Ok(key) => keys.push(key),
            Err(verdict) => others.push(row.line(verdict)),
        }
    }
    let tagged: HashSet<(Tag, &str)> = keys.iter().map(|key| (key.tag, key.text)).collect();
    let access = Access { site, tagged, own_domains: own_domains(site) };
    // What is written for several addresses gives way to what names one.
    keys.sort_by_key(|key| (key.form == Form::Local || key.text.contains("+*@"), key.row.origin.line));
    for key in &keys {
        let mut told = Told::default();
        access.carry(key, draft, &mut told);
        draft.told(key.row.line(told.verdict()));
    }
    others.into_iter().for_each(|line| draft.told(line));
}

impl Told {
    fn to(&mut self, place: &str) {
        if !self.carried.iter().any(|known| known == place) {
            self.carried.push(place.to_string());
        }
    }

    fn verdict(self) -> Verdict {
        let places = self.carried.join(", ");
        if let Some(verdict) = self.decide {
            return verdict;
        }
        match (self.changed.is_empty(), places.is_empty()) {
            (true, true) => Verdict::carried("nothing: Sendmail does by it what it does without"),
            (true, false) => Verdict::carried(places),
            (false, true) => Verdict::changed(self.changed.join("; ")),
            (false, false) => Verdict::changed(format!("{places}: {}", self.changed.join("; "))),
        }
    }
}

impl<'r> Key<'r> {
    fn of(row: &'r Row) -> Result<Self, Verdict> {
        let (tag, text) = match row.key.split_once(':') {
            Some(("ipv6", _)) => (Tag::None, row.key.as_str()),
            Some((word, rest)) => match TAGS.iter().position(|tag| *tag == word) {
                Some(at) => ([Tag::Connect, Tag::From, Tag::To, Tag::Spam][at], rest),
                None => return Err(by_hand(word)),
            },
            None => (Tag::None, row.key.as_str()),
        };
        if text.is_empty() {
            return Err(Verdict::decide("nothing stands behind the tag", &["write a key", "leave it out"]));
        }
        Ok(Self { tag, text, form: form(text), action: Action::parse(&row.value), row })
    }
}

fn by_hand(tag: &str) -> Verdict {
    match BY_HAND.iter().find(|(known, ..)| *known == tag) {
        Some((_, why, choice)) => Verdict::decide(*why, &[choice, "leave it out"]),
        None => Verdict::decide(
            format!("{tag}: is no tag that Sendmail's own rules ask for"),
            &["a rule of sendmail.mc may use it: carry that over by hand", "leave it out"],
        ),
    }
}

fn form(text: &str) -> Form {
    if let Some(network) = network(text) {
        return Form::Network(network);
    }
    if text.starts_with("ipv6:") {
        return Form::Odd("it is no address");
    }
    if text.contains(':') {
        return Form::Odd("without IPv6: before it, Sendmail never finds such an address");
    }
    if text.contains('/') {
        return Form::Odd("Sendmail knows no networks with a slash and never finds it");
    }
    if text.starts_with('[') {
        return Form::Odd("an address in brackets is what Sendmail calls a client or a domain without a name");
    }
    if text.starts_with('.') {
        return Form::Odd("a dot at its start is for FEATURE(access_db) with lookupdotdomain only");
    }
    match text.rsplit_once('@') {
        Some((_, "")) => Form::Local,
        Some(("", _)) => Form::Odd("nothing stands before the @"),
        Some(_) => Form::Address,
        None => Form::Domain,
    }
}

struct Access<'s> {
    site: &'s OldSite,
    tagged: HashSet<(Tag, &'s str)>,
    own_domains: Vec<String>,
}

impl Access<'_> {
    /// Whether a row answers a question: by its tag, or without one where none with it stands there.
    fn answers(&self, key: &Key<'_>, tag: Tag) -> bool {
        key.tag == tag || key.tag == Tag::None && !self.tagged.contains(&(tag, key.text))
    }

    fn carry(&self, key: &Key<'_>, draft: &mut Draft, told: &mut Told) {
        if let Form::Odd(why) = key.form {
            let is_dead = key.text.contains('/')
                || key.text.starts_with('.') && !self.site.settings.has(Flag::AccessLookupDotDomain);
            if is_dead {
                told.changed.push(format!("nothing: {why}"));
            } else {
                told.decide = Some(Verdict::decide(why, &["a line in a pcre: or cidr: table", "leave it out"]));
            }
            return;
        }
        match &key.action {
            Action::Other(word) if key.tag != Tag::Spam => {
                told.decide = Some(Verdict::decide(
                    format!("{word} is no word that Sendmail knows, and what it refuses with"),
                    &["REJECT, OK, RELAY or ERROR:5.7.1:550 TEXT, and migrate again", "leave it out"],
                ));
                return;
            }
            Action::Skip if !self.site.settings.has(Flag::AccessSkip) && self.site.has_configuration => {
                told.decide = Some(Verdict::decide(
                    "without the argument skip of FEATURE(access_db) Sendmail refuses by it",
                    &["DUNNO, if nothing was to be done", "REJECT, as it was"],
                ));
                return;
            }
            _ => {}
        }
        if key.tag == Tag::Spam {
            return self.spam(key, draft, told);
        }
        if self.answers(key, Tag::Connect) && matches!(key.form, Form::Network(_) | Form::Domain) {
            self.connect(key, draft, told);
        }
        if self.answers(key, Tag::From) && !matches!(key.form, Form::Network(_)) {
            self.from(key, draft, told);
        }
        if self.answers(key, Tag::To) && !matches!(key.form, Form::Network(_)) {
            self.to(key, draft, told);
        }
        if key.tag == Tag::Connect && matches!(key.form, Form::Address | Form::Local) {
            told.changed.push("nothing: clients have no @ in their names".into());
        }
        if matches!(key.form, Form::Network(_)) && matches!(key.tag, Tag::From | Tag::To) {
            told.changed.push("nothing: domains that look like addresses stand in brackets".into());
        }
    }

    /// A client that connects.
    fn connect(&self, key: &Key<'_>, draft: &mut Draft, told: &mut Told) {
        let result = self.result(&key.action, "550 5.7.1 Access denied", "OK");
        match &key.form {
            Form::Network(network) => {
                match key.text.starts_with("ipv6:") {
                    true => {
                        let bare = network.replace(['[', ']'], "");
                        draft.pattern(CLIENT_NETWORKS, format!("{bare} {result}"));
                        told.to(CLIENT_NETWORKS);
                    }
                    false => {
                        draft.entry(CLIENTS, key.text, &result);
                        told.to(CLIENTS);
                    }
                }
                if key.action == Action::Relay {
                    draft.element(ACCESS_NETWORKS, network, Some(&key.row.origin));
                    told.to("main.cf: mynetworks");
                } else {
                    draft.element("not_mynetworks", network, None);
                }
            }
            _ => {
                draft.entry(CLIENTS, key.text, &result);
                told.to(CLIENTS);
                let relays = if key.action == Action::Relay { "OK" } else { "DUNNO" };
                draft.entry(RELAY_CLIENTS, key.text, relays);
                if key.action == Action::Relay {
                    told.to(RELAY_CLIENTS);
                }
            }
        }
    }

    /// A sender.
    fn from(&self, key: &Key<'_>, draft: &mut Draft, told: &mut Told) {
        let result = self.result(&key.action, "550 5.7.1 Access denied", "OK");
        let may_relay = self.site.settings.has(Flag::RelayMailFrom);
        if key.action == Action::Relay && may_relay && key.tag == Tag::From {
            told.decide = Some(Verdict::decide(
                "by FEATURE(relay_mail_from) whoever claims this sender may relay, and anybody can claim it",
                &["SMTP AUTH (permit_sasl_authenticated)", "Connect: entries for the clients", "leave it out"],
            ));
            return;
        }
        let table = if key.form == Form::Domain { SENDER_DOMAINS } else { SENDERS };
        let mut text = key.text.to_string();
        if let Some((user, domain)) = key.text.split_once("+*@") {
            text = format!("{user}@{domain}");
            told.changed.push(format!("{text} without a detail, too"));
        }
        draft.entry(table, &text, &result);
        told.to(table);
        if key.action == Action::Relay && key.tag == Tag::From {
            told.changed.push("OK: without FEATURE(relay_mail_from) it lets nobody relay".into());
        }
    }

    /// A recipient.
    fn to(&self, key: &Key<'_>, draft: &mut Draft, told: &mut Told) {
        let refuses = self.site.settings.has(Flag::BlocklistRecipients);
        if key.action == Action::Relay {
            return self.relay_to(key, draft, told);
        }
        if key.form == Form::Domain {
            draft.element("not_relay_domains", key.text, None);
        }
        if !refuses {
            if key.tag == Tag::To {
                told.changed
                    .push("nothing: without FEATURE(blocklist_recipients) Sendmail asks for no recipients".into());
            }
            return;
        }
        let result = self.result(&key.action, "550 5.2.1 Mailbox disabled for this recipient", "DUNNO");
        match (&key.form, key.text.split_once("+*@")) {
            (Form::Local, _) => {
                let user = key.text.trim_end_matches('@');
                for domain in &self.own_domains {
                    draft.entry(RECIPIENTS, &format!("{user}@{domain}"), &result);
                }
                told.to(&format!("{RECIPIENTS}, for each domain of this host"));
            }
            (_, Some((user, domain))) => {
                draft.entry(RECIPIENTS, &format!("{user}@{domain}"), &result);
                told.to(RECIPIENTS);
                told.changed.push(format!("{user}@{domain} without a detail, too"));
            }
            _ => {
                draft.entry(RECIPIENTS, key.text, &result);
                told.to(RECIPIENTS);
            }
        }
    }

    /// A domain that mail is relayed to.
    fn relay_to(&self, key: &Key<'_>, draft: &mut Draft, told: &mut Told) {
        match key.form {
            Form::Domain if self.site.is_local(key.text) => told.to(LOCAL_DOMAINS),
            Form::Domain => {
                draft.list(RELAY_DOMAINS, key.text);
                told.to(RELAY_DOMAINS);
            }
            _ if self.site.settings.has(Flag::AccessRelayToFullAddress) && key.form == Form::Address => {
                draft.entry(RELAY_RECIPIENTS, key.text, "OK");
                told.to(RELAY_RECIPIENTS);
            }
            _ if key.tag == Tag::To => told.changed.push(
                "nothing: without the argument relaytofulladdress of FEATURE(access_db) Sendmail does not ask for addresses".into(),
            ),
            _ => {}
        }
        // It stops the search for an entry that refuses the parent.
        if self.site.settings.has(Flag::BlocklistRecipients) {
            draft.entry(RECIPIENTS, key.text, "DUNNO");
        }
    }

    /// `Spam:`: recipients who want checks, or none.
    fn spam(&self, key: &Key<'_>, draft: &mut Draft, told: &mut Told) {
        let settings = &self.site.settings;
        match key.action {
            Action::Friend if settings.has(Flag::DelayChecksFriend) => {
                if key.form == Form::Local {
                    let user = key.text.trim_end_matches('@');
                    for domain in &self.own_domains {
                        draft.entry(FRIENDS, &format!("{user}@{domain}"), "OK");
                    }
                } else {
                    draft.entry(FRIENDS, key.text, "OK");
                }
                told.to(FRIENDS);
            }
            Action::Hater if settings.has(Flag::DelayChecksHater) => {
                told.decide = Some(Verdict::decide(
                    "checks for some recipients only need a class of restrictions",
                    &[
                        "smtpd_restriction_classes with the checks, named for this recipient in an access table",
                        "checks for all: leave it out",
                    ],
                ));
            }
            _ => told.changed.push("nothing: FEATURE(delay_checks) does not ask for it".into()),
        }
    }

    /// What Postfix does by an action; `accepted` is what it says where Sendmail looks no further.
    fn result(&self, action: &Action, rejected: &str, accepted: &str) -> String {
        match action {
            Action::Relay | Action::Accept => accepted.to_string(),
            Action::Reject => match &self.site.settings.reject_text {
                Some(text) => text.what.clone(),
                None => rejected.to_string(),
            },
            Action::Refuse(reply) => reply.to_string(),
            Action::Discard => "DISCARD".to_string(),
            Action::Skip | Action::Friend | Action::Hater | Action::Other(_) => "DUNNO".to_string(),
            Action::Quarantine(why) if why.is_empty() => "HOLD".to_string(),
            Action::Quarantine(why) => format!("HOLD {why}"),
        }
    }
}

/// The domains of this host.
fn own_domains(site: &OldSite) -> Vec<String> {
    let names = site.members(Class::Local).iter().map(|name| name.name.clone());
    let mut domains: Vec<String> = site.host.clone().into_iter().chain(["localhost".into()]).chain(names).collect();
    domains.sort();
    domains.dedup();
    domains
}
