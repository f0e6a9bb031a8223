//! PW001: a comment for this program that it cannot follow, or that gives no reason.

use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::policy::comment::{Suppression, SuppressionFault};

/// The declaration.
pub static RULE: Rule = Rule {
    code: "PW001",
    name: "malformed-suppression",
    family: Family::Own,
    severity: Severity::Warning,
    summary: "a comment for postwright that it cannot follow, or that gives no reason",
    why: "A comment that silences a finding is read by the next person who wonders about the line: without a reason nobody can \
          tell whether it still holds. One with a wrong code silences nothing.",
    example: "# postwright: ignore MC003\nmy_own_name = yes\n",
    remedy: "Write `# postwright: ignore CODE[,CODE] reason` on the line before.",
    fix: None,
    link: "https://www.postfix.org/postconf.5.html",
};

/// Says what is wrong with a suppression.
pub fn check(suppression: &Suppression, findings: &mut Vec<Finding>) {
    for fault in &suppression.faults {
        let (message, label, help, span) = match fault {
            SuppressionFault::UnknownWord(span) => {
                ("not what a comment for postwright can say".to_string(), "expected `ignore`", None, *span)
            }
            SuppressionFault::MissingCode => {
                ("this names no rule to ignore".to_string(), "expected a code such as MC003", None, suppression.span)
            }
            SuppressionFault::UnknownCode(span, error) => {
                let help = error.similar.as_ref().map(|similar| format!("did you mean {similar}?"));
                let text = crate::diagnostic::render::clean(&error.text);
                (format!("no rule is called {text}"), "silences nothing", help, *span)
            }
            SuppressionFault::MissingReason => {
                ("no reason is given".to_string(), "say why, behind the code", None, suppression.span)
            }
        };
        let mut finding = Finding::new(&RULE, message).at(&suppression.source, span, label);
        finding.help = help.or_else(|| Some(RULE.remedy.to_string()));
        findings.push(finding);
    }
}
