//! VT002: a catch-all in virtual_alias_maps that hides mailboxes or aliases of its domain.

use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use std::collections::HashMap;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "VT002",
    name: "hiding-catch-all",
    family: Family::Virtual,
    severity: Severity::Warning,
    summary: "a catch-all `@domain` that takes the mail of mailboxes in that domain",
    why: "virtual_alias_maps are asked for every recipient before anything is delivered, so `@domain` takes all mail of the domain \
          but for addresses that have an entry of their own: mailboxes get nothing.",
    example: "@example.com  info@example.com\n",
    remedy: "Give each mailbox an entry that names itself, such as `joe@example.com joe@example.com`.",
    fix: None,
    link: "https://www.postfix.org/virtual.5.html",
};

/// What a catch-all takes.
struct Taken {
    count: usize,
    first: String,
}

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let aliases = site.tables_of("virtual_alias_maps");
    let mut catch_alls = Vec::new();
    let mut by_domain: HashMap<&[u8], Option<Taken>> = HashMap::new();
    for (table, entries, entry) in aliases.all() {
        if let Some(domain) = entries.key(entry).strip_prefix(b"@") {
            // What it names itself stays where it is.
            if entries.value(entry).eq_ignore_ascii_case(entries.key(entry)) {
                continue;
            }
            catch_alls.push((table, entry, domain));
            by_domain.insert(domain, None);
        }
    }
    // Entries of other types of tables may keep mailboxes visible.
    if catch_alls.is_empty() || !aliases.complete {
        return;
    }
    let mailboxes = site.tables_of("virtual_mailbox_maps");
    let lists = site.domains();
    let Some(virtual_domains) = lists.list("virtual_mailbox_domains") else { return };
    for (_, entries, entry) in mailboxes.all() {
        let key = entries.key(entry);
        let Some(at) = memchr::memrchr(b'@', key).filter(|&at| at > 0) else { continue };
        let Some(taken) = by_domain.get_mut(&key[at + 1..]) else { continue };
        if virtual_domains.find(&key[at + 1..]).is_none() || aliases.find(key).is_some() {
            continue;
        }
        let taken = taken.get_or_insert_with(|| Taken { count: 0, first: String::from_utf8_lossy(key).into_owned() });
        taken.count += 1;
    }
    for (table, entry, domain) in catch_alls {
        let Some(Some(taken)) = by_domain.get(domain) else { continue };
        let Some((source, text)) = table.text_of(entry) else { continue };
        let shown = String::from_utf8_lossy(domain);
        let others = match taken.count {
            1 => String::new(),
            2 => " and of one other mailbox".into(),
            count => format!(" and of {} other mailboxes", count - 1),
        };
        let message = format!("@{shown} takes the mail of {}{others}", taken.first);
        let help = format!("give each mailbox an entry of its own: {} {}", taken.first, taken.first);
        findings
            .push(Finding::new(&RULE, message).at(source, text.key_span(), "takes all mail of the domain").help(help));
    }
}
