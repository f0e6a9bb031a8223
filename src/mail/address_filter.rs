//! Filters of IPv4 addresses behind the name of a list in the DNS: `127.0.0.[2;4..6]`.
//!
//! Four parts between dots, each a number or, in brackets, numbers and ranges with semicolons between; all of it may
//! stand in brackets.
//!
//! Source: postconf(5), `reject_rbl_client`; experiments with 3.11.

use std::fmt;
use std::net::IpAddr;
use std::ops::RangeInclusive;

/// A filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressFilter {
    parts: [Vec<RangeInclusive<u8>>; 4],
}

/// Why a text is no filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterFault;

impl fmt::Display for FilterFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no address filter of four parts such as 127.0.0.[2;4..6]")
    }
}

impl AddressFilter {
    /// Reads a filter.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(text: &[u8]) -> Result<Self, FilterFault> {
        let text = std::str::from_utf8(text).map_err(|_| FilterFault)?;
        let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
        inner.ok_or(FilterFault).and_then(Self::parts).or_else(|_| Self::parts(text))
    }

    fn parts(text: &str) -> Result<Self, FilterFault> {
        let mut parts: [Vec<RangeInclusive<u8>>; 4] = Default::default();
        let mut rest = text;
        for (number, part) in parts.iter_mut().enumerate() {
            let inside;
            if let Some(bracket) = rest.strip_prefix('[') {
                let (list, behind) = bracket.split_once(']').ok_or(FilterFault)?;
                (inside, rest) = (list, behind);
            } else {
                let end = rest.find('.').unwrap_or(rest.len());
                (inside, rest) = rest.split_at(end);
                if inside.contains("..") || inside.contains(';') {
                    return Err(FilterFault);
                }
            }
            *part = inside.split(';').map(range).collect::<Option<_>>().ok_or(FilterFault)?;
            if number < 3 {
                rest = rest.strip_prefix('.').ok_or(FilterFault)?;
            }
        }
        if rest.is_empty() { Ok(Self { parts }) } else { Err(FilterFault) }
    }

    /// Whether it takes an address.
    #[must_use]
    pub fn takes(&self, address: IpAddr) -> bool {
        let IpAddr::V4(address) = address else { return false };
        self.parts.iter().zip(address.octets()).all(|(part, octet)| part.iter().any(|range| range.contains(&octet)))
    }
}

/// `4` or `4..6`.
fn range(text: &str) -> Option<RangeInclusive<u8>> {
    let number = |text: &str| {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if is_number { text.parse().ok() } else { None }
    };
    let (first, last) = match text.split_once("..") {
        Some((first, last)) => (number(first)?, number(last)?),
        None => (number(text)?, number(text)?),
    };
    (first <= last).then_some(first..=last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_filters_take() {
        let takes = |filter: &str, address: &str| {
            AddressFilter::parse(filter.as_bytes()).map(|filter| filter.takes(address.parse().expect("an address")))
        };
        let cases = [
            ("127.0.0.2", "127.0.0.2", Ok(true)),
            ("127.0.0.2", "127.0.0.3", Ok(false)),
            ("127.0.0.[2..4]", "127.0.0.4", Ok(true)),
            ("127.0.0.[2..4]", "127.0.0.5", Ok(false)),
            ("127.[0..1].[0;2].[2;3;5..10]", "127.1.2.7", Ok(true)),
            ("127.[0..1].[0;2].[2;3;5..10]", "127.1.1.7", Ok(false)),
            ("[127.0.0.[2;3]]", "127.0.0.3", Ok(true)),
            ("[127.0.0.[2;3]]", "127.0.0.4", Ok(false)),
            ("[127].0.0.[2;3]", "127.0.0.3", Ok(true)),
            ("127.0.0.2", "::1", Ok(false)),
            ("127.0.0.[4..2]", "127.0.0.4", Err(FilterFault)),
            ("127.0.0", "127.0.0.4", Err(FilterFault)),
            ("127.0.0.2.3", "127.0.0.4", Err(FilterFault)),
            ("127.0.0.256", "127.0.0.4", Err(FilterFault)),
            ("127.0.0.[]", "127.0.0.4", Err(FilterFault)),
            ("127.0.0.[2", "127.0.0.4", Err(FilterFault)),
            ("127.0.0.+2", "127.0.0.4", Err(FilterFault)),
            ("", "127.0.0.4", Err(FilterFault)),
        ];
        for (filter, address, expected) in cases {
            assert_eq!(takes(filter, address), expected, "{filter} {address}");
        }
    }
}
