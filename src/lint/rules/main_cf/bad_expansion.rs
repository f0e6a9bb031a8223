//! MC005: a value that cannot be expanded.

use crate::base::Span;
use crate::config::catalogue::ValueType;
use crate::config::expand::{Reason, parse};
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::set_values::{SetValue, read_values};
use std::cell::OnceCell;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MC005",
    name: "bad-expansion",
    family: Family::MainCf,
    severity: Severity::Error,
    summary: "a value that cannot be expanded",
    why: "A daemon that needs the value ends with a fatal error, and mail stops.",
    example: "mydestination = ${myhostname, localhost\n",
    remedy: "Write $name, ${name}, ${name?{text}:{text}} or ${{a} == {b} ? {text} : {text}}.",
    fix: None,
    link: "https://www.postfix.org/postconf.5.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let used = OnceCell::new();
    for set in read_values(site) {
        let before = findings.len();
        look_at(site, &set, findings);
        // Nobody expands what no program reads and nothing refers to.
        let idle = || {
            set.unheeded_by().is_some() && {
                let used = used.get_or_init(|| site.configuration.used_names());
                !used.contains(set.name.bytes())
            }
        };
        if findings.len() > before && idle() {
            findings[before..].iter_mut().for_each(|finding| finding.severity = Severity::Warning);
        }
    }
}

fn look_at(site: &LoadedSite, set: &SetValue<'_>, findings: &mut Vec<Finding>) {
    let &SetValue { name, value, source, service } = set;
    // Nobody expands it: `$` is one of the characters that smtpd_expansion_filter lists.
    if matches!(set.value_type(site), Some(ValueType::Raw(_))) {
        return;
    }
    let faults = parse(value.bytes()).faults;
    for fault in &faults {
        let message = String::from_utf8_lossy(&fault.message(value.bytes())).into_owned();
        let finding = Finding::new(&RULE, message);
        findings.push(finding.at(source, value.source_span(fault.span.range()), "not understood").help(RULE.remedy));
    }
    if !faults.is_empty() {
        return;
    }
    let Err(error) = site.configuration.expand(value.bytes(), service) else { return };
    // A fault in another value, and a circle that this one is no part of, are told there.
    match &error.reason {
        Reason::Syntax => return,
        Reason::Cycle(names) if !names.iter().any(|part| part == name.bytes()) => return,
        _ => {}
    }
    let place = error.problems.iter().find(|problem| problem.within.is_none()).map(|problem| problem.span);
    let span = value.source_span(place.unwrap_or(Span::new(0, value.bytes().len())).range());
    findings.push(Finding::new(&RULE, error.to_string()).at(source, span, "here"));
}
