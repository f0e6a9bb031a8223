//! The default of `mynetworks`: the networks of the machine's own interfaces.
//!
//! `mynetworks_style` says how much of each network is meant, `inet_interfaces` which addresses are the mail system's,
//! and `inet_protocols` which kinds of addresses it uses. The texts of errors are those of Postfix 3.11, whose programs
//! end with them.
//!
//! Source: postconf(5).

use super::host::{Host, LocalAddress};
use super::protocols::Protocols;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs};

/// Why the networks cannot be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworksError {
    message: String,
}

impl fmt::Display for NetworksError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for NetworksError {}

fn error<T>(message: String) -> Result<T, NetworksError> {
    Err(NetworksError { message })
}

/// The parameters that decide, expanded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkSettings {
    /// `mynetworks_style`
    pub style: String,
    /// `inet_interfaces`
    pub interfaces: String,
    /// `inet_protocols`
    pub protocols: String,
}

/// How much of the network of an address is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Host,
    Subnet,
    Class,
}

/// The networks, as in `127.0.0.0/8 [::1]/128 `: Postfix writes a blank behind each, the last one too.
///
/// Names in `inet_interfaces` are looked up as the system does it.
///
/// # Errors
/// A parameter with a value that it cannot have, an address that is not the machine's, or a machine without addresses.
pub fn networks(settings: &NetworkSettings, host: &Host) -> Result<String, NetworksError> {
    let protocols = Protocols::parse(&settings.protocols).or_else(error)?;
    let style = style(&settings.style)?;
    let mut found: Vec<String> = Vec::new();
    for address in own_addresses(&settings.interfaces, protocols, host)? {
        let network = network(address, style)? + " ";
        if !found.contains(&network) {
            found.push(network);
        }
    }
    Ok(found.concat())
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ' ', '\t', '\r', '\n']).filter(|word| !word.is_empty())
}

fn style(text: &str) -> Result<Style, NetworksError> {
    let mut styles = Vec::new();
    for word in words(text) {
        let style = match word {
            "host" => Style::Host,
            "subnet" => Style::Subnet,
            "class" => Style::Class,
            _ => return error(format!("unknown mynetworks mask style value \"{word}\" in \"{text}\"")),
        };
        if !styles.contains(&style) {
            styles.push(style);
        }
    }
    match styles[..] {
        [style] => Ok(style),
        _ => error(format!("bad mynetworks_style value: {text}; specify exactly one value")),
    }
}

/// The addresses at which the mail system receives mail.
fn own_addresses(text: &str, protocols: Protocols, host: &Host) -> Result<Vec<LocalAddress>, NetworksError> {
    let is_used = |address: &IpAddr| protocols.allow(*address);
    if protocols == Protocols::default() || words(text).next().is_none() {
        return Ok(Vec::new());
    }
    let is_list = !matches!(text, "all" | "loopback-only");
    let named = if is_list { resolve(text, is_used)? } else { Vec::new() };
    let mut local = host.addresses.list();
    local.retain(|local| is_used(&local.address));
    local.sort_by_key(|local| local.address.is_ipv6());
    if local.is_empty() {
        return error("could not find any active network interfaces".into());
    }
    if !is_list {
        local.retain(|local| text == "all" || local.address.is_loopback());
        return Ok(local);
    }
    let find = |address: IpAddr| match local.iter().find(|local| local.address == address) {
        Some(found) => Ok(*found),
        None => error(format!("parameter inet_interfaces: no local interface found for {address}")),
    };
    named.into_iter().map(find).collect()
}

/// The addresses of all hosts in a list, in their own order, each once.
fn resolve(text: &str, is_used: impl Fn(&IpAddr) -> bool) -> Result<Vec<IpAddr>, NetworksError> {
    let mut found = Vec::new();
    for word in words(text) {
        let host = word.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(word);
        let before = found.len();
        let resolved = (host, 0).to_socket_addrs().ok().into_iter().flatten();
        found.extend(resolved.map(|address| address.ip()).filter(&is_used));
        if found.len() == before {
            return error(format!("config variable inet_interfaces: host not found: {word}"));
        }
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

fn network(local: LocalAddress, style: Style) -> Result<String, NetworksError> {
    match local.address {
        IpAddr::V4(address) => {
            let prefix = match style {
                Style::Host => 32,
                Style::Subnet => local.prefix,
                Style::Class => match address.octets()[0] {
                    0..128 => 8,
                    128..192 => 16,
                    192..224 => 24,
                    224..240 => 4,
                    _ => return error(format!("mynetworks_core: unknown address class: {address}")),
                },
            };
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0);
            Ok(format!("{}/{prefix}", Ipv4Addr::from_bits(address.to_bits() & mask)))
        }
        // There are no classes.
        IpAddr::V6(address) => {
            let prefix = if style == Style::Host { 128 } else { local.prefix };
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix.min(128))).unwrap_or(0);
            Ok(format!("[{}]/{prefix}", Ipv6Addr::from_bits(address.to_bits() & mask)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::host::Addresses;
    use super::*;

    fn told(addresses: &str, style: &str, interfaces: &str, protocols: &str) -> String {
        let local = addresses.split_whitespace().map(|text| {
            let (address, prefix) = text.split_once('/').expect("an address has a prefix");
            LocalAddress { address: address.parse().expect("an address"), prefix: prefix.parse().expect("a number") }
        });
        let host = Host { name: "vm".into(), addresses: Addresses::Known(local.collect()) };
        let (style, interfaces, protocols) = (style.into(), interfaces.into(), protocols.into());
        match networks(&NetworkSettings { style, interfaces, protocols }, &host) {
            Ok(text) => text,
            Err(error) => format!("error: {error}"),
        }
    }

    const SITE: &str = "127.0.0.1/8 ::1/128 10.1.2.3/8 172.16.5.6/12 192.168.7.8/23 192.168.7.9/23 224.1.2.3/24 \
                        2001:db8::1/32 fe80::5/64";

    #[test]
    fn networks_as_postfix_3_11_tells_them() {
        let cases = [
            (
                "host",
                "all",
                "all",
                "127.0.0.1/32 10.1.2.3/32 172.16.5.6/32 192.168.7.8/32 192.168.7.9/32 224.1.2.3/32 [::1]/128 \
                 [2001:db8::1]/128 [fe80::5]/128",
            ),
            (
                "subnet",
                "all",
                "ipv6, ipv4",
                "127.0.0.0/8 10.0.0.0/8 172.16.0.0/12 192.168.6.0/23 224.1.2.0/24 [::1]/128 [2001:db8::]/32 [fe80::]/64",
            ),
            ("class,class", "all", "ipv4", "127.0.0.0/8 10.0.0.0/8 172.16.0.0/16 192.168.7.0/24 224.0.0.0/4"),
            ("subnet", "loopback-only", "all", "127.0.0.0/8 [::1]/128"),
            ("subnet", "10.1.2.3, [::1] 127.0.0.1,127.0.0.1", "all", "10.0.0.0/8 127.0.0.0/8 [::1]/128"),
            ("subnet", "", "all", ""),
            ("subnet", "all", "", ""),
            ("", "all", "all", "error: bad mynetworks_style value: ; specify exactly one value"),
            ("host subnet", "all", "all", "error: bad mynetworks_style value: host subnet; specify exactly one value"),
            ("host, HOST", "all", "all", "error: unknown mynetworks mask style value \"HOST\" in \"host, HOST\""),
            ("bad", "all", "ipv4 ipv5", "error: unknown inet_protocols value \"ipv5\" in \"ipv4 ipv5\""),
            (
                "host",
                "192.0.2.78 10.9.9.9",
                "all",
                "error: parameter inet_interfaces: no local interface found for 10.9.9.9",
            ),
            ("host", "[::1]", "ipv4", "error: config variable inet_interfaces: host not found: [::1]"),
            ("host", "[127.0.0.1", "all", "error: config variable inet_interfaces: host not found: [127.0.0.1"),
        ];
        for (style, interfaces, protocols, expected) in cases {
            let blank = if expected.is_empty() || expected.starts_with("error: ") { "" } else { " " };
            assert_eq!(
                told(SITE, style, interfaces, protocols),
                format!("{expected}{blank}"),
                "{style} {interfaces} {protocols}"
            );
        }
        let none = "error: could not find any active network interfaces";
        assert_eq!(told("", "host", "loopback-only", "all"), none);
        assert_eq!(told("10.1.2.3/8", "host", "loopback-only", "all"), "");
        assert_eq!(told("10.1.2.3/8", "host", "all", "ipv6"), none);
        let reserved = "error: mynetworks_core: unknown address class: 240.0.0.1";
        assert_eq!(told("240.0.0.1/0", "class", "all", "all"), reserved);
        assert_eq!(told("240.0.0.1/0 ::2/0", "subnet", "all", "all"), "0.0.0.0/0 [::]/0 ");
    }
}
