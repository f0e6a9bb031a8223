//! Asking tables for keys: `postmap -q KEY TABLE…`, `postmap -q - TABLE…`.
//!
//! Keys from standard input are looked up by as many at once as are there to be read: a table is then locked once for all of
//! them, and what was found is written before more is waited for.

use super::answers::{Tables, write_entry, write_json};
use super::messages::{Fatal, Messages};
use super::table_program::{Manner, Operand};
use std::ffi::OsString;
use std::io::{self, BufWriter, Read, Write};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, sync_channel};

/// Bytes asked for at once.
const READ: usize = 1 << 16;
/// Bytes of keys looked up at once.
const MOST: usize = 1 << 22;

/// Writes the value of one key.
///
/// # Errors
/// A table that cannot be asked.
pub fn query_key(key: &[u8], operands: &[OsString], manner: &Manner, messages: &Messages) -> Result<ExitCode, Fatal> {
    let mut output = io::stdout().lock();
    let mut any = false;
    Tables::new(operands, Operand::shown, manner, messages).lookup(&[key], |key, value| {
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
    let mut tables = Tables::new(operands, Operand::shown_inside, manner, messages);
    let mut output = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let mut any = false;
    let asked = for_lines(io::stdin(), |keys| {
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
pub fn for_lines(
    input: impl Read + Send + 'static,
    mut work: impl FnMut(&[&[u8]]) -> Result<(), Fatal>,
) -> Result<(), Fatal> {
    let pieces = read_ahead(input);
    let mut held: Vec<u8> = Vec::new();
    while let Ok(piece) = pieces.recv() {
        held.extend_from_slice(&piece.map_err(|error| no_input(&error))?);
        while held.len() < MOST
            && let Ok(piece) = pieces.try_recv()
        {
            held.extend_from_slice(&piece.map_err(|error| no_input(&error))?);
        }
        let Some(newline) = memchr::memrchr(b'\n', &held) else { continue };
        let lines: Vec<&[u8]> = held[..newline].split(|&byte| byte == b'\n').map(before_nul).collect();
        work(&lines)?;
        held.drain(..=newline);
    }
    if held.is_empty() { Ok(()) } else { work(&[before_nul(&held)]) }
}

/// Reads on a thread of its own, so that what arrives while others work is there at once. The thread ends with the input, or
/// with the program.
fn read_ahead(mut input: impl Read + Send + 'static) -> Receiver<io::Result<Vec<u8>>> {
    let (sender, receiver) = sync_channel(MOST / READ);
    std::thread::spawn(move || {
        let mut buffer = vec![0; READ];
        loop {
            let piece = match input.read(&mut buffer) {
                Ok(0) => return,
                Ok(length) => Ok(buffer[..length].to_vec()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => Err(error),
            };
            let is_end = piece.is_err();
            if sender.send(piece).is_err() || is_end {
                return;
            }
        }
    });
    receiver
}

/// The words for standard input that cannot be read.
#[must_use]
pub fn no_input(error: &io::Error) -> Fatal {
    Fatal::new(format!("read stdin: {}", crate::base::system_words(error)))
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
    fn every_line_comes_once_and_in_order() {
        let cases: &[(&[&[u8]], &[&str])] = &[
            (&[], &[]),
            (&[b"a\nb\n"], &["a", "b"]),
            (&[b"a\n\nb"], &["a", "", "b"]),
            (&[b"a", b"b\nc\0d\n", b"\n"], &["ab", "c", ""]),
        ];
        for (pieces, expected) in cases {
            let mut seen: Vec<String> = Vec::new();
            for_lines(Pieces(pieces.to_vec()), |lines| {
                seen.extend(lines.iter().map(|line| String::from_utf8_lossy(line).into_owned()));
                Ok(())
            })
            .expect("no errors");
            assert_eq!(seen, *expected, "{pieces:?}");
        }
    }
}
