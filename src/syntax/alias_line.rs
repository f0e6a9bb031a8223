//! One logical line of an aliases file, as `postalias` stores it.
//!
//! `name: value, value` becomes a key in internal form (no quotes) and a value in external form (quoted where needed,
//! one blank between words). Finding logical lines, folding the case of keys, refusing lines that are not UTF-8 and
//! keys that are empty are the caller's part. Accepts any bytes; time is linear. See aliases(5) and postalias(1).

use std::borrow::Cow;
use std::fmt;

use super::table_line::TableForm;
use crate::mail::local_part::external_local;
use crate::mail::rfc822::{Form, TokenKind, TokenWriter, is_plain, is_space, tokens, write_external};

/// What `postalias` stores for a line.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct AliasEntry {
    /// The name in internal form, before its case is folded. It may be empty (`"": x`).
    pub key: Vec<u8>,
    /// The destinations in external form. It may be empty (`x: \`).
    pub value: Vec<u8>,
}

impl AliasEntry {
    /// The key as an index holds it that is made in this form, before its case is folded.
    #[must_use]
    pub fn stored_key(&self, form: TableForm) -> Cow<'_, [u8]> {
        if form == TableForm::QuotedAliases { external_local(&self.key) } else { Cow::Borrowed(&self.key) }
    }
}

/// Why `postalias` skips a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AliasFault {
    /// No colon outside quotes, comments and literals, a comma before it, or nothing on one side of it.
    NeedNameValue,
    /// The name holds `@` or `%` outside quotes, comments and literals.
    NotLocal,
}

impl fmt::Display for AliasFault {
    /// As `postalias` words it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NeedNameValue => "need name:value pair",
            Self::NotLocal => "name must be local and have no domain",
        })
    }
}

impl std::error::Error for AliasFault {}

/// Splits a logical line into name and value.
///
/// # Errors
/// When `postalias` would warn and skip the line. A line that lacks a value is [`AliasFault::NeedNameValue`] whatever
/// its name.
pub fn parse_alias_line(line: &[u8]) -> Result<AliasEntry, AliasFault> {
    let (mut entry, value) = match plain_name(line) {
        Some((name, value)) => (AliasEntry { key: name.to_vec(), value: Vec::new() }, value),
        None => {
            let mut key = Vec::new();
            let value = write_name(line, &mut key)?;
            (AliasEntry { key, value: Vec::new() }, value)
        }
    };
    // Room for a blank behind each comma of a usual line.
    entry.value.reserve(value.len() + value.len() / 8);
    write_external(value, &mut entry.value);
    Ok(entry)
}

/// The name and the bytes behind the colon of a line that begins with a plain word and has a value.
fn plain_name(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let (name, rest) = line.split_at(line.iter().position(|&byte| !is_plain(byte))?);
    let value = rest.strip_prefix(b":")?;
    // An empty name or value is a fault; the long way tells.
    (!name.is_empty() && !value.iter().all(|&byte| is_space(byte))).then_some((name, value))
}

/// Writes the name of any line to `key` and returns the bytes behind its colon.
fn write_name<'a>(line: &'a [u8], key: &mut Vec<u8>) -> Result<&'a [u8], AliasFault> {
    let mut tokens = tokens(line);
    let mut writer = TokenWriter::new(Form::Internal, key);
    let (mut is_empty, mut is_local) = (true, true);
    loop {
        let token = tokens.next().ok_or(AliasFault::NeedNameValue)?;
        match token.kind {
            TokenKind::Special(b':') => break,
            TokenKind::Special(b',') => return Err(AliasFault::NeedNameValue),
            TokenKind::Special(b'@' | b'%') => is_local = false,
            _ => {}
        }
        is_empty = false;
        writer.push(&token);
    }
    let value = tokens.rest();
    if is_empty || tokens.next().is_none() {
        return Err(AliasFault::NeedNameValue);
    }
    if is_local { Ok(value) } else { Err(AliasFault::NotLocal) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stores_as_postalias_does() {
        let cases: &[(&[u8], &[u8], &[u8])] = &[
            (b"a: b ,  c", b"a", b"b, c"),
            (b"a:b", b"a", b"b"),
            (b"A: B", b"A", b"B"),
            (b"\"Quo Ted\": x@y.com,   \"foo bar\"@z", b"Quo Ted", b"x@y.com, \"foo bar\"@z"),
            (b"b(comment): c (another) d", b"b (comment)", b"c (another) d"),
            (b"m (x)n: o . p", b"m (x) n", b"o.p"),
            (b"k: a\\ b \\\"c", b"k", b"\"a b\" \"\\\"c\""),
            (b"u: \"\\|foo\", \"/a b/c\"", b"u", b"\"|foo\", \"/a b/c\""),
            (b"h: \"unterminated", b"h", b"\"unterminated\""),
            (b"i: (unterm", b"i", b"(unterm"),
            (b"q: a:b :c", b"q", b"a:b:c"),
            (b"e: <foo@bar>, Joe  Doe <joe@x>", b"e", b"<foo@bar>, Joe Doe <joe@x>"),
            (b"\"\": z", b"", b"z"),
            (b"x:: c", b"x", b":c"),
            (b"x: \\", b"x", b""),
            (b"x: ,", b"x", b", "),
            (b"x:(only)", b"x", b"(only)"),
            (b"a . b : c", b"a.b", b"c"),
            (b"|foo;!x: y", b"|foo;!x", b"y"),
            (b"\"a@b\" \\@\\%[c@d](e@f): y", b"a@b @% [c@d] (e@f)", b"y"),
            (b"[a:b]\"c:d\"(e:f)\\:: y", b"[a:b] c:d (e:f) :", b"y"),
            (b"a\xff\x01: \xff\x01", b"a\xff\x01", b"\"\xff\x01\""),
        ];
        for (line, key, value) in cases {
            let expected = AliasEntry { key: key.to_vec(), value: value.to_vec() };
            assert_eq!(parse_alias_line(line), Ok(expected), "{}", String::from_utf8_lossy(line));
        }
    }

    /// As 3.12's snapshot of 2026-08-21 is said to store them.
    #[test]
    fn names_are_stored_with_quotes_where_they_need_them() {
        let cases: [(&[u8], &[u8]); 9] = [
            (b"\"Quo Ted\": x", b"\"Quo Ted\""),
            (b"\"plain\": x", b"plain"),
            (b"a . b : c", b"a.b"),
            (b"\"a..b\": c", b"\"a..b\""),
            (b"\"a@b\": c", b"\"a@b\""),
            (b"a\\\"b: c", b"\"a\\\"b\""),
            (b"b(comment): c", b"\"b (comment)\""),
            (b"a\xff: c", b"a\xff"),
            (b"owner-x: c", b"owner-x"),
        ];
        for (line, key) in cases {
            let entry = parse_alias_line(line).unwrap();
            assert_eq!(entry.stored_key(TableForm::QuotedAliases), key, "{}", line.escape_ascii());
            assert_eq!(entry.stored_key(TableForm::Aliases), entry.key);
        }
    }

    #[test]
    fn skips_as_postalias_does() {
        use AliasFault::{NeedNameValue, NotLocal};
        let cases: &[(&str, AliasFault)] = &[
            ("", NeedNameValue),
            ("a", NeedNameValue),
            ("a b@c", NeedNameValue),
            ("a:", NeedNameValue),
            ("a:  \t\r", NeedNameValue),
            (": b", NeedNameValue),
            (":", NeedNameValue),
            ("a@b:", NeedNameValue),
            ("a,b: c", NeedNameValue),
            ("a@b,c: d", NeedNameValue),
            ("(a: b", NeedNameValue),
            ("\"a: b", NeedNameValue),
            ("[a: b", NeedNameValue),
            ("a\\: b", NeedNameValue),
            ("a@b: c", NotLocal),
            ("a % b: c", NotLocal),
            ("<a@b>: c", NotLocal),
            ("@: c", NotLocal),
        ];
        for (line, fault) in cases {
            assert_eq!(parse_alias_line(line.as_bytes()), Err(*fault), "{line:?}");
        }
        assert_eq!(NeedNameValue.to_string(), "need name:value pair");
        assert_eq!(NotLocal.to_string(), "name must be local and have no domain");
    }
}
