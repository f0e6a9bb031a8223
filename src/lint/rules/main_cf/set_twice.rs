//! MC008: a parameter that is set twice.

use crate::base::{Edit, Source, Span};
use crate::diagnostic::{Family, Finding, Fix, Rule, Safety, Severity};
use crate::lint::site::LoadedSite;
use crate::syntax::LogicalLines;
use std::sync::Arc;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MC008",
    name: "set-twice",
    family: Family::MainCf,
    severity: Severity::Warning,
    summary: "a parameter that is set twice",
    why: "The last entry wins, silently as far as the daemons go: who changes the other one wonders why nothing happens.",
    example: "relayhost = [relay.example.com]\nrelayhost =\n",
    remedy: "Remove the entry that has no effect.",
    fix: Some(Safety::Safe),
    link: "https://www.postfix.org/postconf.5.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let files = &site.configuration.files;
    let source = files.main.tree.source();
    for entry in &files.main.entries {
        let Some(last) = files.entry(entry.name.bytes()).filter(|last| last.extent != entry.extent) else { continue };
        let edits = lines_without_comments(source, entry.extent);
        let fix = Fix {
            title: "remove the entry that has no effect".into(),
            safety: Safety::Safe,
            source: Arc::clone(source),
            edits,
        };
        let message = format!("{} is set again on line {}", entry.name.to_string_lossy(), last.line);
        findings.push(
            Finding::new(&RULE, message)
                .at(source, entry.name.span(), "has no effect")
                .at(source, last.name.span(), "this one is in force")
                .help(RULE.remedy)
                .fix(fix),
        );
    }
    let Some(master) = &files.master else { return };
    for service in &files.services {
        for set in &service.overrides {
            let Some(last) = service.value(set.name.bytes()).filter(|last| last.span != set.span) else { continue };
            let message = format!("{} sets {} again", service.label(), set.name.to_string_lossy());
            findings.push(
                Finding::new(&RULE, message)
                    .at(master.tree.source(), set.name.span(), "has no effect")
                    .at(master.tree.source(), last.name.span(), "this one is in force")
                    .help("remove the -o that has no effect"),
            );
        }
    }
}

/// Removes the physical lines of a logical line; comments between them stay.
fn lines_without_comments(source: &Source, extent: Span) -> Vec<Edit> {
    let bytes = source.bytes();
    let Some(line) = LogicalLines::new(&bytes[extent.start..]).next() else { return Vec::new() };
    line.pieces()
        .map(|piece| {
            let (start, end) = (extent.start + piece.start, extent.start + piece.end);
            Edit::replace(Span::new(start, (end + 1).min(bytes.len())), "")
        })
        .collect()
}
