//! MAP007: one file named both as aliases and as a `key value` table.

use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::uses::at_uses;
use crate::syntax::table_line::TableForm;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MAP007",
    name: "two-compilers",
    family: Family::Maps,
    severity: Severity::Warning,
    summary: "one file named both as aliases and as a `key value` table",
    why: "alias_maps and alias_database need `name: value` lines and postalias, all other tables `key value` lines and postmap: \
          the file can be right for one of them only.",
    example: "alias_maps = lmdb:/etc/postfix/virtual\nvirtual_alias_maps = lmdb:/etc/postfix/virtual\n",
    remedy: "Give each use a file of its own.",
    fix: None,
    link: "https://www.postfix.org/postmap.1.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    for table in &site.tables {
        let aliases = table.named.uses.iter().filter(|named| named.form == TableForm::Aliases);
        let others: Vec<_> = table.named.uses.iter().filter(|named| named.form == TableForm::KeyValue).collect();
        let aliases: Vec<_> = aliases.collect();
        // local_recipient_maps holds alias_maps by default, to look for names only.
        let only_names = |parameter: &str| parameter.ends_with("local_recipient_maps");
        if aliases.is_empty() || others.iter().all(|named| only_names(&named.parameter)) {
            continue;
        }
        let message = format!(
            "{} is compiled for {} and cannot serve {} too",
            table.named.reference,
            aliases[0].parameter,
            others.iter().find(|named| !only_names(&named.parameter)).map_or("", |named| &named.parameter),
        );
        findings.push(at_uses(Finding::new(&RULE, message).help(RULE.remedy), table));
    }
}
