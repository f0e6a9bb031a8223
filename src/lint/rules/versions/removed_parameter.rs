//! VER001: a parameter that is no more.

use super::{since, successor, target};
use crate::base::Edit;
use crate::config::catalogue::{self, Change, Deprecation, NameKind, Version};
use crate::diagnostic::{Family, Finding, Fix, Rule, Safety, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::set_values::{SetValue, set_values};
use std::sync::Arc;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "VER001",
    name: "removed-parameter",
    family: Family::Versions,
    severity: Severity::Warning,
    summary: "a parameter that the version of Postfix no longer has",
    why: "Postfix ignores it, and what it was meant to do is not done.",
    example: "sender_based_routing = yes\n",
    remedy: "Use what has taken over, or remove the line.",
    fix: Some(Safety::Unsafe),
    link: "https://www.postfix.org/DEPRECATION_README.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let used = site.configuration.used_names();
    for set in set_values(site) {
        let name = set.parameter_name();
        let Some(entry) = gone(&name, target(site)) else { continue };
        // The site's own name by now.
        if used.contains(set.name.bytes()) {
            continue;
        }
        let when = since(entry.removed.unwrap_or(entry.since));
        let finding = Finding::new(&RULE, format!("{name} is gone{when}"));
        let mut finding = finding.at(set.source, set.name.span(), "Postfix ignores this");
        finding.help = Some(successor(entry).unwrap_or_else(|| "remove the line".into()));
        finding.fix = renaming(site, &set, entry);
        findings.push(finding);
    }
}

/// What became of a name that the version does not know any longer.
pub fn gone(name: &str, version: Version) -> Option<&'static Deprecation> {
    let entry = catalogue::deprecation(NameKind::Parameter, name)?;
    let exists = catalogue::parameter(name).is_some_and(|parameter| parameter.exists_in(version));
    let change = entry.change_in(version)?;
    (change == Change::Removed || !exists).then_some(entry)
}

/// The new name comes into force by it, which the old one was not.
fn renaming(site: &LoadedSite, set: &SetValue, entry: &Deprecation) -> Option<Fix> {
    let new = entry.new_name()?;
    let is_free = match set.service {
        Some(service) => service.value(new.as_bytes()).is_none(),
        None => site.configuration.files.entry(new.as_bytes()).is_none(),
    };
    let exists = catalogue::parameter(new).is_some_and(|parameter| parameter.exists_in(target(site)));
    (is_free && exists).then(|| Fix {
        title: format!("rename to {new}"),
        safety: Safety::Unsafe,
        source: Arc::clone(set.source),
        edits: vec![Edit::replace(set.name.span(), new)],
    })
}
