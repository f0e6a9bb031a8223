//! Named bytes, places in them, and lines counted from 1.
//!
//! A [`Source`] is whatever text came from: a file, standard input, an argument. Its bytes are kept as they were read,
//! in whatever encoding. A [`Span`] is a range of byte offsets; a [`Position`] is what a person is shown.

use super::user_file::{self, LONGEST_SOURCE, LONGEST_TEXT};
use std::fmt;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// A half-open range of byte offsets into a [`Source`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset behind the last byte.
    pub end: usize,
}

impl Span {
    /// The span from `start` up to, without, `end`.
    #[must_use]
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// An empty span at `offset`.
    #[must_use]
    pub const fn at(offset: usize) -> Self {
        Self::new(offset, offset)
    }

    /// Length in bytes.
    #[must_use]
    pub const fn len(self) -> usize {
        self.end.saturating_sub(self.start)
    }

    /// Whether the span holds no byte.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.end <= self.start
    }

    /// The span as an index range.
    #[must_use]
    pub const fn range(self) -> Range<usize> {
        self.start..self.end
    }

    /// The smallest span that holds both.
    #[must_use]
    pub fn cover(self, other: Self) -> Self {
        Self::new(self.start.min(other.start), self.end.max(other.end))
    }
}

/// A place as people count it: line and column from 1, the column in characters.
///
/// A byte that is part of no UTF-8 character counts as one character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Bytes with the name that messages give them.
pub struct Source {
    name: String,
    bytes: Vec<u8>,
    line_starts: OnceLock<Vec<usize>>,
    /// Places in long lines, and how many characters of their line stand before each.
    milestones: OnceLock<Vec<(usize, usize)>>,
}

impl Source {
    /// Bytes under a name.
    #[must_use]
    pub fn new(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), bytes: bytes.into(), line_starts: OnceLock::new(), milestones: OnceLock::new() }
    }

    /// Reads a whole file, named as `path` is written.
    ///
    /// # Errors
    /// Those of [`user_file::open`] and [`read_open`](Self::read_open).
    pub fn read(path: &Path) -> io::Result<Arc<Self>> {
        Self::read_open(path, &user_file::open(path)?, LONGEST_TEXT)
    }

    /// The same of a file that may be the source of a table, which are larger.
    ///
    /// # Errors
    /// The same.
    pub fn read_table(path: &Path) -> io::Result<Arc<Self>> {
        Self::read_open(path, &user_file::open(path)?, LONGEST_SOURCE)
    }

    /// The rest of an open file, named as `path` is written.
    ///
    /// # Errors
    /// Those of reading it, a directory being one; that it has more than `most` bytes.
    pub fn read_open(path: &Path, file: &File, most: u64) -> io::Result<Arc<Self>> {
        Ok(Arc::new(Self::new(path.to_string_lossy(), user_file::read_rest(file, most)?)))
    }

    /// The name shown in messages, usually a path.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes of a span; what lies past the end is left out.
    #[must_use]
    pub fn slice(&self, span: Span) -> &[u8] {
        let end = span.end.min(self.bytes.len());
        &self.bytes[span.start.min(end)..end]
    }

    /// The line and column of a byte offset. An offset past the end gives the end.
    #[must_use]
    pub fn position(&self, offset: usize) -> Position {
        let offset = offset.min(self.bytes.len());
        let starts = self.line_starts();
        let line = starts.partition_point(|&start| start <= offset);
        let start = starts[line - 1];
        let milestones = self.milestones();
        let passed = milestones.partition_point(|&(at, _)| at <= offset);
        let last = passed.checked_sub(1).map(|last| milestones[last]).filter(|&(at, _)| at >= start);
        let (from, before) = last.unwrap_or((start, 0));
        Position { line, column: before + characters(&self.bytes[from..offset]) + 1 }
    }

    /// The span of a line (from 1) without its newline; empty at the end for a line that does not exist.
    #[must_use]
    pub fn line_span(&self, line: usize) -> Span {
        let starts = self.line_starts();
        let Some(&start) = line.checked_sub(1).and_then(|index| starts.get(index)) else {
            return Span::at(self.bytes.len());
        };
        let end = starts.get(line).map_or(self.bytes.len(), |next| next - 1);
        Span::new(start, end)
    }

    /// So that a place far along a line is not counted from its start each time.
    fn milestones(&self) -> &[(usize, usize)] {
        self.milestones.get_or_init(|| {
            let mut milestones = Vec::new();
            for line in 1..=self.line_starts().len() {
                let Span { mut start, end } = self.line_span(line);
                let mut before = 0;
                while end - start > MILE {
                    // A character is not cut: what begins one is no byte that goes on with another.
                    let is_start = |&at: &usize| self.bytes[at] & 0xc0 != 0x80;
                    let Some(next) = (start + MILE..end).find(is_start) else { break };
                    before += characters(&self.bytes[start..next]);
                    milestones.push((next, before));
                    start = next;
                }
            }
            milestones
        })
    }

    fn line_starts(&self) -> &[usize] {
        self.line_starts.get_or_init(|| {
            std::iter::once(0).chain(memchr::memchr_iter(b'\n', &self.bytes).map(|at| at + 1)).collect()
        })
    }
}

/// Bytes of a line between two places whose columns are kept.
const MILE: usize = 1 << 12;

fn characters(bytes: &[u8]) -> usize {
    String::from_utf8_lossy(bytes).chars().count()
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({:?}, {} bytes)", self.name, self.bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wherever it is looked up, and whatever stands on the line.
    #[test]
    fn columns_far_along_a_line_are_those_that_are_counted_from_its_start() {
        let mut text = b"short\n".to_vec();
        for number in 0..5000_usize {
            text.extend_from_slice(
                [&b"word "[..], "h\u{e4}\u{20ac}\u{1f4ec}".as_bytes(), b"\xff\xe2\x82", b"\x80\x80"][number % 4],
            );
        }
        text.extend_from_slice(b"\nlast");
        let source = Source::new("text", text.clone());
        let end = text.len() - 5;
        for offset in (6..end + 1).step_by(7).rev() {
            let column = String::from_utf8_lossy(&text[6..offset]).chars().count() + 1;
            assert_eq!(source.position(offset), Position { line: 2, column }, "{offset}");
        }
        assert_eq!(source.position(text.len()), Position { line: 3, column: 5 });
    }

    #[test]
    fn positions_count_lines_and_characters_from_one() {
        let source = Source::new("x", "ab\nä c\n\nz".as_bytes());
        let cases = [(0, "1:1"), (2, "1:3"), (3, "2:1"), (5, "2:2"), (8, "3:1"), (9, "4:1"), (10, "4:2"), (99, "4:2")];
        for (offset, expected) in cases {
            assert_eq!(source.position(offset).to_string(), expected, "offset {offset}");
        }
    }

    #[test]
    fn a_byte_that_is_not_utf8_counts_as_one_column() {
        let source = Source::new("x", b"\xff\xfeab".to_vec());
        assert_eq!(source.position(3).to_string(), "1:4");
    }

    #[test]
    fn line_spans_leave_the_newline_out() {
        let source = Source::new("x", "ab\n\nc");
        assert_eq!(source.slice(source.line_span(1)), b"ab");
        assert_eq!(source.slice(source.line_span(2)), b"");
        assert_eq!(source.slice(source.line_span(3)), b"c");
        assert_eq!(source.slice(source.line_span(4)), b"");
    }
}
