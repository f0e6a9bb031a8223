//! MAP008: a table of a type that can no longer be compiled.

use super::{at_uses, described};
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::Site;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MAP008",
    name: "unbuildable-type",
    family: Family::Maps,
    severity: Severity::Warning,
    summary: "a table of a type that needs Berkeley DB or another retired library",
    why: "Distributions have dropped Berkeley DB: where Postfix is built without it, `hash:` and `btree:` tables cannot be opened.",
    example: "virtual_alias_maps = hash:/etc/postfix/virtual\n",
    remedy: "Write lmdb: (or cdb:) instead and run `postwright build`.",
    fix: None,
    link: "https://www.postfix.org/postmap.1.html",
};

/// Looks for it.
pub fn check(site: &Site, findings: &mut Vec<Finding>) {
    for table in &site.tables {
        if table.named.is_cache()
            || !matches!(table.named.reference.map_type.as_str(), "hash" | "btree" | "dbm" | "sdbm")
        {
            continue;
        }
        let message = format!("{} cannot be compiled without Berkeley DB", described(table));
        findings.push(at_uses(Finding::new(&RULE, message).help(RULE.remedy), table));
    }
}
