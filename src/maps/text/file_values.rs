//! Values that stand for the contents of files (`postmap -F`): a table stores them in base64, and who looks up gets
//! them decoded.
//!
//! Source: postmap(1), "-F"; RFC 4648 section 4.

use crate::base::system_words;
use crate::base::user_file::{self, LONGEST_TEXT};
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// Why a list of files has no contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileFault {
    /// The list, given here, names no file.
    Empty(Vec<u8>),
    /// A file cannot be opened; the system's words.
    Open(PathBuf, String),
    /// A file cannot be read; the system's words.
    Read(PathBuf, String),
}

impl FileFault {
    /// As postmap words it.
    #[must_use]
    pub fn message(&self) -> Vec<u8> {
        let named = |step: &str, path: &Path, words: &str| {
            [step.as_bytes(), path.as_os_str().as_bytes(), b": ", words.as_bytes()].concat()
        };
        match self {
            Self::Empty(list) => [b"empty pathname list: >>", list.as_slice(), b"<<'"].concat(),
            Self::Open(path, words) => named("open ", path, words),
            Self::Read(path, words) => named("read ", path, words),
        }
    }
}

impl fmt::Display for FileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.message()))
    }
}

impl std::error::Error for FileFault {}

/// The contents, in base64, of the files that a list names: paths separated by commas and white space. A newline is put
/// between two files.
///
/// # Errors
/// [`FileFault`], for the first file that cannot be read.
pub fn encode_files(list: &[u8]) -> Result<Vec<u8>, FileFault> {
    let separates = |byte: &u8| matches!(byte, b',' | b' ' | b'\t' | b'\r' | b'\n');
    let mut contents = Vec::new();
    for name in list.split(separates).filter(|name| !name.is_empty()) {
        let path = PathBuf::from(std::ffi::OsString::from_vec(name.to_vec()));
        let file = user_file::open(&path).map_err(|error| FileFault::Open(path.clone(), system_words(&error)))?;
        let bytes = user_file::read_rest(&file, LONGEST_TEXT);
        contents.push(bytes.map_err(|error| FileFault::Read(path, system_words(&error)))?);
    }
    if contents.is_empty() { Err(FileFault::Empty(list.to_vec())) } else { Ok(encode(&contents.join(&b'\n'))) }
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Bytes in base64, padded, on one line.
#[must_use]
pub fn encode(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let word = three.iter().fold(0_u32, |word, &byte| word << 8 | u32::from(byte)) << (8 * (3 - three.len()));
        for digit in 0..4 {
            let at = (word >> (18 - 6 * digit)) & 0x3f;
            text.push(if digit as usize > three.len() { b'=' } else { DIGITS[at as usize] });
        }
    }
    text
}

/// The bytes that base64 stands for; nothing if it is malformed. What follows the padding is not looked at, but there
/// must be a multiple of four characters.
#[must_use]
pub fn decode(text: &[u8]) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let digit = |byte: u8| DIGITS.iter().position(|&known| known == byte);
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    for four in text.chunks_exact(4) {
        let mut word = digit(four[0])? << 6 | digit(four[1])?;
        let mut length = 1;
        if four[2] != b'=' {
            word = word << 6 | digit(four[2])?;
            length = 2;
            if four[3] != b'=' {
                word = word << 6 | digit(four[3])?;
                length = 3;
            }
        }
        word <<= 6 * (3 - length);
        // The low 24 bits of the word are three bytes.
        let three = word.to_be_bytes();
        bytes.extend_from_slice(&three[three.len() - 3..][..length]);
        if length < 3 {
            break;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_as_postmap_3_11_reads_it() {
        let cases: &[(&str, Option<&[u8]>)] = &[
            ("", Some(b"")),
            ("YQ==", Some(b"a")),
            ("YWI=", Some(b"ab")),
            ("YWJj", Some(b"abc")),
            ("YWJjZA==", Some(b"abcd")),
            ("YQ==YQ==", Some(b"a")),
            ("YQ=a", Some(b"a")),
            ("YR==", Some(b"a")),
            ("/+==", Some(b"\xff")),
            ("YQ", None),
            ("YQ=", None),
            ("Y===", None),
            ("Y Q ", None),
            ("-_==", None),
        ];
        for (text, expected) in cases {
            assert_eq!(decode(text.as_bytes()).as_deref(), *expected, "{text}");
        }
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        let bytes: Vec<u8> = (0..=255).collect();
        for length in 0..bytes.len() {
            assert_eq!(decode(&encode(&bytes[..length])).as_deref(), Some(&bytes[..length]));
        }
    }

    #[test]
    fn files_are_joined_by_newlines() {
        let scratch = tempfile::tempdir().expect("scratch directory");
        let (a, empty) = (scratch.path().join("a"), scratch.path().join("empty"));
        std::fs::write(&a, "hello\n").expect("written");
        std::fs::write(&empty, "").expect("written");
        let (a, empty) = (a.display(), empty.display());
        let cases = [
            (format!("{a}"), "hello\n"),
            (format!("{a}, {a}"), "hello\n\nhello\n"),
            (format!(",{a},,{a} "), "hello\n\nhello\n"),
            (format!("{empty}"), ""),
            (format!("{empty} {a}"), "\nhello\n"),
        ];
        for (list, expected) in cases {
            assert_eq!(encode_files(list.as_bytes()), Ok(encode(expected.as_bytes())), "{list}");
        }
        let fault = |list: &str| encode_files(list.as_bytes()).map_err(|fault| fault.to_string());
        assert_eq!(fault(" ,"), Err("empty pathname list: >> ,<<'".into()));
        assert_eq!(fault("/nonexistent"), Err("open /nonexistent: No such file or directory".into()));
        assert_eq!(fault("/"), Err("read /: Is a directory".into()));
    }
}
