//! Access by the servers of a domain: `check_sender_mx_access` and its sixteen kin, for mail exchangers, name servers
//! and addresses.
//!
//! A domain without MX records is its own mail exchanger. A domain without NS records has those of the domain above.
//! Each server's name and the domains above it are looked up, then each of its addresses and what is left when the last
//! number goes; of the `a` kind, the addresses only. A table may not say `OK`: what a stranger's DNS says must not
//! permit anything.
//!
//! Source: postconf(5), `check_sender_mx_access`; experiments with 3.11.

use super::access_table::{address_parts, domain_keys};
use super::decision::{Checked, Decision, Stop, Subject};
use super::dns_names::{FILTER, NEEDS_DNS, is_null_mx};
use super::session::ClientName;
use super::topic::Topic;
use super::walk::Access;
use crate::mail::host_name::{literal_address, plain_address};
use crate::routing::router::records::{NoRecords, RecordType};
use std::net::IpAddr;

/// Which servers of a domain are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Servers {
    Mail,
    Name,
    /// The domain itself.
    Own,
}

impl Access<'_, '_> {
    /// A restriction by its name, `check_WHOSE_WHICH_access`; nothing if there is none of that name.
    pub(super) fn check_servers(&mut self, restriction: &str, table: &[u8], subject: &Subject) -> Option<Checked> {
        let inner = restriction.strip_prefix("check_")?.strip_suffix("_access")?;
        let (whose, which) = inner.rsplit_once('_')?;
        let which = match which {
            "mx" => Servers::Mail,
            "ns" => Servers::Name,
            "a" => Servers::Own,
            _ => return None,
        };
        let client = &self.session.client;
        let named = |name: &ClientName| if let ClientName::Known(name) = name { Some(name.clone()) } else { None };
        // What follows the last `@`, or all of it.
        let domain_of = |text: &[u8]| {
            let domain = memchr::memrchr(b'@', text).map_or(text, |at| &text[at + 1..]);
            (!text.is_empty()).then(|| domain.to_vec())
        };
        let (topic, name, domain) = match whose {
            "client" => (Topic::Client, client.to_string().into_bytes(), named(&client.name)),
            "reverse_client_hostname" => {
                (Topic::ReverseClient, client.reverse_name.shown().to_vec(), named(&client.reverse_name))
            }
            "helo" => (
                Topic::Helo,
                self.session.helo.clone().unwrap_or_default(),
                self.session.helo.as_deref().and_then(domain_of),
            ),
            "sender" => (Topic::Sender, self.session.sender.clone(), domain_of(&self.session.sender)),
            "recipient" => (Topic::Recipient, self.recipient.clone(), domain_of(&self.recipient)),
            _ => return None,
        };
        if !self.router.has_dns() {
            return Some(Ok(Decision::NotAsked(NEEDS_DNS.into())));
        }
        let Some(domain) = domain else { return Some(Ok(Decision::Undecided)) };
        Some(self.check_servers_of(&domain, which, table, &subject.about(topic, &name)))
    }

    fn check_servers_of(&mut self, domain: &[u8], which: Servers, table: &[u8], subject: &Subject) -> Checked {
        if domain.starts_with(b"[") || plain_address(domain).is_some() {
            let address = literal_address(domain).or_else(|| plain_address(domain));
            return match address.filter(|_| which != Servers::Name) {
                Some(address) => self.check_server_address(address, table, subject),
                None => Ok(Decision::Undecided),
            };
        }
        for host in self.servers(domain, which) {
            if which != Servers::Own {
                let keys = domain_keys(&host, true, self.access_style());
                let decision = self.check_keys(table, keys, subject);
                let decision = self.no_permission(decision)?;
                if decision != Decision::Undecided {
                    return Ok(decision);
                }
            }
            let addresses = match plain_address(&host) {
                Some(address) => vec![address],
                // The order in which the C library has them.
                None => {
                    let mut addresses = self.router.host_addresses(&host).unwrap_or_default();
                    addresses.sort_by_key(IpAddr::is_ipv4);
                    addresses
                }
            };
            for address in addresses {
                let decision = self.check_server_address(address, table, subject)?;
                if decision != Decision::Undecided {
                    return Ok(decision);
                }
            }
        }
        Ok(Decision::Undecided)
    }

    fn check_server_address(&mut self, address: IpAddr, table: &[u8], subject: &Subject) -> Checked {
        let decision = self.check_keys(table, address_parts(&address.to_string()), subject);
        self.no_permission(decision)
    }

    /// The servers; none if the DNS gives no answer.
    fn servers(&mut self, domain: &[u8], which: Servers) -> Vec<Vec<u8>> {
        let (kind, mut name) = match which {
            Servers::Own => return vec![domain.to_vec()],
            Servers::Mail => (RecordType::Mx, domain),
            Servers::Name => (RecordType::Ns, domain),
        };
        loop {
            match self.router.dns_through(FILTER, name, kind) {
                Ok(records) if is_null_mx(&records) => return Vec::new(),
                Ok(records) => {
                    return records.iter().filter_map(|record| record.host()).map(<[u8]>::to_vec).collect();
                }
                Err(NoRecords::NotFound | NoRecords::NoData) if which == Servers::Mail => return vec![name.to_vec()],
                Err(NoRecords::NotFound | NoRecords::NoData) => match memchr::memchr(b'.', name) {
                    // A name without a dot is nobody's domain.
                    Some(dot) if name[dot + 1..].contains(&b'.') => name = &name[dot + 1..],
                    _ => return Vec::new(),
                },
                Err(_) => return Vec::new(),
            }
        }
    }

    /// A table that permits is a mistake.
    fn no_permission(&mut self, decision: Checked) -> Checked {
        match decision? {
            Decision::Permit => {
                self.router.note("a table for servers must not say OK; DUNNO goes on with the list");
                Err(Stop::configuration())
            }
            decision => Ok(decision),
        }
    }
}
