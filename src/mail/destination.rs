//! Where an SMTP client is told to go: `host`, `host:port`, `[host]` or `[host]:port`.
//!
//! What is refused here makes the SMTP client of Postfix 3.11 end with a fatal error when it comes to the destination,
//! so that mail waits. Names of more than ASCII are taken as they are.
//!
//! Source: transport(5), postconf(5) `relayhost`; experiments with 3.11.

use super::host_name::is_host_name;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;

/// What separates the destinations in a list, which clients from 3.5 on try in order.
#[must_use]
pub fn split_destinations(text: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    for (at, byte) in text.iter().chain(b" ").enumerate() {
        if matches!(byte, b',' | b' ' | b'\t' | b'\r' | b'\n') {
            if at > start {
                found.push(start..at);
            }
            start = at + 1;
        }
    }
    found
}

/// A destination taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Destination<'t> {
    /// The name or address, without brackets.
    pub host: &'t [u8],
    /// Whether it stands in brackets: no MX record is asked for.
    pub bracketed: bool,
    /// The number or name of the port; empty for the client's own.
    pub port: &'t [u8],
}

/// Why a text is no destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DestinationFault {
    /// Nothing stands before the port.
    MissingHost,
    /// Neither a host name nor an address.
    BadHost,
    /// A `[` without its `]`.
    OpenBracket,
    /// Something else than a port behind the `]`.
    BehindBracket,
    /// A port that is neither a number from 1 to 65535 nor can be a service's name.
    BadPort,
}

impl Destination<'_> {
    /// The address, if the host is one.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        address(self.host)
    }
}

/// Takes one destination apart.
///
/// # Errors
/// What is wrong with it.
pub fn parse_destination(text: &[u8]) -> Result<Destination<'_>, DestinationFault> {
    use DestinationFault::{BadHost, BadPort, BehindBracket, MissingHost, OpenBracket};
    let (host, bracketed, port) = if let Some(rest) = text.strip_prefix(b"[") {
        let end = memchr::memchr(b']', rest).ok_or(OpenBracket)?;
        let port = match &rest[end + 1..] {
            [] => &[],
            [b':', port @ ..] => port,
            _ => return Err(BehindBracket),
        };
        (&rest[..end], true, port)
    } else {
        let at = memchr::memrchr(b':', text).unwrap_or(text.len());
        let port = text.get(at + 1..).unwrap_or_default();
        if at == 0 {
            return Err(MissingHost);
        }
        (&text[..at], false, port)
    };
    let is_other = !host.is_ascii();
    if !is_other && !is_host_name(host) && address(host).is_none() {
        return Err(BadHost);
    }
    if is_port(port) { Ok(Destination { host, bracketed, port }) } else { Err(BadPort) }
}

fn is_port(port: &[u8]) -> bool {
    let text = std::str::from_utf8(port).unwrap_or("?");
    match text.as_bytes().first() {
        None => true,
        Some(byte) if byte.is_ascii_digit() => text.parse::<u16>().is_ok_and(|number| number > 0),
        Some(byte) => {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.+".contains(&byte);
            byte.is_ascii_alphabetic() && text.bytes().all(plain)
        }
    }
}

fn address(host: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(host).ok()?;
    let bare = match text.get(..5) {
        Some(tag) if tag.eq_ignore_ascii_case("ipv6:") => &text[5..],
        _ => text,
    };
    let v4 = text.parse::<Ipv4Addr>().map(IpAddr::V4);
    v4.or_else(|_| bare.parse::<Ipv6Addr>().map(IpAddr::V6)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use DestinationFault::{BadHost, BadPort, BehindBracket, MissingHost, OpenBracket};

    /// As Postfix 3.11's SMTP client takes or refuses them.
    #[test]
    fn destinations() {
        type Expected<'a> = Result<(&'a str, bool, &'a str), DestinationFault>;
        let cases: &[(&str, Expected)] = &[
            ("mail.example.com", Ok(("mail.example.com", false, ""))),
            ("a_b.example.org:2525", Ok(("a_b.example.org", false, "2525"))),
            ("[mail.example.com]:submission", Ok(("mail.example.com", true, "submission"))),
            ("[127.0.0.2]:", Ok(("127.0.0.2", true, ""))),
            ("[127.0.0.2]:0026", Ok(("127.0.0.2", true, "0026"))),
            ("127.0.0.2", Ok(("127.0.0.2", false, ""))),
            ("[::1]:26", Ok(("::1", true, "26"))),
            ("[IPv6:::1]:26", Ok(("IPv6:::1", true, "26"))),
            ("h\u{f6}st.example.org", Ok(("h\u{f6}st.example.org", false, ""))),
            (":587", Err(MissingHost)),
            ("587", Err(BadHost)),
            ("", Err(MissingHost)),
            ("::1", Err(BadHost)),
            ("[]:26", Err(BadHost)),
            ("host.example.org:25:25", Err(BadHost)),
            ("host..example.org", Err(BadHost)),
            ("x.example.org.", Err(BadHost)),
            (".example.com", Err(BadHost)),
            ("-x.example.com", Err(BadHost)),
            ("user@h.example.org", Err(BadHost)),
            ("h.example.org/25", Err(BadHost)),
            ("[1.2.3]:26", Err(BadHost)),
            ("256.1.1.1", Err(BadHost)),
            ("[fe80::1%eth0]:26", Err(BadHost)),
            ("inet:[127.0.0.2]:26", Err(BadHost)),
            ("[127.0.0.1", Err(OpenBracket)),
            ("127.0.0.1]:25", Err(BadHost)),
            ("[127.0.0.2]26", Err(BehindBracket)),
            ("[[127.0.0.2]]:26", Err(BehindBracket)),
            ("smtp:[127.0.0.1]", Err(BadPort)),
            ("http://x/", Err(BadPort)),
            ("[127.0.0.2]:0", Err(BadPort)),
            ("[127.0.0.2]:99999", Err(BadPort)),
            ("[127.0.0.2]:587x", Err(BadPort)),
            ("[127.0.0.2]:-1", Err(BadPort)),
            ("[127.0.0.2]:+26", Err(BadPort)),
            ("[127.0.0.1]:25:25", Err(BadPort)),
        ];
        for (text, expected) in cases {
            let got = parse_destination(text.as_bytes());
            let shown = got.map(|got| {
                let text = |bytes| std::str::from_utf8(bytes).expect("ASCII or UTF-8");
                (text(got.host), got.bracketed, text(got.port))
            });
            assert_eq!(shown, *expected, "{text}");
        }
        assert_eq!(split_destinations(b" [a]:1, b\tc,"), [1..6, 8..9, 10..11]);
    }
}
