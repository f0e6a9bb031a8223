//! MC002: a line that is not `name = value`.

use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::syntax::FaultKind;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MC002",
    name: "malformed-line",
    family: Family::MainCf,
    severity: Severity::Error,
    summary: "a line that is not `name = value`",
    why: "Every Postfix program refuses to start with such a main.cf.",
    example: "myhostname mail.example.com\n",
    remedy: "Write `name = value`; begin a comment line with `#`, and a continuation line with white space.",
    fix: None,
    link: "https://www.postfix.org/postconf.5.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let main = &site.configuration.files.main;
    for fault in &main.faults {
        let (message, label) = match fault.kind {
            FaultKind::MissingEquals => ("no '=' behind the name", "expected `name = value`"),
            FaultKind::MissingName => ("no name before '='", "expected `name = value`"),
            FaultKind::ZeroByte => ("a zero byte: Postfix does not see what follows it", "here"),
            _ => continue,
        };
        findings.push(Finding::new(&RULE, message).at(main.tree.source(), fault.span, label).help(RULE.remedy));
    }
}
