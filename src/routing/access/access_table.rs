//! Access tables: which keys are looked up, in which order.
//!
//! A client: its name and the domains above it, its address and what is left when the last number goes, again and
//! again. A `HELO` name: itself and the domains above. An address: itself, without its extension, its domain and those
//! above, its local part with an `@`. A key that is not the whole is not looked up in tables of patterns. The first
//! value settles it.
//!
//! Source: access(5), "EMAIL ADDRESS PATTERNS", "HOST NAME/ADDRESS PATTERNS"; experiments with 3.11.

use super::decision::{Checked, Decision, Stop, Subject};
use super::session::ClientName;
use super::topic::Topic;
use super::walk::Access;
use crate::mail::local_part::{external, split_domain};
use crate::maps::LookupError;
use crate::routing::router::Way;
use crate::routing::router::keys::{Style, domain_and_parents};
use crate::syntax::table_line::TableForm;

/// What a table says when it has no answer.
const NO_ANSWER: &[u8] = b"451 4.3.5 Server configuration error";

/// A key, and whether patterns see it too.
pub(super) struct Key {
    text: Vec<u8>,
    whole: bool,
}

impl Access<'_, '_> {
    pub(super) fn check_client_access(&mut self, table: &[u8], subject: &Subject) -> Checked {
        let client = &self.session.client;
        let subject = subject.about(Topic::Client, client.to_string().as_bytes());
        let (name, address) = (client.name.clone(), client.address.to_string());
        self.check_host(table, &name, &address, &subject)
    }

    pub(super) fn check_reverse_client_access(&mut self, table: &[u8], subject: &Subject) -> Checked {
        let client = &self.session.client;
        let subject = subject.about(Topic::ReverseClient, client.reverse_name.shown());
        let (name, address) = (client.reverse_name.clone(), client.address.to_string());
        self.check_host(table, &name, &address, &subject)
    }

    pub(super) fn check_sasl_access(&mut self, table: &[u8], subject: &Subject) -> Checked {
        match self.login() {
            Some(user) => {
                let subject = subject.about(Topic::Login, &user);
                self.check_keys(table, vec![Key { text: user, whole: true }], &subject)
            }
            None => Ok(Decision::Undecided),
        }
    }

    pub(super) fn check_helo_access(&mut self, table: &[u8], subject: &Subject) -> Checked {
        let Some(helo) = self.session.helo.clone() else { return Ok(Decision::Undecided) };
        let keys = domain_keys(&helo, true, self.access_style());
        self.check_keys(table, keys, &subject.about(Topic::Helo, &helo))
    }

    pub(super) fn check_sender_access(&mut self, table: &[u8], subject: &Subject) -> Checked {
        let sender = self.session.sender.clone();
        let subject = subject.about(Topic::Sender, &sender);
        if sender.is_empty() {
            let key = self.router.text("smtpd_null_access_lookup_key").map_err(|_| Stop::configuration())?.to_vec();
            return self.check_keys(table, vec![Key { text: key, whole: true }], &subject);
        }
        self.check_address(table, &sender, &subject)
    }

    pub(super) fn check_recipient_access(&mut self, table: &[u8], subject: &Subject) -> Checked {
        let recipient = self.recipient.clone();
        if recipient.is_empty() {
            return Ok(Decision::Undecided);
        }
        self.check_address(table, &recipient, &subject.about(Topic::Recipient, &recipient))
    }

    fn check_host(&mut self, table: &[u8], name: &ClientName, address: &str, subject: &Subject) -> Checked {
        let mut keys = Vec::new();
        match name {
            ClientName::NotAsked => self.router.note("the client's name was not asked for: needs the DNS"),
            name => keys = domain_keys(name.shown(), true, self.access_style()),
        }
        keys.extend(address_parts(address));
        self.check_keys(table, keys, subject)
    }

    fn check_address(&mut self, table: &[u8], address: &[u8], subject: &Subject) -> Checked {
        let resolved = self.resolve(address).map_err(|_| Stop::lookup(address))?;
        let (local, Some(domain)) = split_domain(&resolved.recipient) else { return Ok(Decision::Undecided) };
        let split = self.router.extension(local).map_err(|_| Stop::configuration())?;
        let user = split.map(|(user, _)| user);
        let mut keys = address_keys(local, domain, true);
        keys.extend(user.into_iter().flat_map(|user| address_keys(user, domain, false)));
        keys.extend(domain_keys(domain, false, self.access_style()));
        keys.extend(address_keys(local, b"", false));
        keys.extend(user.into_iter().flat_map(|user| address_keys(user, b"", false)));
        let decision = self.check_keys(table, keys, subject)?;
        let is_doubtful = subject.topic == Topic::Recipient
            && resolved.routed
            && !self.router.is_yes("allow_untrusted_routing").unwrap_or(false);
        if decision == Decision::Permit && is_doubtful {
            self.router.note("the local part may be followed elsewhere, so this is not OK");
            return Ok(Decision::Undecided);
        }
        Ok(decision)
    }

    pub(super) fn check_keys(&mut self, table: &[u8], keys: Vec<Key>, subject: &Subject) -> Checked {
        let Some(reference) = self.router.table(table) else {
            return self.apply(table, NO_ANSWER, b"", subject);
        };
        let takes_parts = reference.takes_partial_keys();
        for key in keys.iter().filter(|key| key.whole || takes_parts) {
            match self.router.lookup_known(&reference, Way::usual(TableForm::KeyValue), &key.text) {
                Ok(Some(value)) => return self.apply(table, &value, &key.text, subject),
                Ok(None) => {}
                Err(LookupError::Unknown(why)) => return Ok(Decision::NotAsked(why)),
                Err(_) => return self.apply(table, NO_ANSWER, &key.text, subject),
            }
        }
        Ok(Decision::Undecided)
    }

    /// How a domain stands for what is below it.
    pub(super) fn access_style(&self) -> Style {
        self.router.domain_style("smtpd_access_maps")
    }
}

/// An address with the quotes that it needs, and without; an empty domain leaves the local part and its `@`.
fn address_keys(local: &[u8], domain: &[u8], whole: bool) -> Vec<Key> {
    let plain = [local, b"@", domain].concat();
    let quoted = external(&plain).into_owned();
    let mut keys = vec![Key { text: quoted, whole }];
    if keys[0].text != plain {
        keys.push(Key { text: plain, whole });
    }
    keys
}

/// An address, and what is left when the last number goes, again and again.
pub(super) fn address_parts(address: &str) -> Vec<Key> {
    let between = if address.contains(':') { ':' } else { '.' };
    let mut keys = Vec::new();
    let mut left = Some(address);
    while let Some(text) = left {
        keys.push(Key { text: text.as_bytes().to_vec(), whole: text.len() == address.len() });
        left = text.rsplit_once(between).map(|(left, _)| left);
    }
    keys
}

/// A domain and those above it, with their dots unless the style is [`Style::Parent`].
pub(super) fn domain_keys(domain: &[u8], whole: bool, style: Style) -> Vec<Key> {
    let mut keys = domain_and_parents(domain, style).map(<[u8]>::to_vec);
    let first = keys.next().map(|text| Key { text, whole });
    first.into_iter().chain(keys.map(|text| Key { text, whole: false })).collect()
}
