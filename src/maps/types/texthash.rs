//! `texthash:` — a text in the form that postmap reads, held in memory as it was when the table was opened.
//!
//! Lines are split by the function that the compiler uses; they need not be UTF-8. Source: DATABASE_README, postmap(1).

use crate::base::user_file::{self, LONGEST_SOURCE};
use crate::maps::compile::Duplicates;
use crate::maps::error::LookupError;
use crate::maps::table::{Answer, LookupTable, OpenOptions};
use crate::maps::text::file_values::encode_files;
use crate::maps::text::memory::MemoryTable;
use crate::maps::text::source::for_each_line;
use crate::syntax::FaultKind;
use crate::syntax::table_line::{TableEntry, parse_table_line};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// An open `texthash:` table.
pub struct TexthashTable {
    table: MemoryTable,
    /// Why no lookup gets an answer: a key that stands twice, where that is refused.
    refused: Option<Vec<u8>>,
}

impl TexthashTable {
    /// Reads the file NAME.
    ///
    /// # Errors
    /// When it cannot be opened or read.
    pub fn open(name: &[u8], options: &OpenOptions) -> Result<Self, LookupError> {
        let file = user_file::open(Path::new(std::ffi::OsStr::from_bytes(name)))
            .map_err(|error| LookupError::system("open database", name, &error))?;
        let text =
            user_file::read_rest(&file, LONGEST_SOURCE).map_err(|error| LookupError::system("read", name, &error))?;
        let mut table = MemoryTable::new(options.folding);
        let mut refused = None;
        for_each_line(&text, name, &*options.caller, |line, text| {
            let warn = |words: &[&[u8]]| {
                let place = format!(", line {line}: ");
                options.caller.warning(&[&[name, place.as_bytes()], words].concat().concat());
            };
            let entry = match parse_table_line(text) {
                Ok(entry) => entry,
                Err(FaultKind::UnbalancedQuote) => {
                    return warn(&[b"unbalanced '\"' in '", text, b"' -- ignoring this line"]);
                }
                Err(_) => return warn(&[b"expected format: key whitespace value -- ignoring this line"]),
            };
            if entry.looks_like_alias() {
                warn(&[b"record is in \"key: value\" format; is this an alias file?"]);
            }
            let TableEntry { key, value } = entry;
            let value = if options.file_values { encode_files(value) } else { Ok(value.to_vec()) };
            match value {
                Err(fault) => warn(&[&fault.message(), b": skipping this entry"]),
                Ok(value) => {
                    let is_duplicate = table.insert(key, value, options.duplicates);
                    if is_duplicate && options.duplicates == Duplicates::Refuse {
                        let place = format!(", line {line}: duplicate entry: \"");
                        refused.get_or_insert_with(|| [name, place.as_bytes(), key, b"\""].concat());
                    } else if is_duplicate {
                        warn(&[b"duplicate entry: \"", key, b"\""]);
                    }
                }
            }
        });
        Ok(Self { table, refused })
    }

    fn usable(&self) -> Result<&MemoryTable, LookupError> {
        match &self.refused {
            Some(words) => Err(LookupError::config(words)),
            None => Ok(&self.table),
        }
    }
}

impl LookupTable for TexthashTable {
    fn lookup(&mut self, key: &[u8]) -> Answer {
        Ok(self.usable()?.get(key))
    }

    fn walk(&mut self, visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), LookupError> {
        self.usable()?.walk(visit);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maps::text::source::tests::Told;
    use std::sync::Arc;

    /// As daemons of 3.11.7 have it, which know no other entry of such a table either.
    #[test]
    fn a_key_that_stands_twice_refuses_all_answers_where_that_is_asked_for() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("t");
        std::fs::write(&path, "a 1\nb 2\nA 3\n").unwrap();
        let name = path.as_os_str().as_bytes().to_vec();
        let options = OpenOptions { duplicates: Duplicates::Refuse, ..OpenOptions::default() };
        let mut table = TexthashTable::open(&name, &options).unwrap();
        let words = format!("{}, line 3: duplicate entry: \"A\"", path.display());
        assert_eq!(table.lookup(b"b"), Err(LookupError::Config(words)));
    }

    #[test]
    fn entries_and_warnings() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("t");
        std::fs::write(&path, b"A 1\na 2\nfoo\nk: v\n\"u v\nl two\n  words\n\xff z\n").unwrap();
        let name = path.as_os_str().as_bytes().to_vec();
        let told = Arc::new(Told::default());
        let options = OpenOptions { caller: told.clone(), ..OpenOptions::default() };
        let mut table = TexthashTable::open(&name, &options).unwrap();
        let mut seen = Vec::new();
        table.walk(&mut |key, value| seen.push([key, b"=", value].concat())).unwrap();
        assert_eq!(seen, [&b"a=1"[..], b"k:=v", b"l=two  words", b"\xff=z"]);
        assert_eq!(table.lookup(b"L"), Ok(Some(b"two  words".to_vec())));
        let place = path.to_str().unwrap();
        let expected = [
            "2: duplicate entry: \"a\"",
            "3: expected format: key whitespace value -- ignoring this line",
            "4: record is in \"key: value\" format; is this an alias file?",
            "5: unbalanced '\"' in '\"u v' -- ignoring this line",
        ];
        assert_eq!(*told.0.lock().unwrap(), expected.map(|words| format!("{place}, line {words}")));
    }
}
