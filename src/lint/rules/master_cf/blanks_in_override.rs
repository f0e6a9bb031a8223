//! MS004: `-o name = value` with blanks and without braces.

use crate::base::Edit;
use crate::diagnostic::{Family, Finding, Fix, Rule, Safety, Severity};
use crate::lint::site::LoadedSite;
use std::sync::Arc;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MS004",
    name: "blanks-in-override",
    family: Family::MasterCf,
    severity: Severity::Error,
    summary: "`-o name = value` with blanks and without braces",
    why: "master.cf is split at white space before anybody looks at -o: the daemon gets a name without a value, and refuses it.",
    example: "smtp inet n - n - - smtpd\n  -o syslog_name = postfix/in\n",
    remedy: "Write `-o name=value` without blanks, or `-o { name = value }`.",
    fix: Some(Safety::Unsafe),
    link: "https://www.postfix.org/master.5.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let Some(master) = &site.configuration.files.master else { return };
    let source = master.tree.source();
    for service in &site.configuration.files.services {
        for [flag, name, rest @ ..] in service.line.arguments.windows(4).filter_map(|window| window.first_chunk::<4>())
        {
            let [equals, value] = rest;
            let is_override = flag.text.bytes() == b"-o" && [flag, name, equals, value].iter().all(|word| !word.braced);
            let spread = equals.text.bytes() == b"=" && !name.text.bytes().contains(&b'=');
            if !is_override || !spread || !service.faults.iter().any(|fault| fault.span.start == flag.span.start) {
                continue;
            }
            let (left, right) = (name.text.to_string_lossy(), value.text.to_string_lossy());
            let span = name.span.cover(value.span);
            let fix = Fix {
                title: format!("write {left}={right}"),
                safety: Safety::Unsafe,
                source: Arc::clone(source),
                edits: vec![Edit::replace(span, format!("{left}={right}"))],
            };
            findings.push(
                Finding::new(&RULE, format!("the blanks separate {left} from its value"))
                    .at(source, span, "three arguments, not one")
                    .help(RULE.remedy)
                    .fix(fix),
            );
        }
    }
}
