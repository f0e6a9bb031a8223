//! Bytes as characters, one for one (Latin-1), and offsets back: what lets a grammar see text that need not be UTF-8.
//!
//! Sources are bytes; whatever a grammar sees was widened here, and the spans that it finds lead back to the bytes.

use std::borrow::Cow;

use crate::base::Span;

/// Bytes as text, with a way from offsets in the text to offsets in the bytes.
#[derive(Clone, Debug)]
pub struct Widened<'v> {
    text: Cow<'v, str>,
    /// Offsets in the bytes by byte offset in the text; empty where they are the same.
    narrow: Vec<usize>,
}

impl<'v> Widened<'v> {
    /// Widens; ASCII is only borrowed.
    #[must_use]
    pub fn new(value: &'v [u8]) -> Self {
        if value.is_ascii()
            && let Ok(text) = std::str::from_utf8(value)
        {
            return Self { text: Cow::Borrowed(text), narrow: Vec::new() };
        }
        let mut text = String::with_capacity(value.len() * 2);
        let mut narrow = Vec::with_capacity(value.len() * 2 + 1);
        for (offset, &byte) in value.iter().enumerate() {
            let character = char::from(byte);
            text.push(character);
            narrow.extend(std::iter::repeat_n(offset, character.len_utf8()));
        }
        narrow.push(value.len());
        Self { text: Cow::Owned(text), narrow }
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The span in the bytes of a range of the text; what is past its end is the end.
    #[must_use]
    pub fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.offset(start), self.offset(end))
    }

    fn offset(&self, at: usize) -> usize {
        if self.narrow.is_empty() {
            at.min(self.text.len())
        } else {
            self.narrow.get(at).or(self.narrow.last()).copied().unwrap_or(at)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_in_the_text_lead_back_to_the_bytes() {
        type Offsets = [(usize, usize)];
        let cases: [(&[u8], &str, &Offsets); 3] = [
            (b"abc", "abc", &[(0, 0), (2, 2), (3, 3)]),
            (b"\xe9$a", "\u{e9}$a", &[(0, 0), (2, 1), (3, 2), (4, 3)]),
            (b"a\xff\xc3", "a\u{ff}\u{c3}", &[(1, 1), (3, 2), (5, 3)]),
        ];
        for (value, text, offsets) in cases {
            let widened = Widened::new(value);
            assert_eq!(widened.text(), text);
            assert_eq!(matches!(widened.text, Cow::Borrowed(_)), value.is_ascii());
            for &(wide, narrow) in offsets {
                assert_eq!(widened.span(0, wide), Span::new(0, narrow), "{text:?} {wide}");
            }
            assert_eq!(widened.span(0, 99), Span::new(0, value.len()), "{text:?}");
        }
    }
}
