//! VT001: a domain in virtual_alias_maps that is declared nowhere, though it looks as if it were meant to be.

use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::domains::LISTS;
use crate::lint::site::{LoadedSite, Table};
use crate::maps::compile::Entry;
use std::collections::HashSet;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "VT001",
    name: "undeclared-domain",
    family: Family::Virtual,
    severity: Severity::Warning,
    summary: "a virtual alias of a domain that is declared nowhere but almost is, or a declaration that has no effect",
    why: "Mail from outside for a domain that is in no list is not accepted, so its aliases serve local senders only. That can be \
          meant; it is not if the domain differs from a declared one by a slip, or is declared in a table that virtual_alias_domains \
          does not name.",
    example: "virtual_alias_domains = example.org\nvirtual_alias_maps = inline:{info@exmaple.org=joe}\n",
    remedy: "Correct the domain, or add it to virtual_alias_domains.",
    fix: None,
    link: "https://www.postfix.org/virtual.5.html",
};

/// A table with so many unknown domains rewrites mail for others: nothing is said.
const MOST: usize = 20;

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let lists = site.domains();
    if !lists.complete() || !site.is_whole {
        return;
    }
    let aliases = site.tables_of("virtual_alias_maps");
    let is_declared = |domain: &[u8]| lists.lists.iter().any(|list| list.find(domain).is_some());
    let mut seen: HashSet<&[u8]> = HashSet::new();
    let mut last: &[u8] = b"";
    let mut unknown: Vec<(&Table, &Entry, &[u8], bool)> = Vec::new();
    for (table, entries, entry) in aliases.all() {
        let key = entries.key(entry);
        let (domain, is_declaration) = match memchr::memrchr(b'@', key) {
            Some(at) => (&key[at + 1..], false),
            // A name with a dot is a user's more often than not, unless the value means nothing.
            None if memchr::memchr(b'.', key).is_some() && means_nothing(entries.value(entry)) => (key, true),
            None => continue,
        };
        // Neighbours are of one domain more often than not.
        if domain == last || !seen.insert(domain) {
            continue;
        }
        last = domain;
        if !is_declared(domain) {
            unknown.push((table, entry, domain, is_declaration));
        }
    }
    if unknown.len() > MOST {
        return;
    }
    for (table, entry, domain, is_declaration) in unknown {
        let shown = String::from_utf8_lossy(domain).into_owned();
        let declared = lists.lists.iter().flat_map(|list| &list.named).map(|named| named.domain.as_slice());
        let similar = declared.filter(|known| is_slip(domain, known)).min();
        let (message, help) = match (similar, is_declaration) {
            (_, true) => (
                format!("{shown} is not declared by this entry: virtual_alias_domains does not name this table"),
                format!("add {shown} to virtual_alias_domains"),
            ),
            (Some(similar), false) => (
                format!("{shown} is in none of {} and {}", LISTS[..3].join(", "), LISTS[3]),
                format!("did you mean {}? Else add {shown} to virtual_alias_domains", String::from_utf8_lossy(similar)),
            ),
            (None, false) => continue,
        };
        let Some((source, text)) = table.text_of(entry) else { continue };
        findings.push(Finding::new(&RULE, message).at(source, text.key_span(), "declared nowhere").help(help));
    }
}

/// What people write behind a domain that an entry is to declare, since something must stand there.
fn means_nothing(value: &[u8]) -> bool {
    const WORDS: [&str; 9] = ["anything", "whatever", "dummy", "virtual", "ok", "x", "-", "1", "domain"];
    WORDS.iter().any(|word| value.eq_ignore_ascii_case(word.as_bytes()))
}

/// Whether one letter too many or too few, or two that changed places, make one name of the other.
fn is_slip(one: &[u8], other: &[u8]) -> bool {
    // Short names are often meant to be alike.
    if one.len() < 8 || one.len().abs_diff(other.len()) > 1 {
        return false;
    }
    let same = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let (one, other) = (&one[same..], &other[same..]);
    let is_letter = |text: &[u8]| text.first().is_some_and(u8::is_ascii_alphabetic);
    match (one, other) {
        // `example.net` and `example.ne` differ as domains do.
        ([], _) | (_, []) => false,
        _ if !is_letter(one) || !is_letter(other) => false,
        _ if one.len() > other.len() => one[1..] == *other,
        _ if one.len() < other.len() => *one == other[1..],
        _ => one.len() > 1 && one[0] == other[1] && one[1] == other[0] && one[2..] == other[2..],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips() {
        let cases = [
            ("exmaple.org", "example.org", true),
            ("exampl.org", "example.org", false),
            ("exaple.org", "example.org", true),
            ("exammple.org", "example.org", true),
            ("example.org", "example.net", false),
            ("example.com", "example.co", false),
            ("mail1.example.org", "mail2.example.org", false),
            ("x.org", "xy.org", false),
            ("lists.example.org", "list.example.org", false),
        ];
        for (one, other, expected) in cases {
            assert_eq!(is_slip(one.as_bytes(), other.as_bytes()), expected, "{one} {other}");
        }
    }
}
