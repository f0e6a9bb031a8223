//! RT006: a nexthop that an SMTP client cannot read.

use crate::config::catalogue;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::hops::{Client, Form, NamedHop, client_of, each_hop};
use crate::mail::destination::{DestinationFault, parse_destination, split_destinations};
use std::net::Ipv6Addr;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "RT006",
    name: "bad-nexthop",
    family: Family::Routing,
    severity: Severity::Error,
    summary: "a nexthop that the SMTP client cannot read",
    why: "The client ends with a fatal error each time that it is to send mail there, and the mail waits.",
    example: "relayhost = smtp:[mail.example.com]\n",
    remedy: "Write host, host:port, [host] or [host]:port; in brackets no MX record is asked for, and a numerical IPv6 address \
             needs them.",
    fix: None,
    link: "https://www.postfix.org/postconf.5.html#relayhost",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    each_hop(site, |hop| {
        let nexthop = hop.nexthop();
        let client = client_of(site, hop);
        if client == Client::Other || client == Client::Lmtp && nexthop.starts_with(b"unix:") {
            return;
        }
        let start = if client == Client::Lmtp && nexthop.starts_with(b"inet:") { 5 } else { 0 };
        for range in split_destinations(&nexthop[start..]) {
            let range = range.start + start..range.end + start;
            let Err(fault) = parse_destination(&nexthop[range.clone()]) else { continue };
            let Some((source, span)) = hop.nexthop_place(range.clone()) else { continue };
            let shown = String::from_utf8_lossy(&nexthop[range.clone()]).into_owned();
            let label = match fault {
                DestinationFault::MissingHost => "no host before the port",
                DestinationFault::BadHost => "neither a host name nor an address",
                DestinationFault::OpenBracket => "the ] is missing",
                DestinationFault::BehindBracket => "only :port may follow the ]",
                DestinationFault::BadPort => "what follows the last : is no port",
            };
            let finding = Finding::new(&RULE, format!("{shown} is no destination that mail can be sent to"));
            findings.push(finding.at(source, span, label).help(help(hop, &shown, range.start > start, fault)));
        }
    });
}

/// What to write instead, if that can be guessed.
fn help(hop: &NamedHop, text: &str, is_later: bool, fault: DestinationFault) -> String {
    if let Some((_, rest)) = text.split_once("://") {
        let host = rest.split('/').next().unwrap_or_default();
        return format!("this is no URL: write {}", if host.is_empty() { "[host]:port" } else { host });
    }
    if let Some((transport, rest)) = text.split_once(':')
        && catalogue::is_stock_service(transport)
        && parse_destination(rest.as_bytes()).is_ok()
    {
        return match hop.form {
            Form::Nexthop => format!("{} names no transport: write {rest}", hop.parameter),
            Form::Hop => format!("the transport stands here already: write {rest}"),
        };
    }
    if text.parse::<Ipv6Addr>().is_ok() {
        return format!("write [{text}]");
    }
    match fault {
        _ if is_later => "white space and commas separate destinations: write host:port without any".into(),
        DestinationFault::OpenBracket if !text.contains(':') => format!("write {text}]"),
        DestinationFault::BadHost if text.contains('@') => {
            "a destination is a host, not an address: leave out what stands before the @".into()
        }
        DestinationFault::BadHost if text.trim_end_matches('.') != text => {
            format!("write {}", text.trim_end_matches('.'))
        }
        _ => RULE.remedy.into(),
    }
}
