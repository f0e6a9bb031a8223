//! `permit_mx_backup`: mail for domains whose MX records name this machine, but not first.
//!
//! Source: postconf(5), `permit_mx_backup`, `permit_mx_backup_networks`; experiments with 3.11.

use super::decision::{Checked, Decision, Stop, Subject};
use super::dns_names::{FILTER, NEEDS_DNS, is_null_mx};
use super::session::Client;
use super::topic::Topic;
use super::walk::Access;
use crate::mail::local_part::split_domain;
use crate::mail::reply::Reply;
use crate::routing::rewrite::resolve::AddressClass;
use crate::routing::router::records::{NoRecords, Record, RecordType};
use std::net::IpAddr;

/// The networks that the first mail exchangers have to be in.
const NETWORKS: &str = "permit_mx_backup_networks";

impl Access<'_, '_> {
    pub(super) fn permit_mx_backup(&mut self) -> Checked {
        let recipient = self.recipient.clone();
        if recipient.is_empty() {
            return Ok(Decision::Undecided);
        }
        let resolved = self.resolve(&recipient).map_err(|_| Stop::lookup(&recipient))?;
        if resolved.routed && !self.router.is_yes("allow_untrusted_routing").unwrap_or(false) {
            return Ok(Decision::Undecided);
        }
        if resolved.class != AddressClass::Default {
            return Ok(Decision::Permit);
        }
        let domain = split_domain(&resolved.recipient).1.filter(|domain| !domain.starts_with(b"["));
        let Some(domain) = domain else { return Ok(Decision::Undecided) };
        if !self.router.has_dns() {
            return Ok(Decision::NotAsked(NEEDS_DNS.into()));
        }
        let mut exchangers: Vec<(u16, Vec<u8>)> = match self.router.dns_through(FILTER, domain, RecordType::Mx) {
            Ok(records) if is_null_mx(&records) => return Ok(Decision::Undecided),
            Ok(records) => records.into_iter().filter_map(Record::exchanger).collect(),
            Err(none) if none.is_for_now() => {
                let why = "Unable to look up mail exchanger information: Host not found, try again";
                return Ok(self.defer(&recipient, why));
            }
            Err(NoRecords::Filtered) => {
                let why = "Unable to look up mail exchanger information: DNS reply filter policy";
                return Ok(self.defer(&recipient, why));
            }
            Err(_) => return Ok(Decision::Undecided),
        };
        exchangers.sort();
        let first = exchangers.first().map_or(0, |(preference, _)| *preference);
        let (first, others): (Vec<_>, Vec<_>) =
            exchangers.into_iter().partition(|(preference, _)| *preference == first);
        let all: Vec<&[u8]> = first.iter().chain(&others).map(|(_, host)| host.as_slice()).collect();
        match self.is_this_machine(&all)? {
            Ok(true) => {}
            Ok(false) => {
                self.router.note("no mail exchanger is this machine");
                return Ok(Decision::Undecided);
            }
            Err(why) => return Ok(self.defer(&recipient, &why)),
        }
        // Here a host without an address is just not this machine.
        if self.is_this_machine(&all[..first.len()])? == Ok(true) {
            self.router.note("this machine is a first mail exchanger");
            return Ok(Decision::Undecided);
        }
        if self.router.text(NETWORKS).map_err(|_| Stop::configuration())?.is_empty() {
            return Ok(Decision::Permit);
        }
        self.permit_in_networks(&first, &recipient)
    }

    /// All addresses of the first mail exchangers have to be in the networks.
    fn permit_in_networks(&mut self, first: &[(u16, Vec<u8>)], recipient: &[u8]) -> Checked {
        for (_, host) in first {
            let addresses = match self.addresses_of(host) {
                Ok(addresses) => addresses,
                Err(why) => return Ok(self.defer(recipient, &why)),
            };
            for address in addresses {
                let is_in = self.router.is_in_networks(NETWORKS, &Client::at(address));
                if !is_in.map_err(|_| Stop::lookup(recipient))? {
                    return Ok(Decision::Undecided);
                }
            }
        }
        Ok(Decision::Permit)
    }

    /// Whether one of the hosts is this machine: by their names first, then by their addresses, each of which has to be
    /// known.
    fn is_this_machine(&mut self, hosts: &[&[u8]]) -> Result<Result<bool, String>, Stop> {
        for host in hosts {
            if self.router.is_local_domain(host).map_err(|_| Stop::configuration())? {
                return Ok(Ok(true));
            }
        }
        for host in hosts {
            let addresses = match self.addresses_of(host) {
                Ok(addresses) => addresses,
                Err(why) => return Ok(Err(why)),
            };
            for address in addresses {
                if self.router.is_own_address(address).map_err(|_| Stop::configuration())? {
                    return Ok(Ok(true));
                }
            }
        }
        Ok(Ok(false))
    }

    /// The addresses of a host, or why there are none.
    fn addresses_of(&mut self, host: &[u8]) -> Result<Vec<IpAddr>, String> {
        self.router.host_addresses(host).map_err(|none| {
            let (host, why) = (String::from_utf8_lossy(host), none.library_words());
            format!("Unable to look up mail exchanger host {host}: {why}")
        })
    }

    fn defer(&mut self, recipient: &[u8], why: &str) -> Decision {
        let subject = Subject { name: recipient.to_vec(), topic: Topic::Recipient, bare_table: None };
        self.defer_if_reject(Reply::new(450, "4.4.4", subject.refused(why)))
    }
}
