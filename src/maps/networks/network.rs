//! An address, a network, and how Postfix reads them.
//!
//! Source: cidr_table(5), "ADDRESS PATTERN SYNTAX".

use std::net::{Ipv4Addr, Ipv6Addr};

/// An address family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// IPv4, 32 bits.
    V4,
    /// IPv6, 128 bits.
    V6,
}

impl Family {
    /// How many bits an address has.
    #[must_use]
    pub const fn bits(self) -> u8 {
        match self {
            Self::V4 => 32,
            Self::V6 => 128,
        }
    }

    /// Postfix takes whatever has a colon in it for IPv6.
    fn of(text: &[u8]) -> Self {
        if text.contains(&b':') { Self::V6 } else { Self::V4 }
    }
}

/// An address: its bits stand at the low end of the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    /// Its family.
    pub family: Family,
    /// Its bits.
    pub bits: u128,
}

impl Address {
    /// Reads an address without brackets; nothing for what is none.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let family = Family::of(text);
        let text = std::str::from_utf8(text).ok()?;
        let bits = match family {
            Family::V4 => u128::from(u32::from(text.parse::<Ipv4Addr>().ok()?)),
            Family::V6 => u128::from(text.parse::<Ipv6Addr>().ok()?),
        };
        Some(Self { family, bits })
    }
}

/// All addresses that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network {
    /// The lowest of them.
    pub address: Address,
    /// How many bits they share.
    pub length: u8,
}

/// Why a pattern is no network. Each holds what Postfix shows of the pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetworkFault {
    /// `[` without `]`.
    Unclosed(Vec<u8>),
    /// Text behind `]` that is no `/length`.
    Garbage(Vec<u8>),
    /// Something other than digits behind `/`.
    MaskValue(Vec<u8>),
    /// More bits than an address has.
    MaskLength(Vec<u8>),
    /// No address before `/`.
    NetworkValue(Vec<u8>),
    /// No address, in a pattern without `/`.
    Address(Vec<u8>),
    /// Bits behind the network's length, and the network that may be meant.
    HostBits(Vec<u8>, String),
}

impl NetworkFault {
    /// As Postfix words it.
    #[must_use]
    pub fn message(&self) -> Vec<u8> {
        let (words, shown): (&str, &[u8]) = match self {
            Self::Unclosed(shown) => ("missing ']' character after", shown),
            Self::Garbage(shown) => ("garbage after", shown),
            Self::MaskValue(shown) => ("bad mask value in", shown),
            Self::MaskLength(shown) => ("bad mask length in", shown),
            Self::NetworkValue(shown) => ("bad network value in", shown),
            Self::Address(shown) => ("bad address pattern:", shown),
            Self::HostBits(shown, _) => ("non-null host address bits in", shown),
        };
        let mut message = [words.as_bytes(), b" \"", shown, b"\""].concat();
        if let Self::HostBits(_, meant) = self {
            message.extend_from_slice(format!(", perhaps you should use \"{meant}\" instead").as_bytes());
        }
        message
    }
}

impl Network {
    /// Reads `address`, `network/length`, `[address]`, `[network]/length` or `[network/length]`.
    ///
    /// # Errors
    /// For what is none of these, or has bits behind its length.
    pub fn parse(pattern: &[u8]) -> Result<Self, NetworkFault> {
        let (address, mask) = split(pattern)?;
        let family = Family::of(address);
        let Some(mask) = mask else {
            let address = Address::parse(address).ok_or_else(|| NetworkFault::Address(address.to_vec()))?;
            return Ok(Self { address, length: family.bits() });
        };
        let shown = || [address, b"/", mask].concat();
        if mask.is_empty() || !mask.iter().all(u8::is_ascii_digit) {
            return Err(NetworkFault::MaskValue(shown()));
        }
        let length = mask_length(mask);
        if length > family.bits() {
            return Err(NetworkFault::MaskLength(shown()));
        }
        let parsed = Address::parse(address).ok_or_else(|| NetworkFault::NetworkValue(shown()))?;
        let network = Self { address: Address { family, bits: parsed.bits & !host_mask(family, length) }, length };
        if network.address != parsed {
            return Err(NetworkFault::HostBits(shown(), network.shown()));
        }
        Ok(network)
    }

    /// Whether an address is in it.
    #[must_use]
    pub fn contains(&self, address: Address) -> bool {
        let host = host_mask(self.address.family, self.length);
        address.family == self.address.family && address.bits & !host == self.address.bits
    }

    /// The highest address in it.
    #[must_use]
    pub fn last(&self) -> u128 {
        self.address.bits | host_mask(self.address.family, self.length)
    }

    fn shown(&self) -> String {
        format!("{}/{}", shown_address(self.address), self.length)
    }
}

/// Takes brackets off and splits at the slash.
fn split(pattern: &[u8]) -> Result<(&[u8], Option<&[u8]>), NetworkFault> {
    let at_slash = |text: &'_ [u8]| memchr::memchr(b'/', text);
    let Some(inside) = pattern.strip_prefix(b"[") else {
        return Ok(match at_slash(pattern) {
            Some(slash) => (&pattern[..slash], Some(&pattern[slash + 1..])),
            None => (pattern, None),
        });
    };
    let close = memchr::memchr(b']', inside).ok_or_else(|| NetworkFault::Unclosed(pattern.to_vec()))?;
    let (inside, behind) = (&inside[..close], &inside[close + 1..]);
    match (behind.strip_prefix(b"/"), at_slash(inside)) {
        (Some(mask), _) => Ok((inside, Some(mask))),
        (None, _) if !behind.is_empty() => Err(NetworkFault::Garbage([b"[", inside, b"]"].concat())),
        (None, Some(slash)) => Ok((&inside[..slash], Some(&inside[slash + 1..]))),
        (None, None) => Ok((inside, None)),
    }
}

/// A number of digits as the C library reads it into a byte: 257 is 1 to Postfix, and so it is here.
fn mask_length(digits: &[u8]) -> u8 {
    let value =
        digits.iter().try_fold(0_i64, |value, &digit| value.checked_mul(10)?.checked_add(i64::from(digit - b'0')));
    value.unwrap_or(i64::MAX).to_le_bytes()[0]
}

/// The bits behind the first `length`.
fn host_mask(family: Family, length: u8) -> u128 {
    let host = u32::from(family.bits().saturating_sub(length));
    u128::MAX.checked_shr(128 - host).unwrap_or(0)
}

/// An address as the C library writes it, which shows more IPv6 addresses with an IPv4 end than Rust's does.
fn shown_address(address: Address) -> String {
    match address.family {
        Family::V4 => Ipv4Addr::from(u32::try_from(address.bits).unwrap_or(u32::MAX)).to_string(),
        Family::V6 if address.bits >> 32 == 0 && address.bits >> 16 != 0 => {
            format!("::{}", Ipv4Addr::from(u32::try_from(address.bits).unwrap_or(u32::MAX)))
        }
        Family::V6 => Ipv6Addr::from(address.bits).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_as_postfix_3_11_reads_them() {
        let cases = [
            ("1.2.3.4", "1.2.3.4/32"),
            ("[1.2.3.4]", "1.2.3.4/32"),
            ("[10.0.0.0]/8", "10.0.0.0/8"),
            ("[10.0.0.0/8]", "10.0.0.0/8"),
            ("1.2.3.4/288", "1.2.3.4/32"),
            ("1.2.3.4/00000000000000000032", "1.2.3.4/32"),
            ("::1/384", "::1/128"),
            ("2001:DB8::/32", "2001:db8::/32"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("::/0", "::/0"),
            ("01.2.3.4", "bad address pattern: \"01.2.3.4\""),
            ("1.2.3", "bad address pattern: \"1.2.3\""),
            ("fe80::1%eth0", "bad address pattern: \"fe80::1%eth0\""),
            ("[]", "bad address pattern: \"\""),
            ("0/0", "bad network value in \"0/0\""),
            ("[1.2.3.0/24]/24", "bad network value in \"1.2.3.0/24/24\""),
            ("foo/33", "bad mask length in \"foo/33\""),
            ("1.2.3.4/99999999999999999999", "bad mask length in \"1.2.3.4/99999999999999999999\""),
            ("1.2.3.4/", "bad mask value in \"1.2.3.4/\""),
            ("[1.2.3.4]/", "bad mask value in \"1.2.3.4/\""),
            ("1.2.3.0/24/24", "bad mask value in \"1.2.3.0/24/24\""),
            ("1.2.3.4/+8", "bad mask value in \"1.2.3.4/+8\""),
            ("[1.2.3.4", "missing ']' character after \"[1.2.3.4\""),
            ("[[1.2.3.0]]/24", "garbage after \"[[1.2.3.0]\""),
        ];
        for (pattern, expected) in cases {
            let shown = match Network::parse(pattern.as_bytes()) {
                Ok(network) => network.shown(),
                Err(fault) => String::from_utf8(fault.message()).unwrap(),
            };
            assert_eq!(shown, expected, "{pattern}");
        }
    }

    #[test]
    fn bits_behind_the_length_are_refused_with_advice() {
        let cases = [
            ("1.2.3.4/24", "1.2.3.0/24"),
            ("0.0.0.1/0", "0.0.0.0/0"),
            ("1.2.3.4/257", "0.0.0.0/1"),
            ("255.255.255.255/31", "255.255.255.254/31"),
            ("::1/64", "::/64"),
            ("::1.2.3.4/120", "::1.2.3.0/120"),
            ("::fffe:1/112", "::255.254.0.0/112"),
            ("::ffff:1.2.3.4/120", "::ffff:1.2.3.0/120"),
            ("1:0:0:2:0:0:0:3/112", "1:0:0:2::/112"),
            ("64:ff9b::1.2.3.4/112", "64:ff9b::102:0/112"),
            ("1:0:1:1:1:1:1:1/127", "1:0:1:1:1:1:1:0/127"),
        ];
        for (pattern, meant) in cases {
            let fault = NetworkFault::HostBits(pattern.into(), meant.to_string());
            assert_eq!(Network::parse(pattern.as_bytes()), Err(fault), "{pattern}");
        }
    }
}
