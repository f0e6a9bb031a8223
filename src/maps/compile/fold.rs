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
        if is_plain(key) {
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
}

/// Whether a key has no letter from A to Z and nothing beyond ASCII, by eight bytes at a time: most keys are so.
fn is_plain(key: &[u8]) -> bool {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // What carries a byte from `A`, or from behind `Z`, into its highest bit.
    const FROM_A: u64 = 0x3f3f_3f3f_3f3f_3f3f;
    const BEHIND_Z: u64 = 0x2525_2525_2525_2525;
    let (words, rest) = key.as_chunks::<8>();
    let odd = words.iter().fold(0, |odd, bytes| {
        let word = u64::from_le_bytes(*bytes);
        let low = word & !HIGH;
        odd | word | ((low + FROM_A) & !(low + BEHIND_Z))
    });
    odd & HIGH == 0 && !rest.iter().any(|byte| byte.is_ascii_uppercase() || !byte.is_ascii())
}

fn ascii(key: &[u8]) -> Cow<'_, [u8]> {
    if key.iter().any(u8::is_ascii_uppercase) { Cow::Owned(key.to_ascii_lowercase()) } else { Cow::Borrowed(key) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each byte at each place.
    #[test]
    fn plain_keys_are_told_by_words() {
        for length in 1..20 {
            for at in 0..length {
                for byte in 0..=255_u8 {
                    let mut key = vec![b'@'; length];
                    key[at] = byte;
                    let expected = !byte.is_ascii_uppercase() && byte.is_ascii();
                    assert_eq!(is_plain(&key), expected, "{byte} at {at} of {length}");
                }
            }
        }
        assert!(is_plain(b"") && is_plain(b"user0000001@example.com[`{~"));
    }

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
        }
    }
}
