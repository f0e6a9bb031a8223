//! VER004: a restriction, a grade of ciphers, a service type or a flag of a pattern that is deprecated or gone.

use super::{holds_restrictions, since, successor, target};
use crate::base::{Edit, Source, Span};
use crate::config::catalogue::{self, Change, Deprecation, NameKind};
use crate::diagnostic::{Family, Finding, Fix, Rule, Safety, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::restriction_lists::restriction_list;
use crate::lint::site::set_values::{SetValue, set_values};
use crate::syntax::pattern_line::Dialect;
use crate::syntax::pattern_table::{PatternForm, StatementKind};
use std::sync::Arc;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "VER004",
    name: "deprecated-word",
    family: Family::Versions,
    severity: Severity::Warning,
    summary: "a restriction or another word that is deprecated, or that the version of Postfix no longer has",
    why: "For a restriction that is gone the SMTP server answers every client that comes to it with a temporary error. Of others \
          Postfix still knows the old name, or does as if another word stood there.",
    example: "smtpd_relay_restrictions = permit_mynetworks, check_relay_domains\n",
    remedy: "Use what has taken over.",
    fix: Some(Safety::Safe),
    link: "https://www.postfix.org/DEPRECATION_README.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    for set in set_values(site) {
        if holds_restrictions(site, &set) {
            restrictions(site, &set, findings);
        } else if set.parameter_name().ends_with("_ciphers") {
            ciphers(site, &set, findings);
        }
    }
    flags(site, findings);
    let Some(master) = &site.configuration.files.master else { return };
    for service in &site.configuration.files.services {
        let (kind, command) = (service.line.service_type(), service.line.command().bytes());
        let Some(entry) = catalogue::deprecation(NameKind::Value, "fifo") else { continue };
        if kind.bytes() == b"fifo" && matches!(command, b"pickup" | b"qmgr" | b"oqmgr") {
            let message = format!("{} is better of the type unix{}", service.label(), since(entry.since));
            let finding = Finding::new(&RULE, message).at(master.tree.source(), kind.span(), "old");
            let fix = replacement(master.tree.source(), kind.span(), "unix");
            findings.push(finding.severity(Severity::Info).help("write unix").fix(fix));
        }
    }
}

fn restrictions(site: &LoadedSite, set: &SetValue, findings: &mut Vec<Finding>) {
    let mut ended = false;
    for step in restriction_list(site, &set.parameter_name(), set.service).steps {
        let reached = !ended;
        ended |= step.ends();
        let Some(entry) = catalogue::deprecation(NameKind::Restriction, step.name()) else { continue };
        let Some(change) = entry.change_in(target(site)) else { continue };
        let (message, label) = match (change, entry.new_name()) {
            (Change::Removed, _) => (
                format!("{} is gone{}", step.word, since(entry.removed.unwrap_or(entry.since))),
                if reached { "mail is put off here" } else { "old" },
            ),
            (Change::Renamed, Some(new)) => (format!("{} is an old name of {new}", step.word), "old"),
            _ => (format!("{} is deprecated{}", step.word, since(entry.since)), "old"),
        };
        let mut finding = Finding::new(&RULE, message).at(set.source, step.span, label);
        finding.severity = match change {
            Change::Removed if reached => Severity::Error,
            _ if change == Change::Removed || entry.warned_in(target(site)) => Severity::Warning,
            _ => Severity::Info,
        };
        finding.help = successor(entry);
        finding.fix = entry.new_name().filter(|_| step.literal && change == Change::Renamed).map(|new| {
            let length = step.word.len();
            replacement(set.source, Span::new(step.span.start, step.span.start + length), new)
        });
        findings.push(finding);
    }
}

fn ciphers(site: &LoadedSite, set: &SetValue, findings: &mut Vec<Finding>) {
    let Some(value) = set.expanded(site) else { return };
    let grade = String::from_utf8_lossy(&value).to_ascii_lowercase();
    let Some(entry) = catalogue::deprecation(NameKind::Value, &grade) else { return };
    if entry.context != "cipher grade" || entry.change_in(target(site)).is_none() {
        return;
    }
    let Some(new) = only(entry) else { return };
    let message = format!("the grade {grade} means {new}{}", since(entry.since));
    let finding = Finding::new(&RULE, message).at(set.source, set.value.span(), "no such grade any longer");
    let mut finding = finding.severity(Severity::Info).help(format!("write {new}"));
    finding.fix = (set.value.bytes() == value).then(|| replacement(set.source, set.value.span(), new));
    findings.push(finding);
}

/// Letters behind a pattern that the library of today does not know.
fn flags(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let Some(entry) = catalogue::deprecation(NameKind::Value, "X") else { return };
    if entry.change_in(target(site)).is_none() {
        return;
    }
    for table in &site.tables {
        let (Some((source, rules)), Some(PatternForm::Expression(Dialect::Pcre))) =
            (table.patterns(), table.named.reference.pattern_form())
        else {
            continue;
        };
        for statement in &rules.statements {
            let (StatementKind::If { pattern, .. } | StatementKind::Rule { pattern, .. }) = &statement.kind else {
                continue;
            };
            let places = memchr::memchr_iter(b'X', pattern.flags.bytes());
            let edits: Vec<Edit> = places.map(|at| Edit::replace(pattern.flags.source_span(at..at + 1), "")).collect();
            let Some(first) = edits.first() else { continue };
            let finding = Finding::new(&RULE, format!("the flag X is ignored{}", since(entry.since)));
            findings.push(finding.at(source, first.span, "old").help("remove the X").fix(Fix {
                title: "remove the X".into(),
                safety: Safety::Safe,
                source: Arc::clone(source),
                edits,
            }));
        }
    }
}

fn only(entry: &Deprecation) -> Option<&'static str> {
    match entry.replacement {
        [name] => Some(name),
        _ => None,
    }
}

fn replacement(source: &Arc<Source>, span: Span, new: &str) -> Fix {
    Fix {
        title: format!("write {new}"),
        safety: Safety::Safe,
        source: Arc::clone(source),
        edits: vec![Edit::replace(span, new)],
    }
}
