//! MAP003: an indexed file that says something else than its source.

use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::uses::{at_uses, described};
use crate::maps::compile::state::IndexState;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MAP003",
    name: "stale-index",
    family: Family::Maps,
    severity: Severity::Warning,
    summary: "an indexed file that says something else than its source",
    why: "Postfix goes by the indexed file: what was changed in the source has no effect yet.",
    example: "virtual_alias_maps = lmdb:/etc/postfix/virtual\n",
    remedy: "Run `postwright build`.",
    fix: None,
    link: "https://www.postfix.org/postmap.1.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    for table in &site.tables {
        let Some((path, IndexState::Stale)) = &table.index else { continue };
        let finding =
            Finding::new(&RULE, format!("{}: {} is not what its source says", described(table), path.display()))
                .severity(if site.is_system { Severity::Warning } else { Severity::Info })
                .help(RULE.remedy);
        findings.push(at_uses(finding, table));
    }
}
