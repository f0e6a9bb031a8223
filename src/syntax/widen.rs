//! Bytes as characters, for grammars that want text: each byte becomes the character of that number (Latin-1).
//!
//! Sources need not be UTF-8. Whatever a grammar sees was widened here, and is narrowed here again: the round trip is exact.

use std::borrow::Cow;

/// The bytes as text, one character a byte. Borrows where all are ASCII.
#[must_use]
pub fn widen(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => Cow::Borrowed(text),
        _ => bytes.iter().copied().map(char::from).collect::<String>().into(),
    }
}

/// The bytes of text that [`widen`] made. A character past 255, which it never makes, becomes `?`.
#[must_use]
pub fn narrow(text: &str) -> Vec<u8> {
    text.chars().map(|char| u8::try_from(char).unwrap_or(b'?')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_goes_and_comes_back() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(widen(&all).chars().count(), 256);
        assert_eq!(narrow(&widen(&all)), all);
        assert!(matches!(widen(b"plain"), Cow::Borrowed("plain")));
        assert_eq!(widen("é".as_bytes()), "Ã©");
        assert_eq!(narrow("語"), b"?");
    }
}
