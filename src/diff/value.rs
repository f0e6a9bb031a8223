//! What a value means, whatever its layout: a list by its elements, a time in seconds, anything else as its text.

use crate::config::catalogue::{Kind, TimeUnit, ValueType, parameter};
use crate::syntax::match_list::split_list;
use std::collections::HashMap;

/// A value without its layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// A list: elements, and whether their order means nothing.
    List(Vec<Vec<u8>>, bool),
    /// Anything else.
    Text(Vec<u8>),
}

/// What an expanded value of a parameter means.
#[must_use]
pub fn meaning(name: &str, value: &[u8]) -> Meaning {
    let text = || Meaning::Text(value.to_vec());
    let Some(parameter) = parameter(name) else {
        // Restriction classes are lists; of other names of the user's own nothing is known.
        return text();
    };
    if is_list(parameter.kind) {
        return list(value, ignores_order(parameter.kind));
    }
    match parameter.value_type {
        ValueType::Bool | ValueType::NBool => Meaning::Text(value.to_ascii_lowercase()),
        ValueType::Time { unit, .. } => match seconds(value, unit) {
            Some(seconds) => Meaning::Text(format!("{seconds}s").into_bytes()),
            None => text(),
        },
        _ => text(),
    }
}

/// A list by its elements.
#[must_use]
pub fn list(value: &[u8], ignores_order: bool) -> Meaning {
    let elements: Vec<Vec<u8>> = split_list(value).into_iter().map(|range| value[range].to_vec()).collect();
    // `!` says no to what stands behind it too.
    let ignores_order = ignores_order && !elements.iter().any(|element| element.starts_with(b"!"));
    Meaning::List(elements, ignores_order)
}

impl Meaning {
    /// Whether two values mean the same.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::List(a, true), Self::List(b, true)) => {
                let sorted = |elements: &[Vec<u8>]| {
                    let mut elements = elements.to_vec();
                    elements.sort_unstable();
                    elements.dedup();
                    elements
                };
                sorted(a) == sorted(b)
            }
            (Self::List(a, _), Self::List(b, _)) => a == b,
            (a, b) => a == b,
        }
    }
}

/// Elements that only one side has, in their order.
#[must_use]
pub fn elements_changed(a: &[Vec<u8>], b: &[Vec<u8>]) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let lacking = |these: &[Vec<u8>], those: &[Vec<u8>]| {
        let mut left: HashMap<&[u8], usize> = HashMap::new();
        those.iter().for_each(|element| *left.entry(element).or_default() += 1);
        let mut is_left = |element: &&Vec<u8>| match left.get_mut(element.as_slice()) {
            Some(count @ 1..) => {
                *count -= 1;
                false
            }
            _ => true,
        };
        these.iter().filter(&mut is_left).cloned().collect()
    };
    (lacking(a, b), lacking(b, a))
}

fn is_list(kind: Kind) -> bool {
    use Kind::*;
    matches!(
        kind,
        EnumList
            | TableList
            | RestrictionList
            | ClientTestList
            | StringMatchList
            | DomainMatchList
            | HostMatchList
            | AddressMatchList
            | ServiceMatchList
            | MatchStrategyList
            | PathList
            | PathTemplateList
            | TransportList
            | NexthopList
            | EndpointList
            | PolicyList
            | DnsblList
            | AddressList
            | DomainList
            | NameList
            | NameValueList
            | TlsProtocolList
            | DigestList
            | FingerprintList
    )
}

/// Lists that are asked only whether something is in them.
fn ignores_order(kind: Kind) -> bool {
    use Kind::*;
    matches!(
        kind,
        EnumList
            | StringMatchList
            | DomainMatchList
            | HostMatchList
            | AddressMatchList
            | ServiceMatchList
            | NameList
            | FingerprintList
    )
}

/// The length of a time: a number and a unit.
fn seconds(value: &[u8], unit: TimeUnit) -> Option<i64> {
    let text = std::str::from_utf8(value).ok()?.trim();
    let letter = text.bytes().last()?;
    let (digits, unit) =
        if letter.is_ascii_digit() { (text, unit) } else { (&text[..text.len() - 1], TimeUnit::from_letter(letter)?) };
    digits.parse::<i64>().ok()?.checked_mul(unit.seconds())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout_means_nothing() {
        let cases = [
            ("mydestination", "a, b", "b  a", true),
            ("mydestination", "a b", "a", false),
            ("mydestination", "!a, .b", ".b !a", false),
            ("smtpd_relay_restrictions", "permit_mynetworks,\n reject", "permit_mynetworks reject", true),
            ("smtpd_relay_restrictions", "reject permit_mynetworks", "permit_mynetworks reject", false),
            ("virtual_alias_maps", "lmdb:/a inline:{a=b, c=d}", "lmdb:/a, inline:{a=b, c=d}", true),
            ("virtual_alias_maps", "lmdb:/a lmdb:/b", "lmdb:/b lmdb:/a", false),
            ("smtpd_banner", "a  b", "a b", false),
            ("soft_bounce", "Yes", "yes", true),
            ("queue_run_delay", "300", "5m", true),
            ("queue_run_delay", "300s", "300m", false),
            ("queue_run_delay", "x", "x", true),
            ("own", "a, b", "a b", false),
        ];
        for (name, a, b, expected) in cases {
            let same = meaning(name, a.as_bytes()).is_same(&meaning(name, b.as_bytes()));
            assert_eq!(same, expected, "{name}: {a} and {b}");
        }
    }

    #[test]
    fn elements_of_one_side_only() {
        let list = |text: &str| text.split(' ').map(|word| word.as_bytes().to_vec()).collect::<Vec<_>>();
        assert_eq!(elements_changed(&list("a b b c"), &list("b d c")), (list("a b"), list("d")));
    }
}
