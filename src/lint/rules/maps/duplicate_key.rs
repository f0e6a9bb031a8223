//! MAP005: a key that stands twice.

use crate::base::{Source, Span};
use crate::diagnostic::{Family, Finding, Fix, Rule, Safety, Severity};
use crate::lint::fixes::removal_of_line;
use crate::lint::site::LoadedSite;
use crate::maps::compile::ComplaintKind;
use std::sync::Arc;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MAP005",
    name: "duplicate-key",
    family: Family::Maps,
    severity: Severity::Warning,
    summary: "a key that stands twice in a table",
    why: "The first entry is kept and the others are dropped. Keys are compared after folding: `Joe` and `joe` are one.",
    example: "joe@example.com joe\nJoe@example.com joseph\n",
    remedy: "Remove one of the entries.",
    fix: Some(Safety::Safe),
    link: "https://www.postfix.org/postmap.1.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    for table in &site.tables {
        let Some(Ok(source)) = &table.source else { continue };
        for complaint in &table.complaints {
            let ComplaintKind::Duplicate { key, first } = &complaint.kind else { continue };
            let line = |at: usize| source.line_span(source.position(at).line);
            let place = |at: usize| Span::new(at, line(at).end.max(at));
            findings.push(
                Finding::new(&RULE, format!("the key {} stands twice", String::from_utf8_lossy(key)))
                    .at(source, place(complaint.span.start), "this entry is dropped")
                    .at(source, place(*first), "this one is kept")
                    .fix(removal(source, complaint.span.start)),
            );
        }
    }
}

/// Removes the lines of the entry that begins at an offset; comments between them stay.
fn removal(source: &Arc<Source>, start: usize) -> Fix {
    Fix {
        title: "remove the entry that is dropped".into(),
        safety: Safety::Safe,
        source: Arc::clone(source),
        edits: removal_of_line(source, start),
    }
}
