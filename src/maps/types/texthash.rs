//! `texthash:` — a text in the form that postmap reads, held in memory as it was when the table was opened.
//!
//! Lines are split by the function that the compiler uses; they need not be UTF-8. Source: DATABASE_README, postmap(1).

use crate::base::user_file::{self, LONGEST_SOURCE};
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
                    if table.insert(key, value, options.duplicates) {
                        warn(&[b"duplicate entry: \"", key, b"\""]);
                    }
                }
            }
        });
        Ok(Self { table })
    }
}

impl LookupTable for TexthashTable {
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
    use crate::maps::text::source::tests::Told;
    use std::sync::Arc;

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
