//! MC024: a name of the machine with which no program of Postfix runs.

use crate::config::own_names::{NameFault, NameFaultKind};
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::set_values::{SetValue, set_values};

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MC024",
    name: "bad-own-name",
    family: Family::MainCf,
    severity: Severity::Error,
    summary: "a name of the machine with which no program of Postfix runs",
    why: "myhostname and mydomain have to be host names, and myorigin one name: every program ends with a fatal error when it \
          starts, if they are not. Unless mydomain is set, it is what stands behind the first dot of myhostname, and $mydomain \
          in myhostname is empty.",
    example: "myhostname = mail.$mydomain\n",
    remedy: "Write a full name such as mail.example.com in ASCII letters, digits and hyphens, or set mydomain too.",
    fix: None,
    link: "https://www.postfix.org/postconf.5.html#myhostname",
};

/// The names, in the order in which they are looked at.
const NAMES: [&str; 3] = ["myhostname", "mydomain", "myorigin"];

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let sets: Vec<SetValue> =
        set_values(site).into_iter().filter(|set| NAMES.contains(&set.parameter_name().as_str())).collect();
    let read = |name: &[u8]| site.overlay.read(&site.paths.resolve(name));
    let mut told: Vec<NameFault> = Vec::new();
    for set in &sets {
        let Some(fault) = site.configuration.name_fault(set.service, read) else { continue };
        // A file of another machine need not be here.
        let is_elsewhere =
            matches!(fault.kind, NameFaultKind::File(_)) && !site.paths.in_scope(&site.paths.resolve(&fault.value));
        if is_elsewhere || told.contains(&fault) {
            continue;
        }
        // That nothing is written, or comes of what is written, another rule tells, and so does one of a comment.
        let own = sets.iter().find(|one| one.service == set.service && one.name.bytes() == fault.parameter.as_bytes());
        let at = own.unwrap_or(set);
        if at.expanded(site).is_some_and(|value| !value.is_empty()) && !at.value.bytes().contains(&b'#') {
            findings
                .push(Finding::new(&RULE, fault.to_string()).at(at.source, at.value.span(), "here").help(RULE.remedy));
        }
        told.push(fault);
    }
}
