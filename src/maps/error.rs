//! Why a lookup gave no answer: for now, or until somebody mends the configuration.
//!
//! "Not found" is not an error: it is `Ok(None)`.

use crate::base::system_words;
use std::fmt;

/// A lookup that gave no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookupError {
    /// Trying again later may help: a server is away, a file is being changed. Mail waits (4xx).
    Retry(String),
    /// It will fail until somebody changes something: no such file, damaged file, unknown type.
    Config(String),
    /// Nobody here can tell: the table is not of this machine, or may not be asked.
    Unknown(String),
}

impl LookupError {
    /// An error that lasts, in words that hold bytes of a user's: each that is not UTF-8 is shown as `?`.
    #[must_use]
    pub fn config(words: &[u8]) -> Self {
        Self::Config(in_message(words))
    }

    /// An error that may pass, in such words.
    #[must_use]
    pub fn retry(words: &[u8]) -> Self {
        Self::Retry(in_message(words))
    }

    /// A step that the system refused: `open NAME: No such file or directory`. It lasts.
    #[must_use]
    pub fn system(step: &str, name: &[u8], error: &std::io::Error) -> Self {
        Self::config(&[step.as_bytes(), b" ", name, b": ", system_words(error).as_bytes()].concat())
    }

    /// A failed query as postmap words it: `table NAME: query error`, and why.
    #[must_use]
    pub fn query(table: &str, why: &str) -> String {
        let colon = if why.is_empty() { "" } else { ": " };
        format!("table {table}: query error{colon}{why}")
    }

    /// The error of a table inside another one, as it is worded for that one.
    #[must_use]
    pub fn from_member(self, member: &str, table: &str) -> Self {
        let reworded = |message: String| match message.strip_prefix(&format!("table {member}: ")) {
            Some(rest) => format!("table {table}: {rest}"),
            None => message,
        };
        match self {
            Self::Retry(message) => Self::Retry(reworded(message)),
            Self::Config(message) => Self::Config(reworded(message)),
            Self::Unknown(message) => Self::Unknown(message),
        }
    }
}

/// Bytes in a message: those that are not UTF-8 become question marks, one each.
#[must_use]
pub fn in_message(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| '?'));
    }
    text
}

/// What is said of a table whose type cannot list its entries.
pub(super) fn no_sequence(map_type: &str, name: &[u8]) -> LookupError {
    unlistable(&format!("{map_type}:{}", in_message(name)))
}

/// The same of a table by the name that messages show.
pub(super) fn unlistable(table: &str) -> LookupError {
    LookupError::Config(format!("table {table}: sequence operation is not supported"))
}

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Retry(message) | Self::Config(message) | Self::Unknown(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for LookupError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_inside_is_the_outer_tables() {
        let inner = LookupError::Retry(LookupError::query("fail:x", "Application error"));
        let outer = inner.clone().from_member("fail:x", "debug:fail:x");
        assert_eq!(outer, LookupError::Retry("table debug:fail:x: query error: Application error".into()));
        assert_eq!(inner.clone().from_member("fail:y", "debug:fail:y"), inner);
        assert_eq!(LookupError::query("x:y", ""), "table x:y: query error");
    }

    #[test]
    fn each_odd_byte_is_a_question_mark() {
        assert_eq!(in_message(b"a\xff\xc3\xa4\xe2\x82."), "a?\u{e4}??.");
    }
}
