//! MAP012: an index beside a pattern table.

use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::uses::at_uses;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MAP012",
    name: "compiled-patterns",
    family: Family::Maps,
    severity: Severity::Warning,
    summary: "an indexed file beside a regexp, pcre or cidr table",
    why: "Pattern tables are read as they are; postmap made an index of them as if the patterns were keys, which nothing reads. \
          Who thinks that postmap puts changes into force waits in vain: daemons read the table when they start.",
    example: "smtpd_client_restrictions = check_client_access cidr:/etc/postfix/clients\n",
    remedy: "Remove the indexed file, and run `postfix reload` after changes instead of postmap.",
    fix: None,
    link: "https://www.postfix.org/DATABASE_README.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    for table in &site.tables {
        if table.named.reference.pattern_form().is_none() || !matches!(table.source, Some(Ok(_))) {
            continue;
        }
        let name = &table.named.reference.name;
        // The file may be named as a table of another type too, which needs its index.
        let is_compiled = site.tables.iter().any(|other| other.named.reference.name == *name && other.index.is_some());
        let found = [".lmdb", ".cdb", ".db"].into_iter().map(|suffix| site.paths.resolve_index(name, suffix));
        for path in found.filter(|path| !is_compiled && path.is_file()) {
            let message = format!("{} is read as it is: {} has no use", table.named.reference, path.display());
            findings.push(at_uses(Finding::new(&RULE, message).help(RULE.remedy), table));
        }
    }
}
