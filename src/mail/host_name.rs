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

/// What is wrong with a host name that is not empty, in the words of Postfix 3.11.
#[must_use]
pub fn host_name_fault(name: &[u8]) -> Option<Vec<u8>> {
    let shown = &name[..name.len().min(100)];
    let fault = |words: &[u8], shown: &[u8]| Some([b"valid_hostname: ", words, b": ", shown].concat());
    if name.len() > MAX_NAME {
        let words = format!("valid_hostname: bad length {} for ", name.len());
        return Some([words.as_bytes(), shown, b"..."].concat());
    }
    let mut label = 0;
    for (at, &byte) in name.iter().enumerate() {
        let next = name.get(at + 1).copied();
        let ends = next.is_none() || next == Some(b'.');
        match byte {
            b'.' if label == 0 || next.is_none() => return fault(b"misplaced delimiter", shown),
            b'.' => label = 0,
            b'-' if label == 0 || ends => return fault(b"misplaced hyphen", shown),
            _ if byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-' => label += 1,
            _ => return fault(format!("invalid character {byte}(decimal)").as_bytes(), shown),
        }
        if label > MAX_LABEL {
            return fault(b"hostname label too long", shown);
        }
    }
    let is_number = name.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    if is_number { fault(b"numeric hostname", shown) } else { None }
}

/// Whether the bytes can be a host name.
#[must_use]
pub fn is_host_name(name: &[u8]) -> bool {
    !name.is_empty() && host_name_fault(name).is_none()
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
    fn what_is_wrong_with_a_host_name() {
        let cases = [
            ("host..", "valid_hostname: misplaced delimiter: host.."),
            (".a", "valid_hostname: misplaced delimiter: .a"),
            ("a.b.", "valid_hostname: misplaced delimiter: a.b."),
            ("a-.example", "valid_hostname: misplaced hyphen: a-.example"),
            ("-a", "valid_hostname: misplaced hyphen: -a"),
            ("1.2", "valid_hostname: numeric hostname: 1.2"),
            ("a b", "valid_hostname: invalid character 32(decimal): a b"),
            ("[1.2]", "valid_hostname: invalid character 91(decimal): [1.2]"),
            ("m\u{fc}n", "valid_hostname: invalid character 195(decimal): m\u{fc}n"),
        ];
        for (name, expected) in cases {
            let found = host_name_fault(name.as_bytes()).map(|words| String::from_utf8_lossy(&words).into_owned());
            assert_eq!(found.as_deref(), Some(expected));
        }
        let long = ["a".repeat(64), "a.".repeat(130) + "example"]
            .map(|name| String::from_utf8_lossy(&host_name_fault(name.as_bytes()).unwrap_or_default()).into_owned());
        assert_eq!(long[0], format!("valid_hostname: hostname label too long: {}", "a".repeat(64)));
        assert_eq!(long[1], format!("valid_hostname: bad length 267 for {}...", "a.".repeat(50)));
    }

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
