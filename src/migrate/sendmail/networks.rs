//! Networks as mynetworks has them, and which of them lies in which.

use std::collections::HashSet;
use std::net::IpAddr;

/// The bits of a network, those behind its length cleared; how many of them count, and whether it is one of IPv6.
type Network = (u128, u32, bool);

fn network(text: &str) -> Option<Network> {
    let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
    let address: IpAddr = address.trim_matches(['[', ']']).parse().ok()?;
    let (bits, width) = match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()) << 96, 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    };
    let length = length.map_or(Some(width), |length| length.parse().ok()).filter(|length| *length <= width)?;
    Some((cut(bits, length), length, address.is_ipv6()))
}

fn cut(bits: u128, length: u32) -> u128 {
    if length == 0 { 0 } else { bits & (u128::MAX << (128 - length)) }
}

/// Some networks.
#[derive(Clone, Debug, Default)]
pub struct Networks {
    known: HashSet<Network>,
}

impl Networks {
    /// Those of some texts; what is no network does not count.
    #[must_use]
    pub fn of(texts: &[String]) -> Self {
        Self { known: texts.iter().filter_map(|text| network(text)).collect() }
    }

    /// Whether a network is a part of one of them, and not all of it.
    #[must_use]
    pub fn hold(&self, part: &str) -> bool {
        network(part).is_some_and(|part| self.hold_bits(part, part.1))
    }

    /// The same, or is one of them.
    #[must_use]
    pub fn hold_or_are(&self, part: &str) -> bool {
        network(part).is_some_and(|part| self.hold_bits(part, part.1 + 1))
    }

    fn hold_bits(&self, (bits, _, is_6): Network, below: u32) -> bool {
        (0..below).any(|shorter| self.known.contains(&(cut(bits, shorter), shorter, is_6)))
    }
}

#[cfg(test)]
mod tests {
    use super::Networks;

    #[test]
    fn parts_are_longer_and_begin_alike() {
        let held = |part: &str, whole: &str| Networks::of(&["x".into(), whole.into()]).hold(part);
        assert!(held("10.1.2.0/24", "10.0.0.0/8"));
        assert!(held("10.1.2.3", "10.1.2.0/24"));
        assert!(held("10.1.2.3", "10.9.9.9/8"));
        assert!(!held("10.0.0.0/8", "10.0.0.0/8"));
        assert!(!held("11.1.2.3", "10.0.0.0/8"));
        assert!(held("[2001:db8:1::]/48", "[2001:db8::]/32"));
        assert!(!held("10.1.2.3", "[::]/0"));
        assert!(held("10.1.2.3", "0.0.0.0/0"));
        assert!(Networks::of(&["10.1.2.3".into()]).hold_or_are("10.1.2.3"));
        assert!(!Networks::of(&["10.1.2.3".into()]).hold_or_are("10.1.2.4"));
    }
}
