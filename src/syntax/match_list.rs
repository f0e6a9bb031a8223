//! Match lists: what `mydestination`, `relay_domains` and `mynetworks` hold, and the files that such lists name.
//!
//! Elements are separated by commas and white space; `{ … }` groups. A leading `!` (any number of them) turns an
//! element's meaning. `/path` names a file with more elements; what has a colon in it is a lookup table, `type:name`,
//! unless it begins with `[`; all else is a pattern. An element that begins with `#` and all behind it, to the end of
//! the value or of the logical line of a file, are left out, as Postfix 3.11 does with a warning.
//!
//! Source: postconf(5), mydestination, mynetworks; experiments with 3.11.

use super::fault::Fault;
use super::lines::parse_lines;
use super::logical::is_space;
use super::text::Text;
use super::tree::{TokenKind, Tree};
use crate::base::{Source, Span};
use std::ops::Range;
use std::sync::Arc;

/// A parsed match-list file.
#[derive(Clone, Debug)]
pub struct MatchList {
    /// All bytes, as tokens.
    pub tree: Tree,
    /// The elements, in order.
    pub elements: Vec<Element>,
    /// What is wrong.
    pub faults: Vec<Fault>,
}

/// One element of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// Whether `!` turns it.
    pub negated: bool,
    /// What it is.
    pub kind: ElementKind,
    /// The text without `!`.
    pub text: Text,
    /// Its place, `!` included.
    pub span: Span,
}

impl Element {
    /// The text, with a `!` if that turns it.
    #[must_use]
    pub fn shown(&self) -> Vec<u8> {
        [if self.negated { &b"!"[..] } else { b"" }, self.text.bytes()].concat()
    }
}

/// What an element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElementKind {
    /// `/path`: a file of elements.
    File,
    /// `type:name`: a lookup table. Postfix takes an IPv6 address without brackets for one, too.
    Table,
    /// A domain, address, network or name.
    Pattern,
}

/// The ranges of the elements of a list: split at commas and white space, `{ … }` kept together.
#[must_use]
pub fn split_list(text: &[u8]) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut start = None;
    let mut depth = 0_usize;
    for (at, &byte) in text.iter().enumerate() {
        let separates = depth == 0 && (byte == b',' || is_space(byte));
        match (separates, start) {
            (true, Some(from)) => {
                ranges.push(from..at);
                start = None;
            }
            (false, None) => start = Some(at),
            _ => {}
        }
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    ranges.extend(start.map(|from| from..text.len()));
    ranges
}

/// The elements of one value, up to a comment.
#[must_use]
pub fn parse_elements(text: &Text) -> Vec<Element> {
    split_list(text.bytes())
        .into_iter()
        .take_while(|range| text.bytes()[range.start] != b'#')
        .map(|range| {
            let bytes = &text.bytes()[range.clone()];
            let marks = bytes.iter().take_while(|&&byte| byte == b'!').count();
            Element {
                negated: marks % 2 == 1,
                kind: element_kind(&bytes[marks..]),
                text: text.slice(range.start + marks..range.end),
                span: text.source_span(range),
            }
        })
        .collect()
}

/// The `}` that closes the `{` at `open`.
#[must_use]
pub fn closing_brace(text: &[u8], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (offset, byte) in text[open..].iter().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return Some(open + offset),
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

fn element_kind(bytes: &[u8]) -> ElementKind {
    match bytes.first() {
        Some(b'/') => ElementKind::File,
        Some(b'[') => ElementKind::Pattern,
        _ if memchr::memchr(b':', bytes).is_some() => ElementKind::Table,
        _ => ElementKind::Pattern,
    }
}

/// Parses a match-list file. Never fails.
#[must_use]
pub fn parse_match_list(source: &Arc<Source>) -> MatchList {
    let mut elements = Vec::new();
    let (tree, faults) = parse_lines(source, |_, text, harvest| {
        for element in parse_elements(&text) {
            harvest.token(TokenKind::Value, element.span);
            elements.push(element);
        }
    });
    MatchList { tree, elements, faults }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_of_a_file() {
        let text = "# relayed\nexample.com, !bad.example.com\n /etc/more lmdb:/etc/relay\n[::1]/128 fe80::/10\n!!x # no\n  none\ny#y !#z {# w}\n";
        let source = Arc::new(Source::new("relay-domains", text));
        let parsed = parse_match_list(&source);
        assert_eq!(parsed.tree.print(), source.bytes());
        let seen: Vec<_> = parsed.elements.iter().map(|e| (e.negated, e.kind, e.text.to_string_lossy())).collect();
        use ElementKind::{File, Pattern, Table};
        let expected = [
            (false, Pattern, "example.com"),
            (true, Pattern, "bad.example.com"),
            (false, File, "/etc/more"),
            (false, Table, "lmdb:/etc/relay"),
            (false, Pattern, "[::1]/128"),
            (false, Table, "fe80::/10"),
            (false, Pattern, "x"),
            (false, Pattern, "y#y"),
            (true, Pattern, "#z"),
            (false, Pattern, "{# w}"),
        ];
        assert_eq!(seen, expected.map(|(n, k, t)| (n, k, t.to_string())));
    }

    #[test]
    fn braces_keep_a_table_together() {
        let text = b"inline:{ a=b, c=d } x,,y";
        let parts: Vec<_> = split_list(text).into_iter().map(|range| &text[range]).collect();
        assert_eq!(parts, [&b"inline:{ a=b, c=d }"[..], b"x", b"y"]);
    }

    #[test]
    fn braces_have_partners() {
        let cases = [("{a}", Some(2)), ("{a{b}}c}", Some(5)), ("{}", Some(1)), ("{a{}", None), ("{", None)];
        for (text, close) in cases {
            assert_eq!(closing_brace(text.as_bytes(), 0), close, "{text:?}");
        }
        assert_eq!(closing_brace(b"}{x}", 1), Some(3));
    }
}
