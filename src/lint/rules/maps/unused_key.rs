//! MAP015: a key that no lookup asks for.

use crate::config::catalogue::{self, Kind};
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::restriction_lists::{StepKind, restriction_list, smtp_servers, walk};
use crate::lint::site::uses::written_uses;
use crate::lint::site::{LoadedSite, Table};
use crate::syntax::match_list::split_list;
use std::collections::HashMap;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MAP015",
    name: "unused-key",
    family: Family::Maps,
    severity: Severity::Warning,
    summary: "a key of an access or address table that no lookup asks for",
    why: "Postfix cuts what it looks for into keys in a fixed order, such as user@domain, then the domain and those above it: a key of \
          another form is never found, and the entry has no effect.",
    example: "@bad.example REJECT\n",
    remedy: "Write the key in a form that the table is asked for.",
    fix: None,
    link: "https://www.postfix.org/access.5.html",
};

/// What a table is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    /// A sender or recipient, by access(5): `user@domain`, the domain and those above, `user@`.
    AccessAddress,
    /// A client, by access(5): its name and the domains above, its address and the networks around it.
    AccessClient,
    /// A host name, by access(5).
    AccessHost,
    /// An address, as virtual(5) and canonical(5) say: `user@domain`, `user`, `@domain`.
    Address,
    /// A sender: `user@domain`, `@domain`.
    Sender,
    /// The nexthop of a TLS connection.
    Nexthop,
}

/// Parameters whose tables are asked for addresses.
const ADDRESS: [&str; 9] = [
    "virtual_alias_maps",
    "canonical_maps",
    "sender_canonical_maps",
    "recipient_canonical_maps",
    "smtp_generic_maps",
    "lmtp_generic_maps",
    "sender_bcc_maps",
    "recipient_bcc_maps",
    "relocated_maps",
];
/// Parameters whose tables are asked for senders.
const SENDER: [&str; 2] = ["sender_dependent_relayhost_maps", "sender_dependent_default_transport_maps"];
/// Parameters whose tables are asked for nexthops.
const NEXTHOP: [&str; 2] = ["smtp_tls_policy_maps", "lmtp_tls_policy_maps"];

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let by_restriction = by_restriction(site);
    let by_parents = site.expanded("parent_domain_matches_subdomains");
    let by_parents = split_list(&by_parents).into_iter().any(|range| &by_parents[range] == b"smtpd_access_maps");
    for table in &site.tables {
        // A file of another form has a finding of its own.
        let Some(entries) = table.entries.as_ref().filter(|_| table.named.reference.map_type != "inline") else {
            continue;
        };
        let Some(asked) = asked_of(site, table, &by_restriction) else { continue };
        for entry in entries.all() {
            let key = entries.key(entry);
            let mut whys = asked.iter().map(|asked| why_unused(*asked, key, by_parents));
            // One lookup that asks for it is enough.
            let Some(Some((why, help))) = whys.next() else { continue };
            if whys.any(|why| why.is_none()) {
                continue;
            }
            let Some((source, text)) = table.text_of(entry) else { continue };
            let message = format!("nothing is looked up as {}", String::from_utf8_lossy(key));
            findings.push(Finding::new(&RULE, message).at(source, text.key_span(), why).help(help));
        }
    }
}

/// What each table of a restriction is asked for, by `type:name`.
fn by_restriction(site: &LoadedSite) -> HashMap<String, Vec<Asked>> {
    let mut found: HashMap<String, Vec<Asked>> = HashMap::new();
    for service in smtp_servers(site) {
        for list in catalogue::restriction_lists() {
            let steps = restriction_list(site, list.parameter, service);
            walk(site, &steps, service, &mut |step, _| {
                let (name, table) = match (step.kind, &step.argument) {
                    (StepKind::Table, _) => (list.bare_table.unwrap_or_default(), Some(&step.word)),
                    (_, argument) => (step.name(), argument.as_ref()),
                };
                let asked = match name {
                    "check_sender_access" | "check_recipient_access" | "check_etrn_access" => {
                        Some(Asked::AccessAddress)
                    }
                    "check_client_access" | "check_client_a_access" => Some(Asked::AccessClient),
                    "check_helo_access" | "check_reverse_client_hostname_access" => Some(Asked::AccessHost),
                    _ => None,
                };
                if let (Some(asked), Some(table)) = (asked, table) {
                    let table = table.strip_prefix("proxy:").unwrap_or(table);
                    found.entry(table.to_string()).or_default().push(asked);
                }
                false
            });
        }
    }
    found
}

/// All that a table is asked for; nothing if one use is not known.
fn asked_of(site: &LoadedSite, table: &Table, by_restriction: &HashMap<String, Vec<Asked>>) -> Option<Vec<Asked>> {
    let mut asked = Vec::new();
    for named in written_uses(table) {
        let parameter = named.parameter.as_str();
        match parameter {
            _ if ADDRESS.contains(&parameter) => asked.push(Asked::Address),
            _ if SENDER.contains(&parameter) => asked.push(Asked::Sender),
            _ if NEXTHOP.contains(&parameter) => asked.push(Asked::Nexthop),
            _ if catalogue::parameter(parameter).is_none_or(|known| known.kind == Kind::RestrictionList)
                && site.is_whole =>
            {
                asked.extend(by_restriction.get(&table.named.reference.to_string())?);
            }
            _ => return None,
        }
    }
    Some(asked)
}

/// Why a key is never asked for, and what to write.
fn why_unused(asked: Asked, key: &[u8], by_parents: bool) -> Option<(String, String)> {
    let key = std::str::from_utf8(key).ok()?;
    let told = |why: &str, help: String| Some((why.to_string(), help));
    if key.len() > 2 && key.starts_with('/') && key.ends_with('/') {
        return told("this type of table knows no patterns", "put patterns in a regexp: or pcre: table".to_string());
    }
    let domain = key.rsplit_once('@').map(|(_, domain)| domain);
    if let Some(domain) = key.strip_prefix("*@").or_else(|| key.strip_prefix("*.")) {
        let help = match asked {
            Asked::Address | Asked::Sender if key.starts_with("*@") => format!("write @{domain}"),
            _ if key.starts_with("*@") || by_parents && asked != Asked::Nexthop => format!("write {domain}"),
            _ => format!("write .{domain}"),
        };
        return told("a * is no wildcard here", help);
    }
    match asked {
        Asked::AccessAddress | Asked::AccessClient | Asked::AccessHost => {
            if let Some(domain) = key.strip_prefix('@') {
                return told("asked for user@domain and for domain, without @", format!("write {domain}"));
            }
            if let Some(domain) = key.strip_prefix('.').filter(|domain| by_parents && !domain.is_empty()) {
                let why = "parent_domain_matches_subdomains names smtpd_access_maps: asked for without the dot";
                return told(why, format!("write {domain}, which stands for the domains below it too"));
            }
            if asked == Asked::AccessClient {
                return client(key);
            }
            if domain.is_none() && asked == Asked::AccessAddress {
                if key.starts_with(|first: char| first.is_ascii_digit()) && key.contains('/') {
                    return told("senders and recipients are no networks", RULE.remedy.to_string());
                }
                // A domain of one word is rare; a user's name is what was meant.
                if !key.contains(['.', '<', '[', ':']) && key != "localhost" && !key.is_empty() {
                    return told("asked for as a domain only", format!("write {key}@ for that user in every domain"));
                }
            }
            None
        }
        Asked::Sender => {
            let is_plain = domain.is_none() && key.contains('.') && !key.starts_with('<');
            let help = || format!("write @{}", key.trim_start_matches('.'));
            if is_plain { told("asked for user@domain and for @domain", help()) } else { None }
        }
        Asked::Address => {
            let dotted = key.strip_prefix('.').filter(|rest| rest.contains('.'));
            dotted
                .and_then(|_| told("domains below another one have no key here", "name each domain, as @domain".into()))
        }
        Asked::Nexthop => domain
            .and_then(|domain| told("asked for the nexthop, which is a domain or a host", format!("write {domain}"))),
    }
}

/// The same for a table that is asked for clients.
fn client(key: &str) -> Option<(String, String)> {
    let told = |why: &str, help: String| Some((why.to_string(), help));
    if key.contains('@') {
        return told(
            "clients are hosts and networks, no addresses of mail",
            "use check_sender_access for senders".into(),
        );
    }
    if let Some(inside) = key.strip_prefix('[') {
        let bare = inside.split_once(']').map_or(inside, |(bare, _)| bare);
        return told("addresses of clients are asked for without brackets", format!("write {bare}"));
    }
    if key.contains('/') {
        return told("networks with a prefix length are for cidr: tables", "put networks in a cidr: table".into());
    }
    let bare = key.strip_suffix('.').or_else(|| key.strip_suffix(':'))?;
    (!bare.is_empty() && !bare.ends_with(':'))
        .then(|| ("asked for without a dot or colon at the end".to_string(), format!("write {bare}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As access(5), virtual(5) and the others list the keys, and Postfix 3.11 asks for them.
    #[test]
    fn keys_that_nothing_asks_for() {
        use Asked::*;
        let cases = [
            (AccessAddress, "joe@example.com", ""),
            (AccessAddress, "joe@", ""),
            (AccessAddress, "example.com", ""),
            (AccessAddress, "<>", ""),
            (AccessAddress, "@example.com", "write example.com"),
            (AccessAddress, "*@example.com", "write example.com"),
            (AccessAddress, ".example.com", "write example.com, which stands for the domains below it too"),
            (AccessAddress, "bob", "write bob@ for that user in every domain"),
            (AccessClient, "192.0.2", ""),
            (AccessClient, "192.0.2.", "write 192.0.2"),
            (AccessClient, "192.0.2.0/24", "put networks in a cidr: table"),
            (AccessClient, "[2001:db8::1]", "write 2001:db8::1"),
            (AccessClient, "2001:db8", ""),
            (AccessHost, "*.example.com", "write example.com"),
            (Address, "@example.com", ""),
            (Address, "joe.bloggs", ""),
            (Address, "*@example.com", "write @example.com"),
            (Address, "/.+/", "put patterns in a regexp: or pcre: table"),
            (Address, ".example.com", "name each domain, as @domain"),
            (Sender, "@example.com", ""),
            (Sender, "example.com", "write @example.com"),
            (Nexthop, "[mail.example.com]:587", ""),
            (Nexthop, ".example.com", ""),
            (Nexthop, "@example.com", "write example.com"),
            (Nexthop, "*.example.com", "write .example.com"),
        ];
        for (asked, key, expected) in cases {
            let help = why_unused(asked, key.as_bytes(), true).map_or_else(String::new, |(_, help)| help);
            assert_eq!(help, expected, "{asked:?} {key}");
        }
    }
}
