//! MAP006: a line of a table that is dropped, or stored otherwise than it looks.

use crate::base::Source;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::{LoadedSite, Table};
use crate::maps::compile::ComplaintKind;
use crate::syntax::FaultKind;
use std::sync::Arc;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MAP006",
    name: "dropped-entry",
    family: Family::Maps,
    severity: Severity::Warning,
    summary: "a line of a table that the compiler drops or misreads",
    why: "postmap and postalias warn, leave the line out and end with status 0: the entry is missing afterwards.",
    example: "joe@example.com\n  joe\njane@example.com\n",
    remedy: "Write `key value` (for postmap) or `name: value` (for postalias) on one line, or on continuation lines that begin \
             with white space.",
    fix: None,
    link: "https://www.postfix.org/postmap.1.html",
};

/// What is wrong with a line, and what happens to it.
#[must_use]
pub fn words(kind: FaultKind) -> (&'static str, &'static str) {
    match kind {
        FaultKind::LeadingWhiteSpace => ("this line continues nothing", "dropped: begins with white space"),
        FaultKind::ZeroByte => ("a zero byte in the line", "what follows it is not seen"),
        FaultKind::NotUtf8 => ("bytes that are not UTF-8", "dropped"),
        FaultKind::MissingValue => ("a key without a value", "dropped: expected `key value`"),
        FaultKind::UnbalancedQuote => ("a quote without its partner", "dropped"),
        FaultKind::ColonKey => ("the key ends in a colon", "stored with the colon: is this an aliases file?"),
        FaultKind::NeedNameValue => ("not `name: value`", "dropped: expected `name: value`"),
        FaultKind::NotLocal => ("the name has a domain", "dropped: aliases are local names"),
        FaultKind::TooLong => ("more than 4 GiB in one entry", "dropped"),
        _ => ("a line that cannot be read", "dropped"),
    }
}

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    for table in &site.tables {
        let Some(Ok(source)) = &table.source else { continue };
        if let Some(finding) = no_table(table, source) {
            findings.push(finding);
            continue;
        }
        for complaint in &table.complaints {
            let ComplaintKind::Form(kind) = complaint.kind else { continue };
            let (message, label) = words(kind);
            findings.push(Finding::new(&RULE, message).at(source, complaint.span, label));
        }
    }
}

/// Lines without a value, from which on a file that has hardly any others is called no table.
const NO_ENTRIES: usize = 8;

/// Says once that a file is something else than a table: an encrypted one, a list of names, a page of text.
fn no_table(table: &Table, source: &Arc<Source>) -> Option<Finding> {
    let is_wrong = |kind: &ComplaintKind| {
        matches!(kind, ComplaintKind::Form(FaultKind::MissingValue | FaultKind::NotUtf8 | FaultKind::NeedNameValue))
    };
    let wrong: Vec<_> = table.complaints.iter().filter(|complaint| is_wrong(&complaint.kind)).collect();
    let entries = table.entries.as_ref().map_or(0, |entries| entries.all().len());
    let first = wrong.first().filter(|_| wrong.len() >= NO_ENTRIES && wrong.len() > entries * 4)?;
    let message = format!("this is no table: {} of {} lines are no entries", wrong.len(), wrong.len() + entries);
    let help = "is it encrypted, or a file of another kind?";
    Some(Finding::new(&RULE, message).at(source, first.span, "the first of them").help(help))
}
