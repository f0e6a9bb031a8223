//! MS002: a `-o` that sets nothing.

use crate::config::services::OverrideFaultKind;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MS002",
    name: "malformed-override",
    family: Family::MasterCf,
    severity: Severity::Error,
    summary: "a `-o` that sets nothing",
    why: "The daemon refuses to start with such an argument.",
    example: "smtp inet n - n - - smtpd\n  -o smtpd_tls_security_level encrypt\n",
    remedy: "Write `-o name=value` without blanks, or `-o { name = value }`.",
    fix: None,
    link: "https://www.postfix.org/master.5.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let Some(master) = &site.configuration.files.master else { return };
    for service in &site.configuration.files.services {
        for fault in &service.faults {
            // `-o name = value` is for MS004.
            let mut words = service.line.arguments.iter().skip_while(|word| word.span.start < fault.span.end);
            if fault.kind == OverrideFaultKind::MissingEquals
                && words.next().is_some_and(|word| word.text.bytes() == b"=")
            {
                continue;
            }
            let message = match fault.kind {
                OverrideFaultKind::MissingArgument => "-o is the last argument and sets nothing",
                OverrideFaultKind::MissingEquals => "no '=' in the argument of -o",
                OverrideFaultKind::MissingName => "no name before the '=' of -o",
            };
            let place = format!("of the service {}", service.label());
            findings.push(Finding::new(&RULE, message).at(master.tree.source(), fault.span, place).help(RULE.remedy));
        }
    }
}
