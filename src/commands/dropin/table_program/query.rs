//! Asking tables for keys: `postmap -q KEY TABLE…`, `postmap -q - TABLE…`.
//!
//! Keys from standard input are looked up by as many at once as are there to be read: a table is then locked once for
//! all of them, and what was found is written before more is waited for.

use super::answers::{Tables, write_entry, write_json};
use super::operand::Operand;
use super::settings::Settings;
use crate::commands::dropin::program::messages::{Fatal, Messages};
use std::ffi::OsString;
use std::io::{self, BufWriter, Read, Write};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, channel, sync_channel};

/// Bytes asked for at once.
const READ: usize = 1 << 16;
/// Bytes of keys looked up at once.
const MOST: usize = 1 << 22;

/// Writes the value of one key.
///
/// # Errors
/// A table that cannot be asked.
pub fn query_key(
    key: &[u8],
    operands: &[OsString],
    settings: &Settings,
    messages: &Messages,
) -> Result<ExitCode, Fatal> {
    let mut output = io::stdout().lock();
    let mut any = false;
    Tables::new(operands, Operand::shown, settings, messages).lookup(&[key], |key, value| {
        any = true;
        let written = if settings.json {
            write_json(&mut output, key, value)
        } else {
            output.write_all(&[value, b"\n"].concat())
        };
        written.and_then(|()| output.flush()).map_err(|error| Fatal::output(&error))
    })?;
    Ok(found(any))
}

/// Writes key and value for each key, one on a line of standard input, that is in a table.
///
/// # Errors
/// A table that cannot be asked.
pub fn query_input(operands: &[OsString], settings: &Settings, messages: &Messages) -> Result<ExitCode, Fatal> {
    let mut tables = Tables::new(operands, Operand::shown_inside, settings, messages);
    let mut output = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let mut any = false;
    let asked = for_lines(io::stdin(), |keys| {
        let found = tables.lookup(keys, |key, value| {
            any = true;
            write_entry(&mut output, key, value, settings).map_err(|error| Fatal::output(&error))
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
    let mut pieces = Pieces::of(input);
    let mut held: Vec<u8> = Vec::new();
    while let Some(piece) = pieces.next() {
        held.extend_from_slice(&piece.map_err(|error| no_input(&error))?);
        while held.len() < MOST
            && let Some(piece) = pieces.next_if_there()
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

/// Input piece by piece.
enum Pieces<R> {
    /// Read on a thread of its own, so that what arrives while others work is there at once. The thread ends with the
    /// input, or with the program.
    Ahead(Receiver<io::Result<Vec<u8>>>),
    /// Read when asked for: the system gave no thread.
    Here(R),
}

impl<R: Read + Send + 'static> Pieces<R> {
    fn of(input: R) -> Self {
        let (give, taken) = channel::<R>();
        let (sender, receiver) = sync_channel(MOST / READ);
        let thread = std::thread::Builder::new().spawn(move || {
            let Ok(mut input) = taken.recv() else { return };
            while let Some(piece) = read_piece(&mut input) {
                let is_end = piece.is_err();
                if sender.send(piece).is_err() || is_end {
                    return;
                }
            }
        });
        // Input that no thread took is given back.
        let given = match thread {
            Ok(_) => give.send(input).map_err(|back| back.0),
            Err(_) => Err(input),
        };
        match given {
            Ok(()) => Self::Ahead(receiver),
            Err(input) => Self::Here(input),
        }
    }

    /// The next piece; none at the end.
    fn next(&mut self) -> Option<io::Result<Vec<u8>>> {
        match self {
            Self::Ahead(pieces) => pieces.recv().ok(),
            Self::Here(input) => read_piece(input),
        }
    }

    /// The next piece, if it was read already.
    fn next_if_there(&mut self) -> Option<io::Result<Vec<u8>>> {
        match self {
            Self::Ahead(pieces) => pieces.try_recv().ok(),
            Self::Here(_) => None,
        }
    }
}

fn read_piece(input: &mut impl Read) -> Option<io::Result<Vec<u8>>> {
    let mut buffer = vec![0; READ];
    loop {
        match input.read(&mut buffer) {
            Ok(0) => return None,
            Ok(length) => {
                buffer.truncate(length);
                return Some(Ok(buffer));
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Some(Err(error)),
        }
    }
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
