//! `inline:{ key=value, { key = text with spaces } }` — a table that is its own name.
//!
//! A later entry takes the place of an earlier one with the same key. Source: DATABASE_README, postconf(5).

use crate::maps::compile::Duplicates;
use crate::maps::error::LookupError;
use crate::maps::table::{Answer, LookupTable, OpenOptions};
use crate::maps::text::file_values::encode_files;
use crate::maps::text::memory::MemoryTable;
use crate::maps::text::source::in_braces;
use crate::syntax::logical::{is_space, trim, trim_start};
use crate::syntax::match_list::split_list;
use std::ops::Range;

/// An open `inline:` table.
pub struct InlineTable {
    table: MemoryTable,
}

impl InlineTable {
    /// Reads the entries that are the name.
    ///
    /// # Errors
    /// For all that is not quite right about it.
    pub fn open(name: &[u8], options: &OpenOptions) -> Result<Self, LookupError> {
        let needed = if options.file_values { "name=filename" } else { "name=value" };
        if options.utf8 && std::str::from_utf8(name).is_err() {
            return Err(refuse(name, b"bad UTF-8 syntax", "name=value"));
        }
        let mut table = MemoryTable::new(options.folding);
        let found = entries(name).map_err(|fault| match fault {
            None => refuse(name, b"bad syntax", "name=value"),
            Some(words) => refuse(name, &words, needed),
        })?;
        for [key, value] in found {
            let value = &name[value];
            let value = if options.file_values {
                encode_files(value).map_err(|fault| refuse(name, &fault.message(), needed))?
            } else {
                value.to_vec()
            };
            table.insert(&name[key], value, Duplicates::Replace);
        }
        if table.is_empty() { Err(refuse(name, b"empty table", needed)) } else { Ok(Self { table }) }
    }
}

fn refuse(name: &[u8], what: &[u8], needed: &str) -> LookupError {
    let needed = format!("\"; need \"inline:{{{needed}...}}\"");
    LookupError::config(&[what, b": \"inline:", name, needed.as_bytes()].concat())
}

/// Where in the name of a table its entries are: key and value of each, in order.
///
/// # Errors
/// What is wrong, in Postfix's words; nothing if it is not a list in braces at all.
pub fn entries(name: &[u8]) -> Result<Vec<[Range<usize>; 2]>, Option<Vec<u8>>> {
    let list = match in_braces(name) {
        Ok(list) if name != b"{}" => list,
        _ => return Err(None),
    };
    // All that is found lies inside the name.
    let range = |part: &[u8]| {
        let start = part.as_ptr() as usize - name.as_ptr() as usize;
        start..start + part.len()
    };
    let mut found = Vec::new();
    for element in split_list(list) {
        let entry = &list[element];
        let text = match entry.first() {
            Some(b'{') => in_braces(entry).map_err(|fault| fault.message(entry))?,
            _ => entry,
        };
        let (key, value) = split_entry(text).map_err(|words| words.as_bytes().to_vec())?;
        found.push([range(key), range(value)]);
    }
    Ok(found)
}

/// Splits `key = value`. A quoted part of the key, and what stands behind a backslash there, may hold any character.
fn split_entry(text: &[u8]) -> Result<(&[u8], &[u8]), &'static str> {
    let text = trim(text);
    if text.is_empty() {
        return Err("no key found; expected format: key = value");
    }
    let (mut quoted, mut end) = (false, 0);
    while let Some(&byte) = text.get(end) {
        match byte {
            b'\\' => end += 1,
            b'"' => quoted = !quoted,
            b'=' if !quoted => break,
            byte if is_space(byte) && !quoted => break,
            _ => {}
        }
        end += 1;
    }
    if quoted {
        return Err("unbalanced '\"'");
    }
    let end = end.min(text.len());
    match trim_start(&text[end..]).split_first() {
        Some((b'=', value)) => Ok((&text[..end], trim_start(value))),
        _ => Err("missing '=' after attribute name"),
    }
}

impl LookupTable for InlineTable {
    fn lookup(&mut self, key: &[u8]) -> Answer {
        Ok(self.table.get(key))
    }

    fn walk(&mut self, visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), LookupError> {
        self.table.walk(visit);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maps::compile::Folding;

    #[test]
    fn names_as_postfix_3_11_reads_them() {
        let cases = [
            ("{a=b, c=d}", "a=b c=d"),
            ("{ { A  =  B  C  } }", "a=B  C"),
            ("{a=1 A=2}", "a=2"),
            ("{=b}", "=b"),
            ("{{=}}", "="),
            ("{a=b=c}", "a=b=c"),
            ("{x={a b}}", "x={a b}"),
            ("{{{a=b}}}", "{a=b}"),
            ("{{a\"b c\"d = e}}", "a\"b c\"d=e"),
            ("{a\\=b=c}", "a\\=b=c"),
            ("{{a = \"b}}", "a=\"b"),
        ];
        for (name, expected) in cases {
            let mut table = InlineTable::open(name.as_bytes(), &OpenOptions::default()).unwrap();
            let mut seen = Vec::new();
            table
                .walk(&mut |key, value| {
                    seen.push(String::from_utf8([key, b"=", value].concat()).unwrap());
                })
                .unwrap();
            assert_eq!(seen.join(" "), expected, "{name}");
        }
        let cases = [
            ("a=b", "bad syntax"),
            ("{}", "bad syntax"),
            ("{a=b} ", "bad syntax"),
            ("{ }", "empty table"),
            ("{a}", "missing '=' after attribute name"),
            ("{{\"a\" x = c}}", "missing '=' after attribute name"),
            ("{a=b {}}", "no key found; expected format: key = value"),
            ("{\"a b\"=c}", "unbalanced '\"'"),
            ("{{a=b}{c=d}}", "syntax error after '}' in \"{a=b}{c=d}\""),
        ];
        for (name, expected) in cases {
            let error =
                InlineTable::open(name.as_bytes(), &OpenOptions::default()).err().map(|error| error.to_string());
            let expected = format!("{expected}: \"inline:{name}\"; need \"inline:{{name=value...}}\"");
            assert_eq!(error, Some(expected));
        }
    }

    #[test]
    fn what_is_not_utf8() {
        let options = OpenOptions { utf8: false, folding: Folding::Ascii, ..OpenOptions::default() };
        assert_eq!(InlineTable::open(b"{a=\xff}", &options).unwrap().lookup(b"A"), Ok(Some(b"\xff".to_vec())));
        let error = InlineTable::open(b"{a=\xff", &OpenOptions::default()).err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some("bad UTF-8 syntax: \"inline:{a=?\"; need \"inline:{name=value...}\""));
    }
}
