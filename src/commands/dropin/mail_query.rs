//! Asking tables with the lines of a message: `postmap -q - -h TABLE…`, `-b`.
//!
//! A header, with all its lines, is one key; so is each line of the body. The body begins with an empty key, whether or not an
//! empty line stands there. MIME (`-m`) is not taken apart yet.
//!
//! Source: postmap(1), "-h" and "-b"; header_checks(5).

use super::answers::{Tables, write_entry};
use super::messages::{Fatal, Messages};
use super::query::{found, no_input};
use super::table_program::{Manner, Operand};
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
    /// `-m`: the message is taken apart as MIME says.
    pub mime: bool,
    /// `header_size_limit`: a header that is as long gets no more lines, in bytes.
    pub header_size: usize,
}

/// Writes key and value for each key of the message on standard input that is in a table.
///
/// # Errors
/// A table that cannot be asked.
pub fn query_mail(
    wanted: Wanted,
    operands: &[OsString],
    manner: &Manner,
    messages: &Messages,
) -> Result<ExitCode, Fatal> {
    if wanted.mime {
        return Err(Fatal::new("option -m is not supported yet"));
    }
    let mut message = Vec::new();
    io::stdin().lock().read_to_end(&mut message).map_err(|error| no_input(&error))?;
    let keys = keys(&message, wanted);
    let mut tables = Tables::new(operands, Operand::shown_inside, manner, messages);
    let mut output = BufWriter::new(io::stdout().lock());
    let mut any = false;
    for batch in keys.chunks(BATCH) {
        let batch: Vec<&[u8]> = batch.iter().map(Vec::as_slice).collect();
        let asked = tables.lookup(&batch, |key, value| {
            any = true;
            write_entry(&mut output, key, value, manner).map_err(|error| Fatal::output(&error))
        });
        output.flush().map_err(|error| Fatal::output(&error))?;
        asked?;
    }
    Ok(found(any))
}

/// The keys of a message, each up to its first NUL.
fn keys(message: &[u8], wanted: Wanted) -> Vec<Vec<u8>> {
    let mut keys = Vec::new();
    let mut header: Option<Vec<u8>> = None;
    let mut in_body = false;
    let text = message.strip_suffix(b"\n").unwrap_or(message);
    let lines = if message.is_empty() { None } else { Some(text.split(|&byte| byte == b'\n')) };
    for line in lines.into_iter().flatten() {
        if !in_body {
            if let Some(header) = &mut header
                && matches!(line.first(), Some(b' ' | b'\t'))
            {
                if header.len() < wanted.header_size {
                    header.push(b'\n');
                    header.extend_from_slice(line);
                }
                continue;
            }
            keys.extend(header.take().filter(|_| wanted.headers));
            if let Some((name, rest)) = split_header(line) {
                header = Some([name, rest].concat());
                continue;
            }
            in_body = true;
            if wanted.body && !line.is_empty() {
                keys.push(Vec::new());
            }
        }
        if wanted.body {
            keys.push(line.to_vec());
        }
    }
    keys.extend(header.filter(|_| wanted.headers));
    for key in &mut keys {
        key.truncate(memchr::memchr(0, key).unwrap_or(key.len()));
    }
    keys
}

/// The name of a header, and the rest from the colon on; white space between them is left out.
fn split_header(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = line.iter().position(|&byte| !byte.is_ascii_graphic() || byte == b':')?;
    let colon = end + line[end..].iter().position(|&byte| byte != b' ' && byte != b'\t')?;
    (end > 0 && line[colon] == b':').then(|| (&line[..end], &line[colon..]))
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
            let wanted = Wanted { headers: true, body: true, mime: false, header_size: 12 };
            let all = keys(message.as_bytes(), wanted);
            assert_eq!(all, expected.iter().map(|key| key.as_bytes().to_vec()).collect::<Vec<_>>(), "{message:?}");
            let headers = keys(message.as_bytes(), Wanted { body: false, ..wanted });
            let body = keys(message.as_bytes(), Wanted { headers: false, ..wanted });
            assert_eq!([headers, body].concat(), all, "{message:?}");
        }
    }
}
