//! VT020: an alias that leads to an address of a virtual mailbox domain that has no mailbox.

use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::virtual_aliases::VirtualAliases;
use crate::lint::site::{LoadedSite, TablesOf};
use crate::syntax::alias_value::destinations;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "VT020",
    name: "missing-mailbox",
    family: Family::Virtual,
    severity: Severity::Warning,
    summary: "an alias that leads to an address of a virtual mailbox domain that has no mailbox",
    why: "The SMTP server takes mail for the alias, since it is known; virtual(8) then finds nothing in virtual_mailbox_maps for what \
          the alias leads to, and the mail bounces (`unknown user`). An alias that leads to itself is no mailbox either.",
    example: "virtual_mailbox_domains = example.com\nvirtual_mailbox_maps = lmdb:/etc/postfix/mailboxes\n",
    remedy: "Correct the address, or give it a mailbox in virtual_mailbox_maps.",
    fix: None,
    link: "https://www.postfix.org/VIRTUAL_README.html",
};

/// Lists that may hold the domain before virtual_mailbox_domains does.
const FIRST: [&str; 2] = ["mydestination", "virtual_alias_domains"];

/// What may send mail for an address elsewhere before it comes to the mailboxes.
const REWRITING: [&str; 3] = ["canonical_maps", "recipient_canonical_maps", "relocated_maps"];

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let domains = site.domains();
    let Some(ours) = domains.list("virtual_mailbox_domains").filter(|list| !list.named.is_empty()) else { return };
    let (aliases, mailboxes) = (VirtualAliases::of(site), site.tables_of("virtual_mailbox_maps"));
    let transports = site.tables_of("transport_maps");
    let first: Vec<_> = FIRST.iter().filter_map(|list| domains.list(list)).collect();
    let known = aliases.tables.complete
        && (mailboxes.complete && !mailboxes.tables.is_empty())
        && transports.complete
        && first.iter().all(|list| list.complete)
        && REWRITING.iter().all(|parameter| site.expanded(parameter).is_empty());
    // What is behind another transport may know more mailboxes.
    if !known || site.expanded("virtual_transport").split(|&byte| byte == b':').next() != Some(b"virtual") {
        return;
    }
    let delimiters = site.expanded("recipient_delimiter");
    let local = site.tables_of("alias_maps");
    for (table, entries, entry) in aliases.tables.all().chain(local.all()) {
        for address in destinations(entries.value(entry)) {
            let Some(at) = memchr::memrchr(b'@', &address).filter(|&at| at > 0) else { continue };
            let (name, domain) = (&address[..at], &address[at + 1..]);
            let is_missing = ours.find(domain).is_some()
                && first.iter().all(|list| list.find(domain).is_none())
                && !is_known(&mailboxes, name, domain, &delimiters)
                && !is_known(&transports, name, domain, &delimiters)
                && !is_domain_of(&transports, domain)
                && aliases.ends_at(&address);
            if !is_missing {
                continue;
            }
            let Some((source, text)) = table.text_of(entry) else { continue };
            let shown = String::from_utf8_lossy(&address);
            findings.push(
                Finding::new(&RULE, format!("{shown} has no mailbox in virtual_mailbox_maps"))
                    .at(source, text.value_span(), "mail that comes here bounces")
                    .help(RULE.remedy),
            );
        }
    }
}

/// Whether tables hold an address, with or without its extension, or its domain as a catch-all.
fn is_known(tables: &TablesOf<'_>, name: &[u8], domain: &[u8], delimiters: &[u8]) -> bool {
    let plain = name.iter().skip(1).position(|byte| delimiters.contains(byte)).map_or(name, |at| &name[..=at]);
    [name, plain, b""].iter().any(|local| tables.find(&[local, &b"@"[..], domain].concat()).is_some())
}

/// Whether tables hold a domain, one above it, or all.
fn is_domain_of(tables: &TablesOf<'_>, domain: &[u8]) -> bool {
    let above = memchr::memchr_iter(b'.', domain).flat_map(|at| [&domain[at..], &domain[at + 1..]]);
    std::iter::once(domain).chain(above).chain([&b"*"[..]]).any(|key| tables.find(key).is_some())
}
