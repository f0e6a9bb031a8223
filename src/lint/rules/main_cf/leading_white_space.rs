//! MC001: the first logical line begins with white space.

use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::syntax::FaultKind;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MC001",
    name: "leading-white-space",
    family: Family::MainCf,
    severity: Severity::Error,
    summary: "white space before the first parameter",
    why: "A line that begins with white space continues the line before it. Where there is none, Postfix drops the line with a \
          warning, and the parameter keeps its default.",
    example: " myhostname = mail.example.com\n",
    remedy: "Remove the white space at the start of the line.",
    fix: None,
    link: "https://www.postfix.org/postconf.5.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let main = &site.configuration.files.main;
    for fault in main.faults.iter().filter(|fault| fault.kind == FaultKind::LeadingWhiteSpace) {
        findings.push(
            Finding::new(&RULE, "this line continues nothing: Postfix drops it")
                .at(main.tree.source(), fault.span, "begins with white space")
                .help(RULE.remedy),
        );
    }
}
