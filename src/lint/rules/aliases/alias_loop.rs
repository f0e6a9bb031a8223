//! AL001: aliases that lead back to themselves.

use super::alias_tables;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::cycles::cycles;
use crate::syntax::alias_value::{DestinationKind, parse_alias_value};

/// The declaration.
pub static RULE: Rule = Rule {
    code: "AL001",
    name: "alias-loop",
    family: Family::Aliases,
    severity: Severity::Error,
    summary: "aliases that lead back to themselves",
    why: "local(8) follows aliases until a limit ends it and then bounces the mail (`recipient nesting limit exceeded`). An alias \
          that names itself is no loop: there the user of that name is meant.",
    example: "joe: jane\njane: joe\n",
    remedy: "Take one of the names out.",
    fix: None,
    link: "https://www.postfix.org/aliases.5.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let locals = site.domains().list("mydestination");
    let is_local = |domain: &[u8]| locals.is_some_and(|list| list.find(&domain.to_ascii_lowercase()).is_some());
    // A name alone is one at myorigin. Of a file by itself nothing is known but that.
    let origin_is_local = !site.is_whole || is_local(&site.expanded("myorigin"));
    for table in alias_tables(site) {
        let Some(entries) = &table.entries else { continue };
        let next = |number: usize| {
            let Some(entry) = entries.all().get(number) else { return Vec::new() };
            let mut targets = Vec::new();
            for destination in parse_alias_value(entries.value(entry)).destinations {
                let DestinationKind::Address { localpart, domain } = destination.kind else { continue };
                if domain.map_or(origin_is_local, |domain| is_local(&domain)) {
                    targets.extend(table.find(&localpart.to_ascii_lowercase()).map(|(number, _)| number));
                }
            }
            targets
        };
        for cycle in cycles(entries.all().len(), next) {
            let members: Vec<_> = cycle.iter().filter_map(|&number| entries.all().get(number)).collect();
            let names: Vec<_> = members.iter().map(|entry| String::from_utf8_lossy(entries.key(entry))).collect();
            let Some(first) = names.first() else { continue };
            let mut finding = Finding::new(&RULE, format!("aliases in a circle: {} -> {first}", names.join(" -> ")));
            for (at, entry) in members.iter().enumerate().take(2) {
                let Some((source, text)) = table.text_of(entry) else { continue };
                let label = if at == 0 { "mail for this alias bounces" } else { "leads back" };
                finding = finding.at(source, text.key_span().cover(text.value_span()), label);
            }
            findings.push(finding.help(RULE.remedy));
        }
    }
}
