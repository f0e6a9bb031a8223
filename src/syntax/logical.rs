//! Logical lines, exactly as Postfix reads them, streamed from bytes without copying.
//!
//! A line whose first non-blank character is `#`, and a line of white space, are comments: they vanish wherever they
//! stand and do not end a continuation. A line that begins with white space continues the logical line before it; the
//! newline between them vanishes, the white space stays. A missing last newline is fine. White space is what C calls
//! it: blank, tab, newline, vertical tab, form feed and carriage return; so the carriage return of a CRLF file is white
//! space at the end of a line.
//!
//! Only the first logical line of a text can begin with white space (any later one would be a continuation); Postfix
//! drops it with a warning, and here it comes out marked as an [orphan](LogicalLine::orphan).
//!
//! Source: postconf(5), "The general format of the main.cf file"; postmap(1), "TABLE FILE FORMAT".

use crate::base::Span;
use std::borrow::Cow;

/// Whether Postfix takes a byte for white space.
#[must_use]
pub const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r')
}

/// `text` without the white space at its start.
#[must_use]
pub fn trim_start(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|&byte| !is_space(byte)).unwrap_or(text.len());
    &text[start..]
}

/// `text` without the white space at its end.
#[must_use]
pub fn trim_end(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|&byte| !is_space(byte)).map_or(0, |at| at + 1);
    &text[..end]
}

/// `text` without the white space at both ends.
#[must_use]
pub fn trim(text: &[u8]) -> &[u8] {
    trim_end(trim_start(text))
}

/// One logical line: one or more physical lines without their newlines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogicalLine {
    first: Span,
    more: Vec<Span>,
    /// Number of the physical line that it begins on, counted from the start of the text that was given, from 1.
    pub line: usize,
    /// It begins with white space and there is nothing that it could continue.
    pub orphan: bool,
}

impl LogicalLine {
    /// The physical lines, without newlines, comments left out.
    pub fn pieces(&self) -> impl Iterator<Item = Span> + '_ {
        std::iter::once(self.first).chain(self.more.iter().copied())
    }

    /// Whether the line stands on one physical line.
    #[must_use]
    pub fn is_single(&self) -> bool {
        self.more.is_empty()
    }

    /// From the first byte to the last, newline left out; comments between the pieces lie inside.
    #[must_use]
    pub fn extent(&self) -> Span {
        Span::new(self.first.start, self.more.last().unwrap_or(&self.first).end)
    }

    /// The joined text. Only a line with continuations is copied.
    #[must_use]
    pub fn text<'a>(&self, source: &'a [u8]) -> Cow<'a, [u8]> {
        if self.more.is_empty() {
            return Cow::Borrowed(&source[self.first.range()]);
        }
        Cow::Owned(self.pieces().flat_map(|piece| &source[piece.range()]).copied().collect())
    }
}

/// Iterates over the logical lines of a text.
#[derive(Clone, Debug)]
pub struct LogicalLines<'a> {
    source: &'a [u8],
    at: usize,
    line: usize,
}

impl<'a> LogicalLines<'a> {
    /// All logical lines of `source`.
    #[must_use]
    pub fn new(source: &'a [u8]) -> Self {
        Self { source, at: 0, line: 1 }
    }

    /// The next logical line begins at or behind this offset.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.at.min(self.source.len())
    }

    /// The next physical line without its newline, if any is left.
    fn physical(&mut self) -> Option<Span> {
        if self.at >= self.source.len() {
            return None;
        }
        let start = self.at;
        let end = memchr::memchr(b'\n', &self.source[start..]).map_or(self.source.len(), |length| start + length);
        self.at = end + 1;
        self.line += 1;
        Some(Span::new(start, end))
    }

    fn is_comment(&self, line: Span) -> bool {
        is_comment(&self.source[line.range()])
    }
}

/// Whether a physical line is blank or a comment.
#[must_use]
pub fn is_comment(line: &[u8]) -> bool {
    line.iter().find(|&&byte| !is_space(byte)).is_none_or(|&byte| byte == b'#')
}

impl Iterator for LogicalLines<'_> {
    type Item = LogicalLine;

    fn next(&mut self) -> Option<LogicalLine> {
        let first = loop {
            let line = self.physical()?;
            if !self.is_comment(line) {
                break line;
            }
        };
        let number = self.line - 1;
        let orphan = is_space(self.source[first.start]);
        let mut more = Vec::new();
        // Only a line that begins with white space or `#` can belong to this one.
        while let Some(&next) = self.source.get(self.at) {
            if next != b'#' && !is_space(next) {
                break;
            }
            let Some(line) = self.physical() else { break };
            if !self.is_comment(line) {
                more.push(line);
            }
        }
        Some(LogicalLine { first, more, line: number, orphan })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<(usize, String)> {
        LogicalLines::new(text.as_bytes())
            .map(|line| {
                let mark = if line.orphan { "!" } else { "" };
                (line.line, format!("{mark}{}", String::from_utf8_lossy(&line.text(text.as_bytes()))))
            })
            .collect()
    }

    #[test]
    fn lines_join_as_postfix_joins_them() {
        let cases: &[(&str, &[(usize, &str)])] = &[
            ("", &[]),
            ("# only\n\n  \n", &[]),
            ("a = b", &[(1, "a = b")]),
            ("abc\n\n ghi\n", &[(1, "abc ghi")]),
            ("abc\n#x\n   # y\n\tghi\nnext\n", &[(1, "abc\tghi"), (5, "next")]),
            ("a # b\n", &[(1, "a # b")]),
            (" first\n more\nsecond\n", &[(1, "! first more"), (3, "second")]),
            ("\r\nx\r\n y\r\n", &[(2, "x\r y\r")]),
            ("x\n\x0b y\n\x0c z\n", &[(1, "x\x0b y\x0c z")]),
            ("a\n#", &[(1, "a")]),
        ];
        for (text, expected) in cases {
            let expected: Vec<(usize, String)> = expected.iter().map(|(n, t)| (*n, (*t).to_string())).collect();
            assert_eq!(lines(text), expected, "{text:?}");
        }
    }

    #[test]
    fn the_extent_holds_comments_between_pieces() {
        let text = b"#0\na\n#1\n b\n#2\n";
        let line = LogicalLines::new(text).next().expect("one logical line");
        assert_eq!(&text[line.extent().range()], b"a\n#1\n b");
        assert!(!line.is_single());
    }
}
