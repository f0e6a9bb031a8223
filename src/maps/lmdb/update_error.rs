//! Why an LMDB file was not changed. It is then as it was.

use super::anew::AnewError;
use super::format::Damage;
use std::fmt;
use std::io;

/// Why nothing was changed.
#[derive(Debug)]
pub enum UpdateError {
    /// The file cannot be opened or locked, or another not be put in its place.
    Open(io::Error),
    /// It is damaged, or no LMDB file.
    Damaged(Damage),
    /// It cannot be written anew.
    Anew(AnewError),
    /// The library refused.
    Library(lmdb::Error),
}

impl fmt::Display for UpdateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(error) => error.fmt(f),
            Self::Damaged(damage) => write!(f, "{damage}; it is left as it was: rebuild it from its source"),
            Self::Anew(error) => write!(f, "{error}; it is left as it was"),
            Self::Library(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for UpdateError {}

impl From<lmdb::Error> for UpdateError {
    fn from(error: lmdb::Error) -> Self {
        Self::Library(error)
    }
}

impl From<Damage> for UpdateError {
    fn from(damage: Damage) -> Self {
        Self::Damaged(damage)
    }
}

impl From<AnewError> for UpdateError {
    fn from(error: AnewError) -> Self {
        match error {
            AnewError::Damaged(damage) => Self::Damaged(damage),
            AnewError::Write(error) => Self::Open(error),
            error @ AnewError::KeyTooLong { .. } => Self::Anew(error),
        }
    }
}
