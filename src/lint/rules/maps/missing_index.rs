//! MAP002: a table that was never compiled.

use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::uses::{at_uses, described};
use crate::maps::compile::state::IndexState;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MAP002",
    name: "missing-index",
    family: Family::Maps,
    severity: Severity::Warning,
    summary: "a table without its indexed file",
    why: "Postfix reads the indexed file, never the source: without it the table cannot be opened and mail is deferred. In a \
          checkout, where indexes are not kept, this is only worth knowing.",
    example: "virtual_alias_maps = lmdb:/etc/postfix/virtual\n",
    remedy: "Run `postwright build`.",
    fix: None,
    link: "https://www.postfix.org/postmap.1.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    for table in &site.tables {
        let (Some((path, IndexState::Missing)), Some(Ok(_))) = (&table.index, &table.source) else { continue };
        let finding = Finding::new(&RULE, format!("{}: {} does not exist", described(table), path.display()))
            .severity(if site.is_system { Severity::Warning } else { Severity::Info })
            .help(RULE.remedy);
        findings.push(at_uses(finding, table));
    }
}
