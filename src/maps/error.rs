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

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Retry(message) | Self::Config(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for LookupError {}
