//! Asking tables for keys: `postmap -q KEY TABLE…`, `postmap -q - TABLE…`.
//!
//! Keys from standard input are looked up by as many at once as are there to be read: a table is then locked once for all of
//! them, and what was found is written before more is waited for.

use super::answers::{Tables, write_entry, write_json};
use super::messages::{Fatal, Messages};
use super::table_program::Manner;
use std::ffi::OsString;
use std::io::{self, BufWriter, Read, Write};
use std::process::ExitCode;

/// Bytes asked for at once.
const READ: usize = 1 << 16;

/// Writes the value of one key.
///
/// # Errors
/// A table that cannot be asked.
pub fn query_key(key: &[u8], operands: &[OsString], manner: &Manner, messages: &Messages) -> Result<ExitCode, Fatal> {
    let mut output = io::stdout().lock();
    let mut any = false;
    Tables::new(operands, manner, messages).lookup(&[key], |key, value| {
        any = true;
        let written =
            if manner.json { write_json(&mut output, key, value) } else { output.write_all(&[value, b"\n"].concat()) };
        written.and_then(|()| output.flush()).map_err(|error| Fatal::output(&error))
    })?;
    Ok(found(any))
}

/// Writes key and value for each key, one on a line of standard input, that is in a table.
///
/// # Errors
/// A table that cannot be asked.
pub fn query_input(operands: &[OsString], manner: &Manner, messages: &Messages) -> Result<ExitCode, Fatal> {
    let mut tables = Tables::new(operands, manner, messages);
    let mut output = BufWriter::with_capacity(READ, io::stdout().lock());
    let mut any = false;
    let asked = for_lines(&mut io::stdin().lock(), |keys| {
        let found = tables.lookup(keys, |key, value| {
            any = true;
            write_entry(&mut output, key, value, manner).map_err(|error| Fatal::output(&error))
        });
        let flushed = output.flush().map_err(|error| Fatal::output(&error));
        found.and(flushed)
    });
    asked.map(|()| found(any))
}

/// The status that tells whether there was anything.
#[must_use]
pub fn found(any: bool) -> ExitCode {
    if any { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Gives the lines of `input`, each up to its newline or first NUL, to `work`, as many at once as are there.
///
/// # Errors
/// Those of reading and of `work`.
pub fn for_lines(input: &mut impl Read, mut work: impl FnMut(&[&[u8]]) -> Result<(), Fatal>) -> Result<(), Fatal> {
    let mut buffer = Vec::new();
    let mut held = 0;
    loop {
        buffer.resize(held + READ, 0);
        let read = match input.read(&mut buffer[held..]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Fatal::new(format!("read stdin: {}", crate::maps::types::system_words(&error)))),
            Ok(read) => read,
        };
        let filled = held + read;
        let end = if read == 0 {
            filled
        } else {
            memchr::memrchr(b'\n', &buffer[held..filled]).map_or(0, |at| held + at + 1)
        };
        let text = &buffer[..end];
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        if end > 0 {
            let lines: Vec<&[u8]> = text.split(|&byte| byte == b'\n').map(before_nul).collect();
            work(&lines)?;
        }
        if read == 0 {
            return Ok(());
        }
        buffer.copy_within(end..filled, 0);
        held = filled - end;
    }
}

fn before_nul(line: &[u8]) -> &[u8] {
    memchr::memchr(0, line).map_or(line, |at| &line[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives its pieces one by one.
    struct Pieces(Vec<&'static [u8]>);

    impl Read for Pieces {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                return Ok(0);
            }
            let piece = self.0.remove(0);
            buffer[..piece.len()].copy_from_slice(piece);
            Ok(piece.len())
        }
    }

    #[test]
    fn lines_come_as_soon_as_they_are_whole() {
        type Case<'a> = (&'a [&'a [u8]], &'a [&'a [&'a str]]);
        let cases: &[Case] = &[
            (&[], &[]),
            (&[b"a\nb\n"], &[&["a", "b"]]),
            (&[b"a\n\nb"], &[&["a", ""], &["b"]]),
            (&[b"a", b"b\nc\0d\n", b"\n"], &[&["ab", "c"], &[""]]),
        ];
        for (pieces, expected) in cases {
            let mut seen: Vec<Vec<String>> = Vec::new();
            for_lines(&mut Pieces(pieces.to_vec()), |lines| {
                seen.push(lines.iter().map(|line| String::from_utf8_lossy(line).into_owned()).collect());
                Ok(())
            })
            .expect("no errors");
            assert_eq!(seen, *expected, "{pieces:?}");
        }
    }
}
