//! Class files and their members: local-host-names, relay-domains, trusted-users and their kin.

use super::draft::{Draft, escaped};
use super::old_site::{Name, OldSite};
use super::report::{Origin, Verdict};
use super::settings::{Class, Flag};
use std::collections::HashSet;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Domains whose mail is for users of this host.
pub const LOCAL_DOMAINS: &str = "local-host-names";
/// Domains that mail is relayed to.
pub const RELAY_DOMAINS: &str = "relay-domains";
/// Domains that live from the virtual table alone.
pub const VIRTUAL_DOMAINS: &str = "virtual-domains";
/// Clients that may relay, by name.
pub const RELAY_CLIENTS: &str = "relay_clients";
/// The same, names that must match as a whole.
pub const RELAY_CLIENT_NAMES: &str = "relay_client_names.pcre";

/// Whether the virtusertable has an `error:` for all of a domain that no other entry takes.
#[must_use]
pub fn ends_in_error(site: &OldSite, domain: &str) -> bool {
    site.catch_all(domain).is_some_and(|value| value.starts_with("error:"))
}

/// Carries the classes over.
pub fn carry(site: &OldSite, draft: &mut Draft) {
    for name in site.members(Class::Local) {
        let verdict = local(site, name, draft);
        told(name, verdict, draft);
    }
    for name in site.members(Class::VirtHost) {
        let verdict = virtual_host(site, name, draft);
        told(name, verdict, draft);
    }
    for name in site.members(Class::Relay) {
        let verdict = relay(site, name, draft);
        told(name, verdict, draft);
    }
    for name in site.members(Class::Trusted) {
        let to = "nothing: Postfix lets every user name another sender; authorized_submit_users limits who may send";
        told(name, Verdict::carried(to), draft);
    }
    for name in site.members(Class::LocalUser) {
        told(name, local_user(site), draft);
    }
    for name in site.members(Class::LdapRoute) {
        let why = "LDAP routing is not carried over";
        told(name, Verdict::decide(why, &["write ldap: tables for virtual_alias_maps and transport_maps"]), draft);
    }
    let domain = site.host.as_deref().and_then(|host| host.split_once('.')).map(|(_, domain)| domain);
    if let Some(domain) = domain.filter(|_| site.settings.has(Flag::RelayEntireDomain)) {
        draft.list(RELAY_DOMAINS, domain);
        draft.entry(RELAY_CLIENTS, domain, "OK");
    }
}

/// Reports a name that stands in a file; that of a configuration is reported with it.
fn told(name: &Name, verdict: Verdict, draft: &mut Draft) {
    if let Some(row) = &name.row {
        draft.told(row.line(verdict));
    }
}

fn local(site: &OldSite, name: &Name, draft: &mut Draft) -> Verdict {
    let domain = name.name.as_str();
    if let Some(verdict) = odd(domain) {
        return verdict;
    }
    if !domain.starts_with('[') {
        // Sendmail lets clients relay that have one of its own names.
        draft.pattern(RELAY_CLIENT_NAMES, format!("/^{}$/ OK", escaped(domain)));
    }
    if ends_in_error(site, domain) {
        draft.list(VIRTUAL_DOMAINS, domain);
        return Verdict::carried(format!(
            "{VIRTUAL_DOMAINS} (virtual_alias_domains): virtusertable takes every address of it, none falls to local users"
        ));
    }
    draft.list(LOCAL_DOMAINS, domain);
    Verdict::carried(match site.has_virtual_keys(domain) {
        false => format!("{LOCAL_DOMAINS} (mydestination)"),
        true => format!(
            "{LOCAL_DOMAINS} (mydestination, with virtual_alias_maps): what virtusertable has not falls to local users"
        ),
    })
}

/// What no list of domains should hold.
fn odd(domain: &str) -> Option<Verdict> {
    if domain.ends_with('.') {
        return Some(Verdict::carried("nothing: with a dot at its end Sendmail never finds it"));
    }
    if domain.starts_with('.') {
        return Some(Verdict::carried("nothing: with a dot at its start Sendmail never finds it"));
    }
    None
}

fn virtual_host(site: &OldSite, name: &Name, draft: &mut Draft) -> Verdict {
    let domain = name.name.as_str();
    if let Some(verdict) = odd(domain) {
        return verdict;
    }
    if site.is_local(domain) {
        return Verdict::carried(format!("{LOCAL_DOMAINS} (mydestination): it is in local-host-names too"));
    }
    if site.settings.has(Flag::VirtuserEntireDomain) {
        draft.list(RELAY_DOMAINS, domain);
        return Verdict::changed(format!(
            "{RELAY_DOMAINS} (relay_domains), with its subdomains: what the virtual table has not is relayed, as Sendmail does"
        ));
    }
    if site.catch_all(domain).is_some() {
        draft.list(VIRTUAL_DOMAINS, domain);
        return Verdict::carried(format!("{VIRTUAL_DOMAINS} (virtual_alias_domains)"));
    }
    draft.list(RELAY_DOMAINS, domain);
    Verdict::carried(format!(
        "{RELAY_DOMAINS} (relay_domains, with virtual_alias_maps): what virtusertable has not is relayed to its MX hosts"
    ))
}

fn relay(site: &OldSite, name: &Name, draft: &mut Draft) -> Verdict {
    let text = name.name.as_str();
    if text == "[unix:localhost]" || text == "localhost" {
        return Verdict::carried("nothing: this host may relay (mynetworks)");
    }
    if let Some(network) = network(text) {
        draft.element("mynetworks", &network, Some(&name.origin));
        return Verdict::carried(format!("main.cf: mynetworks, {network}"));
    }
    if let Some(verdict) = odd(text) {
        return verdict;
    }
    draft.entry(RELAY_CLIENTS, text, "OK");
    let to = if site.is_local(text) || draft.lists.get(VIRTUAL_DOMAINS).is_some_and(|names| names.has(text)) {
        format!("{RELAY_CLIENTS} (clients of that name may relay); mail to it is taken anyway")
    } else {
        draft.list(RELAY_DOMAINS, text);
        format!("{RELAY_DOMAINS} (relay_domains: mail to it), {RELAY_CLIENTS} (clients of that name)")
    };
    if site.settings.has(Flag::RelayHostsOnly) {
        return Verdict::changed(format!("{to}; subdomains too, which FEATURE(relay_hosts_only) left out"));
    }
    Verdict::carried(to)
}

fn local_user(site: &OldSite) -> Verdict {
    if site.settings.mail_hub.is_none() && site.settings.local_relay.is_none() {
        return Verdict::carried("nothing: without a hub all users are local");
    }
    Verdict::decide(
        "mail for this user stays on this host although a hub takes the others",
        &["mailbox_transport_maps with an entry for the user", "an alias on the hub"],
    )
}

/// What an address, or the start of one, covers, as mynetworks has it: `10.1` is `10.1.0.0/16`.
#[must_use]
pub fn network(text: &str) -> Option<String> {
    if let Some(groups) = text.strip_prefix("ipv6:").or_else(|| text.strip_prefix("IPv6:")) {
        return network6(groups);
    }
    let octets: Vec<u8> = text.split('.').map(str::parse).collect::<Result<_, _>>().ok()?;
    if octets.is_empty() || octets.len() > 4 || text.contains('+') {
        return None;
    }
    let mut all = [0; 4];
    all[..octets.len()].copy_from_slice(&octets);
    let address = Ipv4Addr::from(all);
    Some(if octets.len() == 4 { address.to_string() } else { format!("{address}/{}", octets.len() * 8) })
}

fn network6(groups: &str) -> Option<String> {
    if let Ok(address) = groups.parse::<Ipv6Addr>() {
        return Some(format!("[{address}]/128"));
    }
    let parts: Vec<&str> = groups.trim_end_matches(':').split(':').collect();
    let values: Vec<u16> = parts.iter().map(|part| u16::from_str_radix(part, 16)).collect::<Result<_, _>>().ok()?;
    if values.is_empty() || values.len() > 8 {
        return None;
    }
    let mut all = [0; 8];
    all[..values.len()].copy_from_slice(&values);
    Some(format!("[{}]/{}", Ipv6Addr::from(all), values.len() * 16))
}

/// Where a name was said, for a comment.
#[must_use]
pub fn origins(site: &OldSite, class: Class) -> Vec<Origin> {
    let mut known = HashSet::new();
    let origins = site.members(class).iter();
    let origins =
        origins.map(|name| (name.origin.file.as_str(), if name.row.is_some() { 0 } else { name.origin.line }));
    let origins = origins.filter(|origin| known.insert(*origin));
    origins.map(|(file, line)| Origin::new(file, line)).collect()
}

#[cfg(test)]
mod tests {
    use super::network;

    #[test]
    fn starts_of_addresses_are_networks() {
        let cases = [
            ("10", Some("10.0.0.0/8")),
            ("192.168.1", Some("192.168.1.0/24")),
            ("192.0.2.7", Some("192.0.2.7")),
            ("ipv6:2001:db8", Some("[2001:db8::]/32")),
            ("ipv6:2001:db8::1", Some("[2001:db8::1]/128")),
            ("example.com", None),
            ("10.1.2.3/24", None),
            ("300.1", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(network(text).as_deref(), expected, "{text}");
        }
    }
}
