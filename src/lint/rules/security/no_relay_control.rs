//! SEC002: nothing in the relay and recipient restrictions keeps strangers from relaying.

use crate::config::catalogue::restriction_lists;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::restriction_lists::{holds_one_of, restriction_list, smtp_servers};

/// The declaration.
pub static RULE: Rule = Rule {
    code: "SEC002",
    name: "no-relay-control",
    family: Family::Security,
    severity: Severity::Error,
    summary: "nothing in the relay and recipient restrictions keeps strangers from relaying",
    why: "The SMTP server refuses to start without one of reject_unauth_destination, defer_unauth_destination, reject, defer or \
          defer_if_permit in smtpd_relay_restrictions or smtpd_recipient_restrictions, and no mail comes in.",
    example: "smtpd_relay_restrictions = permit_mynetworks\nsmtpd_recipient_restrictions =\n",
    remedy: "Put reject_unauth_destination into smtpd_relay_restrictions, behind those who may relay.",
    fix: None,
    link: "https://www.postfix.org/SMTPD_ACCESS_README.html#relay",
};

/// The two lists of which one must have it.
const LISTS: [&str; 2] = ["smtpd_relay_restrictions", "smtpd_recipient_restrictions"];

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let mut told = Vec::new();
    for service in smtp_servers(site) {
        let lists = LISTS.map(|parameter| restriction_list(site, parameter, service));
        let mut works = false;
        for (list, parameter) in lists.iter().zip(LISTS) {
            let one_of =
                restriction_lists().iter().find(|known| known.parameter == parameter).map_or(&[][..], |l| l.one_of);
            works |= holds_one_of(site, list, service, one_of);
        }
        let places: Vec<_> = lists.iter().filter_map(|list| list.place.clone()).collect();
        let spans: Vec<_> = places.iter().map(|(source, span)| (source.name().to_string(), span.start)).collect();
        // Many services may share the lists of main.cf.
        if works || places.is_empty() || told.contains(&spans) {
            continue;
        }
        told.push(spans);
        let who = service.map_or_else(|| "the SMTP server".to_string(), |service| service.label());
        let mut finding =
            Finding::new(&RULE, format!("{who} refuses to start: nothing here keeps strangers from relaying"));
        for (source, span) in &places {
            finding = finding.at(source, *span, "no working reject_unauth_destination or the like");
        }
        findings.push(finding.help(RULE.remedy));
    }
}
