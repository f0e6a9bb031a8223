//! MAP004: an indexed file that cannot be read.

use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::uses::{at_uses, described};
use crate::maps::compile::state::IndexState;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MAP004",
    name: "damaged-index",
    family: Family::Maps,
    severity: Severity::Error,
    summary: "an indexed file that is damaged or cannot be read",
    why: "Postfix cannot open the table, or dies on it: LMDB trusts its files.",
    example: "virtual_alias_maps = lmdb:/etc/postfix/virtual\n",
    remedy: "Run `postwright build`: it replaces the file.",
    fix: None,
    link: "https://www.postfix.org/postmap.1.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    for table in &site.tables {
        let Some((path, IndexState::Damaged(error))) = &table.index else { continue };
        let finding = Finding::new(&RULE, format!("{}: {}: {error}", described(table), path.display()));
        // Another program's file is not to be replaced, and nothing can be built without a source.
        let finding = match (error.is_of_another_program(), &table.source) {
            (true, _) => finding.help("another program keeps its data there: name another file"),
            (_, Some(Err(_))) => finding.help("there is no source to build it anew from"),
            _ => finding.help(RULE.remedy),
        };
        findings.push(at_uses(finding, table));
    }
}
