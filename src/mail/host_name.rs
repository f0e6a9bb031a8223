//! Which domains can be those of a mail address: host names and address literals.
//!
//! Found by experiment with Postfix 3.11: `_` is accepted, a name of digits and dots is not, nor is one with `-` at its ends;
//! bytes above 127 need SMTPUTF8 and are refused here.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Longest name and longest label, in bytes (RFC 1035).
const MAX_NAME: usize = 255;
const MAX_LABEL: usize = 63;

/// Whether mail can be addressed to this domain.
#[must_use]
pub fn is_mail_domain(domain: &[u8]) -> bool {
    if domain.first() == Some(&b'[') { literal_address(domain).is_some() } else { is_host_name(domain) }
}

/// Whether the bytes can be a host name.
#[must_use]
pub fn is_host_name(name: &[u8]) -> bool {
    let label = |label: &[u8]| {
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte == b'-';
        (1..=MAX_LABEL).contains(&label.len())
            && label.iter().all(plain)
            && !label.starts_with(b"-")
            && !label.ends_with(b"-")
    };
    let is_number = name.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    name.len() <= MAX_NAME && !is_number && name.split(|&byte| byte == b'.').all(label)
}

/// The address that a text is.
#[must_use]
pub fn plain_address(text: &[u8]) -> Option<IpAddr> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// The address in `[192.0.2.1]` or `[IPv6:2001:db8::1]`.
#[must_use]
pub fn literal_address(domain: &[u8]) -> Option<IpAddr> {
    let inside = domain.strip_prefix(b"[")?.strip_suffix(b"]")?;
    let text = std::str::from_utf8(inside).ok()?;
    match text.get(..5) {
        Some(tag) if tag.eq_ignore_ascii_case("ipv6:") => text[5..].parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        _ => text.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains() {
        let good = ["a", "a.b", "b_ar", "1a", "a.1", "[192.0.2.1]", "[IPv6:::1]", "[ipv6:2001:db8::1]"];
        let long = "a".repeat(64);
        let bad = [
            "",
            ".",
            "a..b",
            ".a",
            "a.",
            "-a",
            "a-",
            "1.2.3.4",
            "1",
            "a b",
            "b\u{fc}",
            "[1.2.3]",
            "[::1]",
            "[1.2.3.4",
            "[1.2.3.4] x",
            &long,
        ];
        for domain in good {
            assert!(is_mail_domain(domain.as_bytes()), "{domain}");
        }
        for domain in bad {
            assert!(!is_mail_domain(domain.as_bytes()), "{domain}");
        }
    }
}
