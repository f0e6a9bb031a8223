//! SEC005: a list of recipients that is set to nothing, so that mail for anybody is taken.

use super::faces_strangers;
use crate::config::services::Service;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::domains::Domains;
use crate::lint::site::restriction_lists::{restriction_list, smtp_servers, walk};
use crate::lint::site::set_values::{SetValue, set_values};

/// The declaration.
pub static RULE: Rule = Rule {
    code: "SEC005",
    name: "no-recipient-list",
    family: Family::Security,
    severity: Severity::Warning,
    summary: "local_recipient_maps or relay_recipient_maps is set to nothing",
    why: "The SMTP server then takes mail for every name in the domains, and what cannot be delivered is returned: to senders \
          that spam has made up, who never wrote it (backscatter).",
    example: "mydestination = example.com\nlocal_recipient_maps =\n",
    remedy: "Name the tables of recipients that there are.",
    fix: None,
    link: "https://www.postfix.org/LOCAL_RECIPIENT_README.html",
};

/// Lists that may ask whether a recipient exists.
const LISTS: [&str; 5] = [
    "smtpd_client_restrictions",
    "smtpd_helo_restrictions",
    "smtpd_sender_restrictions",
    "smtpd_relay_restrictions",
    "smtpd_recipient_restrictions",
];

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    for set in set_values(site) {
        let name = set.parameter_name();
        let (class, help) = match name.as_str() {
            "local_recipient_maps" => {
                ("mydestination", "remove the line: the default knows the system's users and aliases")
            }
            "relay_recipient_maps" => {
                ("relay_domains", "name the tables of their recipients, or use reject_unverified_recipient")
            }
            _ => continue,
        };
        if !set.expanded(site).is_some_and(|value| value.iter().all(u8::is_ascii_whitespace)) || !matters(site, &set) {
            continue;
        }
        if !has_domains(site, class, set.service) {
            continue;
        }
        let span = if set.value.bytes().is_empty() { set.name.span() } else { set.value.span() };
        let message = format!("mail for any name in {class} is taken, and returned later if there is no such name");
        findings.push(Finding::new(&RULE, message).at(set.source, span, "this list of recipients is empty").help(help));
    }
}

/// Whether strangers' mail is judged by it, and by nothing else.
fn matters(site: &LoadedSite, set: &SetValue) -> bool {
    let name = set.parameter_name();
    let decides = |service: Option<&Service>| {
        // A service with a value of its own is looked at by itself.
        let is_its = match set.service {
            Some(own) => service.is_some_and(|service| std::ptr::eq(own, service)),
            None => service.is_none_or(|service| service.value(name.as_bytes()).is_none()),
        };
        is_its && faces_strangers(site, service) && !verifies(site, service)
    };
    if !smtp_servers(site).into_iter().any(decides) {
        return false;
    }
    // Both take mail for names that do not exist.
    let caught =
        |parameter: &str| site.configuration.expanded(parameter.as_bytes(), None).is_ok_and(|value| !value.is_empty());
    name != "local_recipient_maps" || !caught("luser_relay") && !site.expanded("local_transport").starts_with(b"error:")
}

/// Whether the service asks for each recipient whether it exists, or takes mail for nobody.
fn verifies(site: &LoadedSite, service: Option<&Service>) -> bool {
    LISTS.iter().any(|parameter| {
        let mut asks = false;
        let list = restriction_list(site, parameter, service);
        walk(site, &list, service, &mut |step, _| {
            asks |= step.name() == "reject_unverified_recipient" && !step.only_warns;
            asks
        });
        asks
    })
}

/// Whether the list of an address class names anything.
fn has_domains(site: &LoadedSite, class: &str, service: Option<&Service>) -> bool {
    let Ok(value) = site.configuration.expanded(class.as_bytes(), service) else { return false };
    if value.iter().all(u8::is_ascii_whitespace) {
        return false;
    }
    let domains: &Domains = site.domains();
    let (Some(list), Some(local)) = (domains.list(class), domains.list("mydestination")) else { return true };
    // What is local too is asked for there.
    class == "mydestination" || !list.complete || list.named.iter().any(|named| local.find(&named.domain).is_none())
}
