//! One logical line of a `key value` table, split as postmap splits it.
//!
//! White space at both ends is dropped. The key ends at the first white space outside double quotes; a quoted part
//! keeps its quotes, and a backslash protects the character behind it. The rest, without white space in front, is the
//! value.
//!
//! Source: postmap(1), "TABLE FILE FORMAT".

use super::fault::FaultKind;
use super::logical::{is_space, trim_end, trim_start};
use std::ops::Range;

/// What separates key and value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TableForm {
    /// `key value`, for postmap.
    KeyValue,
    /// `name: value`, for postalias.
    Aliases,
    /// The same, but that names are stored as mail carries them, quoted if they must be: postalias of 3.12 and later.
    QuotedAliases,
}

impl TableForm {
    /// Whether it is one of postalias.
    #[must_use]
    pub fn is_aliases(self) -> bool {
        matches!(self, Self::Aliases | Self::QuotedAliases)
    }
}

/// A key and its value, as they stand in the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableEntry<'a> {
    /// The key, quotes included, before any folding.
    pub key: &'a [u8],
    /// The value, without white space at its ends.
    pub value: &'a [u8],
}

impl TableEntry<'_> {
    /// Whether the entry looks as if it came from an aliases file: its key ends in a colon.
    #[must_use]
    pub fn looks_like_alias(&self) -> bool {
        self.key.last() == Some(&b':')
    }
}

/// Splits a line into key and value.
///
/// # Errors
/// [`FaultKind::MissingValue`] or [`FaultKind::UnbalancedQuote`]: postmap drops such a line with a warning.
pub fn parse_table_line(line: &[u8]) -> Result<TableEntry<'_>, FaultKind> {
    let (key, value) = split_table_line(line)?;
    Ok(TableEntry { key: &line[key], value: &line[value] })
}

/// As [`parse_table_line`], but gives the ranges of key and value.
///
/// # Errors
/// The same.
pub fn split_table_line(line: &[u8]) -> Result<(Range<usize>, Range<usize>), FaultKind> {
    let start = line.len() - trim_start(line).len();
    let end = trim_end(line).len().max(start);
    let key = start..start + key_end(&line[start..end])?;
    let value = end - trim_start(&line[key.end..end]).len()..end;
    if key.is_empty() || value.is_empty() {
        return Err(FaultKind::MissingValue);
    }
    Ok((key, value))
}

/// White space, quotes and backslashes.
const ENDS_PLAIN_KEY: [bool; 256] = {
    let mut ends = [false; 256];
    let mut byte = 0;
    while byte < 128_u8 {
        ends[byte as usize] = is_space(byte) || byte == b'"' || byte == b'\\';
        byte += 1;
    }
    ends
};

/// Where the key ends.
fn key_end(line: &[u8]) -> Result<usize, FaultKind> {
    // Almost every key is free of quotes and backslashes: one scan settles those.
    let plain = line.iter().position(|&byte| ENDS_PLAIN_KEY[usize::from(byte)]).unwrap_or(line.len());
    if line.get(plain).is_none_or(|&byte| is_space(byte)) {
        return Ok(plain);
    }
    let mut quoted = false;
    let mut at = plain;
    while at < line.len() {
        match line[at] {
            b'\\' => at += 1,
            b'"' => quoted = !quoted,
            byte if is_space(byte) && !quoted => return Ok(at),
            _ => {}
        }
        at += 1;
    }
    if quoted { Err(FaultKind::UnbalancedQuote) } else { Ok(line.len()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_as_postmap_3_11_stores_them() {
        type Case<'a> = (&'a str, Result<(&'a str, &'a str), FaultKind>);
        let cases: &[Case] = &[
            ("a b", Ok(("a", "b"))),
            ("a  b c\r", Ok(("a", "b c"))),
            ("  a\tb", Ok(("a", "b"))),
            ("a", Err(FaultKind::MissingValue)),
            ("key: val", Ok(("key:", "val"))),
            ("\"a b\"@X.com q", Ok(("\"a b\"@X.com", "q"))),
            ("\"a\\\" b\" v", Ok(("\"a\\\" b\"", "v"))),
            ("a\"b c\"d e", Ok(("a\"b c\"d", "e"))),
            ("\\\"x y", Ok(("\\\"x", "y"))),
            ("\"a\"b\"c\" d", Ok(("\"a\"b\"c\"", "d"))),
            ("\"a\"  \"b\" c", Ok(("\"a\"", "\"b\" c"))),
            ("a\\ b c", Ok(("a\\ b", "c"))),
            ("\"\\\\\" x", Ok(("\"\\\\\"", "x"))),
            ("\"unbal foo", Err(FaultKind::UnbalancedQuote)),
            ("nbsp\u{a0}x y", Ok(("nbsp\u{a0}x", "y"))),
        ];
        for (line, expected) in cases {
            let got = parse_table_line(line.as_bytes());
            let expected = expected.map(|(key, value)| TableEntry { key: key.as_bytes(), value: value.as_bytes() });
            assert_eq!(got, expected, "{line:?}");
        }
    }
}
