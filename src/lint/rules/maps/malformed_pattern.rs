//! MAP010: a rule of a pattern table that is skipped or half read.

use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::rules::maps::pattern_form;
use crate::lint::site::Site;
use crate::syntax::FaultKind;
use crate::syntax::pattern_table::{PatternForm, parse_pattern_table};

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MAP010",
    name: "malformed-pattern",
    family: Family::Maps,
    severity: Severity::Warning,
    summary: "a rule of a regexp, pcre or cidr table that Postfix skips or half reads",
    why: "Postfix warns when it opens the table and goes on without the rule: what it should have caught passes.",
    example: "/^subject: win REJECT\n",
    remedy: "Write `/pattern/flags result` in regexp and pcre tables, `network/bits result` in cidr tables, and an `endif` for \
             each `if`.",
    fix: None,
    link: "https://www.postfix.org/regexp_table.5.html",
};

/// Looks for it.
pub fn check(site: &Site, findings: &mut Vec<Finding>) {
    for table in &site.tables {
        let (Some(Ok(source)), Some(form)) = (&table.source, pattern_form(table)) else { continue };
        for fault in parse_pattern_table(source, form).faults {
            let (message, label) = match fault.kind {
                FaultKind::MissingResult if form != PatternForm::Network => {
                    ("a pattern without a result", "its result is empty")
                }
                FaultKind::MissingResult => ("a pattern without a result", "skipped: expected a result behind it"),
                FaultKind::UnclosedPattern => {
                    ("a regular expression without its end", "the closing delimiter is missing")
                }
                FaultKind::MissingPattern => ("no pattern", "skipped: expected a pattern"),
                FaultKind::UnknownFlag => ("a flag that nobody knows", "behind the closing delimiter"),
                FaultKind::UnmatchedEndif => ("an `endif` without its `if`", "skipped"),
                FaultKind::UnmatchedIf => ("an `if` without its `endif`", "all that follows is inside of it"),
                FaultKind::TextIgnored => ("text that means nothing here", "ignored behind `if` and `endif`"),
                FaultKind::LeadingWhiteSpace => ("this line continues nothing", "begins with white space"),
                _ => continue,
            };
            findings.push(Finding::new(&RULE, message).at(source, fault.span, label).help(RULE.remedy));
        }
    }
}
