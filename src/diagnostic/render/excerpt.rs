//! The lines around a place, safe to show: bounded in size, valid UTF-8, without control characters.
//!
//! Every byte that cannot be shown is replaced by one byte, so that offsets within the excerpt stay those of the
//! source.

use crate::base::{Source, Span};
use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

/// Longest stretch of one source that is shown for one finding, in bytes.
const LIMIT: usize = 4096;
/// How much of a long line is shown before the place.
const BEFORE: usize = 200;

/// A part of a source.
#[derive(Debug)]
pub struct Excerpt {
    name: String,
    text: Vec<u8>,
    /// Offset of the first byte in the source.
    start: usize,
    /// Line and column of the first byte, from 0.
    line: usize,
    column: usize,
}

impl Excerpt {
    /// The lines that `span` covers and one line more on each side.
    #[must_use]
    pub fn around(source: &Source, span: Span) -> Self {
        let bytes = source.bytes();
        let begin = span.start.min(bytes.len());
        let line = source.position(begin).line;
        let first = source.line_span(line).start;
        let mut start = source.line_span((line - 1).max(1)).start;
        if begin - start > LIMIT / 2 {
            start = first.max(begin.saturating_sub(BEFORE));
        }
        let wanted = span.end.clamp(begin, bytes.len());
        let next = source.line_span(source.position(wanted).line + 1);
        let end = next.end.min(start + LIMIT).max(begin);
        let position = source.position(start);
        Self {
            name: super::clean(source.name()),
            text: showable(&bytes[start..end]),
            start,
            line: position.line - 1,
            column: position.column - 1,
        }
    }

    /// Where a span of the source stands in the excerpt; what lies outside is cut off.
    #[must_use]
    pub fn place(&self, span: Span) -> SourceSpan {
        let clamp = |at: usize| at.saturating_sub(self.start).min(self.text.len());
        let (start, end) = (clamp(span.start), clamp(span.end));
        (start, end.saturating_sub(start)).into()
    }

    /// Whether a place lies inside.
    #[must_use]
    pub fn holds(&self, span: Span) -> bool {
        (self.start..=self.start + self.text.len()).contains(&span.start)
    }
}

fn showable(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if character.is_control() && !matches!(character, '\n' | '\t') {
                text.resize(text.len() + character.len_utf8(), b'?');
            } else {
                text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        text.resize(text.len() + chunk.invalid().len(), b'?');
    }
    // A carriage return before a newline is no news to anybody.
    for at in 1..text.len() {
        if bytes[at] == b'\n' && bytes[at - 1] == b'\r' {
            text[at - 1] = b' ';
        }
    }
    text
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let inner = self.text.as_slice().read_span(span, before, after)?;
        // Only the excerpt's own first line can begin in the middle of a line of the source.
        let column = inner.column() + if inner.line() == 0 { self.column } else { 0 };
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            inner.data(),
            *inner.span(),
            inner.line() + self.line,
            column,
            inner.line_count(),
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_shown_keeps_its_length() {
        assert_eq!(showable(b"a\x1b[2J\xff\tb\r\n\xc2\x9bc"), b"a?[2J?\tb \n??c");
    }

    #[test]
    fn a_huge_line_is_cut() {
        let source = Source::new("x", vec![b'a'; 1 << 20]);
        let excerpt = Excerpt::around(&source, Span::new(500_000, 500_010));
        assert!(excerpt.text.len() <= LIMIT);
        assert_eq!(excerpt.place(Span::new(500_000, 500_010)), (BEFORE, 10).into());
        assert_eq!(excerpt.column, 500_000 - BEFORE);
    }
}
