//! RT002: a nexthop that is this mail system itself.

use crate::config::services::Service;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::hops::{Client, Form, NamedHop, client_of, each_hop};
use crate::lint::site::inet_ports::port_number;
use crate::mail::destination::{Destination, parse_destination, split_destinations};
use crate::mail::host_port::{host_address, host_and_port};
use crate::syntax::match_list::split_list;
use std::net::IpAddr;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "RT002",
    name: "loops-back",
    family: Family::Routing,
    severity: Severity::Error,
    summary: "a nexthop that is this mail system itself",
    why: "The SMTP client does not send to its own port 25: mail bounces (`loops back to myself`), or waits if relayhost is to \
          blame. Through another port of the same Postfix the mail goes in a circle until it has too many hops, and bounces.",
    example: "relayhost = [127.0.0.1]:25\n",
    remedy: "Name another host; or a port that another program listens on.",
    fix: None,
    link: "https://www.postfix.org/postconf.5.html#relayhost",
};

/// Names that lead to the loopback interface wherever they are known at all.
const LOOPBACK: [&[u8]; 2] = [b"localhost", b"localhost.localdomain"];

fn is_called(destination: &Destination, name: &[u8]) -> bool {
    destination.host.eq_ignore_ascii_case(name)
}

/// What this mail system is.
struct Own {
    name: Vec<u8>,
    addresses: Vec<IpAddr>,
    /// Whether it has the loopback addresses.
    loopback: bool,
    /// Whether a destination without a port means port 25.
    sends_to_25: bool,
}

impl Own {
    fn of(site: &LoadedSite) -> Self {
        let interfaces = site.expanded("inet_interfaces");
        let proxies = site.expanded("proxy_interfaces");
        let words = |list: &[u8]| -> Vec<String> {
            let ranges = split_list(list).into_iter();
            ranges.map(|range| String::from_utf8_lossy(&list[range]).to_ascii_lowercase()).collect()
        };
        let listed = words(&interfaces);
        let has_all = |word: &String| {
            matches!(word.as_str(), "all" | "loopback-only" | "localhost" | "127.0.0.1" | "$myhostname")
        };
        let all = listed
            .iter()
            .chain(&words(&proxies))
            .filter_map(|word| word.trim_matches(['[', ']']).parse().ok())
            .collect();
        // Only a name that somebody wrote is this system's for sure.
        let is_set = site.configuration.files.entry(b"myhostname").is_some();
        Self {
            name: if is_set { site.expanded("myhostname") } else { Vec::new() },
            addresses: all,
            loopback: listed.iter().any(has_all),
            sends_to_25: matches!(site.expanded("smtp_tcp_port").as_slice(), b"smtp" | b"25"),
        }
    }

    fn has(&self, destination: &Destination) -> bool {
        match destination.address() {
            Some(address) => self.addresses.contains(&address) || self.loopback && address.is_loopback(),
            None => {
                // An MX record may lead elsewhere, but none of the loopback's names.
                let is_own = |name: &[u8]| destination.bracketed && !name.is_empty() && is_called(destination, name);
                is_own(&self.name) || self.loopback && LOOPBACK.iter().any(|name| is_called(destination, name))
            }
        }
    }
}

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let own = Own::of(site);
    each_hop(site, |hop| {
        // A fallback that is this system is left out by the client.
        if hop.nexthop().is_empty() || hop.parameter.ends_with("fallback_relay") || client_of(site, hop) != Client::Smtp
        {
            return;
        }
        let nexthop = hop.nexthop();
        for range in split_destinations(nexthop) {
            let Ok(destination) = parse_destination(&nexthop[range.clone()]) else { continue };
            if !own.has(&destination) {
                continue;
            }
            let listener = match destination.port {
                b"" if !own.sends_to_25 => continue,
                b"" | b"25" | b"smtp" => {
                    let is_one = destination.address().is_none_or(|address| {
                        matches!(address.to_string().as_str(), "127.0.0.1" | "::1") || !address.is_loopback()
                    });
                    if !is_one {
                        continue;
                    }
                    None
                }
                _ => match listener(site, &destination, hop) {
                    Some(service) => Some(service),
                    None => continue,
                },
            };
            let Some((source, span)) = hop.nexthop_place(range.clone()) else { continue };
            let shown = String::from_utf8_lossy(&nexthop[range]).into_owned();
            let mut finding = Finding::new(&RULE, format!("{shown} is this mail system itself"));
            finding = finding.at(
                source,
                span,
                if listener.is_some() { "mail that goes here comes back" } else { "loops back to itself" },
            );
            if let (Some(service), Some(master)) = (listener, &site.configuration.files.master) {
                finding = finding.at(master.tree.source(), service.line.name().span(), "this service receives it");
            }
            findings.push(finding.help(RULE.remedy));
        }
    });
}

/// The SMTP server of this system at a port other than 25, if mail that it gets from `hop` takes the same way again.
fn listener<'s>(site: &'s LoadedSite, destination: &Destination, hop: &NamedHop) -> Option<&'s Service> {
    let wanted = port_number(site, &String::from_utf8_lossy(destination.port))?;
    let is_it = |service: &&Service| {
        let name = service.line.name().to_string_lossy();
        let Ok((host, port)) = host_and_port(&name) else { return false };
        let is_same_host = host.is_empty()
            || host.eq_ignore_ascii_case(&String::from_utf8_lossy(destination.host))
            || host_address(host).is_some_and(|address| destination.address() == Some(address));
        service.line.service_type().bytes() == b"inet"
            && service.line.command().bytes() == b"smtpd"
            && port_number(site, port) == Some(wanted)
            && is_same_host
    };
    let service = site.configuration.files.services.iter().find(is_it)?;
    // What comes in here may be told to go elsewhere.
    let filter = service.value(b"content_filter").map(|set| set.value.bytes());
    let goes_on = match (hop.parameter, filter) {
        ("content_filter", filter) => filter.is_none(),
        (_, filter) => filter.is_none_or(<[u8]>::is_empty) && (hop.form == Form::Nexthop || !hop.is_filter()),
    };
    let has_own_ways = [&b"cleanup_service_name"[..], b"rewrite_service_name", b"smtpd_proxy_filter"];
    (goes_on && has_own_ways.iter().all(|name| service.value(name).is_none())).then_some(service)
}
