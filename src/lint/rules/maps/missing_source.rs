//! MAP001: a table whose source is not there.

use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::uses::{at_uses, described};
use crate::maps::compile::state::IndexState;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MAP001",
    name: "missing-source",
    family: Family::Maps,
    severity: Severity::Error,
    summary: "a table whose source file cannot be read",
    why: "The table cannot be compiled, or not even opened: mail is deferred until it can.",
    example: "virtual_alias_maps = lmdb:/etc/postfix/no-such-file\n",
    remedy: "Create the file, correct the path, or take the table out of the configuration.",
    fix: None,
    link: "https://www.postfix.org/postmap.1.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    for table in &site.tables {
        let (Some(path), Some(Err(error))) = (&table.source_path, &table.source) else { continue };
        let by_default = table.named.uses.iter().all(|named| named.place.is_none());
        // Nobody wrote it here, and nothing is said about the machine that the configuration will live on.
        if by_default && !site.is_system {
            continue;
        }
        let has_index = matches!(table.index, Some((_, IndexState::Unknown { .. })));
        let mut finding = Finding::new(
            &RULE,
            format!("{}: {}: {}", described(table), path.display(), crate::base::system_words(error)),
        );
        if !site.is_system && !site.paths.in_scope(path) {
            // What lies on the machine that it is for, nobody knows here.
            finding = finding
                .severity(Severity::Info)
                .help("it lies outside of this configuration, and may well be there on its machine");
        } else if has_index {
            finding = finding.severity(Severity::Warning).help("its index is there and is used, but cannot be rebuilt");
        } else {
            finding = finding.help(RULE.remedy);
        }
        findings.push(at_uses(finding, table));
    }
}
