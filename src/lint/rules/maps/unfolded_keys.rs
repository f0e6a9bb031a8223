//! MAP030: an indexed file with keys that are not in lower case, which nothing finds.

use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::uses::{at_uses, described};

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MAP030",
    name: "unfolded-keys",
    family: Family::Maps,
    severity: Severity::Error,
    summary: "an indexed file with keys that are not in lower case",
    why: "Postfix looks keys up in lower case, so that it never finds them: mail for such an address bounces, and nothing is said. \
          Postfix's postmap and postalias store all keys of a table as they are written once an LMDB file outgrows lmdb_map_size \
          while they compile it (seen with 3.7.11 and 3.11.7), and so does postmap -f.",
    example: "virtual_alias_maps = lmdb:/etc/postfix/virtual\n",
    remedy: "Run `postwright build`, or raise lmdb_map_size and compile the table anew.",
    fix: None,
    link: "https://www.postfix.org/lmdb_table.5.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    for table in &site.tables {
        let Some((path, state)) = &table.index else { continue };
        let Some(keys) = state.unsound_keys().filter(|keys| keys.unfolded() > 0) else { continue };
        let samples: Vec<_> = keys.samples().iter().map(|key| String::from_utf8_lossy(key)).collect();
        let (what, more) = match keys.unfolded() {
            1 => ("1 key is".to_string(), ""),
            count => (format!("{count} keys are"), if count > samples.len() as u64 { ", …" } else { "" }),
        };
        let message = format!(
            "{}: {}: {what} not in lower case and never found: {}{more}",
            described(table),
            path.display(),
            samples.join(", ")
        );
        findings.push(at_uses(Finding::new(&RULE, message).help(RULE.remedy), table));
    }
}
