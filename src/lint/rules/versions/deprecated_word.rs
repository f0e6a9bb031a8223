//! VER004: a restriction, a grade of ciphers or a service type that is deprecated or gone.

use super::{holds_restrictions, since, successor, target};
use crate::base::{Edit, Source, Span};
use crate::config::catalogue::{self, Change, Deprecation, NameKind};
use crate::diagnostic::{Family, Finding, Fix, Rule, Safety, Severity};
use crate::lint::restriction_lists::restriction_list;
use crate::lint::set_values::{SetValue, set_values};
use crate::lint::site::Site;
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
pub fn check(site: &Site, findings: &mut Vec<Finding>) {
    for set in set_values(site) {
        if holds_restrictions(site, &set) {
            restrictions(site, &set, findings);
        } else if set.parameter_name().ends_with("_ciphers") {
            ciphers(site, &set, findings);
        }
    }
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

fn restrictions(site: &Site, set: &SetValue, findings: &mut Vec<Finding>) {
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

fn ciphers(site: &Site, set: &SetValue, findings: &mut Vec<Finding>) {
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
