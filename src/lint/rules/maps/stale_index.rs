//! MAP003: an indexed file that says something else than its source.

use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::uses::{at_uses, described};
use crate::maps::compile::StoredKeys;
use crate::maps::compile::state::IndexState;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MAP003",
    name: "stale-index",
    family: Family::Maps,
    severity: Severity::Warning,
    summary: "an indexed file that says something else than its source",
    why: "Postfix goes by the indexed file: what was changed in the source has no effect yet. And a process that has found a key \
          with a trailing NUL never finds those without, and the other way round: a file with both serves half of them.",
    example: "virtual_alias_maps = lmdb:/etc/postfix/virtual\n",
    remedy: "Run `postwright build`.",
    fix: None,
    link: "https://www.postfix.org/postmap.1.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    for table in &site.tables {
        let Some((path, state)) = &table.index else { continue };
        let index = format!("{}: {}", described(table), path.display());
        if let Some((with, without)) = state.unsound_keys().and_then(StoredKeys::mixed) {
            let message = format!("{index} has keys with a trailing NUL and keys without, {with} and {without}");
            let finding = Finding::new(&RULE, message).help(
                "each process of Postfix finds only those of the form that it meets first: run `postwright build`",
            );
            findings.push(at_uses(finding, table));
        }
        if let IndexState::Stale { differs: true, .. } = state {
            let finding = Finding::new(&RULE, format!("{index} is not what its source says"))
                .severity(if site.is_system { Severity::Warning } else { Severity::Info })
                .help(RULE.remedy);
            findings.push(at_uses(finding, table));
        }
    }
}
