//! Where a server on the network is, as master.cf and tables such as `tcp:` write it: `host:port`, `[host]:port`, or a
//! port alone.
//!
//! Also which ports have names: what services(5) lists, and the names of mail services that a site may use wherever it
//! is looked at. Destinations of mail are written otherwise: see [`destination`](super::destination).
//!
//! Source: master(5), services(5); experiments with Postfix 3.11.

use std::net::{IpAddr, Ipv6Addr};

/// Names of ports that mail servers are known by, sorted, and their numbers; not every machine's services(5) lists all.
pub const MAIL_PORTS: [(&str, u16); 25] = [
    ("imap", 143),
    ("imap2", 143),
    ("imap3", 220),
    ("imaps", 993),
    ("lmtp", 24),
    ("mail", 25),
    ("mailq", 174),
    ("managesieve", 4190),
    ("odmr", 366),
    ("pop-2", 109),
    ("pop-3", 110),
    ("pop2", 109),
    ("pop3", 110),
    ("pop3s", 995),
    ("postoffice", 109),
    ("qmqp", 628),
    ("qmtp", 209),
    ("sieve", 4190),
    ("smtp", 25),
    ("smtps", 465),
    ("spamd", 783),
    ("ssmtp", 465),
    ("submission", 587),
    ("submissions", 465),
    ("urd", 465),
];

/// Splits `host:port`; the host is empty if there is none.
///
/// # Errors
/// What is wrong with it, in Postfix's words.
pub fn host_and_port(text: &str) -> Result<(&str, &str), &'static str> {
    const NO_HOST: &str = "valid hostname or network address required";
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let Some((host, rest)) = rest.split_once(']') else { return Err("missing \"]\"") };
            let port = match rest.strip_prefix(':') {
                Some(port) => port,
                None if rest.is_empty() => "",
                None => return Err("garbage after \"]\""),
            };
            (Some(host), port)
        }
        None => text
            .rsplit_once(':')
            .map_or((None, text), |(host, port)| (Some(host).filter(|host| !host.is_empty()), port)),
    };
    if port.is_empty() {
        return Err("missing service information");
    }
    if port.starts_with(|first: char| first.is_ascii_digit()) && !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("garbage after numerical service");
    }
    match host {
        Some(host) if !is_host(host, text.starts_with('[')) => Err(NO_HOST),
        host => Ok((host.unwrap_or_default(), port)),
    }
}

/// The address that a host is; `ipv6:` may stand before one.
#[must_use]
pub fn host_address(host: &str) -> Option<IpAddr> {
    let bare = match host.get(..5) {
        Some(tag) if tag.eq_ignore_ascii_case("ipv6:") => return host[5..].parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        _ => host,
    };
    bare.parse().ok()
}

fn is_host(host: &str, bracketed: bool) -> bool {
    if host.contains(':') {
        return if bracketed { host_address(host).is_some() } else { host.parse::<Ipv6Addr>().is_ok() };
    }
    let label = |label: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (1..=63).contains(&label.len()) && label.bytes().all(plain) && !label.starts_with('-') && !label.ends_with('-')
    };
    let numbers = host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    host.len() <= 255 && host.split('.').all(label) && (!numbers || host.parse::<IpAddr>().is_ok())
}

/// The number that a text in the form of services(5) gives to the name of a TCP port.
#[must_use]
pub fn named_port(services: &str, name: &str) -> Option<u16> {
    services.lines().find_map(|line| {
        let mut words = line.split('#').next()?.split_whitespace();
        let (first, number) = (words.next()?, words.next()?);
        let number = number.strip_suffix("/tcp")?.parse().ok()?;
        (first == name || words.any(|alias| alias == name)).then_some(number)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    type Case = (&'static str, Result<(&'static str, &'static str), &'static str>);

    #[test]
    fn addresses_as_postfix_3_11_reads_them() {
        let cases: &[Case] = &[
            ("host:25", Ok(("host", "25"))),
            (":25", Ok(("", "25"))),
            ("25", Ok(("", "25"))),
            ("smtp", Ok(("", "smtp"))),
            ("[::1]:25", Ok(("::1", "25"))),
            ("::1:25", Ok(("::1", "25"))),
            ("[ipv6:::1]:25", Ok(("ipv6:::1", "25"))),
            ("a_b:smtp", Ok(("a_b", "smtp"))),
            ("127.0.0.1:-1", Ok(("127.0.0.1", "-1"))),
            ("127.0.0.1", Err("garbage after numerical service")),
            ("127.0.0.1:1x", Err("garbage after numerical service")),
            ("25-30", Err("garbage after numerical service")),
            ("127.0.0.1:", Err("missing service information")),
            (":", Err("missing service information")),
            ("", Err("missing service information")),
            ("[::1]", Err("missing service information")),
            ("[::1]:", Err("missing service information")),
            ("[::1", Err("missing \"]\"")),
            ("[::1]x", Err("garbage after \"]\"")),
            ("[]:25", Err("valid hostname or network address required")),
            ("*:25", Err("valid hostname or network address required")),
            ("IPv6:::1:25", Err("valid hostname or network address required")),
            ("-a:25", Err("valid hostname or network address required")),
            ("a..b:25", Err("valid hostname or network address required")),
            ("localhost.:25", Err("valid hostname or network address required")),
            ("127.0.0:1", Err("valid hostname or network address required")),
            ("[a b]:1", Err("valid hostname or network address required")),
            ("127.0.0.1:25:a", Err("valid hostname or network address required")),
        ];
        for (text, expected) in cases {
            assert_eq!(host_and_port(text), *expected, "{text}");
        }
    }

    #[test]
    fn ports_by_name() {
        let services = "# x\nsmtp\t25/tcp  mail # mail\ndomain 53/udp\ndomain 53/tcp\n\nbad\n";
        let cases = [("smtp", Some(25)), ("mail", Some(25)), ("domain", Some(53)), ("x", None), ("bad", None)];
        for (name, expected) in cases {
            assert_eq!(named_port(services, name), expected, "{name}");
        }
        assert!(MAIL_PORTS.is_sorted());
    }
}
