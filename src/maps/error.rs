//! Why a lookup gave no answer: for now, or until somebody mends the configuration.
//!
//! "Not found" is not an error: it is `Ok(None)`.

use std::fmt;

/// A lookup that gave no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookupError {
    /// Trying again later may help: a server is away, a file is being changed. Mail waits (4xx).
    Retry(String),
    /// It will fail until somebody changes something: no such file, damaged file, unknown type.
    Config(String),
}

impl LookupError {
    /// An error that lasts, in words that hold bytes of a user's: each that is not UTF-8 is shown as `?`.
    #[must_use]
    pub fn config(words: &[u8]) -> Self {
        Self::Config(shown(words))
    }

    /// An error that may pass, in such words.
    #[must_use]
    pub fn retry(words: &[u8]) -> Self {
        Self::Retry(shown(words))
    }
}

fn shown(words: &[u8]) -> String {
    let mut text = String::with_capacity(words.len());
    for chunk in words.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| '?'));
    }
    text
}

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Retry(message) | Self::Config(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for LookupError {}
