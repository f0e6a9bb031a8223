//! MAP009: a source in the form of the other compiler.

use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::uses::at_uses;
use crate::lint::site::{LoadedSite, Table};
use crate::maps::compile::ComplaintKind;
use crate::syntax::FaultKind;
use crate::syntax::table_line::TableForm;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MAP009",
    name: "wrong-form",
    family: Family::Maps,
    severity: Severity::Warning,
    summary: "an aliases file without colons, or another table with a colon behind each key",
    why: "Aliases files are `name: value`, for postalias; all other tables are `key value`, for postmap. Of the wrong form \
          postalias drops each line, and postmap stores each key with its colon, where no lookup finds it.",
    example: "joe@example.com: joe\njane@example.com: jane\n",
    remedy: "Write the lines in the form that the table needs, or name the file in the parameter that it was meant for.",
    fix: None,
    link: "https://www.postfix.org/postmap.1.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    for table in &site.tables {
        let (Some(Ok(source)), Some(wrong)) = (&table.source, wrong_lines(table)) else { continue };
        let Some(first) = wrong.first else { continue };
        let (message, help) = match table.named.form() {
            TableForm::Aliases | TableForm::QuotedAliases => (
                "this aliases file is written as `key value`: postalias drops its lines",
                "write `name: value`, or name the file where a `key value` table belongs",
            ),
            TableForm::KeyValue => (
                "this table is written as an aliases file: no lookup finds its keys",
                "take the colons away, or name the file in alias_maps",
            ),
        };
        let label = format!("{} of {} entries are like this", wrong.count, wrong.all);
        let finding = Finding::new(&RULE, message).at(source, first, label).help(help);
        findings.push(at_uses(finding, table));
    }
}

/// The lines of a table that are in the other form.
#[derive(Debug)]
pub struct WrongLines {
    /// How many.
    pub count: usize,
    /// How many lines there are.
    pub all: usize,
    /// The first of them.
    pub first: Option<crate::base::Span>,
}

/// The lines in the other form, if the better part of a table is that.
#[must_use]
pub fn wrong_lines(table: &Table) -> Option<WrongLines> {
    let (Some(Ok(source)), Some(entries)) = (&table.source, &table.entries) else { return None };
    let is_wrong = |kind: &ComplaintKind| match (kind, table.named.form()) {
        (ComplaintKind::Form(FaultKind::NeedNameValue), TableForm::Aliases | TableForm::QuotedAliases)
        | (ComplaintKind::Form(FaultKind::ColonKey), TableForm::KeyValue) => true,
        // `joe@example.com joe` of an aliases file has no colon either.
        _ => false,
    };
    let wrong = table.complaints.iter().filter(|complaint| is_wrong(&complaint.kind));
    // A key that only *is* a word is no entry of the other form; two words are.
    let wrong: Vec<_> = wrong
        .filter(|complaint| {
            source.slice(complaint.span).contains(&b' ') || source.slice(complaint.span).contains(&b'\t')
        })
        .collect();
    let all = match table.named.form() {
        TableForm::Aliases | TableForm::QuotedAliases => entries.all().len() + wrong.len(),
        TableForm::KeyValue => entries.all().len(),
    };
    // One line may be a slip; two that are the most of the file are no accident.
    (wrong.len() > 1 && wrong.len() * 2 > all).then(|| WrongLines {
        count: wrong.len(),
        all,
        first: wrong.first().map(|complaint| complaint.span),
    })
}
