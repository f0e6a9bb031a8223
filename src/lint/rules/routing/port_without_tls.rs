//! RT007: port 465 without smtp_tls_wrappermode.

use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::hops::{Client, client_of, each_hop, transport_service};
use crate::mail::destination::{parse_destination, split_destinations};

/// The declaration.
pub static RULE: Rule = Rule {
    code: "RT007",
    name: "port-without-tls",
    family: Family::Routing,
    severity: Severity::Warning,
    summary: "a nexthop on port 465 without smtp_tls_wrappermode, or on another port with it",
    why: "On port 465 the server waits for TLS before it says a word, and Postfix's client does not begin without smtp_tls_wrappermode: mail \
          waits. With it the client speaks TLS at once, which other ports do not understand.",
    example: "relayhost = [mail.example.com]:465\n",
    remedy: "Set smtp_tls_wrappermode = yes and smtp_tls_security_level = encrypt for port 465, or use port 587.",
    fix: None,
    link: "https://www.postfix.org/TLS_README.html#client_smtps",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    each_hop(site, |hop| {
        if hop.parameter.ends_with("fallback_relay") || client_of(site, hop) != Client::Smtp {
            return;
        }
        let service = match hop.transport() {
            b"" => transport_service(site, b"smtp"),
            transport => transport_service(site, transport),
        };
        let value = |name: &[u8]| site.configuration.expanded(name, service).unwrap_or_default();
        let is_wrapped = value(b"smtp_tls_wrappermode").eq_ignore_ascii_case(b"yes");
        let nexthop = hop.nexthop();
        for range in split_destinations(nexthop) {
            let Ok(destination) = parse_destination(&nexthop[range.clone()]) else { continue };
            let message = match (destination.port, is_wrapped) {
                (b"465" | b"smtps" | b"submissions", false) => "waits for TLS that the client does not begin",
                (b"25" | b"587" | b"smtp" | b"submission", true) => "gets TLS before it has greeted",
                _ => continue,
            };
            let Some((source, span)) = hop.nexthop_place(range.clone()) else { continue };
            let shown = String::from_utf8_lossy(&nexthop[range]).into_owned();
            let label = if is_wrapped { "smtp_tls_wrappermode is yes" } else { "smtp_tls_wrappermode is no" };
            findings.push(Finding::new(&RULE, format!("{shown} {message}")).at(source, span, label).help(RULE.remedy));
        }
    });
}
