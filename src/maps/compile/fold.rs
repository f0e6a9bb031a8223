//! Case folding of keys.
//!
//! With UTF-8 in force Postfix folds as Unicode says (`ß` becomes `ss`, `İ` becomes `i` with a dot above); without, it
//! lowers the letters A to Z.

use icu_casemap::CaseMapper;
use std::borrow::Cow;

/// How keys are folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Folding {
    /// Not at all (`-f`).
    None,
    /// A to Z only.
    Ascii,
    /// Full Unicode case folding.
    Unicode,
}

impl Folding {
    /// The folded form of a key.
    #[must_use]
    pub fn apply<'a>(self, key: &'a [u8]) -> Cow<'a, [u8]> {
        // Without a way out in the middle it looks at many bytes at a time.
        if !key.iter().fold(false, |found, byte| found | byte.is_ascii_uppercase() | !byte.is_ascii()) {
            return Cow::Borrowed(key);
        }
        match self {
            Self::None => Cow::Borrowed(key),
            Self::Unicode if !key.is_ascii() => match std::str::from_utf8(key) {
                Ok(text) => Cow::Owned(CaseMapper::new().fold_string(text).into_owned().into_bytes()),
                Err(_) => ascii(key),
            },
            Self::Ascii | Self::Unicode => ascii(key),
        }
    }

    /// Whether a key is its own folded form.
    #[must_use]
    pub fn is_folded(self, key: &[u8]) -> bool {
        match self.apply(key) {
            Cow::Borrowed(_) => true,
            Cow::Owned(folded) => folded == key,
        }
    }
}

fn ascii(key: &[u8]) -> Cow<'_, [u8]> {
    if key.iter().any(u8::is_ascii_uppercase) { Cow::Owned(key.to_ascii_lowercase()) } else { Cow::Borrowed(key) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_fold_as_postfix_3_11_folds_them() {
        let cases = [
            (Folding::None, "AbÄ", "AbÄ"),
            (Folding::Ascii, "AbÄ", "abÄ"),
            (Folding::Unicode, "Abc@Example.COM", "abc@example.com"),
            (Folding::Unicode, "ÄÖß@x.com", "äöss@x.com"),
            (Folding::Unicode, "İstanbul", "i\u{307}stanbul"),
        ];
        for (folding, key, expected) in cases {
            assert_eq!(folding.apply(key.as_bytes()), expected.as_bytes(), "{key}");
            assert_eq!(folding.is_folded(key.as_bytes()), key == expected, "{key}");
        }
    }
}
