//! MC021: those who may relay are named behind what keeps everybody from it.

use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::restriction_lists::{restriction_list, smtp_servers, walk};

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MC021",
    name: "late-permit",
    family: Family::MainCf,
    severity: Severity::Warning,
    summary: "a permit for those who may relay behind reject_unauth_destination",
    why: "Restrictions are tried in order and the first that decides counts: mail of one's own network or of users that have logged in is \
          rejected with `Relay access denied` before the permit is seen.",
    example: "smtpd_relay_restrictions = reject_unauth_destination, permit_mynetworks\n",
    remedy: "Put permit_mynetworks and permit_sasl_authenticated before reject_unauth_destination.",
    fix: None,
    link: "https://www.postfix.org/SMTPD_ACCESS_README.html#relay",
};

/// The lists that decide on relaying.
const LISTS: [&str; 2] = ["smtpd_relay_restrictions", "smtpd_recipient_restrictions"];
/// What ends all relaying.
const GUARDS: [&str; 2] = ["reject_unauth_destination", "defer_unauth_destination"];
/// Who may relay.
const PERMITS: [&str; 4] =
    ["permit_mynetworks", "permit_sasl_authenticated", "permit_tls_clientcerts", "permit_tls_all_clientcerts"];

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let mut told = Vec::new();
    for service in smtp_servers(site) {
        for parameter in LISTS {
            let list = restriction_list(site, parameter, service);
            let Some((source, _)) = &list.place else { continue };
            let (mut guard, mut permitted) = (None, Vec::new());
            walk(site, &list, service, &mut |step, span| {
                let name = step.name();
                if !step.only_warns && GUARDS.contains(&name) && guard.is_none() {
                    guard = Some((name, span));
                }
                // One that stands before it too lets them in.
                if PERMITS.contains(&name) && guard.is_none() {
                    permitted.push(name);
                }
                if let Some((guard, at)) = guard.filter(|_| PERMITS.contains(&name) && !permitted.contains(&name)) {
                    let place = (source.name().to_string(), span);
                    if !told.contains(&place) {
                        told.push(place);
                        findings.push(
                            Finding::new(&RULE, format!("{name} comes too late to let anybody relay"))
                                .at(source, span, "only for mail to this site's own domains")
                                .at(source, at, format!("{guard} has ended all else"))
                                .help(format!("put {name} before {guard}")),
                        );
                    }
                }
                false
            });
        }
    }
}
