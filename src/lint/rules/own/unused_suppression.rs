//! PW002: a comment that silences a finding which is not there.

use crate::base::{Edit, Span};
use crate::diagnostic::{Family, Finding, Fix, Rule, Safety, Severity};
use crate::lint::policy::comment::Suppression;
use std::sync::Arc;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "PW002",
    name: "unused-suppression",
    family: Family::Own,
    severity: Severity::Warning,
    summary: "a comment that silences a finding which is not there",
    why: "The line was mended, or the comment stands before another line than was meant: it would hide the next fault of its kind.",
    example: "# postwright: ignore MC003 for our own scripts\nmyhostname = mail.example.com\n",
    remedy: "Remove the comment, or put it right before the line that it is for.",
    fix: Some(Safety::Safe),
    link: "https://www.postfix.org/postconf.5.html",
};

/// Tells which of a suppression's codes (by number) silenced nothing.
pub fn check(suppression: &Suppression, unused: &[usize], findings: &mut Vec<Finding>) {
    let codes = &suppression.codes;
    let all = unused.len() == codes.len();
    for (nth, &number) in unused.iter().enumerate() {
        let (rule, span) = (codes[number].rule, codes[number].span);
        let mut finding = Finding::new(&RULE, format!("nothing here is {} {}", rule.code, rule.name))
            .at(&suppression.source, span, "silences nothing")
            .help(RULE.remedy);
        // With other faults it is not plain what was meant.
        if suppression.faults.is_empty() && (!all || nth == 0) {
            let (title, edit) = if all {
                ("remove the comment".to_string(), Edit::replace(whole_line(suppression), ""))
            } else {
                (format!("remove {}", rule.code), Edit::replace(with_comma(suppression, number), ""))
            };
            let source = Arc::clone(&suppression.source);
            finding = finding.fix(Fix { title, safety: Safety::Safe, source, edits: vec![edit] });
        }
        findings.push(finding);
    }
}

/// The comment's line with its newline.
fn whole_line(suppression: &Suppression) -> Span {
    let bytes = suppression.source.bytes();
    let start = memchr::memrchr(b'\n', &bytes[..suppression.span.start]).map_or(0, |newline| newline + 1);
    let end = memchr::memchr(b'\n', &bytes[suppression.span.end..]);
    Span::new(start, end.map_or(bytes.len(), |newline| suppression.span.end + newline + 1))
}

/// A code with the comma that keeps it from its neighbour: the one behind it, or before it for the last.
fn with_comma(suppression: &Suppression, number: usize) -> Span {
    let span = suppression.codes[number].span;
    match (suppression.codes.get(number + 1), number.checked_sub(1).and_then(|before| suppression.codes.get(before))) {
        (Some(next), _) => Span::new(span.start, next.span.start),
        (None, Some(before)) => Span::new(before.span.end, span.end),
        (None, None) => span,
    }
}
