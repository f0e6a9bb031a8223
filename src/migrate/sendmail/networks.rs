//! Networks as mynetworks has them, and which of them lies in which.

use std::net::IpAddr;

/// The bits of a network, how many of them count, and whether it is one of IPv6.
fn bits(network: &str) -> Option<(u128, u32, bool)> {
    let (address, length) =
        network.split_once('/').map_or((network, None), |(address, length)| (address, Some(length)));
    let address: IpAddr = address.trim_matches(['[', ']']).parse().ok()?;
    let (bits, width) = match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()) << 96, 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    };
    let length = length.map_or(Some(width), |length| length.parse().ok()).filter(|length| *length <= width)?;
    Some((bits, length, address.is_ipv6()))
}

/// Whether one network is a part of another, and not all of it.
#[must_use]
pub fn is_part(part: &str, whole: &str) -> bool {
    let (Some((part, longer, part_is_6)), Some((whole, length, whole_is_6))) = (bits(part), bits(whole)) else {
        return false;
    };
    let mask = if length == 0 { 0 } else { u128::MAX << (128 - length) };
    part_is_6 == whole_is_6 && longer > length && part & mask == whole & mask
}

#[cfg(test)]
mod tests {
    use super::is_part;

    #[test]
    fn parts_are_longer_and_begin_alike() {
        assert!(is_part("10.1.2.0/24", "10.0.0.0/8"));
        assert!(is_part("10.1.2.3", "10.1.2.0/24"));
        assert!(!is_part("10.0.0.0/8", "10.0.0.0/8"));
        assert!(!is_part("11.1.2.3", "10.0.0.0/8"));
        assert!(is_part("[2001:db8:1::]/48", "[2001:db8::]/32"));
        assert!(!is_part("10.1.2.3", "[::]/0"));
    }
}
