//! main.cf: `name = value` entries.
//!
//! White space around both is dropped; what stands before `=` is the name; `#` inside a value is text. A later entry
//! for the same name wins, which is for those above to say: all entries are returned in order.
//!
//! Source: postconf(5).

use super::fault::{Fault, FaultKind};
use super::lines::parse_lines;
use super::logical::is_space;
use super::text::Text;
use super::tree::{TokenKind, Tree};
use crate::base::{Source, Span};
use std::sync::Arc;

/// A parsed main.cf.
#[derive(Clone, Debug)]
pub struct MainCf {
    /// All bytes, as tokens.
    pub tree: Tree,
    /// The entries, in order.
    pub entries: Vec<Assignment>,
    /// What is wrong.
    pub faults: Vec<Fault>,
}

/// One `name = value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The parameter's name.
    pub name: Text,
    /// Its value; empty is a value.
    pub value: Text,
    /// Place of the `=`.
    pub equals: Span,
    /// From the name to the last byte of the last line of the value, newline left out.
    pub extent: Span,
    /// The line that it begins on.
    pub line: usize,
}

/// Splits the text of one logical line at its first `=` into the ranges of name and value, both trimmed.
///
/// # Errors
/// When there is no name, or something other than `=` behind it.
pub fn split_assignment(text: &[u8]) -> Result<(std::ops::Range<usize>, usize, std::ops::Range<usize>), FaultKind> {
    let skip = |from: usize| text[from..].iter().position(|&byte| !is_space(byte)).map_or(text.len(), |n| from + n);
    let start = skip(0);
    let end = text[start..].iter().position(|&byte| byte == b'=' || is_space(byte)).map_or(text.len(), |n| start + n);
    if start == end {
        return Err(FaultKind::MissingName);
    }
    let equals = skip(end);
    if text.get(equals) != Some(&b'=') {
        return Err(FaultKind::MissingEquals);
    }
    let value = skip(equals + 1);
    let value_end = text.iter().rposition(|&byte| !is_space(byte)).map_or(value, |at| at + 1).max(value);
    Ok((start..end, equals, value..value_end))
}

/// Parses a main.cf. Never fails.
#[must_use]
pub fn parse_main_cf(source: &Arc<Source>) -> MainCf {
    let mut entries = Vec::new();
    let (tree, faults) = parse_lines(source, |line, text, harvest| {
        let extent = line.extent();
        // Postfix sees nothing of the logical line behind a zero byte.
        let text = match memchr::memchr(0, text.bytes()) {
            Some(at) => {
                harvest.fault(FaultKind::ZeroByte, text.source_span(at..at + 1));
                text.slice(0..at)
            }
            None => text,
        };
        match split_assignment(text.bytes()) {
            Ok((name, equals, value)) => {
                let equals = text.source_span(equals..equals + 1);
                let entry =
                    Assignment { name: text.slice(name), value: text.slice(value), equals, extent, line: line.line };
                harvest.token(TokenKind::Name, entry.name.span());
                harvest.token(TokenKind::Punctuation, equals);
                harvest.token(TokenKind::Value, entry.value.span());
                entries.push(entry);
            }
            Err(kind) => harvest.drop_line(kind, extent),
        }
    });
    MainCf { tree, entries, faults }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> (Vec<(String, String, usize)>, Vec<FaultKind>) {
        let source = Arc::new(Source::new("main.cf", text));
        let parsed = parse_main_cf(&source);
        assert_eq!(parsed.tree.print(), source.bytes());
        let entries = parsed.entries.iter().map(|e| (e.name.to_string_lossy(), e.value.to_string_lossy(), e.line));
        (entries.collect(), parsed.faults.iter().map(|fault| fault.kind).collect())
    }

    #[test]
    fn entries_and_faults() {
        type Case<'a> = (&'a str, &'a [(&'a str, &'a str, usize)], &'a [FaultKind]);
        let cases: &[Case] = &[
            ("a = b\n", &[("a", "b", 1)], &[]),
            ("a=b=c # d", &[("a", "b=c # d", 1)], &[]),
            ("a =\n", &[("a", "", 1)], &[]),
            ("a =\n  b,\n# c\n\n  d \r\nx=y\r\n", &[("a", "b,  d", 1), ("x", "y", 6)], &[]),
            ("a\n = b\n", &[("a", "b", 1)], &[]),
            ("a b = c\n", &[], &[FaultKind::MissingEquals]),
            ("= c\n", &[], &[FaultKind::MissingName]),
            (" a = b\nc = d\n", &[("c", "d", 2)], &[FaultKind::LeadingWhiteSpace]),
            ("a = b\0c\n", &[("a", "b", 1)], &[FaultKind::ZeroByte]),
        ];
        for (text, entries, faults) in cases {
            let entries: Vec<_> = entries.iter().map(|(n, v, l)| ((*n).to_string(), (*v).to_string(), *l)).collect();
            assert_eq!(parse(text), (entries, faults.to_vec()), "{text:?}");
        }
    }

    #[test]
    fn value_places_point_into_the_source() {
        let source = Arc::new(Source::new("main.cf", "a = one,\n# no\n  two\n"));
        let parsed = parse_main_cf(&source);
        let value = &parsed.entries[0].value;
        assert_eq!(value.bytes(), b"one,  two");
        assert_eq!(source.slice(value.source_span(6..9)), b"two");
    }
}
