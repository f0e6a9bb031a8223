//! `static:TEXT` — the same answer to every key. `static:{ TEXT }` drops the white space around the text.
//!
//! With `-F` the text names files, whose contents are the answer. Source: `DATABASE_README`, "static".

use crate::maps::error::unlistable;
use crate::maps::error::{LookupError, in_message};
use crate::maps::table::{Answer, LookupTable, OpenOptions};
use crate::maps::text::file_values::encode_files;
use crate::syntax::logical::trim;
use crate::syntax::match_list::closing_brace;

/// A `static:` table.
pub struct StaticTable {
    name: String,
    value: Vec<u8>,
}

impl StaticTable {
    /// The table `static:NAME`.
    ///
    /// # Errors
    /// Braces that do not fit, and files that cannot be read.
    pub fn open(name: &[u8], options: &OpenOptions) -> Result<Self, LookupError> {
        let text = text_of(name).map_err(|fault| {
            LookupError::Config(format!("bad static:name syntax: {fault} in \"{}\"", in_message(name)))
        })?;
        let value = if options.file_values {
            encode_files(text).map_err(|fault| LookupError::Config(in_message(&fault.message())))?
        } else {
            text.to_vec()
        };
        Ok(Self { name: format!("static:{}", in_message(name)), value })
    }
}

fn text_of(name: &[u8]) -> Result<&[u8], &'static str> {
    if !name.starts_with(b"{") {
        return Ok(name);
    }
    match closing_brace(name, 0) {
        None => Err("missing '}'"),
        Some(close) if close + 1 < name.len() => Err("syntax error after '}'"),
        Some(close) => Ok(trim(&name[1..close])),
    }
}

impl LookupTable for StaticTable {
    fn lookup(&mut self, _: &[u8]) -> Answer {
        Ok(Some(self.value.clone()))
    }

    fn walk(&mut self, _: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), LookupError> {
        Err(unlistable(&self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_faults() {
        let cases: &[(&str, Result<&str, &str>)] = &[
            ("b", Ok("b")),
            (" a b ", Ok(" a b ")),
            ("a}", Ok("a}")),
            ("{ text here }", Ok("text here")),
            ("{}", Ok("")),
            ("{{a}}", Ok("{a}")),
            (" {text}", Ok(" {text}")),
            ("{text", Err("bad static:name syntax: missing '}' in \"{text\"")),
            ("{{a}", Err("bad static:name syntax: missing '}' in \"{{a}\"")),
            ("{text} ", Err("bad static:name syntax: syntax error after '}' in \"{text} \"")),
        ];
        for (name, expected) in cases {
            let found = StaticTable::open(name.as_bytes(), &OpenOptions::default()).map(|table| table.value);
            let expected = expected.map(|text| text.as_bytes().to_vec());
            assert_eq!(found, expected.map_err(|text| LookupError::Config(text.into())), "{name}");
        }
    }
}
