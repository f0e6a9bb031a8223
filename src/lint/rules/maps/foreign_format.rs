//! MAP019: an LMDB file that the library of the system does not open.

use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::uses::{at_uses, described};
use crate::maps::lmdb::mismatch;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MAP019",
    name: "foreign-format",
    family: Family::Maps,
    severity: Severity::Error,
    summary: "an LMDB file in a format that the system's library does not open",
    why: "LMDB 0.9 writes files of data version 1 and LMDB 1.0 those of data version 3, and neither opens the files of the other: \
          Postfix says MDB_INVALID of the table, and so does its postmap that is to make it anew, until somebody removes the file.",
    example: "# with lmdb_format = \"1.0\" in postwright.toml, or a profile with that library\n\
              virtual_alias_maps = lmdb:/etc/postfix/virtual\n",
    remedy: "Run `postwright build`; where there is no source, `postwright migrate lmdb`.",
    fix: None,
    link: "https://www.postfix.org/LMDB_README.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let Some(reads) = site.configuration.platform.wanted_lmdb_format() else { return };
    for table in &site.tables {
        let Some((path, has)) = &table.foreign else { continue };
        let message = format!("{}: {} is {}", described(table), path.display(), mismatch(*has, reads));
        let help = match (table.named.is_cache(), &table.source) {
            (true, _) => "Postfix makes it anew: remove it, or run `postwright migrate lmdb`",
            (_, Some(Err(_))) => "there is no source: run `postwright migrate lmdb`",
            _ => "run `postwright build`",
        };
        // What is built there next may be in the right one.
        let severity = if site.is_checkout() { Severity::Warning } else { RULE.severity };
        findings.push(at_uses(Finding::new(&RULE, message).severity(severity).help(help), table));
    }
}
