//! MC002: a line that is not `name = value`.

use crate::base::Source;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::syntax::FaultKind;
use crate::syntax::fault::Fault;
use crate::syntax::main_cf::parse_main_cf;
use std::sync::Arc;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MC002",
    name: "malformed-line",
    family: Family::MainCf,
    severity: Severity::Error,
    summary: "a line that is not `name = value`",
    why: "Every Postfix program refuses to start with such a main.cf. With such a file of a mysql:, pgsql:, ldap: or sqlite: table, who opens \
          the table ends.",
    example: "myhostname mail.example.com\n",
    remedy: "Write `name = value`; begin a comment line with `#`, and a continuation line with white space.",
    fix: None,
    link: "https://www.postfix.org/postconf.5.html",
};

/// How comments begin elsewhere.
const ELSEWHERE: [&[u8]; 6] = [b"//", b";", b"/*", b"--", b"'", b"<!--"];

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let main = &site.configuration.files.main;
    main.faults.iter().for_each(|fault| tell(fault, main.tree.source(), findings));
    for source in site.client_files() {
        parse_main_cf(source).faults.iter().for_each(|fault| tell(fault, source, findings));
    }
}

fn tell(fault: &Fault, source: &Arc<Source>, findings: &mut Vec<Finding>) {
    let (message, label) = match fault.kind {
        FaultKind::MissingEquals => ("no '=' behind the name", "expected `name = value`"),
        FaultKind::MissingName => ("no name before '='", "expected `name = value`"),
        FaultKind::ZeroByte => ("a zero byte: Postfix does not see what follows it", "here"),
        _ => return,
    };
    let text = source.slice(fault.span);
    let help = match ELSEWHERE.iter().find(|start| text.starts_with(start)) {
        Some(start) => format!("begin a comment with #: {} begins none here", String::from_utf8_lossy(start)),
        None => RULE.remedy.to_string(),
    };
    findings.push(Finding::new(&RULE, message).at(source, fault.span, label).help(help));
}
