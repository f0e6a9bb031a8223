//! MC010: a line that looks like an entry and continues the one before it.

use crate::base::{Edit, Span};
use crate::config::catalogue::{self, Kind};
use crate::diagnostic::{Family, Finding, Fix, Rule, Safety, Severity};
use crate::lint::site::LoadedSite;
use crate::syntax::LogicalLines;
use crate::syntax::main_cf::split_assignment;
use std::sync::Arc;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MC010",
    name: "swallowed-entry",
    family: Family::MainCf,
    severity: Severity::Warning,
    summary: "a line that looks like an entry and continues the one before it",
    why: "A line that begins with white space belongs to the entry before it: its text becomes part of that value, and the \
          parameter that it names keeps its default.",
    example: "mydomain = example.com\n  myorigin = $mydomain\n",
    remedy: "Remove the white space at the start of the line.",
    fix: Some(Safety::Unsafe),
    link: "https://www.postfix.org/postconf.5.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let source = site.configuration.files.main.tree.source();
    let bytes = source.bytes();
    let mut given = std::collections::HashSet::new();
    for line in LogicalLines::new(bytes) {
        let mut pieces = line.pieces();
        let Some(first) = pieces.next().filter(|_| !line.orphan) else { continue };
        let entry = &bytes[first.range()];
        let Ok((name, _, _)) = split_assignment(entry) else { continue };
        let owner = String::from_utf8_lossy(&entry[name.clone()]).into_owned();
        if owner.ends_with("_environment")
            || catalogue::parameter(&owner).is_some_and(|owner| owner.kind == Kind::NameValueList)
        {
            continue;
        }
        for piece in pieces {
            let text = &bytes[piece.range()];
            let Ok((inner, _, _)) = split_assignment(text) else { continue };
            let name_here = String::from_utf8_lossy(&text[inner.clone()]).into_owned();
            if catalogue::parameter(&name_here).is_none() && !site.configuration.is_service_parameter(&name_here) {
                continue;
            }
            let indent = Span::new(piece.start, piece.start + inner.start);
            let fix = Fix {
                title: "make it an entry of its own".into(),
                safety: Safety::Unsafe,
                source: Arc::clone(source),
                edits: vec![Edit::replace(indent, "")],
            };
            let place = Span::new(indent.end, piece.start + inner.end);
            let owner_place = Span::new(first.start + name.start, first.start + name.end);
            let mut finding = Finding::new(&RULE, format!("{name_here} is not set here: the line is part of {owner}"))
                .at(source, place, "begins with white space")
                .at(source, owner_place, "so it continues this entry")
                .help(RULE.remedy);
            // One that is set elsewhere too would be set twice.
            if site.configuration.files.entry(name_here.as_bytes()).is_none() && given.insert(name_here) {
                finding = finding.fix(fix);
            }
            findings.push(finding);
        }
    }
}
