//! MC014: a restriction behind one that always decides.

use crate::config::catalogue::restriction_lists;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::restriction_lists::restriction_list;
use crate::lint::site::set_values::set_values;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MC014",
    name: "unreachable-restriction",
    family: Family::MainCf,
    severity: Severity::Warning,
    summary: "a restriction behind permit, reject or defer",
    why: "These decide always, and what stands behind them in the list is never looked at.",
    example: "smtpd_client_restrictions = permit_mynetworks, reject, reject_unknown_client_hostname\n",
    remedy: "Move it before the word that decides, or remove it.",
    fix: None,
    link: "https://www.postfix.org/SMTPD_ACCESS_README.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    for set in set_values(site) {
        let name = set.parameter_name();
        if !restriction_lists().iter().any(|list| list.parameter == name) {
            continue;
        }
        let list = restriction_list(site, &name, set.service);
        let Some(end) = list.steps.iter().position(|step| step.ends()) else { continue };
        let (decides, Some(dead)) = (&list.steps[end], list.steps.get(end + 1)) else { continue };
        findings.push(
            Finding::new(&RULE, format!("{} is never reached", dead.word))
                .at(set.source, dead.span, "nothing from here on is looked at")
                .at(set.source, decides.span, "this decides always")
                .help(RULE.remedy),
        );
    }
}
