//! The order of lookups, as data: the keys that an address or a domain is looked up by.
//!
//! Of `user+ext@domain`: itself, `user@domain`, then, where the domain is one of this machine's, `user+ext` and `user`,
//! and at last `@domain`. Of a domain: itself and those above it. Tables of patterns see only what is whole.
//!
//! Source: virtual(5), canonical(5), "Table search order"; transport(5), access(5); experiments with 3.11.

use crate::mail::local_part::split_domain;
use std::borrow::Cow;

/// Whether a key is all that is asked about, or a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyPart {
    /// All.
    Whole,
    /// A part.
    Partial,
}

/// How a domain in a list or table stands for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// The same name only, as in `mydestination` and the `virtual_…_domains`.
    Exact,
    /// `example.com` matches it, `.example.com` what is below it.
    Dot,
    /// `example.com` matches it and what is below it (`parent_domain_matches_subdomains` names the list).
    Parent,
}

/// What of an address is a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressKey {
    /// `user+ext@domain`
    Address,
    /// `user@domain`
    WithoutExtension,
    /// `user+ext`
    LocalPart,
    /// `user`
    User,
    /// `@domain`
    Domain,
}

/// The keys of an address, in the order in which all tables of a parameter are asked for each.
pub const ADDRESS_ORDER: [AddressKey; 5] =
    [AddressKey::Address, AddressKey::WithoutExtension, AddressKey::LocalPart, AddressKey::User, AddressKey::Domain];

/// An address in internal form, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressParts<'a> {
    /// All of it.
    pub address: &'a [u8],
    /// What stands before the last `@`.
    pub local: &'a [u8],
    /// What stands behind it.
    pub domain: Option<&'a [u8]>,
    /// The local part without its extension, and the extension with its delimiter; nothing if there is none.
    pub split: Option<(&'a [u8], &'a [u8])>,
}

impl<'a> AddressParts<'a> {
    /// Takes an address apart; `split` cuts local parts.
    pub fn of<E>(
        address: &'a [u8],
        split: impl FnOnce(&'a [u8]) -> Result<Option<(&'a [u8], &'a [u8])>, E>,
    ) -> Result<Self, E> {
        let (local, domain) = split_domain(address);
        Ok(Self { address, local, domain, split: split(local)? })
    }
}

impl AddressKey {
    /// The key; nothing if the address has none such.
    #[must_use]
    pub fn text<'a>(self, parts: &AddressParts<'a>) -> Option<Cow<'a, [u8]>> {
        let user = parts.split.map(|(user, _)| user);
        Some(match (self, parts.domain) {
            (Self::Address, _) => Cow::Borrowed(parts.address),
            (Self::WithoutExtension, Some(domain)) => Cow::Owned([user?, b"@", domain].concat()),
            (Self::LocalPart, Some(_)) => Cow::Borrowed(parts.local),
            (Self::WithoutExtension, None) | (Self::User, Some(_)) => Cow::Borrowed(user?),
            (Self::Domain, Some(domain)) => Cow::Owned([b"@", domain].concat()),
            (Self::LocalPart | Self::User | Self::Domain, None) => return None,
        })
    }

    /// Whether it is the address or a part of it.
    #[must_use]
    pub fn part(self) -> KeyPart {
        if self == Self::Address { KeyPart::Whole } else { KeyPart::Partial }
    }

    /// Whether it is a key only of addresses whose domain is this machine's.
    #[must_use]
    pub fn is_of_own_domain(self) -> bool {
        matches!(self, Self::LocalPart | Self::User)
    }

    /// Whether it holds a local part, which is written with quotes if it needs any.
    #[must_use]
    pub fn has_local_part(self) -> bool {
        self != Self::Domain
    }

    /// The extension that the key leaves over, with its delimiter. Where everybody is meant, none is.
    #[must_use]
    pub fn unmatched_extension<'a>(self, parts: &AddressParts<'a>) -> &'a [u8] {
        match self {
            Self::WithoutExtension | Self::User => parts.split.map_or(b"", |(_, extension)| extension),
            Self::Address | Self::LocalPart | Self::Domain => b"",
        }
    }
}

/// A domain and, unless the style is [`Style::Exact`], those above it, with their dots unless it is [`Style::Parent`].
pub fn domain_and_parents(domain: &[u8], style: Style) -> impl Iterator<Item = &[u8]> {
    let skip = usize::from(style == Style::Parent);
    std::iter::successors(Some(domain), move |key| {
        let dot = key.get(1..).filter(|_| style != Style::Exact).and_then(|rest| memchr::memchr(b'.', rest))?;
        Some(&key[dot + 1 + skip..])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::local_part::split_extension;

    #[test]
    fn keys_of_addresses() {
        let cases = [
            ("joe+a@example.com", "joe+a@example.com joe@example.com/+a joe+a joe/+a @example.com"),
            ("joe@example.com", "joe@example.com joe @example.com"),
            ("joe+a", "joe+a joe/+a"),
            ("joe", "joe"),
        ];
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        for (address, expected) in cases {
            let split = |local| Ok::<_, ()>(split_extension(local, b"+", true));
            let parts = AddressParts::of(address.as_bytes(), split).expect("never fails");
            let shown = ADDRESS_ORDER.iter().filter_map(|key| {
                let (name, rest) = (text(&key.text(&parts)?), text(key.unmatched_extension(&parts)));
                Some(if rest.is_empty() { name } else { format!("{name}/{rest}") })
            });
            assert_eq!(shown.collect::<Vec<_>>().join(" "), expected, "{address}");
        }
    }

    #[test]
    fn domains_and_those_above() {
        let cases = [
            ("a.b.example", Style::Exact, "a.b.example"),
            ("a.b.example", Style::Dot, "a.b.example .b.example .example"),
            ("a.b.example", Style::Parent, "a.b.example b.example example"),
            ("example", Style::Dot, "example"),
            (".example", Style::Dot, ".example"),
            ("", Style::Parent, ""),
        ];
        for (domain, style, expected) in cases {
            let keys: Vec<_> = domain_and_parents(domain.as_bytes(), style).map(String::from_utf8_lossy).collect();
            assert_eq!(keys.join(" "), expected, "{domain} {style:?}");
        }
    }
}
