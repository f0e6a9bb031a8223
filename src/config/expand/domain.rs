//! The functions that a value can call: `${domain_to_ascii{…}}` and `${domain_to_utf8{…}}`, new in Postfix 3.11.
//!
//! Here are only the conversions that need no Unicode tables; a [`super::Lookup`] may bring the rest.

/// A function of the expansion language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Function {
    /// U-labels to A-labels. ASCII stays as it is, valid or not.
    DomainToAscii,
    /// A-labels to U-labels. A domain that is not ASCII stays as it is.
    DomainToUtf8,
}

impl Function {
    /// The function of that name.
    #[must_use]
    pub fn parse(name: &[u8]) -> Option<Self> {
        [Self::DomainToAscii, Self::DomainToUtf8].into_iter().find(|function| function.name().as_bytes() == name)
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DomainToAscii => "domain_to_ascii",
            Self::DomainToUtf8 => "domain_to_utf8",
        }
    }

    /// The result where it follows from ASCII rules alone; `None` where Unicode must be asked.
    #[must_use]
    pub fn simple(self, domain: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::DomainToAscii => (!domain.is_empty() && domain.is_ascii()).then(|| domain.to_vec()),
            Self::DomainToUtf8 if domain.is_empty() || !domain.is_ascii() => Some(domain.to_vec()),
            Self::DomainToUtf8 => {
                let plain = domain.len() <= 253 && domain.split(|&byte| byte == b'.').all(is_plain_label);
                plain.then(|| domain.to_ascii_lowercase())
            }
        }
    }
}

/// A label that IDNA leaves alone but for its case.
fn is_plain_label(label: &[u8]) -> bool {
    (1..=63).contains(&label.len())
        && label.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        && !label.starts_with(b"-")
        && !label.ends_with(b"-")
        && label.get(2..4) != Some(b"--")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_rules_decide_what_they_can() {
        use Function::{DomainToAscii, DomainToUtf8};
        let cases: [(Function, &str, Option<&str>); 11] = [
            (DomainToAscii, "EXAMPLE.com", Some("EXAMPLE.com")),
            (DomainToAscii, "a b..", Some("a b..")),
            (DomainToAscii, "", None),
            (DomainToAscii, "b\u{fc}cher.example", None),
            (DomainToUtf8, "EXAMPLE.com", Some("example.com")),
            (DomainToUtf8, "", Some("")),
            (DomainToUtf8, "B\u{dc}CHER", Some("B\u{dc}CHER")),
            (DomainToUtf8, "xn--bcher-kva", None),
            (DomainToUtf8, "a..b", None),
            (DomainToUtf8, "a.b.", None),
            (DomainToUtf8, "-a", None),
        ];
        for (function, domain, expected) in cases {
            let expected = expected.map(|text| text.as_bytes().to_vec());
            assert_eq!(function.simple(domain.as_bytes()), expected, "{function:?} {domain:?}");
        }
    }
}
