//! `key value` tables (virtual, transport, access, …) and aliases files as lossless trees.
//!
//! The map compiler does not come this way: it streams lines. This is for everything that points at a table's text.
//!
//! Source: postmap(1), aliases(5).

use super::alias_line::{AliasFault, parse_alias_line};
use super::fault::{Fault, FaultKind};
use super::lines::{Harvest, parse_lines};
use super::table_line::{TableForm, parse_table_line};
use super::text::Text;
use super::tree::{TokenKind, Tree};
use crate::base::{Source, Span};
use std::sync::Arc;

/// A parsed table source.
#[derive(Clone, Debug)]
pub struct Table {
    /// All bytes, as tokens.
    pub tree: Tree,
    /// The entries that would be stored, in order.
    pub entries: Vec<Entry>,
    /// What is wrong.
    pub faults: Vec<Fault>,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key before folding, as it would be stored.
    pub key: Vec<u8>,
    /// The value, as it would be stored.
    pub value: Vec<u8>,
    /// The whole logical line, with places.
    pub text: Text,
    /// From the first byte to the last, newline left out.
    pub extent: Span,
    /// The line that it begins on.
    pub line: usize,
}

/// Parses a table's source. Never fails.
#[must_use]
pub fn parse_table(source: &Arc<Source>, form: TableForm) -> Table {
    let mut entries = Vec::new();
    let (tree, faults) = parse_lines(source, |line, text, harvest| {
        let extent = line.extent();
        match parse_entry(text.bytes(), form) {
            Ok((key, value, fault)) => {
                if let Some(kind) = fault {
                    harvest.fault(kind, extent);
                }
                token_entry(harvest, &text, form);
                entries.push(Entry { key, value, text, extent, line: line.line });
            }
            Err(kind) => harvest.drop_line(kind, extent),
        }
    });
    Table { tree, entries, faults }
}

type Parsed = (Vec<u8>, Vec<u8>, Option<FaultKind>);

/// A line without its end behind a zero byte, and whether it had one.
fn parse_entry(text: &[u8], form: TableForm) -> Result<Parsed, FaultKind> {
    let zero = memchr::memchr(0, text);
    let text = &text[..zero.unwrap_or(text.len())];
    let fault = zero.map(|_| FaultKind::ZeroByte);
    if std::str::from_utf8(text).is_err() {
        return Err(FaultKind::NotUtf8);
    }
    match form {
        TableForm::KeyValue => {
            let entry = parse_table_line(text)?;
            let colon = entry.looks_like_alias().then_some(FaultKind::ColonKey);
            Ok((entry.key.to_vec(), entry.value.to_vec(), fault.or(colon)))
        }
        TableForm::Aliases | TableForm::QuotedAliases => match parse_alias_line(text) {
            Ok(entry) => Ok((entry.stored_key(form).into_owned(), entry.value, fault)),
            Err(AliasFault::NeedNameValue) => Err(FaultKind::NeedNameValue),
            Err(AliasFault::NotLocal) => Err(FaultKind::NotLocal),
        },
    }
}

fn token_entry(harvest: &mut Harvest, text: &Text, form: TableForm) {
    let all = text.trim_range(0..text.bytes().len());
    let line = &text.bytes()[all.clone()];
    let key = match form {
        TableForm::KeyValue => parse_table_line(line).map_or(line.len(), |entry| entry.key.len()),
        // The colon that separates is the first one outside quotes for every name that people write; tokens need no
        // more.
        TableForm::Aliases | TableForm::QuotedAliases => memchr::memchr(b':', line).unwrap_or(line.len()),
    };
    harvest.token(TokenKind::Name, text.source_span(all.start..all.start + key));
    let mut rest = all.start + key;
    if form.is_aliases() && rest < all.end {
        harvest.token(TokenKind::Punctuation, text.source_span(rest..rest + 1));
        rest += 1;
    }
    harvest.token(TokenKind::Value, text.source_span(text.trim_range(rest..all.end)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &[u8], form: TableForm) -> (Vec<String>, Vec<FaultKind>) {
        let source = Arc::new(Source::new("t", text));
        let parsed = parse_table(&source, form);
        assert_eq!(parsed.tree.print(), source.bytes());
        let show = |entry: &Entry| {
            format!("{} {}={}", entry.line, String::from_utf8_lossy(&entry.key), String::from_utf8_lossy(&entry.value))
        };
        (parsed.entries.iter().map(show).collect(), parsed.faults.iter().map(|fault| fault.kind).collect())
    }

    #[test]
    fn key_value_entries_and_faults() {
        use FaultKind::{ColonKey, LeadingWhiteSpace, MissingValue, NotUtf8, UnbalancedQuote, ZeroByte};
        let text = b" x\na b\n  c\nfoo\nk: v\n\"u v\nbad\xff x\nnul a\0b\n";
        let expected = vec!["2 a=b  c".to_string(), "5 k:=v".to_string(), "8 nul=a".to_string()];
        let faults = vec![LeadingWhiteSpace, MissingValue, ColonKey, UnbalancedQuote, NotUtf8, ZeroByte];
        assert_eq!(parse(text, TableForm::KeyValue), (expected, faults));
    }

    #[test]
    fn alias_entries_and_faults() {
        let text = b"root: a,b\nx@y: z\nnothing\n";
        let faults = vec![FaultKind::NotLocal, FaultKind::NeedNameValue];
        assert_eq!(parse(text, TableForm::Aliases), (vec!["1 root=a, b".to_string()], faults));
    }
}
