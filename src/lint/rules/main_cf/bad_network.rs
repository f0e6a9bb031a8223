//! MC011: an address or network that Postfix cannot read.

use crate::base::Edit;
use crate::config::catalogue::Kind;
use crate::diagnostic::{Family, Finding, Fix, Rule, Safety, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::set_values::set_values;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MC011",
    name: "bad-network",
    family: Family::MainCf,
    severity: Severity::Error,
    summary: "an address or network that Postfix cannot read",
    why: "The match fails with a warning in the log. With mynetworks clients are put off with a temporary error; other lists \
          match none of what was meant.",
    example: "mynetworks = 127.0.0.0/8, 192.0.2.7/24\n",
    remedy: "Write 192.0.2.0/24 for IPv4 and [2001:db8::]/32 for IPv6, with no bit of the host set.",
    fix: Some(Safety::Unsafe),
    link: "https://www.postfix.org/postconf.5.html#mynetworks",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    for set in set_values(site) {
        if !matches!(set.kind(site), Some(Kind::AddressMatchList | Kind::HostMatchList)) {
            continue;
        }
        for element in set.elements(site).into_iter().filter(|element| element.literal) {
            let Ok(text) = std::str::from_utf8(&element.bytes) else { continue };
            let bare = text.trim_start_matches('!');
            let Some((wrong, meant)) = fault(bare) else { continue };
            let mut finding = Finding::new(&RULE, format!("{}: {wrong}", if bare.is_empty() { text } else { bare }))
                .at(set.source, element.span, "here");
            if wrong == NO_CLIENT || !is_refused(bare, &set.parameter_name()) {
                finding = finding.severity(Severity::Warning);
            }
            finding.help = Some(match &meant {
                Some(meant) => format!("write {meant}"),
                None => RULE.remedy.to_string(),
            });
            if let Some(meant) = meant {
                let marks = &text[..text.len() - bare.len()];
                finding.fix = Some(Fix {
                    title: format!("write {meant}"),
                    safety: Safety::Unsafe,
                    source: Arc::clone(set.source),
                    edits: vec![Edit::replace(element.span, format!("{marks}{meant}"))],
                });
            }
            findings.push(finding);
        }
    }
}

/// What is said of an element that is neither an address nor a name that a client could have.
const NO_CLIENT: &str = "no client has this address or name";

/// Whether clients are turned away, or the server ends, for an element that has a fault.
fn is_refused(text: &str, parameter: &str) -> bool {
    // A table without a type: the server ends. A type that does not exist makes only the lookup fail.
    let is_table = text.starts_with(':') || text.is_empty();
    let length = text.split_once('/').map_or("", |(_, length)| length);
    // What has other bytes in it is no network to Postfix, but a name that nobody has.
    let is_network = length.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    is_table || parameter == "mynetworks" && is_network
}

/// What is wrong with an element, and what was meant if that is plain; nothing for what is no address.
pub fn fault(text: &str) -> Option<(&'static str, Option<String>)> {
    if text.is_empty() {
        return Some(("nothing stands right behind it, and the server ends", None));
    }
    let (address, length) = match text.split_once('/') {
        Some((address, length)) if !address.is_empty() => (address, Some(length)),
        Some((_, length)) if length.bytes().all(|byte| byte.is_ascii_digit()) => {
            return Some(("a prefix without its address is taken for the name of a file", None));
        }
        Some(_) => return None,
        None => (text, None),
    };
    if let Ok(bare) = address.parse::<Ipv6Addr>() {
        let meant = match length {
            Some(length) => format!("[{bare}]/{length}"),
            None => format!("[{bare}]"),
        };
        return Some(("an IPv6 address needs brackets", Some(meant)));
    }
    let bracketed = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    if let Some(inside) = bracketed {
        return match inside.parse::<Ipv6Addr>() {
            Ok(address) => network(IpAddr::V6(address), length),
            Err(_) => None,
        };
    }
    if let Ok(address) = address.parse::<Ipv4Addr>() {
        return network(IpAddr::V4(address), length);
    }
    // What stands in brackets may be split by a comma; a table has a colon.
    if address.starts_with('[') && !address.contains(']') {
        return Some(("a bracket without its other", None));
    }
    let looks_like_v4 = length.is_some() && address.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if looks_like_v4 {
        return Some(("an IPv4 network needs four numbers", None));
    }
    is_no_client(text).then_some((NO_CLIENT, None))
}

/// Whether a text is no address and has what no host's name has: one of some characters, numbers only, or two
/// addresses.
fn is_no_client(text: &str) -> bool {
    let is_range = || {
        let parts = text.split_once('-').map(|(first, last)| (first.parse::<Ipv4Addr>(), last.parse::<Ipv4Addr>()));
        matches!(parts, Some((Ok(_), Ok(_))))
    };
    // `type:name` is a table, and quotes have a rule of their own.
    !text.contains([':', '"', '\'', '$'])
        && (text.contains(['*', '{', '}', '(', ')', ']', '\\'])
            || text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
            || is_range())
}

fn network(address: IpAddr, length: Option<&str>) -> Option<(&'static str, Option<String>)> {
    let length = length?;
    let bits: u32 = if address.is_ipv4() { 32 } else { 128 };
    let plain = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
    let Some(length) = length.parse::<u32>().ok().filter(|&length| plain && length <= bits) else {
        return Some(("the length of the prefix is no number that fits", None));
    };
    let meant = match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
            let network = Ipv4Addr::from(u32::from(address) & mask);
            (network != address).then(|| format!("{network}/{length}"))
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
            let network = Ipv6Addr::from(u128::from(address) & mask);
            (network != address).then(|| format!("[{network}]/{length}"))
        }
    };
    meant.map(|meant| ("bits of the host are set", Some(meant)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As an SMTP server of Postfix 3.11 that had them in its configuration.
    #[test]
    fn what_turns_clients_away() {
        let cases = [
            ("127.0.0.1/8", "mynetworks", true),
            ("10.0.0.0/33", "mynetworks", true),
            ("10.0.0.0/255.0.0.0", "mynetworks", true),
            ("10.0/16", "mynetworks", true),
            ("[fe80::1]/10", "mynetworks", true),
            ("2001:db8::/32", "mynetworks", true),
            ("10.0.0.0/8x", "mynetworks", false),
            ("10.0.0.0/-1", "mynetworks", false),
            ("::1", "smtpd_authorized_xclient_hosts", true),
            ("10.0.0.1/8", "smtpd_authorized_xclient_hosts", false),
            ("10.0.0.1/8", "debug_peer_list", false),
            ("[10.0.0.0/8", "mynetworks", true),
            ("/32", "mynetworks", true),
            ("", "debug_peer_list", true),
        ];
        for (text, parameter, expected) in cases {
            assert_eq!((is_refused(text, parameter), fault(text).is_some()), (expected, true), "{text} {parameter}");
        }
    }

    #[test]
    fn addresses_and_networks() {
        let bracket = "an IPv6 address needs brackets";
        let host = "bits of the host are set";
        let prefix = "the length of the prefix is no number that fits";
        type Fault<'a> = Option<(&'a str, Option<&'a str>)>;
        let cases: &[(&str, Fault)] = &[
            ("192.0.2.0/24", None),
            ("192.0.2.7", None),
            ("0.0.0.0/0", None),
            ("[::]/0", None),
            ("[2001:db8::]/32", None),
            ("host.example.com", None),
            ("/etc/postfix/networks", None),
            ("192.0.2.7/24", Some((host, Some("192.0.2.0/24")))),
            ("[2001:db8::1]/32", Some((host, Some("[2001:db8::]/32")))),
            ("2001:db8::/32", Some((bracket, Some("[2001:db8::]/32")))),
            ("::1", Some((bracket, Some("[::1]")))),
            ("192.0.2.0/33", Some((prefix, None))),
            ("192.0.2.0/255.255.255.0", Some((prefix, None))),
            ("192.0/16", Some(("an IPv4 network needs four numbers", None))),
            ("[10.0.0.0/8", Some(("a bracket without its other", None))),
            ("/32", Some(("a prefix without its address is taken for the name of a file", None))),
            ("10.0.0.1]", Some((NO_CLIENT, None))),
            ("10.0.0.", Some((NO_CLIENT, None))),
            ("10.0.0.*", Some((NO_CLIENT, None))),
            ("256.0.0.1", Some((NO_CLIENT, None))),
            ("010.0.0.1", Some((NO_CLIENT, None))),
            ("10.0.0.0-10.0.0.255", Some((NO_CLIENT, None))),
            ("{10.0.0.0/8}", Some((NO_CLIENT, None))),
            ("static:{a*}", None),
            ("1-2-3-4.example.com", None),
        ];
        for (text, expected) in cases {
            let got = fault(text);
            assert_eq!(got.as_ref().map(|(wrong, meant)| (*wrong, meant.as_deref())), *expected, "{text}");
        }
    }
}
