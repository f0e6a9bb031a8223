//! Lists that are kept in the DNS, of addresses and of names: `reject_rbl_client` and kin, `permit_dnswl_client` and
//! kin.
//!
//! Listed is who has an A record there, one that the filter behind `=` takes. The text of a refusal is a template; the
//! list's own words are its TXT records.
//!
//! Source: postconf(5), `reject_rbl_client`, `default_rbl_reply`, `rbl_reply_maps`; experiments with 3.11.

use super::client_name::reversed;
use super::decision::{Checked, Decision, Stop, Subject};
use super::dns_names::{FILTER, NEEDS_DNS};
use super::session::{ClientName, Command};
use super::topic::Topic;
use super::walk::Access;
use crate::config::expand::expand;
use crate::mail::address_filter::AddressFilter;
use crate::mail::host_name::is_host_name;
use crate::mail::local_part::split_domain;
use crate::mail::reply::Reply;
use crate::routing::router::keys::KeyPart;
use crate::routing::router::records::{Record, RecordType};
use std::borrow::Cow;

/// Whom a restriction looks for in a list.
struct Sought {
    /// What the reply is about.
    topic: Topic,
    /// How the reply names it.
    name: Vec<u8>,
    /// What stands before the zone; nothing if there is nothing to look for.
    key: Option<Key>,
}

/// What stands before the zone.
enum Key {
    /// The client's address, from back to front.
    Address,
    /// A domain.
    Domain(Vec<u8>),
}

/// What a list says.
enum Answer {
    /// Listed.
    Listed(Listed),
    /// Not listed.
    Unlisted,
    /// Nothing at present.
    None,
}

/// A listed one: what the reply tells of it.
struct Listed {
    /// The list, without its filter.
    zone: Vec<u8>,
    /// The list's words.
    reason: Vec<u8>,
}

impl Access<'_, '_> {
    /// `reject_*` of a list; `list` is `zone` or `zone=filter`.
    pub(super) fn reject_listed(&mut self, restriction: &str, list: &[u8]) -> Checked {
        if !self.router.has_dns() {
            return Ok(Decision::NotAsked(NEEDS_DNS.into()));
        }
        let Some(sought) = self.sought(restriction) else { return Ok(Decision::Undecided) };
        match self.look_for(&sought, list)? {
            Answer::Listed(listed) => {
                let reply = self.listed_reply(&sought, list, &listed)?;
                Ok(self.reject(reply.code, &reply.status, reply.text))
            }
            // No answer is no reason to refuse.
            Answer::Unlisted | Answer::None => Ok(Decision::Undecided),
        }
    }

    /// `permit_*` of a list: who is in it may send to what this machine is in charge of. But when a recipient is named,
    /// it permits whatever it is.
    pub(super) fn permit_listed(&mut self, restriction: &str, list: &[u8]) -> Checked {
        if !self.router.has_dns() {
            return Ok(Decision::NotAsked(NEEDS_DNS.into()));
        }
        let Some(sought) = self.sought(restriction) else { return Ok(Decision::Undecided) };
        let answer = self.look_for(&sought, list)?;
        if let Answer::Unlisted = answer {
            return Ok(Decision::Undecided);
        }
        let names_recipient = self.command == Command::Rcpt;
        let would = if names_recipient { self.permit_auth_destination()? } else { Decision::Permit };
        match answer {
            Answer::None if would == Decision::Permit => {
                let subject = Subject { name: sought.name, topic: sought.topic, bare_table: None };
                let reply = Reply::new(450, "4.7.1", subject.refused("Service unavailable"));
                Ok(self.defer_if_reject(reply))
            }
            _ => Ok(would),
        }
    }

    /// Whom a restriction looks for; nothing if nobody has said who that is.
    fn sought(&self, restriction: &str) -> Option<Sought> {
        let client = &self.session.client;
        let named = |topic, name: &ClientName| match name {
            ClientName::Known(name) => Some(Sought { topic, name: name.clone(), key: domain_key(name) }),
            ClientName::NotAsked | ClientName::Unknown | ClientName::UnknownNow => None,
        };
        let of_address = |topic, address: &[u8]| {
            let key = split_domain(address).1.and_then(domain_key);
            Some(Sought { topic, name: address.to_vec(), key })
        };
        match restriction {
            "reject_rbl" | "reject_rbl_client" | "permit_dnswl_client" => {
                let name = client.address.to_string().into_bytes();
                Some(Sought { topic: Topic::Client, name, key: Some(Key::Address) })
            }
            "reject_rhsbl_client" | "permit_rhswl_client" => named(Topic::Client, &client.name),
            "reject_rhsbl_reverse_client" => named(Topic::ReverseClient, &client.reverse_name),
            "reject_rhsbl_helo" => {
                let helo = self.session.helo.as_deref()?;
                Some(Sought { topic: Topic::Helo, name: helo.to_vec(), key: domain_key(helo) })
            }
            "reject_rhsbl_sender" => of_address(Topic::Sender, &self.session.sender),
            "reject_rhsbl_recipient" => of_address(Topic::Recipient, &self.recipient),
            _ => None,
        }
    }

    fn look_for(&mut self, sought: &Sought, list: &[u8]) -> Result<Answer, Stop> {
        let (zone, filter) = match memchr::memchr(b'=', list) {
            Some(equals) => (&list[..equals], Some(&list[equals + 1..])),
            None => (list, None),
        };
        let name = match &sought.key {
            Some(Key::Address) => reversed(self.session.client.address, zone, zone),
            Some(Key::Domain(domain)) => [domain, b".".as_slice(), zone].concat(),
            None => return Ok(Answer::Unlisted),
        };
        let filter = filter.map(AddressFilter::parse).transpose().map_err(|fault| {
            self.router
                .note(format_args!("{}: {fault}: the server ends with a fatal error", String::from_utf8_lossy(list)));
            Stop::configuration()
        })?;
        let records = match self.router.dns_through(FILTER, &name, RecordType::A) {
            Ok(records) => records,
            Err(none) if none.is_for_now() => return Ok(Answer::None),
            Err(_) => return Ok(Answer::Unlisted),
        };
        let is_taken = |address| filter.as_ref().is_none_or(|filter| filter.takes(address));
        if !records.iter().filter_map(Record::address).any(is_taken) {
            return Ok(Answer::Unlisted);
        }
        let texts = self.router.dns_through(FILTER, &name, RecordType::Txt).unwrap_or_default();
        let texts: Vec<&[u8]> = texts
            .iter()
            .filter_map(|record| if let Record::Text(text) = record { Some(text.as_slice()) } else { None })
            .collect();
        Ok(Answer::Listed(Listed { zone: zone.to_vec(), reason: texts.join(b" / ".as_slice()) }))
    }

    fn listed_reply(&mut self, sought: &Sought, list: &[u8], listed: &Listed) -> Result<Reply, Stop> {
        let code = self.number("maps_rbl_reject_code")?;
        let values = self.values(sought, code, listed);
        // By the list as the restriction has it, then without its filter.
        let mut own = None;
        for key in [list, &listed.zone] {
            if own.is_none() && (key == list || key.len() < list.len()) {
                let asked = self.router.ask_tables("rbl_reply_maps", key, KeyPart::Whole);
                own = asked.map_err(|_| Stop::configuration())?;
            }
        }
        let usual = self.router.raw("default_rbl_reply");
        let text = own.and_then(|template| filled_in(&template, &values)).or_else(|| filled_in(&usual, &values));
        Ok(text.and_then(|text| parse_reply(&text)).unwrap_or_else(|| Reply::new(0, "", "")))
    }

    /// What templates can name.
    fn values(&self, sought: &Sought, code: usize, listed: &Listed) -> Vec<(&'static str, Vec<u8>)> {
        let client = &self.session.client;
        let address = |address: &[u8]| -> [Vec<u8>; 3] {
            if address.is_empty() {
                return [b"<>".to_vec(), b"<>".to_vec(), Vec::new()];
            }
            let (local, domain) = split_domain(address);
            [address.to_vec(), local.to_vec(), domain.unwrap_or_default().to_vec()]
        };
        let [sender, sender_name, sender_domain] = address(&self.session.sender);
        let [recipient, recipient_name, recipient_domain] = address(&self.recipient);
        vec![
            ("rbl_code", code.to_string().into_bytes()),
            ("rbl_class", sought.topic.words().as_bytes().to_vec()),
            ("rbl_domain", listed.zone.clone()),
            ("rbl_what", sought.name.clone()),
            ("rbl_reason", listed.reason.clone()),
            ("rbl_txt", listed.reason.clone()),
            ("client", client.to_string().into_bytes()),
            ("client_address", client.address.to_string().into_bytes()),
            ("client_name", client.name.shown().to_vec()),
            ("reverse_client_name", client.reverse_name.shown().to_vec()),
            ("helo_name", self.session.helo.clone().unwrap_or_default()),
            ("sender", sender),
            ("sender_name", sender_name),
            ("sender_domain", sender_domain),
            ("recipient", recipient),
            ("recipient_name", recipient_name),
            ("recipient_domain", recipient_domain),
        ]
    }
}

fn domain_key(domain: &[u8]) -> Option<Key> {
    is_host_name(domain).then(|| Key::Domain(domain.to_vec()))
}

/// A template with its values; nothing if it names something else.
fn filled_in(template: &[u8], values: &[(&'static str, Vec<u8>)]) -> Option<Vec<u8>> {
    let mut is_known = true;
    let mut value = |name: &[u8]| {
        let found = values.iter().find(|(known, _)| known.as_bytes() == name).map(|(_, value)| value);
        is_known &= found.is_some();
        // Values are taken as they are, and printed as what a reply can hold.
        found.map(|value| {
            let mut raw = Vec::new();
            for &byte in value {
                match byte {
                    b'$' => raw.extend(b"$$"),
                    b'\t' | b' '..=b'~' => raw.push(byte),
                    _ => raw.push(b'_'),
                }
            }
            Cow::Owned(raw)
        })
    };
    let text = expand(template, &mut value).ok();
    text.filter(|_| is_known)
}

/// `554 5.7.1 text`, the status optional; nothing if it does not begin with a code.
fn parse_reply(text: &[u8]) -> Option<Reply> {
    let text = String::from_utf8_lossy(text);
    let (code, rest) = text.split_at_checked(3)?;
    let code: usize = code.parse().ok()?;
    let (status, text) = super::unknown::split_status(rest.trim_start(), "5.7.1");
    Some(Reply::new(code, &status, text))
}
