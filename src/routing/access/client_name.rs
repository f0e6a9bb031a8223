//! The name of a client: the one that the DNS has for its address, if that name has the address too.
//!
//! Source: smtpd(8), postconf(5) `smtpd_peername_lookup`, `reject_unknown_client_hostname`; experiments with 3.11.

use super::session::{Client, ClientName};
use crate::mail::host_name::is_host_name;
use crate::routing::router::Router;
use crate::routing::router::records::{NoRecords, Record, RecordType};
use std::net::IpAddr;

impl Router<'_> {
    /// Asks the DNS for a client's names, as the server does when one connects.
    pub(super) fn name_client(&mut self, client: &mut Client) {
        (client.name, client.reverse_name) = (ClientName::Unknown, ClientName::Unknown);
        if !self.is_yes("smtpd_peername_lookup").unwrap_or(true) {
            self.note("smtpd_peername_lookup = no");
            return;
        }
        let name = match self.dns(&reversed(client.address, b"in-addr.arpa", b"ip6.arpa"), RecordType::Ptr) {
            Ok(records) => records.first().and_then(Record::host).map(<[u8]>::to_vec),
            Err(none) => {
                let name = if none == NoRecords::Retry { ClientName::UnknownNow } else { ClientName::Unknown };
                (client.name, client.reverse_name) = (name.clone(), name);
                return;
            }
        };
        let Some(name) = name.filter(|name| is_host_name(name)) else { return };
        let kind = if client.address.is_ipv4() { RecordType::A } else { RecordType::Aaaa };
        client.name = match self.dns(&name, kind) {
            Ok(records) if records.contains(&Record::Address(client.address)) => ClientName::Known(name.clone()),
            Err(NoRecords::Retry) => ClientName::UnknownNow,
            Ok(_) | Err(_) => {
                self.note(format_args!("{} does not have the address", String::from_utf8_lossy(&name)));
                ClientName::Unknown
            }
        };
        client.reverse_name = ClientName::Known(name);
    }
}

/// The numbers of an address from back to front, below a zone: `1.2.0.192.zone`, or single hexadecimal digits for IPv6.
pub(super) fn reversed(address: IpAddr, zone: &[u8], zone6: &[u8]) -> Vec<u8> {
    let (labels, zone): (Vec<String>, _) = match address {
        IpAddr::V4(address) => (address.octets().iter().rev().map(ToString::to_string).collect(), zone),
        IpAddr::V6(address) => {
            let digits = address.octets().into_iter().rev().flat_map(|byte| [byte & 15, byte >> 4]);
            (digits.map(|digit| format!("{digit:x}")).collect(), zone6)
        }
    };
    [labels.join(".").as_bytes(), b".", zone].concat()
}
