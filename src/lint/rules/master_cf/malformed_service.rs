//! MS001: a line of master.cf that is no service.

use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::syntax::FaultKind;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MS001",
    name: "malformed-service",
    family: Family::MasterCf,
    severity: Severity::Error,
    summary: "a line of master.cf that is no service",
    why: "The master daemon refuses to start with such a master.cf, or drops the line.",
    example: "smtp inet n - n smtpd\n",
    remedy: "A service has eight fields: name, type, private, unprivileged, chroot, wakeup, process limit, command.",
    fix: None,
    link: "https://www.postfix.org/master.5.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let Some(master) = &site.configuration.files.master else { return };
    for fault in &master.faults {
        let (message, label) = match fault.kind {
            FaultKind::LeadingWhiteSpace => {
                ("this line continues nothing: Postfix drops it", "begins with white space")
            }
            FaultKind::TooFewFields => ("a service needs eight fields", "fewer than eight here"),
            FaultKind::UnclosedBrace => ("a '{' without its '}'", "opened here"),
            FaultKind::TextAfterBrace => ("text right behind a '}'", "white space is missing before this"),
            FaultKind::ZeroByte => ("a zero byte: Postfix does not see what follows it", "here"),
            _ => continue,
        };
        findings.push(Finding::new(&RULE, message).at(master.tree.source(), fault.span, label).help(RULE.remedy));
    }
}
