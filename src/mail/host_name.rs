//! Which domains can be those of a mail address: host names and address literals.
//!
//! Found by experiment with Postfix 3.11: `_` is accepted, a name of digits and dots is not, nor is one with `-` at its
//! ends; a name with bytes above 127 is one if its ASCII form (RFC 5891) is. Addresses are told as Postfix tells them,
//! who takes some that others do not: zeros in front, too few groups of IPv6.

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Longest name and longest label, in bytes (RFC 1035).
const MAX_NAME: usize = 255;
const MAX_LABEL: usize = 63;

/// Whether mail can be addressed to this domain; `smtputf8`: in other scripts, too.
#[must_use]
pub fn is_mail_domain(domain: &[u8], smtputf8: bool) -> bool {
    if domain.first() == Some(&b'[') {
        return is_literal(domain);
    }
    if smtputf8 && !domain.is_ascii() {
        return ascii_domain(domain).is_some_and(|ascii| is_host_name(&ascii));
    }
    is_host_name(domain)
}

/// The form of a domain that the DNS knows; nothing if it has none.
#[must_use]
pub fn ascii_domain(domain: &[u8]) -> Option<Cow<'_, [u8]>> {
    if domain.is_ascii() {
        return Some(Cow::Borrowed(domain));
    }
    let ascii = Uts46::new().to_ascii(domain, AsciiDenyList::EMPTY, Hyphens::Check, DnsLength::Ignore).ok()?;
    Some(Cow::Owned(ascii.into_owned().into_bytes()))
}

/// Whether the C library reads a text as an address, as it may stand in `smtp_bind_address`: in brackets or not, of
/// IPv4 also by fewer than four numbers.
#[must_use]
pub fn is_own_address(text: &str) -> bool {
    let inside = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let parts: Vec<&str> = inside.split('.').collect();
    let is_number = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit()) && part.parse::<u32>().is_ok();
    let is_short = || {
        parts.len() < 4
            && parts.iter().all(is_number)
            && parts[..parts.len() - 1].iter().all(|part| part.parse::<u8>().is_ok())
    };
    inside.parse::<IpAddr>().is_ok() || is_short()
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

/// Whether Postfix takes a text for an address, of either family.
#[must_use]
pub fn is_address(text: &[u8]) -> bool {
    if text.contains(&b':') { is_ipv6(text) } else { is_ipv4(text) }
}

/// Whether Postfix takes a text for an address in brackets.
#[must_use]
pub fn is_literal(domain: &[u8]) -> bool {
    let Some(inside) = domain.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]")) else { return false };
    match inside.split_at_checked(5) {
        Some((tag, address)) if tag.eq_ignore_ascii_case(b"ipv6:") => is_ipv6(address),
        _ => is_ipv4(inside),
    }
}

/// Four numbers; if the first is 0, so are all.
fn is_ipv4(text: &[u8]) -> bool {
    let number = |octet: &[u8]| -> Option<u8> {
        let is_plain = !octet.is_empty() && octet.iter().all(u8::is_ascii_digit);
        let zeros = octet.iter().take_while(|&&byte| byte == b'0').count();
        let text = std::str::from_utf8(&octet[zeros..]).ok().filter(|_| is_plain)?;
        if text.is_empty() { Some(0) } else { text.parse().ok() }
    };
    let octets: Option<Vec<u8>> = text.split(|&byte| byte == b'.').map(number).collect();
    octets.is_some_and(|octets| octets.len() == 4 && (octets[0] != 0 || octets == [0; 4]))
}

/// Three to eight groups, with `::` once at most; an IPv4 address may be the last behind two to six others.
fn is_ipv6(text: &[u8]) -> bool {
    let groups: Vec<&[u8]> = text.split(|&byte| byte == b':').collect();
    let colons = groups.len() - 1;
    let Some((last, others)) = groups.split_last() else { return false };
    let is_group = |group: &[u8]| {
        let zeros = group.iter().take_while(|&&byte| byte == b'0').count();
        group.iter().all(u8::is_ascii_hexdigit) && group.len() - zeros <= 4
    };
    // A colon at an end is half of a double one.
    let empty = groups.windows(2).filter(|pair| pair[0].is_empty() && pair[1].is_empty()).count();
    let inner = groups[1..colons.max(1)].iter().filter(|group| group.is_empty()).count();
    let starts_well = !groups[0].is_empty() || groups.get(1).is_some_and(|group| group.is_empty());
    let ends_well = !last.is_empty() || others.last().is_some_and(|group| group.is_empty());
    let is_mapped = last.contains(&b'.');
    let last_is_good = if is_mapped { is_ipv4(last) && colons <= 6 } else { is_group(last) };
    (2..=7).contains(&colons)
        && starts_well
        && ends_well
        && inner <= 1
        && empty <= 2
        && last_is_good
        && others.iter().all(|group| is_group(group))
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

    /// As `smtp_bind_address` of Postfix 3.11.7 is taken or not.
    #[test]
    fn own_addresses() {
        let cases = [
            ("127.0.0.1", true),
            ("[127.0.0.1]", true),
            ("127.1", true),
            ("0.0.0.0", true),
            ("::1", true),
            ("[::1]", true),
            ("127.0.0.1/8", false),
            ("::1/64", false),
            ("127.0.0.1, 127.0.0.2", false),
            ("127.0.0.256", false),
            ("\"127.0.0.1\"", false),
            ("localhost", false),
            ("lo", false),
        ];
        for (text, expected) in cases {
            assert_eq!(is_own_address(text), expected, "{text}");
        }
    }

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
            "b\u{fc}-",
            "b\u{fc}..net",
            "[0.2.3.4]",
            "[1.2.3]",
            "[::1]",
            "[1.2.3.4",
            "[1.2.3.4] x",
            &long,
        ];
        for domain in good {
            assert!(is_mail_domain(domain.as_bytes(), true), "{domain}");
        }
        for domain in bad {
            assert!(!is_mail_domain(domain.as_bytes(), true), "{domain}");
        }
        assert!(is_mail_domain("ex\u{e4}mple.net".as_bytes(), true));
        assert!(!is_mail_domain("ex\u{e4}mple.net".as_bytes(), false));
        let ascii =
            |name: &str| ascii_domain(name.as_bytes()).map(|ascii| String::from_utf8_lossy(&ascii).into_owned());
        assert_eq!(ascii("Ex\u{c4}mple.net").as_deref(), Some("xn--exmple-cua.net"));
        assert_eq!(ascii("\u{e4}-.net"), None);
    }

    /// As `reject_invalid_helo_hostname` of 3.11.7 has them.
    #[test]
    fn addresses_as_postfix_takes_them() {
        let good = [
            "1:2:3:4:5:192.0.2.1",
            "1.2.3.0",
            "255.1.2.3",
            "1:2:3:4:5:6:192.0.2.1",
            "::192.0.2.1",
            "1::2:192.0.2.1",
            "0.0.0.0",
            "01.2.3.4",
            "1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7:8",
            "::",
            "1:2:3:4:192.0.2.1",
            "::1:192.0.2.1",
            "1:2:3",
            "1::",
            "1:2:192.0.2.1",
            "0012::1",
            "1.2.3.004",
        ];
        let bad = [
            "0.2.3.4",
            "1.2.3",
            "1.2.3.4.5",
            "1.2.3.256",
            ":1:2",
            "12345",
            "1:2",
            "1:2:3:4:5:6:0.2.3.4",
            "1:2:",
            "a::b::c",
            "1:2:3:4:5:6:7:8:9",
            "1:2:3:4:5:6:7:192.0.2.1",
            "1:192.0.2.1",
            "12345::1",
            "g::1",
            "::1.2",
            "1:2:3:4:5:6:7::",
            "1.2.3..",
            "0.0.0.1",
            "0.1.2.3",
            "00.2.3.4",
            "1..2",
            "::1:2:3:4:5:6:7",
            "1:2:3:4:5::6:7:8",
            "IPv6:1:2:3",
            "1.2.3.4:5",
            ":::",
            ":",
            "",
            "1:::2",
        ];
        for text in good {
            assert!(is_address(text.as_bytes()), "{text}");
        }
        for text in bad {
            assert!(!is_address(text.as_bytes()), "{text}");
        }
        for (text, expected) in [("[IPv6:1:2:3]", true), ("[IPv6:1:2]", false), ("[1:2:3]", false), ("[0.0.0.0]", true)]
        {
            assert_eq!(is_literal(text.as_bytes()), expected, "{text}");
        }
    }
}
