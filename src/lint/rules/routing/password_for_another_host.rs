//! RT001: a relay host that no key of the password table is for.

use crate::base::{Source, Span};
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::hops::{Client, NamedHop, client_of, each_hop, transport_service};
use crate::lint::site::{LoadedSite, TablesOf};
use crate::mail::destination::{parse_destination, split_destinations};
use std::collections::HashSet;
use std::sync::Arc;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "RT001",
    name: "password-for-another-host",
    family: Family::Routing,
    severity: Severity::Warning,
    summary: "a relay host that no key of smtp_sasl_password_maps is for",
    why: "The SMTP client looks for the name of the server, then for the nexthop exactly as it is written, with brackets and port. \
          If neither is a key it sends without a password, and the relay host refuses the mail.",
    example: "relayhost = [mail.example.com]:587\nsmtp_sasl_auth_enable = yes\nsmtp_sasl_password_maps = \
              inline:{[mail.example.com]:25=user:secret}\n",
    remedy: "Write the key as the nexthop is written, or as the name of the server alone.",
    fix: None,
    link: "https://www.postfix.org/SASL_README.html#client_sasl_enable",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let passwords = site.tables_of("smtp_sasl_password_maps");
    if passwords.tables.is_empty() || !passwords.complete {
        return;
    }
    let by_sender = site.expanded("smtp_sender_dependent_authentication").eq_ignore_ascii_case(b"yes");
    let has_senders = by_sender && passwords.all().any(|(_, entries, entry)| entries.key(entry).contains(&b'@'));
    let others = ["transport_maps", "sender_dependent_relayhost_maps", "sender_dependent_default_transport_maps"];
    // What needs no password may go there, and the table may be for other hosts.
    let is_only_one = !has_senders && others.iter().all(|parameter| site.expanded(parameter).is_empty());
    let mut seen = HashSet::new();
    each_hop(site, |hop| {
        if client_of(site, hop) != Client::Smtp || !authenticates(site, hop) {
            return;
        }
        let nexthop = hop.nexthop();
        for range in split_destinations(nexthop) {
            let text = nexthop[range.clone()].to_ascii_lowercase();
            let Ok(destination) = parse_destination(&text) else { continue };
            let is_found = [&text[..], destination.host].iter().any(|key| passwords.find(key).is_some());
            if is_found || seen.contains(&text) {
                continue;
            }
            let (shown, host) = (String::from_utf8_lossy(&text), String::from_utf8_lossy(destination.host));
            let (similar, is_certain) =
                (similar(&passwords, destination.host), destination.bracketed || destination.address().is_some());
            if similar.is_none() && !(is_only_one && is_certain && hop.parameter == "relayhost") {
                continue;
            }
            let Some((source, span)) = hop.nexthop_place(range) else { continue };
            let mut finding = Finding::new(&RULE, format!("no password is found for {shown}")).at(
                source,
                span,
                format!("looked up as {host}, then as {shown}"),
            );
            if let Some((source, span)) = similar {
                finding = finding.at(&source, span, "this key is neither");
            }
            findings.push(finding.help(format!("write the key as {shown}")));
            seen.insert(text);
        }
    });
}

/// Whether the client that serves a hop logs in, with the passwords of main.cf.
fn authenticates(site: &LoadedSite, hop: &NamedHop) -> bool {
    let service = match hop.transport() {
        b"" => transport_service(site, b"smtp"),
        transport => transport_service(site, transport),
    };
    let value = |name: &[u8]| site.configuration.expanded(name, service).unwrap_or_default();
    value(b"smtp_sasl_auth_enable").eq_ignore_ascii_case(b"yes")
        && value(b"smtp_sasl_password_maps") == site.expanded("smtp_sasl_password_maps")
}

/// The first key that names the host in some other way.
fn similar(passwords: &TablesOf, host: &[u8]) -> Option<(Arc<Source>, Span)> {
    let is_part = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"-._@".contains(byte));
    let (table, _, entry) = passwords.all().find(|(_, entries, entry)| {
        let key = entries.key(entry);
        memchr::memmem::find(key, host).is_some_and(|at| {
            let before = at.checked_sub(1).and_then(|before| key.get(before));
            !is_part(before) && !is_part(key.get(at + host.len()))
        })
    })?;
    let (source, text) = table.text_of(entry)?;
    Some((Arc::clone(source), text.key_span()))
}
