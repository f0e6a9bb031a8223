//! Tables that are asked on behalf of a command line, and how answers are written.

use super::operand::Operand;
use super::settings::Settings;
use crate::commands::dropin::program::messages::{Fatal, Messages};
use crate::config::catalogue;
use crate::maps::index_file::is_outdated;
use crate::maps::text::file_values::decode;
use crate::maps::{self, LookupError, LookupTable, TableReference};
use std::ffi::OsString;
use std::io::{self, Write};
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

/// Tables in the order of the command line, each opened when it is first asked.
pub struct Tables<'a> {
    tables: Vec<Asked>,
    /// How a table with an empty value is named.
    name: fn(&Operand) -> Vec<u8>,
    settings: &'a Settings,
    messages: &'a Messages,
}

struct Asked {
    operand: Operand,
    /// Whether it is of an indexed type.
    is_indexed: bool,
    open: Option<Box<dyn LookupTable>>,
}

impl Asked {
    fn new(operand: Operand) -> Self {
        let is_indexed = std::str::from_utf8(&operand.map_type).is_ok_and(|name| index_suffix(name).is_some());
        Self { operand, is_indexed, open: None }
    }
}

/// What all tables together say to one key.
enum Said {
    /// This table has it.
    Found(usize, Vec<u8>),
    /// So many tables were asked and do not have it.
    Nothing(usize),
    /// A table gave no answer.
    Failed(Fatal),
}

impl<'a> Tables<'a> {
    /// The tables that operands name; `name` says how a warning about an empty value names them.
    #[must_use]
    pub fn new(
        operands: &[OsString],
        name: fn(&Operand) -> Vec<u8>,
        settings: &'a Settings,
        messages: &'a Messages,
    ) -> Self {
        let asked = |operand: &OsString| Asked::new(Operand::new(operand, settings, messages));
        Self { tables: operands.iter().map(asked).collect(), name, settings, messages }
    }

    /// Looks up keys and gives each value found to `found`, in the order of the keys.
    ///
    /// # Errors
    /// A table that cannot be opened or asked, and those of `found`.
    pub fn lookup(
        &mut self,
        keys: &[&[u8]],
        mut found: impl FnMut(&[u8], &[u8]) -> Result<(), Fatal>,
    ) -> Result<(), Fatal> {
        // Only indexed files gain by many keys at once. Other tables may warn of a key, in its turn.
        let at_once = if self.tables.iter().all(|table| table.is_indexed) { keys.len().max(1) } else { 1 };
        keys.chunks(at_once).try_for_each(|keys| self.lookup_at_once(keys, &mut found))
    }

    fn lookup_at_once(
        &mut self,
        keys: &[&[u8]],
        found: &mut impl FnMut(&[u8], &[u8]) -> Result<(), Fatal>,
    ) -> Result<(), Fatal> {
        let mut answers: Vec<Said> = keys.iter().map(|_| Said::Nothing(0)).collect();
        for number in 0..self.tables.len() {
            let earlier = &self.tables[..number];
            let table = &self.tables[number];
            // Another type may have warnings to repeat.
            let is_repeated = table.is_indexed && earlier.iter().any(|other| other.operand == table.operand);
            let open: Vec<usize> = (0..keys.len()).filter(|&at| matches!(answers[at], Said::Nothing(_))).collect();
            if open.is_empty() {
                break;
            }
            if is_repeated {
                // It has been asked; it counts all the same.
                open.iter().for_each(|&at| answers[at] = Said::Nothing(number + 1));
            } else {
                self.ask(number, keys, &open, &mut answers);
            }
        }
        for (key, answer) in keys.iter().zip(answers) {
            let (asked, value) = match answer {
                Said::Found(table, value) => (table, Some((table, value))),
                Said::Nothing(asked) => (asked, None),
                Said::Failed(fatal) => return Err(fatal),
            };
            if self.settings.utf8 && std::str::from_utf8(key).is_err() {
                for table in self.tables[..asked].iter().filter(|table| table.operand.map_type != b"debug") {
                    let shown = table.operand.shown_inside();
                    let words = [&shown[..], b": non-UTF-8 key \"", key, b"\": malformed UTF-8 or invalid codepoint"];
                    self.messages.warning(words.concat());
                }
            }
            if let Some((table, value)) = value {
                let value = self.usable(table, key, value)?;
                found(key, &value)?;
            }
        }
        Ok(())
    }

    /// Asks one table for the keys that have no answer yet.
    fn ask(&mut self, number: usize, keys: &[&[u8]], open: &[usize], answers: &mut [Said]) {
        let Asked { operand, open: table, .. } = &mut self.tables[number];
        let table = match table {
            Some(table) => table,
            None => match open_table(operand, self.settings, self.messages) {
                Ok(opened) => table.insert(opened),
                Err(fatal) => {
                    open.iter().for_each(|&at| answers[at] = Said::Failed(fatal.clone()));
                    return;
                }
            },
        };
        // What `debug:` tells of an unusable key, its own table says.
        let usable =
            |at: usize| !self.settings.utf8 || operand.map_type == b"debug" || std::str::from_utf8(keys[at]).is_ok();
        let asked: Vec<usize> = open.iter().copied().filter(|&at| usable(at)).collect();
        open.iter().for_each(|&at| answers[at] = Said::Nothing(number + 1));
        let asked_keys: Vec<&[u8]> = asked.iter().map(|&at| keys[at]).collect();
        for (at, answer) in asked.into_iter().zip(table.lookup_all(&asked_keys)) {
            match answer {
                Ok(None) => {}
                Ok(Some(value)) => answers[at] = Said::Found(number, value),
                Err(error) => answers[at] = Said::Failed(lookup_failed(&error)),
            }
        }
    }

    /// The value that is shown: checked, decoded if it stands for a file, and up to its first NUL.
    fn usable(&self, table: usize, key: &[u8], value: Vec<u8>) -> Result<Vec<u8>, Fatal> {
        let operand = &self.tables[table].operand;
        let shown = operand.shown_inside();
        let no_answer = || Fatal::new([b"table ", &shown[..], b": query error"].concat());
        let value = up_to_nul(value);
        if self.settings.utf8 && std::str::from_utf8(&value).is_err() {
            self.messages.warning(
                [
                    &shown[..],
                    b": key \"",
                    key,
                    b"\": non-UTF-8 value \"",
                    &value,
                    b"\": malformed UTF-8 or invalid codepoint",
                ]
                .concat(),
            );
            return Err(no_answer());
        }
        let value = if self.settings.file_values {
            let Some(decoded) = decode(&value) else {
                self.messages.warning(malformed(&shown, key, &value));
                return Err(no_answer());
            };
            up_to_nul(decoded)
        } else {
            value
        };
        if value.is_empty() {
            warn_of_empty(&(self.name)(operand), key, self.messages);
        }
        Ok(value)
    }
}

/// What a table's name gets to give that of its index, for the types that have one file of entries.
fn index_suffix(map_type: &str) -> Option<&'static str> {
    catalogue::map_type(map_type)?.index_suffix()
}

/// Opens a table for reading, and says so if its source is newer.
///
/// # Errors
/// When it cannot be opened.
pub fn open_table(operand: &Operand, settings: &Settings, messages: &Messages) -> Result<Box<dyn LookupTable>, Fatal> {
    let reference = operand.reference()?;
    let table = maps::open(&reference, &settings.open_options()).map_err(|error| lookup_failed(&error))?;
    warn_of_age(&reference, messages);
    Ok(table)
}

/// Says so if an index is older than its source.
fn warn_of_age(reference: &TableReference, messages: &Messages) {
    let Some(suffix) = index_suffix(&reference.map_type) else { return };
    let index = [&reference.name, suffix.as_bytes()].concat();
    let path = |name: &[u8]| PathBuf::from(OsString::from_vec(name.to_vec()));
    if is_outdated(&path(&index), &path(&reference.name)) {
        messages.warning([&b"database "[..], &index, b" is older than source file ", &reference.name].concat());
    }
}

/// The words of a lookup that gave no answer.
#[must_use]
pub fn lookup_failed(error: &LookupError) -> Fatal {
    Fatal::new(error.to_string())
}

/// What Postfix says of a value that is no base64.
#[must_use]
pub fn malformed(table: &[u8], key: &[u8], value: &[u8]) -> Vec<u8> {
    [b"table ", table, b": key ", key, b": malformed BASE64 value: ", value].concat()
}

/// What Postfix says of an empty value, which daemons take for an error.
pub fn warn_of_empty(table: &[u8], key: &[u8], messages: &Messages) {
    messages.warning([b"table ", table, b": key ", key, b": empty string result is not allowed"].concat());
    messages.warning([b"table ", table, b" should return NO RESULT in case of NOT FOUND"].concat());
}

/// The bytes before the first NUL, which is all that Postfix sees.
#[must_use]
pub fn up_to_nul(mut bytes: Vec<u8>) -> Vec<u8> {
    if let Some(at) = memchr::memchr(0, &bytes) {
        bytes.truncate(at);
    }
    bytes
}

/// Writes `key TAB value`, as JSON if that is asked for.
///
/// # Errors
/// Those of writing.
pub fn write_entry(output: &mut impl Write, key: &[u8], value: &[u8], settings: &Settings) -> io::Result<()> {
    if settings.json {
        return write_json(output, key, value);
    }
    output.write_all(key)?;
    output.write_all(if settings.form.is_aliases() { b":\t" } else { b"\t" })?;
    output.write_all(value)?;
    output.write_all(b"\n")
}

/// Writes `{"key": "value"}`. What is not UTF-8 is written as it is.
///
/// # Errors
/// Those of writing.
pub fn write_json(output: &mut impl Write, key: &[u8], value: &[u8]) -> io::Result<()> {
    output.write_all(b"{\"")?;
    write_quoted(output, key)?;
    output.write_all(b"\": \"")?;
    write_quoted(output, value)?;
    output.write_all(b"\"}\n")
}

fn write_quoted(output: &mut impl Write, text: &[u8]) -> io::Result<()> {
    for &byte in text {
        match byte {
            b'"' => output.write_all(b"\\\"")?,
            b'\\' => output.write_all(b"\\\\")?,
            0x08 => output.write_all(b"\\b")?,
            0x0c => output.write_all(b"\\f")?,
            b'\n' => output.write_all(b"\\n")?,
            b'\r' => output.write_all(b"\\r")?,
            b'\t' => output.write_all(b"\\t")?,
            0..0x20 | 0x7f => write!(output, "\\u{byte:04X}")?,
            _ => output.write_all(&[byte])?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_as_postmap_3_11_writes_it() {
        let mut shown = Vec::new();
        write_json(&mut shown, b"a\x01\x1f\x7f\\/\"", b"\x08\t\n\x0c\r\xc3\xa4\xff").expect("memory");
        assert_eq!(shown, b"{\"a\\u0001\\u001F\\u007F\\\\/\\\"\": \"\\b\\t\\n\\f\\r\xc3\xa4\xff\"}\n");
    }
}
