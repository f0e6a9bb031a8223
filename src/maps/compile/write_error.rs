//! Why an index could not be written.

use crate::maps::cdb::MAX_SAME_HASH;
use crate::maps::limits::MAX_VALUE;
use std::fmt;
use std::io;

/// Why no new file is there. The old one, if any, is as it was.
#[derive(Debug)]
pub enum WriteError {
    /// The new file cannot be begun in the directory.
    Create(io::Error),
    /// The system refused.
    Io(io::Error),
    /// A key is longer than LMDB takes.
    KeyTooLong {
        /// Offset of its line in the source.
        line: usize,
        /// Its length in bytes, without a trailing NUL.
        length: usize,
        /// The greatest length.
        limit: usize,
    },
    /// A key without a character in a table without trailing NULs, which LMDB does not take.
    EmptyKey {
        /// Offset of its line in the source.
        line: usize,
    },
    /// A key or value is longer than what is read again.
    TooLong {
        /// Offset of its line in the source.
        line: usize,
    },
    /// More keys have one hash than lookups in a cdb file could bear.
    SameHash {
        /// Offset of a line with one of them in the source.
        line: usize,
    },
    /// The source is not the one any more that was read.
    SourceChanged,
    /// The old file has other names and cannot be filled anew.
    InPlace {
        /// How many names it has.
        names: u64,
        /// Why.
        why: String,
    },
    /// More entries than can be counted, or more than 4 GiB for cdb.
    TooBig,
}

impl WriteError {
    /// The offset of the line in the source that is at fault, if one is.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        match *self {
            Self::KeyTooLong { line, .. }
            | Self::EmptyKey { line }
            | Self::TooLong { line }
            | Self::SameHash { line } => Some(line),
            Self::Create(_) | Self::Io(_) | Self::TooBig | Self::SourceChanged | Self::InPlace { .. } => None,
        }
    }
}

impl From<io::Error> for WriteError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create(error) | Self::Io(error) => error.fmt(f),
            Self::KeyTooLong { length, limit, .. } => {
                write!(f, "the key has {length} bytes and LMDB takes at most {limit}")
            }
            Self::EmptyKey { .. } => f.write_str("LMDB takes no key without a character"),
            Self::TooLong { .. } => write!(f, "the key or value has {MAX_VALUE} bytes or more"),
            Self::SameHash { .. } => write!(f, "more than {MAX_SAME_HASH} keys have the hash of this one"),
            Self::SourceChanged => f.write_str("the source changed while it was compiled"),
            Self::InPlace { names, why } => write!(
                f,
                "the index has {names} names (hard links) and cannot be written in place: {why}; remove the other names, \
                 or this one, and try again"
            ),
            Self::TooBig => f.write_str("the table is too big for its type"),
        }
    }
}

impl std::error::Error for WriteError {}
