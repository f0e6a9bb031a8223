//! Asking tables with the lines of a message: `postmap -q - -h TABLE…`, `-b`.
//!
//! A header, with all its lines, is one key; so is each line of the body. The body begins with an empty key, whether or
//! not an empty line stands there. With `-m` the headers of parts and attached messages are headers too.
//!
//! Source: postmap(1), "-h", "-b" and "-m"; header_checks(5).

use super::answers::{Tables, write_entry};
use super::operand::Operand;
use super::query::{found, no_input};
use super::settings::Settings;
use crate::commands::dropin::program::messages::{Fatal, Messages};
use crate::mail::mime::{Item, MessageLimits, MessageReader};
use std::ffi::OsString;
use std::io::{self, BufWriter, Read, Write};
use std::process::ExitCode;

/// Keys looked up at once.
const BATCH: usize = 4096;

/// Which lines are keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// `-h`: headers.
    pub headers: bool,
    /// `-b`: lines of the body.
    pub body: bool,
    /// How the message is taken apart; as MIME says with `-m`.
    pub limits: MessageLimits,
}

/// Writes key and value for each key of the message on standard input that is in a table.
///
/// # Errors
/// A table that cannot be asked.
pub fn query_mail(
    wanted: Wanted,
    operands: &[OsString],
    settings: &Settings,
    messages: &Messages,
) -> Result<ExitCode, Fatal> {
    let mut message = Vec::new();
    io::stdin().lock().read_to_end(&mut message).map_err(|error| no_input(&error))?;
    let keys = keys(&message, wanted);
    let mut tables = Tables::new(operands, Operand::shown_inside, settings, messages);
    let mut output = BufWriter::new(io::stdout().lock());
    let mut any = false;
    for batch in keys.chunks(BATCH) {
        let batch: Vec<&[u8]> = batch.iter().map(Vec::as_slice).collect();
        let asked = tables.lookup(&batch, |key, value| {
            any = true;
            write_entry(&mut output, key, value, settings).map_err(|error| Fatal::output(&error))
        });
        output.flush().map_err(|error| Fatal::output(&error))?;
        asked?;
    }
    Ok(found(any))
}

/// The keys of a message, each up to its first NUL.
fn keys(message: &[u8], wanted: Wanted) -> Vec<Vec<u8>> {
    let mut keys = Vec::new();
    let mut each = |item: Item<'_>| {
        let (is_wanted, key): (bool, &[u8]) = match item {
            Item::Header(header) => (wanted.headers, header),
            Item::Body => (wanted.body, b""),
            Item::Line(line) => (wanted.body, line),
        };
        if is_wanted {
            keys.push(key[..memchr::memchr(0, key).unwrap_or(key.len())].to_vec());
        }
    };
    let mut reader = MessageReader::new(wanted.limits);
    if !message.is_empty() {
        let text = message.strip_suffix(b"\n").unwrap_or(message);
        text.split(|&byte| byte == b'\n').for_each(|line| reader.line(line, &mut each));
    }
    reader.end(&mut each);
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_as_postmap_3_11_makes_them() {
        let cases: &[(&str, &[&str])] = &[
            ("", &[]),
            ("\n", &[""]),
            ("\n\n", &["", ""]),
            ("a: b", &["a: b"]),
            ("a: b\n\n", &["a: b", ""]),
            ("X \t: y\nX:\ty \n", &["X: y", "X:\ty "]),
            ("a: b\n c\n\td:\ne: f\n\n g\n", &["a: b\n c\n\td:", "e: f", "", " g"]),
            ("a: b\n \n c\n\nx", &["a: b\n \n c", "", "x"]),
            ("a: b\nno header\nc: d", &["a: b", "", "no header", "c: d"]),
            (" lead\n\nx", &["", " lead", "", "x"]),
            ("From x y\n", &["", "From x y"]),
            (":y\n", &["", ":y"]),
            ("a b: c\n", &["", "a b: c"]),
            ("a\u{1}b: c\n", &["", "a\u{1}b: c"]),
            ("ä: c\n", &["", "ä: c"]),
            ("\r\nx", &["", "\r", "x"]),
            ("a: \0b\nc\0: d\n", &["a: ", "", "c"]),
            ("a: 3456789\n 23\n x\nb: c", &["a: 3456789\n 23", "b: c"]),
        ];
        for (message, expected) in cases {
            let limits = MessageLimits { header_size: 12, mime: None };
            let wanted = Wanted { headers: true, body: true, limits };
            let all = keys(message.as_bytes(), wanted);
            assert_eq!(all, expected.iter().map(|key| key.as_bytes().to_vec()).collect::<Vec<_>>(), "{message:?}");
            let headers = keys(message.as_bytes(), Wanted { body: false, ..wanted });
            let body = keys(message.as_bytes(), Wanted { headers: false, ..wanted });
            assert_eq!([headers, body].concat(), all, "{message:?}");
        }
    }
}
