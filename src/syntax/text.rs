//! The joined text of a logical line, each byte of which still knows its place in the source.

use super::logical::{LogicalLine, trim_end, trim_start};
use crate::base::Span;
use std::ops::Range;

/// Text put together from one or more pieces of a source.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Text {
    bytes: Vec<u8>,
    /// Offsets in `bytes` where a piece begins, and its offset in the source; ascending.
    pieces: Vec<(usize, usize)>,
}

impl Text {
    /// The joined text of a logical line.
    #[must_use]
    pub fn of(line: &LogicalLine, source: &[u8]) -> Self {
        let mut text = Self::default();
        for piece in line.pieces() {
            text.pieces.push((text.bytes.len(), piece.start));
            text.bytes.extend_from_slice(&source[piece.range()]);
        }
        text
    }

    /// Text as it is, newlines too: its places are its own offsets.
    #[must_use]
    pub fn whole(bytes: &[u8]) -> Self {
        Self { bytes: bytes.to_vec(), pieces: vec![(0, 0)] }
    }

    /// The same text, each place `offset` bytes further on: for a line that was read from the middle of a source.
    #[must_use]
    pub fn moved(mut self, offset: usize) -> Self {
        for (_, source) in &mut self.pieces {
            *source += offset;
        }
        self
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes as text for a person: what is not UTF-8 is replaced.
    #[must_use]
    pub fn to_string_lossy(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// Where a byte of this text (or its end) stands in the source.
    #[must_use]
    pub fn source_offset(&self, at: usize) -> usize {
        let piece = self.pieces.partition_point(|&(start, _)| start <= at).saturating_sub(1);
        self.pieces.get(piece).map_or(0, |&(start, source)| source + (at - start))
    }

    /// The source span of a part of this text, from its first byte to its last.
    #[must_use]
    pub fn source_span(&self, range: Range<usize>) -> Span {
        let start = self.source_offset(range.start);
        if range.is_empty() {
            return Span::at(start);
        }
        Span::new(start, self.source_offset(range.end - 1) + 1)
    }

    /// The source span of all of it.
    #[must_use]
    pub fn span(&self) -> Span {
        self.source_span(0..self.bytes.len())
    }

    /// A part, which keeps its places.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        let mut pieces = vec![(0, self.source_offset(range.start))];
        // Found by halving: a value of many lines is cut into as many elements.
        let first = self.pieces.partition_point(|&(start, _)| start <= range.start);
        let inside = self.pieces[first..].iter().take_while(|&&(start, _)| start < range.end);
        pieces.extend(inside.map(|&(start, source)| (start - range.start, source)));
        Self { bytes: self.bytes[range].to_vec(), pieces }
    }

    /// `range` without white space at its ends.
    #[must_use]
    pub fn trim_range(&self, range: Range<usize>) -> Range<usize> {
        let text = &self.bytes[range.clone()];
        let start = range.start + (text.len() - trim_start(text).len());
        let end = (range.start + trim_end(text).len()).max(start);
        start..end
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::logical::LogicalLines;

    #[test]
    fn places_survive_joining_and_slicing() {
        let source = b"name =\n#c\n one,\n two\n";
        let line = LogicalLines::new(source).next().expect("one logical line");
        let text = Text::of(&line, source);
        assert_eq!(text.bytes(), b"name = one, two");
        assert_eq!(&source[text.source_span(7..10).range()], b"one");
        let tail = text.slice(7..15);
        assert_eq!(tail.bytes(), b"one, two");
        assert_eq!(&source[tail.source_span(5..8).range()], b"two");
        assert_eq!(&source[tail.span().range()], b"one,\n two");
        assert_eq!(text.trim_range(6..11), 7..11);
    }
}
