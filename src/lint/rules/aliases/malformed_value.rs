//! AL008: a destination that is likely not what was meant.

use super::each_value;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::syntax::alias_value::BadReason;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "AL008",
    name: "malformed-alias-value",
    family: Family::Aliases,
    severity: Severity::Warning,
    summary: "a quote, parenthesis or bracket without its other in the value of an alias",
    why: "All that follows becomes one word or a comment, so that mail goes to other places than were meant.",
    example: "joe: \"|/usr/bin/filter -a, jane\n",
    remedy: "Close what is open; quote a command with blanks or commas as a whole: \"|command argument\".",
    fix: None,
    link: "https://www.postfix.org/aliases.5.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    for needles in [[b'"', b'(', b'['], [b'<', b'>', b'>']] {
        each_value(site, needles, |source, text, value| {
            for bad in &value.bad {
                let is_angle = matches!(bad.reason, BadReason::StrayAngle | BadReason::EmptyAddress);
                // Each fault once, with the bytes that it is about.
                if is_angle != needles.contains(&b'<') {
                    continue;
                }
                let (message, label) = match bad.reason {
                    BadReason::OpenComment => ("a `(` without its `)`", "all from here on is a comment"),
                    BadReason::OpenQuote => ("a quote without its other", "all from here on is one word"),
                    BadReason::OpenLiteral => ("a `[` without its `]`", "all from here on is one word"),
                    BadReason::StrayAngle => ("an angle bracket without its other", "this one"),
                    BadReason::EmptyAddress => ("an empty address", "no destination"),
                };
                let span = text.part_of_value(bad.span);
                findings.push(Finding::new(&RULE, message).at(source, span, label).help(RULE.remedy));
            }
        });
    }
}
