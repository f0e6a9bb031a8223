//! What a Berkeley DB file holds, as the text that postmap or postalias would make it from.
//!
//! The entries come out sorted by key. An entry that no line of such a text says (a key with white space in it and no
//! quotes, a value with a newline) is kept apart: an index can hold it.

use crate::base::system_words;
use crate::mail::local_part::external_local;
use crate::maps::berkeley_db::{BerkeleyDb, Damage};
use crate::maps::compile::compare::{Digest, is_alias_record, without_nul};
use crate::maps::compile::index::unique;
use crate::maps::compile::{Duplicates, Entries, Folding, Recipe, read_entries};
use crate::syntax::alias_line::parse_alias_line;
use crate::syntax::logical::is_space;
use crate::syntax::table_line::{TableEntry, TableForm, parse_table_line};
use foldhash::quality::RandomState;
use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Write};

/// The entries of a file.
#[derive(Debug)]
pub struct Contents {
    /// All of them, for an index; of several values of a key Postfix sees the first.
    pub entries: Entries,
    /// The lines of the text.
    text: Vec<u8>,
    /// Entries that no line says, by index.
    unwritable: Vec<u32>,
    /// The first value of each key, summed up.
    pub digest: Digest,
}

/// A held lock of the kind that Postfix takes on these files; dropping it unlocks.
struct Lock<'a>(&'a File);

impl Drop for Lock<'_> {
    fn drop(&mut self) {
        // Unlocking an open descriptor cannot fail in a way that anybody could act on.
        let _ = self.0.unlock();
    }
}

/// Reads a file; the records that postalias adds to an alias database are left out.
///
/// # Errors
/// Why it cannot be read, in words.
pub fn read(file: &File, form: TableForm, seed: &RandomState) -> Result<Contents, String> {
    file.lock_shared().map_err(|error| system_words(&error))?;
    let _lock = Lock(file);
    let in_words = |damage| match damage {
        Damage::Io(error) => system_words(&error),
        damage => damage.to_string(),
    };
    let database = BerkeleyDb::open(file).map_err(in_words)?;
    let mut entries = read_entries(Vec::new(), &Recipe::standard(form));
    let walked = database.walk(|key, value| {
        let (key, value) = (without_nul(key), without_nul(value));
        if !(form.is_aliases() && is_alias_record(key, value)) {
            entries.add(&as_stored(key, form), value);
        }
        Ok::<(), Damage>(())
    });
    walked.map_err(in_words)?;
    let order = unique(&entries, Duplicates::Ignore).map_err(|error| error.to_string())?.kept;
    let (mut text, mut unwritable, mut digest) = (Vec::new(), Vec::new(), Digest::default());
    for index in order {
        let entry = &entries.all()[index as usize];
        let (key, value) = (entries.key(entry), entries.value(entry));
        digest.add(key, value, seed);
        if !write_line(&mut text, key, value, form) {
            unwritable.push(index);
        }
    }
    Ok(Contents { entries, text, unwritable, digest })
}

impl Contents {
    /// How many entries no text says.
    #[must_use]
    pub fn unwritable(&self) -> usize {
        self.unwritable.len()
    }

    /// All entries for an index, and their sum.
    #[must_use]
    pub fn into_entries(self) -> (Entries, Digest) {
        (self.entries, self.digest)
    }

    /// Writes the text, with words before it that say where it is from.
    ///
    /// # Errors
    /// Those of writing.
    pub fn write_source(&self, database: &str, mut to: impl Write) -> io::Result<()> {
        writeln!(to, "# Made by postwright from {}, which had no source.", database.escape_debug())?;
        if !self.unwritable.is_empty() {
            writeln!(to, "# No line can say these entries, and an index that is made from this file lacks them:")?;
        }
        for &index in &self.unwritable {
            let entry = &self.entries.all()[index as usize];
            let [key, value] = [self.entries.key(entry), self.entries.value(entry)].map(<[u8]>::escape_ascii);
            writeln!(to, "# \"{key}\" \"{value}\"")?;
        }
        to.write_all(&self.text)
    }
}

/// The key as a new index stores it: from 3.12 on the names of aliases have the quotes that they need.
fn as_stored(key: &[u8], form: TableForm) -> Cow<'_, [u8]> {
    if form == TableForm::QuotedAliases && !key.starts_with(b"\"") { external_local(key) } else { Cow::Borrowed(key) }
}

/// Adds the line that says an entry; whether there is one.
fn write_line(text: &mut Vec<u8>, key: &[u8], value: &[u8], form: TableForm) -> bool {
    let start = text.len();
    let is_written = match form {
        TableForm::KeyValue => {
            push(text, key, b"\t", value);
            is_plain(key, value) || says(&text[start..text.len() - 1], key, value)
        }
        TableForm::Aliases | TableForm::QuotedAliases => {
            // Words would do without quotes, but nobody writes them so; what has quotes already is stored with them.
            let forms = [Cow::Borrowed(key), Cow::Owned(quoted(key))];
            forms.iter().skip(usize::from(key.iter().any(|&byte| is_space(byte)) && key[0] != b'"')).any(|name| {
                text.truncate(start);
                push(text, name, b": ", value);
                says_alias(&text[start..text.len() - 1], key, form)
            })
        }
    };
    if !is_written {
        text.truncate(start);
    }
    is_written
}

fn push(text: &mut Vec<u8>, key: &[u8], between: &[u8], value: &[u8]) {
    text.extend_from_slice(key);
    text.extend_from_slice(between);
    text.extend_from_slice(value);
    text.push(b'\n');
}

fn quoted(key: &[u8]) -> Vec<u8> {
    let mut out = vec![b'"'];
    for &byte in key {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.push(b'"');
    out
}

/// Entries of which nothing needs to be asked: nearly all.
fn is_plain(key: &[u8], value: &[u8]) -> bool {
    let in_key = |byte: &u8| byte.is_ascii_graphic() && !byte.is_ascii_uppercase() && !matches!(byte, b'"' | b'\\');
    let in_value = |byte: &u8| byte.is_ascii_graphic() || *byte == b' ';
    let is_blank = |byte: Option<&u8>| byte.is_none_or(|byte| *byte == b' ');
    !key.is_empty()
        && key[0] != b'#'
        && key.iter().all(in_key)
        && !is_blank(value.first())
        && !is_blank(value.last())
        && value.iter().all(in_value)
}

/// Whether a text of this one line is one logical line, of UTF-8.
fn is_a_line(line: &[u8]) -> bool {
    let begins = line.first().is_some_and(|&byte| byte != b'#' && !is_space(byte));
    begins && !line.iter().any(|byte| matches!(byte, b'\n' | b'\0')) && std::str::from_utf8(line).is_ok()
}

fn says(line: &[u8], key: &[u8], value: &[u8]) -> bool {
    is_a_line(line) && parse_table_line(line) == Ok(TableEntry { key, value }) && *Folding::Unicode.apply(key) == *key
}

/// How the destinations are spaced is of no matter.
fn says_alias(line: &[u8], key: &[u8], form: TableForm) -> bool {
    is_a_line(line)
        && *Folding::Unicode.apply(key) == *key
        && parse_alias_line(line).is_ok_and(|entry| *entry.stored_key(form) == *key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(form: TableForm, key: &str, value: &str) -> Option<String> {
        let mut text = Vec::new();
        let is_written = write_line(&mut text, key.as_bytes(), value.as_bytes(), form);
        assert_eq!(is_written, !text.is_empty());
        is_written.then(|| String::from_utf8(text).expect("plain"))
    }

    #[test]
    fn a_line_is_read_back_as_its_entry() {
        let written = [
            ("a@example.com", "b c", "a@example.com\tb c\n"),
            ("\"a b\"@example.com", "c", "\"a b\"@example.com\tc\n"),
            ("ä", "ö", "ä\tö\n"),
            ("a:", "b", "a:\tb\n"),
        ];
        for (key, value, expected) in written {
            assert_eq!(line(TableForm::KeyValue, key, value).as_deref(), Some(expected));
        }
        let unwritable = [
            ("a b", "c"),
            ("#a", "b"),
            ("A", "b"),
            ("", "b"),
            ("a", ""),
            ("a", " b"),
            ("a", "b\nc"),
            ("a\"", "b"),
            (" a", "b"),
        ];
        for (key, value) in unwritable {
            assert_eq!(line(TableForm::KeyValue, key, value), None, "{key:?} {value:?}");
        }
    }

    #[test]
    fn names_of_aliases_are_quoted_where_they_must_be() {
        let written = [
            ("a", "b, c", "a: b, c\n"),
            ("big boss", "b", "\"big boss\": b\n"),
            ("#a", "b", "\"#a\": b\n"),
            ("a", "b,c", "a: b,c\n"),
            ("a", "\"|/usr/bin/x -y\"", "a: \"|/usr/bin/x -y\"\n"),
        ];
        for (key, value, expected) in written {
            assert_eq!(line(TableForm::Aliases, key, value).as_deref(), Some(expected));
        }
        let quoted = "\"big boss\"";
        assert_eq!(as_stored(b"big boss", TableForm::QuotedAliases), quoted.as_bytes());
        assert_eq!(line(TableForm::QuotedAliases, quoted, "b").as_deref(), Some("\"big boss\": b\n"));
        for (key, value) in [("A", "b"), ("a", ""), ("a\nb", "c")] {
            assert_eq!(line(TableForm::Aliases, key, value), None, "{key:?} {value:?}");
        }
    }
}
