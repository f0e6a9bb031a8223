//! What the DNS makes of a nexthop: the hosts that an SMTP or LMTP client would try, in order, or why there are none.
//!
//! A domain stands for its mail exchangers, or for itself if it has none; what is in brackets, an address, and
//! everything for an LMTP client stands for itself. Mail exchangers that come behind this machine, or are it, are not
//! tried. Of several destinations the first that has hosts counts, the fallback relays last.
//!
//! Source: smtp(8), transport(5), postconf(5) `smtp_host_lookup`, `smtp_fallback_relay`, `best_mx_transport`;
//! experiments with 3.11.

use crate::mail::destination::{Destination, parse_destination, split_destinations};
use crate::mail::host_name::plain_address;
use crate::maps::LookupError;
use crate::routing::fate::MailHost;
use crate::routing::rewrite::transport::Hop;
use crate::routing::router::Router;
use crate::routing::router::daemon::Daemon;
use crate::routing::router::dns::ReplyFilter;
use crate::routing::router::records::{NoRecords, Record, RecordType};
use std::net::IpAddr;

/// The port that mail comes by.
const SMTP_PORT: &str = "25";

/// What becomes of mail for a nexthop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::routing) enum NextHop {
    /// These are tried, in order.
    Hosts(Vec<MailHost>),
    /// This machine is to take it, and does not.
    Loop(String),
    /// This machine is a mail exchanger that comes behind others, and those have no addresses.
    NoPrimary(String),
    /// This machine is the mail exchanger, and `best_mx_transport` takes what is left.
    Own(Hop),
    /// There are no hosts.
    None(Failure),
}

/// Why there are no hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::routing) struct Failure {
    /// Whether there may be some later.
    pub for_now: bool,
    /// The enhanced status code; its class is that of what there will be later.
    pub status: &'static str,
    /// The text.
    pub text: String,
}

/// A client's way to find hosts.
struct Client {
    /// `smtp` or `lmtp`: how its parameters begin.
    protocol: &'static str,
    /// The C library is asked, and no mail exchangers.
    native: bool,
    /// It does not ask for mail exchangers.
    without_mx: bool,
}

impl Client {
    /// The tables that may take records out of what the DNS says.
    fn filter(&self) -> ReplyFilter {
        match (self.native, self.protocol) {
            (true, _) => None,
            (_, "lmtp") => Some("lmtp_dns_reply_filter"),
            _ => Some("smtp_dns_reply_filter"),
        }
    }
}

impl Router<'_> {
    /// What a client of a transport finds; `protocol` is `smtp` or `lmtp`.
    ///
    /// # Errors
    /// A parameter that cannot be expanded.
    pub(in crate::routing) fn next_hop(&mut self, hop: &Hop, protocol: &'static str) -> Result<NextHop, LookupError> {
        let agent = Daemon::Agent(hop.transport.clone());
        self.within(&agent, |agent| {
            agent.stage(protocol, &hop.nexthop, |agent| agent.find_hosts(&hop.nexthop, protocol))
        })
    }

    fn find_hosts(&mut self, nexthop: &[u8], protocol: &'static str) -> Result<NextHop, LookupError> {
        let parameter = |name: &str| format!("{protocol}_{name}");
        let is_disabled = match &*self.text(&parameter("dns_support_level"))? {
            b"" => self.is_yes("disable_dns_lookups").unwrap_or(false),
            level => level == b"disabled",
        };
        let ways = self.text(&parameter("host_lookup"))?;
        let client = Client {
            protocol,
            native: is_disabled || ways.starts_with(b"native"),
            without_mx: is_disabled || protocol == "lmtp",
        };
        let fallback = self.text(&parameter("fallback_relay"))?;
        let all = [nexthop, b" ", &fallback].concat();
        let mut last = NextHop::Hosts(Vec::new());
        for range in split_destinations(&all) {
            let Ok(destination) = parse_destination(&all[range]) else {
                let text = "unknown mail transport error".to_string();
                return Ok(NextHop::None(Failure { for_now: true, status: "4.3.0", text }));
            };
            last = self.destination(&client, &destination)?;
            if !matches!(last, NextHop::None(_)) {
                break;
            }
        }
        Ok(last)
    }

    fn destination(&mut self, client: &Client, destination: &Destination<'_>) -> Result<NextHop, LookupError> {
        let port = self.port(client, destination)?;
        let name = destination.host;
        let by_mx = !destination.bracketed && !client.without_mx && destination.address().is_none();
        let mut exchangers: Vec<(u16, Vec<u8>)> = Vec::new();
        if by_mx {
            match self.dns_through(client.filter(), name, RecordType::Mx) {
                Ok(records) if records.contains(&Record::Mx { preference: 0, host: Vec::new() }) => {
                    let text = format!("Domain {} does not accept mail (nullMX)", String::from_utf8_lossy(name));
                    return Ok(NextHop::None(Failure { for_now: false, status: "5.1.0", text }));
                }
                Ok(records) => {
                    exchangers.extend(records.into_iter().filter_map(Record::exchanger));
                }
                Err(NoRecords::NotFound | NoRecords::NoData) => {}
                Err(none) if none == NoRecords::Retry && self.is_yes("ignore_mx_lookup_error").unwrap_or(false) => {}
                Err(none) => return Ok(NextHop::None(no_records(name, RecordType::Mx, &none))),
            }
        }
        if exchangers.is_empty() {
            exchangers
                .push((0, destination.address().map_or(name.to_vec(), |address| address.to_string().into_bytes())));
        }
        exchangers.sort_by_key(|(preference, _)| *preference);
        let best = exchangers.first().map_or(0, |(preference, _)| *preference);
        let mut hosts: Vec<(u16, MailHost)> = Vec::new();
        let mut failure: Option<Failure> = None;
        for (preference, host) in exchangers {
            match self.addresses_for(client, &host)? {
                Ok(addresses) => {
                    let host = |address| MailHost { name: host.clone(), address, port: port.clone() };
                    hosts.extend(addresses.into_iter().map(|address| (preference, host(address))));
                }
                // The last one is told, but what may change stays so.
                Err(new) => {
                    let for_now = new.for_now || failure.is_some_and(|old| old.for_now);
                    failure = Some(Failure { for_now, ..new });
                }
            }
        }
        if let Some(failure) = failure.filter(|_| hosts.is_empty()) {
            return Ok(NextHop::None(failure));
        }
        self.order(client, &mut hosts)?;
        if client.protocol == "smtp"
            && port == SMTP_PORT
            && let Some(end) = self.without_this_machine(name, best, &mut hosts)?
        {
            return Ok(end);
        }
        let limit = self.number(&format!("{}_mx_address_limit", client.protocol)).unwrap_or(0);
        if limit > 0 {
            hosts.truncate(limit);
        }
        Ok(NextHop::Hosts(hosts.into_iter().map(|(_, host)| host).collect()))
    }

    /// Leaves out this machine and what comes behind it; what happens if that leaves nothing.
    fn without_this_machine(
        &mut self,
        name: &[u8],
        best: u16,
        hosts: &mut Vec<(u16, MailHost)>,
    ) -> Result<Option<NextHop>, LookupError> {
        let mut own = None;
        for (preference, host) in hosts.iter() {
            if self.is_own_address(host.address)? {
                own = Some(*preference);
                break;
            }
        }
        let Some(own) = own else { return Ok(None) };
        hosts.retain(|(preference, _)| *preference < own);
        if !hosts.is_empty() {
            return Ok(None);
        }
        if best < own {
            let text = format!("unable to find primary relay for {}", String::from_utf8_lossy(name));
            return Ok(Some(NextHop::NoPrimary(text)));
        }
        let own = self.text("best_mx_transport")?;
        if !own.is_empty() {
            self.note(format_args!("best_mx_transport = {}", String::from_utf8_lossy(&own)));
            let settled = Hop { transport: Vec::new(), nexthop: name.to_vec() };
            return Ok(Some(NextHop::Own(Hop::parse(&own).over(settled, name))));
        }
        let text = format!("mail for {} loops back to myself", String::from_utf8_lossy(name));
        Ok(Some(NextHop::Loop(text)))
    }

    /// The addresses of a host, in the DNS or as the C library would find them.
    fn addresses_for(&mut self, client: &Client, host: &[u8]) -> Result<Result<Vec<IpAddr>, Failure>, LookupError> {
        if let Some(address) = plain_address(host) {
            return Ok(Ok(vec![address]));
        }
        let mut found = Vec::new();
        let mut failure: Option<(RecordType, NoRecords)> = None;
        for kind in self.address_types() {
            match self.dns_through(client.filter(), host, kind) {
                Ok(records) => found.extend(records.iter().filter_map(Record::address)),
                Err(none) => {
                    let tells = |none: &NoRecords| none.is_for_now() || *none == NoRecords::Filtered;
                    let stays = failure.as_ref().is_some_and(|(_, old)| tells(old));
                    if !stays || tells(&none) {
                        failure = Some((kind, none));
                    }
                }
            }
        }
        Ok(match failure.filter(|_| found.is_empty()) {
            None => Ok(found),
            Some((_, none)) if client.native => Err(not_found_by_library(host, &none)),
            Some((kind, none)) => Err(no_records(host, kind, &none)),
        })
    }

    /// Which of equal mail exchangers' addresses comes first.
    fn order(&self, client: &Client, hosts: &mut [(u16, MailHost)]) -> Result<(), LookupError> {
        match &*self.text(&format!("{}_address_preference", client.protocol))? {
            b"ipv4" => hosts.sort_by_key(|(preference, host)| (*preference, host.address.is_ipv6())),
            b"ipv6" => hosts.sort_by_key(|(preference, host)| (*preference, host.address.is_ipv4())),
            _ => {}
        }
        Ok(())
    }

    fn port(&self, client: &Client, destination: &Destination<'_>) -> Result<String, LookupError> {
        let usual = match client.protocol {
            "lmtp" => self.text("lmtp_tcp_port")?.to_vec(),
            _ => b"smtp".to_vec(),
        };
        let port = if destination.port.is_empty() { usual } else { destination.port.to_vec() };
        Ok(match String::from_utf8_lossy(&port).as_ref() {
            "smtp" => SMTP_PORT.to_string(),
            port => port.to_string(),
        })
    }
}

fn no_records(name: &[u8], kind: RecordType, none: &NoRecords) -> Failure {
    let name = String::from_utf8_lossy(name);
    let filtered = |status, why| Failure {
        for_now: true,
        status,
        text: format!("Error looking up name={name} type={kind}: {why}"),
    };
    let (for_now, status, found, why) = match none {
        NoRecords::Filtered => return filtered("4.7.0", "DNS reply filter drops all results"),
        NoRecords::InvalidFilter => return filtered("4.4.3", "Invalid DNS reply filter syntax"),
        NoRecords::NotFound => (false, "5.4.4", NOT_FOUND, "Host not found"),
        NoRecords::NoData => (false, "5.4.4", NOT_FOUND, "Host found but no data record of requested type"),
        NoRecords::Retry => (true, "4.4.3", NOT_FOUND, "Host not found, try again"),
        NoRecords::Failed => (false, "5.4.3", NOT_FOUND, "Non-recoverable error"),
        NoRecords::Malformed => (false, "5.4.4", "", "Malformed or unexpected name server reply"),
    };
    Failure { for_now, status, text: format!("{found}Name service error for name={name} type={kind}: {why}") }
}

const NOT_FOUND: &str = "Host or domain name not found. ";

fn not_found_by_library(name: &[u8], none: &NoRecords) -> Failure {
    let name = String::from_utf8_lossy(name);
    let (for_now, status) = match none {
        NoRecords::Retry | NoRecords::InvalidFilter => (true, "4.4.4"),
        NoRecords::NoData => (false, "5.3.0"),
        NoRecords::NotFound | NoRecords::Failed | NoRecords::Malformed | NoRecords::Filtered => (false, "5.4.4"),
    };
    Failure { for_now, status, text: format!("unable to look up host {name}: {}", none.library_words()) }
}
