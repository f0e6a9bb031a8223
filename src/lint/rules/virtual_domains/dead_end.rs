//! VT005: a virtual alias that leads to an address of a virtual alias domain that has no entry.

use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::virtual_aliases::VirtualAliases;
use crate::syntax::alias_value::destinations;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "VT005",
    name: "dead-end",
    family: Family::Virtual,
    severity: Severity::Error,
    summary: "a virtual alias that leads to an address of a virtual alias domain that has no entry",
    why: "A virtual alias domain has no mailboxes: an address without an entry is an unknown user, so mail for the alias bounces, \
          whatever transport_maps says.",
    example: "virtual_alias_domains = example.com\n",
    remedy: "Correct the address, or give it an entry of its own.",
    fix: None,
    link: "https://www.postfix.org/virtual.5.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let aliases = VirtualAliases::of(site);
    let domains = site.domains();
    let Some(list) = domains.list("virtual_alias_domains") else { return };
    let rewriting = ["canonical_maps", "recipient_canonical_maps", "relocated_maps"];
    // What is not known may hold the entry, or send the mail elsewhere.
    let known = aliases.tables.complete
        && list.complete
        && rewriting.iter().all(|parameter| site.expanded(parameter).is_empty());
    if !known || list.named.is_empty() {
        return;
    }
    for (table, entries, entry) in aliases.tables.all() {
        for address in destinations(entries.value(entry)) {
            let Some(at) = memchr::memrchr(b'@', &address).filter(|&at| at > 0) else { continue };
            let domain = &address[at + 1..];
            let is_dead = list.find(domain).is_some()
                && domains.list("mydestination").is_none_or(|local| local.find(domain).is_none())
                && aliases.ends_at(&address);
            if !is_dead {
                continue;
            }
            let Some((source, text)) = table.text_of(entry) else { continue };
            let shown = String::from_utf8_lossy(&address);
            // Mail may be meant to end here for now.
            let (what, severity) = match aliases.find(&address) {
                None => ("its virtual alias domain has no entry for it", RULE.severity),
                Some(_) => ("its entry names itself, and a virtual alias domain has no mailboxes", Severity::Warning),
            };
            findings.push(
                Finding::new(&RULE, format!("{shown} is unknown: {what}"))
                    .severity(severity)
                    .at(source, text.value_span(), "mail that comes here bounces")
                    .help(RULE.remedy),
            );
        }
    }
}
