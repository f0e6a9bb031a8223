//! AL002: an alias that expands to nothing.

use super::alias_tables;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::syntax::alias_value::parse_alias_value;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "AL002",
    name: "empty-alias",
    family: Family::Aliases,
    severity: Severity::Error,
    summary: "an alias without any destination",
    why: "postalias stores it, but local(8) finds no destination and defers the mail until it is too old.",
    example: "joe: (on leave)\n",
    remedy: "Name a destination, or remove the alias; /dev/null throws mail away.",
    fix: None,
    link: "https://www.postfix.org/aliases.5.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    for table in alias_tables(site) {
        let Some(entries) = &table.entries else { continue };
        for entry in entries.all() {
            let value = entries.value(entry);
            // Something that begins like a word is one.
            if value.first().is_some_and(u8::is_ascii_alphanumeric) || !parse_alias_value(value).destinations.is_empty()
            {
                continue;
            }
            let Some((source, text)) = table.text_of(entry) else { continue };
            let name = String::from_utf8_lossy(entries.key(entry));
            findings.push(
                Finding::new(&RULE, format!("the alias {name} has no destination"))
                    .at(source, text.value_span(), "nothing that mail could go to")
                    .help(RULE.remedy),
            );
        }
    }
}
