//! AL007: no alias for postmaster.

use super::alias_tables;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::uses::at_uses;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "AL007",
    name: "missing-postmaster",
    family: Family::Aliases,
    severity: Severity::Info,
    summary: "aliases without one for postmaster",
    why: "A site must take mail for postmaster (RFC 5321, section 4.5.1), and few have a user of that name.",
    example: "root: joe\n",
    remedy: "Add `postmaster: root`, or the name of a person.",
    fix: None,
    link: "https://www.postfix.org/aliases.5.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let aliases = site.tables_of("alias_maps");
    let Some(table) = alias_tables(site).next() else { return };
    // Of a file for the other compiler nothing is known.
    if crate::lint::rules::maps::wrong_form::wrong_lines(table).is_some() {
        return;
    }
    // Some other table may have it.
    if !aliases.complete || site.expanded("mydestination").is_empty() || aliases.find(b"postmaster").is_some() {
        return;
    }
    let virtual_aliases = site.tables_of("virtual_alias_maps");
    let is_there = |key: &[u8]| key == b"postmaster" || key.starts_with(b"postmaster@");
    if !virtual_aliases.complete || virtual_aliases.all().any(|(_, entries, entry)| is_there(entries.key(entry))) {
        return;
    }
    let finding =
        Finding::new(&RULE, format!("{} has no alias for postmaster", table.named.reference)).help(RULE.remedy);
    findings.push(at_uses(finding, table));
}
