//! VT003: virtual aliases that lead back to themselves.

use super::VirtualAliases;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::rules::cycles::cycles;
use crate::lint::site::Site;
use crate::syntax::alias_value::destinations;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "VT003",
    name: "virtual-alias-loop",
    family: Family::Virtual,
    severity: Severity::Error,
    summary: "virtual aliases that lead back to themselves",
    why: "Postfix expands such an alias until a limit (virtual_alias_recursion_limit or virtual_alias_expansion_limit) ends it, and \
          does not accept the message. An alias that names itself among others is no loop: it ends there.",
    example: "a@example.com b@example.com\nb@example.com a@example.com\n",
    remedy: "Take one of the addresses out, or let the last one name itself.",
    fix: None,
    link: "https://www.postfix.org/virtual.5.html",
};

/// Looks for it.
pub fn check(site: &Site, findings: &mut Vec<Finding>) {
    let aliases = VirtualAliases::of(site);
    // Entries are numbered over all tables.
    let mut starts = Vec::new();
    let mut count = 0;
    for table in &aliases.tables.tables {
        starts.push(count);
        count += table.entries.as_ref().map_or(0, |entries| entries.all().len());
    }
    let entry_at = |number: usize| {
        let at = starts.partition_point(|&start| start <= number).checked_sub(1)?;
        let table = *aliases.tables.tables.get(at)?;
        let entries = table.entries.as_ref()?;
        Some((table, entries, entries.all().get(number - starts[at])?))
    };
    let number_of = |key: &[u8]| {
        aliases.tables.tables.iter().zip(&starts).find_map(|(table, start)| Some(start + table.find(key)?.0))
    };
    let next = |number: usize| {
        let Some((_, entries, entry)) = entry_at(number) else { return Vec::new() };
        let key = entries.key(entry);
        // Of catch-alls only chains are followed that keep the local part, so that no one address need break them.
        let is_catch_all = key.first() == Some(&b'@');
        let mut targets = Vec::new();
        for address in destinations(entries.value(entry)) {
            let (name, domain) = aliases.split(&address);
            let itself = &*address == key
                || (memchr::memchr(b'@', key).is_none() && name == key && aliases.is_local(domain))
                || (name.is_empty() && memchr::memrchr(b'@', key).is_some_and(|at| key[at + 1..] == *domain));
            if itself {
                return Vec::new();
            }
            let target = if is_catch_all {
                if name.is_empty() { number_of(&address) } else { None }
            } else if name.is_empty() {
                let local = memchr::memrchr(b'@', key).map_or(key, |at| &key[..at]);
                number_of(&[local, b"@", domain].concat())
            } else {
                number_of(&[name, b"@", domain].concat())
                    .or_else(|| if aliases.is_local(domain) { number_of(name) } else { None })
            };
            targets.extend(target);
        }
        targets
    };
    for cycle in cycles(count, next) {
        let keys: Vec<String> = cycle
            .iter()
            .filter_map(|&number| entry_at(number).map(|(_, entries, entry)| entries.key(entry)))
            .map(|key| String::from_utf8_lossy(key).into_owned())
            .collect();
        let Some(first) = keys.first() else { continue };
        let mut finding = Finding::new(&RULE, format!("virtual aliases in a circle: {} -> {first}", keys.join(" -> ")));
        for (at, &number) in cycle.iter().enumerate().take(2) {
            let Some((table, _, entry)) = entry_at(number) else { continue };
            let Some((source, text)) = table.text_of(entry) else { continue };
            let label = if at == 0 { "mail for this address is not accepted" } else { "leads back" };
            finding = finding.at(source, text.key_span().cover(text.value_span()), label);
        }
        findings.push(finding.help(RULE.remedy));
    }
}
