//! `inet_protocols`: the kinds of addresses that the mail system uses.
//!
//! Source: postconf(5).

use std::net::IpAddr;

/// Which kinds of addresses are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Protocols {
    /// Those of IPv4.
    pub v4: bool,
    /// Those of IPv6.
    pub v6: bool,
}

impl Protocols {
    /// Both.
    pub const ALL: Self = Self { v4: true, v6: true };

    /// Reads the expanded value of the parameter.
    ///
    /// # Errors
    /// With which words the programs of Postfix end, all of them.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut protocols = Self::default();
        for word in text.split([',', ' ', '\t', '\r', '\n']).filter(|word| !word.is_empty()) {
            match word {
                "all" => protocols = Self::ALL,
                "ipv4" => protocols.v4 = true,
                "ipv6" => protocols.v6 = true,
                _ => return Err(format!("unknown inet_protocols value \"{word}\" in \"{text}\"")),
            }
        }
        Ok(protocols)
    }

    /// Whether an address is of a kind that is used.
    #[must_use]
    pub const fn allow(self, address: IpAddr) -> bool {
        if address.is_ipv4() { self.v4 } else { self.v6 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_addresses() {
        let cases = [
            ("all", Ok((true, true))),
            ("ipv4", Ok((true, false))),
            ("ipv6,", Ok((false, true))),
            ("ipv6 ipv4", Ok((true, true))),
            ("", Ok((false, false))),
            ("IPv4", Err("unknown inet_protocols value \"IPv4\" in \"IPv4\"".to_string())),
        ];
        for (text, expected) in cases {
            let allows = |protocols: Protocols| {
                (protocols.allow(IpAddr::from([127, 0, 0, 1])), protocols.allow(IpAddr::from([0_u16; 8])))
            };
            assert_eq!(Protocols::parse(text).map(allows), expected, "{text}");
        }
    }
}
