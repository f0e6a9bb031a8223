//! Why nothing asks a table for a key, and what its writer may have meant.

use super::LoadedSite;
use crate::routing::router::key_forms::{KeyForm, Lookups};
use crate::routing::router::keys::Style;
use crate::syntax::match_list::split_list;
use std::net::Ipv6Addr;

/// What to do where nothing better is known.
const REMEDY: &str = "write the key in a form that the table is asked for";
/// Parameters whose tables are asked for senders: a domain alone is nobody's local part.
const OF_SENDERS: [&str; 2] = ["sender_dependent_default_transport_maps", "sender_dependent_relayhost_maps"];

/// What a table is asked for: by which parameter or restriction, the forms of keys, and how domains stand for others.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// The parameter or restriction.
    pub by: &'static str,
    /// What its tables are asked for.
    pub lookups: Lookups,
    /// How a domain stands for those below it.
    pub style: Style,
}

impl Asked {
    /// How the tables of a parameter or restriction are asked; nothing if it is not known.
    #[must_use]
    pub fn by(site: &LoadedSite, name: &'static str) -> Option<Self> {
        let lookups = Lookups::of(name)?;
        let by_parents = lookups.style_of.is_some_and(|of| {
            let names = site.expanded("parent_domain_matches_subdomains");
            split_list(&names).into_iter().any(|range| names[range].eq_ignore_ascii_case(of.as_bytes()))
        });
        Some(Self { by: name, lookups, style: if by_parents { Style::Parent } else { Style::Dot } })
    }

    /// Why a key is never asked for, and what to write; nothing if it is, or if its fault has a finding of its own.
    #[must_use]
    pub fn why_unused(self, key: &[u8]) -> Option<(String, String)> {
        let Asked { by, lookups, style } = self;
        let is_domain_of_senders = OF_SENDERS.contains(&by) && is_dotted(key);
        // A domain of one word is rare in access tables; a user's name is what was meant.
        let has = |form: KeyForm| lookups.forms.contains(&form);
        let is_user_in_access =
            has(KeyForm::UserAt) && key != b"localhost" && !key.contains(&b'.') && KeyForm::User.fits(key);
        if lookups.ask_for(key, style) && !is_domain_of_senders && !is_user_in_access {
            return None;
        }
        let key = std::str::from_utf8(key).ok()?;
        // The null sender has a key that a parameter names; a colon at the end has a finding of its own.
        if key.is_empty() || key.starts_with("<>") || (key.ends_with(':') && !key.starts_with('[')) {
            return None;
        }
        let told = |why: &str, help: String| Some((why.to_string(), help));
        if key.len() > 2 && key.starts_with('/') && key.ends_with('/') {
            return told(
                "this type of table knows no patterns",
                "put patterns in a regexp: or pcre: table".to_string(),
            );
        }
        let all_of = |domain: &str| match () {
            () if has(KeyForm::AtDomain) => format!("write @{domain}"),
            () if has(KeyForm::Domain) || has(KeyForm::HostName) => format!("write {domain}"),
            () => REMEDY.to_string(),
        };
        let below = |domain: &str| match () {
            () if !has(KeyForm::Below) => "name each domain".to_string(),
            () if lookups.style_of.is_some() && style == Style::Parent => {
                format!("write {domain}, which stands for the domains below it too")
            }
            () => format!("write .{domain}"),
        };
        if let Some(domain) =
            key.strip_prefix("*@").or_else(|| key.strip_prefix("*.")).filter(|domain| !domain.contains('*'))
        {
            return told("a * is no wildcard here", if key.starts_with("*@") { all_of(domain) } else { below(domain) });
        }
        if key.contains('*') {
            return told("a * is no wildcard here", "name each key, or use a regexp: or pcre: table".to_string());
        }
        if is_user_in_access {
            return told("asked for as a domain only", format!("write {key}@ for that user in every domain"));
        }
        if let Some(bare) = key.strip_prefix(['<', '\'', '!']).map(|rest| rest.trim_end_matches(['>', '\''])) {
            return told("the first character is part of the key", format!("write {bare}"));
        }
        if key.contains([',', ';']) {
            return told("a key is one address, host or network", "give each a line of its own".to_string());
        }
        if has(KeyForm::Network) || has(KeyForm::Ip) {
            if let Some(advice) = of_client(key, has(KeyForm::Network)) {
                return Some(advice);
            }
        } else if key.starts_with(|first: char| first.is_ascii_digit()) && key.contains('/') {
            return told("what is asked for is no network", REMEDY.to_string());
        }
        if let Some(domain) = key.strip_prefix('.') {
            let why = match has(KeyForm::Below) {
                true => format!(
                    "parent_domain_matches_subdomains names {}: asked for without the dot",
                    lookups.style_of.unwrap_or_default()
                ),
                false => "domains below another one have no key here".to_string(),
            };
            return told(&why, below(domain));
        }
        match key.rsplit_once('@') {
            Some((_, domain)) if domain.ends_with('.') || domain.starts_with('.') => {
                let right = key.trim_end_matches('.').replace("@.", "@");
                told("a domain has no dot at its ends", format!("write {right}"))
            }
            Some((_, domain)) if domain.is_empty() && !has(KeyForm::UserAt) => {
                told("asked for user@domain", REMEDY.to_string())
            }
            Some(("", domain)) => told("asked for without @", all_of(domain)),
            Some((_, domain)) if !has(KeyForm::Address) && !domain.is_empty() => {
                told("no addresses of mail are asked for here", all_of(domain))
            }
            Some(_) => told("the domain has a character that none has", REMEDY.to_string()),
            None if is_domain_of_senders => told("asked for user@domain and for @domain", format!("write @{key}")),
            None => match key.strip_suffix('.').filter(|bare| !bare.is_empty()) {
                Some(bare) => told("a domain has no dot at its end", format!("write {bare}")),
                None => told("of no form that is asked for", REMEDY.to_string()),
            },
        }
    }
}

/// Whether a key looks like a domain, or an address of a host, and is no address of mail.
fn is_dotted(key: &[u8]) -> bool {
    key.contains(&b'.') && !key.contains(&b'@') && !key.starts_with(b"<")
}

/// The same for what is no address of a client.
fn of_client(key: &str, takes_parts: bool) -> Option<(String, String)> {
    let told = |why: &str, help: String| Some((why.to_string(), help));
    if key.contains('@') {
        let help = "use check_sender_access for senders".to_string();
        return told("clients are hosts and networks, no addresses of mail", help);
    }
    if let Some(inside) = key.strip_prefix('[') {
        let bare = inside.split_once(']').map_or(inside, |(bare, _)| bare);
        return told("addresses of clients are asked for without brackets", format!("write {bare}"));
    }
    if key.contains('/') {
        return told("networks with a prefix length are for cidr: tables", "put networks in a cidr: table".to_string());
    }
    if let Ok(address) = key.parse::<Ipv6Addr>() {
        let written = address.to_ipv4_mapped().map_or_else(|| address.to_string(), |address| address.to_string());
        return told("an address is asked for in one form only", format!("write {written}"));
    }
    if !takes_parts && key.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return told("whole addresses only are asked for", "put networks in a cidr: table".to_string());
    }
    let bare = key.strip_suffix('.')?;
    (!bare.is_empty()).then(|| ("asked for without a dot at the end".to_string(), format!("write {bare}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As access(5), virtual(5) and the others list the keys, and Postfix 3.11.7 asks for them.
    #[test]
    fn keys_that_nothing_asks_for() {
        let cases = [
            ("check_sender_access", "joe@example.com", ""),
            ("check_sender_access", "joe@", ""),
            ("check_sender_access", "example.com", ""),
            ("check_sender_access", "localhost", ""),
            ("check_sender_access", "<>", ""),
            ("check_sender_access", "joe@[192.0.2.1]", ""),
            ("check_sender_access", "[192.0.2.1]", ""),
            ("check_sender_access", "@example.com", "write example.com"),
            ("check_sender_access", "*@example.com", "write example.com"),
            ("check_sender_access", ".example.com", "write example.com, which stands for the domains below it too"),
            ("check_sender_access", "bob", "write bob@ for that user in every domain"),
            ("check_sender_access", "example.com.", "write example.com"),
            ("check_sender_access", "joe@.example.com", "write joe@example.com"),
            ("check_sender_access", "<joe@example.com>", "write joe@example.com"),
            ("check_client_access", "192.0.2", ""),
            ("check_client_access", "unknown", ""),
            ("check_client_access", "2001:db8", ""),
            ("check_client_access", "2001:db8:2:", ""),
            ("check_client_access", "192.0.2.", "write 192.0.2"),
            ("check_client_access", "192.0.2.0/24", "put networks in a cidr: table"),
            ("check_client_access", "[2001:db8::1]", "write 2001:db8::1"),
            ("check_client_access", "2001:0db8::5", "write 2001:db8::5"),
            ("check_client_access", "::ffff:192.0.2.1", "write 192.0.2.1"),
            ("check_client_access", "192.0.2.*", "name each key, or use a regexp: or pcre: table"),
            ("check_client_access", "a@example.com", "use check_sender_access for senders"),
            ("check_sender_mx_access", "127.0.0.1", ""),
            ("check_sender_mx_access", "10.0.0.0/8", "put networks in a cidr: table"),
            ("check_helo_access", "192.0.2.1", ""),
            ("check_helo_access", "*.example.com", "write example.com, which stands for the domains below it too"),
            ("mynetworks", "10.0.0", "put networks in a cidr: table"),
            ("mynetworks", "10.0.0.0/8", "put networks in a cidr: table"),
            ("mynetworks", "[::1]", "write ::1"),
            ("canonical_maps", "@example.com", ""),
            ("canonical_maps", "joe.bloggs", ""),
            ("virtual_alias_maps", "example.com", ""),
            ("canonical_maps", "*@example.com", "write @example.com"),
            ("canonical_maps", "/.+/", "put patterns in a regexp: or pcre: table"),
            ("canonical_maps", ".example.com", "name each domain"),
            ("relay_recipient_maps", "*", "name each key, or use a regexp: or pcre: table"),
            ("sender_dependent_relayhost_maps", "@example.com", ""),
            ("sender_dependent_relayhost_maps", "joe@example.com", ""),
            ("sender_dependent_relayhost_maps", "example.com", "write @example.com"),
            ("mailbox_transport_maps", "joe", ""),
            ("mailbox_transport_maps", "joe@example.com", "write the key in a form that the table is asked for"),
            ("smtp_sasl_password_maps", "[mail.example.com]:587", ""),
            ("smtp_sasl_password_maps", "joe@example.com", ""),
            (
                "smtp_sasl_password_maps",
                "smtp:[mail.example.com]:587",
                "write the key in a form that the table is asked for",
            ),
            ("smtp_tls_policy_maps", "[mail.example.com]:587", ""),
            ("smtp_tls_policy_maps", ".example.com", ""),
            ("smtp_tls_policy_maps", "@example.com", "write example.com"),
            ("smtp_tls_policy_maps", "*.example.com", "write .example.com"),
        ];
        for (by, key, expected) in cases {
            let lookups = Lookups::of(by).expect("known");
            let help = Asked { by, lookups, style: Style::Parent }.why_unused(key.as_bytes());
            assert_eq!(help.map_or_else(String::new, |(_, help)| help), expected, "{by} {key}");
        }
    }
}
