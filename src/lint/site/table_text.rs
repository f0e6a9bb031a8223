//! Where the parts of a table's entry stand in its source.

use crate::base::{Source, Span};
use crate::syntax::table_line::{TableForm, split_table_line};
use crate::syntax::{LogicalLines, Text};
use std::ops::Range;
use std::sync::Arc;

/// The text of an entry, each byte of which knows its place.
#[derive(Clone, Debug)]
pub struct EntryText {
    /// The logical line.
    pub line: Text,
    /// The key in it.
    pub key: Range<usize>,
    /// The value in it.
    pub value: Range<usize>,
}

impl EntryText {
    /// The entry whose line begins at an offset of the source.
    #[must_use]
    pub fn at(source: &Arc<Source>, line_start: usize, form: TableForm) -> Self {
        let start = line_start.min(source.bytes().len());
        let rest = &source.bytes()[start..];
        let line = LogicalLines::new(rest).next().map(|line| Text::of(&line, rest)).unwrap_or_default();
        let all = line.trim_range(0..line.bytes().len());
        let (key, value) = match form {
            TableForm::KeyValue => split_table_line(line.bytes()).unwrap_or((all.clone(), all.end..all.end)),
            TableForm::Aliases | TableForm::QuotedAliases => {
                let colon = colon(line.bytes()).unwrap_or(all.end);
                (line.trim_range(all.start..colon), line.trim_range((colon + 1).min(all.end)..all.end))
            }
        };
        Self { line: line.moved(start), key, value }
    }

    /// The place of the key.
    #[must_use]
    pub fn key_span(&self) -> Span {
        self.line.source_span(self.key.clone())
    }

    /// The place of the value.
    #[must_use]
    pub fn value_span(&self) -> Span {
        self.line.source_span(self.value.clone())
    }

    /// The bytes of the value, as they were written.
    #[must_use]
    pub fn value_bytes(&self) -> &[u8] {
        &self.line.bytes()[self.value.clone()]
    }

    /// The place of a part of the value.
    #[must_use]
    pub fn part_of_value(&self, part: Span) -> Span {
        self.line.source_span(self.value.start + part.start..self.value.start + part.end)
    }
}

/// The colon behind an alias's name: the first one outside quotes.
fn colon(line: &[u8]) -> Option<usize> {
    let mut quoted = false;
    let mut at = 0;
    while at < line.len() {
        match line[at] {
            b'\\' => at += 1,
            b'"' => quoted = !quoted,
            b':' if !quoted => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_over_lines() {
        let source = Arc::new(Source::new("t", "x y\n\"a b\" : c,\n # no\n  d\n\"k l\"@x  v w\n"));
        let show = |start, form| {
            let entry = EntryText::at(&source, start, form);
            let text = |span| String::from_utf8_lossy(source.slice(span)).into_owned();
            [text(entry.key_span()), text(entry.value_span())]
        };
        assert_eq!(show(4, TableForm::Aliases), ["\"a b\"", "c,\n # no\n  d"]);
        assert_eq!(show(0, TableForm::KeyValue), ["x", "y"]);
        assert_eq!(show(25, TableForm::KeyValue), ["\"k l\"@x", "v w"]);
        assert_eq!(show(999, TableForm::Aliases), ["", ""]);
        let entry = EntryText::at(&source, 4, TableForm::Aliases);
        assert_eq!(source.slice(entry.part_of_value(Span::new(4, 5))), b"d");
    }
}
