//! How an index stands to its source: by content, for whoever compiles and for whoever checks.

use super::compare::{ReadError, Stored, digest_entries, digest_index, is_current};
use super::index::{IndexType, Unique, unique};
use super::{Complaint, Duplicates, Entries, Recipe, StoredKeys};
use crate::maps::lmdb::Format;
use crate::maps::{cdb, lmdb};
use foldhash::quality::RandomState;
use std::fs::File;
use std::io;

/// How an index stands to its source.
#[derive(Debug)]
pub enum IndexState {
    /// There is none.
    Missing,
    /// It holds what the source says.
    Current,
    /// It holds something else, or holds it so that Postfix does not find it, or is in another format than is asked
    /// for.
    Stale {
        /// Whether it holds something else.
        differs: bool,
        /// How it stores its keys.
        keys: StoredKeys,
        /// Its format, if another is asked for.
        format: Option<Format>,
    },
    /// It cannot be read.
    Damaged(ReadError),
    /// There is no source to compare it with.
    Unknown {
        /// How it stores its keys.
        keys: StoredKeys,
        /// Its format, if another is asked for.
        format: Option<Format>,
    },
}

impl IndexState {
    /// How the index stores its keys, if Postfix does not find them all.
    #[must_use]
    pub fn unsound_keys(&self) -> Option<&StoredKeys> {
        match self {
            Self::Stale { keys, .. } | Self::Unknown { keys, .. } => Some(keys).filter(|keys| !keys.are_sound()),
            Self::Missing | Self::Current | Self::Damaged(_) => None,
        }
    }

    /// The format of an LMDB file, if another is asked for.
    #[must_use]
    pub fn other_format(&self) -> Option<Format> {
        match self {
            Self::Stale { format, .. } | Self::Unknown { format, .. } => *format,
            Self::Missing | Self::Current | Self::Damaged(_) => None,
        }
    }
}

/// What an index holds, read once; it can be read while the source is.
#[derive(Debug)]
pub enum IndexContent {
    /// There is none.
    Missing,
    /// All of it.
    Read(Stored),
    /// It cannot be read.
    Damaged(ReadError),
}

impl IndexContent {
    /// Reads an index; `file` is what opening it gave.
    #[must_use]
    pub fn of(file: io::Result<File>, index_type: IndexType, recipe: &Recipe, seed: &RandomState) -> Self {
        match file {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::Missing,
            Err(error) => Self::Damaged(ReadError::Lmdb(error.into())),
            Ok(file) => match digest_index(file, index_type, recipe, seed) {
                Ok(stored) => Self::Read(stored),
                Err(error) => Self::Damaged(error),
            },
        }
    }

    /// Compares it with its source.
    #[must_use]
    pub fn compare(self, entries: &Entries, recipe: &Recipe, seed: &RandomState) -> IndexState {
        match self {
            Self::Missing => IndexState::Missing,
            Self::Damaged(error) => IndexState::Damaged(error),
            Self::Read(Stored { digest, keys, format }) => {
                let is_same = is_current(entries, digest_entries(entries, seed), recipe, digest, seed);
                match (is_same.unwrap_or(false), other_format(format, recipe)) {
                    (true, None) if keys.are_sound() => IndexState::Current,
                    (is_same, format) => IndexState::Stale { differs: !is_same, keys, format },
                }
            }
        }
    }

    /// What it says where there is no source.
    #[must_use]
    pub fn alone(self, recipe: &Recipe) -> IndexState {
        match self {
            Self::Missing => IndexState::Missing,
            // Who may not read it cannot say that it is damaged.
            Self::Damaged(ReadError::Lmdb(lmdb::Damage::Io(_)) | ReadError::Cdb(cdb::Damage::Io(_))) => {
                IndexState::Unknown { keys: StoredKeys::default(), format: None }
            }
            Self::Damaged(error) => IndexState::Damaged(error),
            Self::Read(Stored { keys, format, .. }) => {
                IndexState::Unknown { keys, format: other_format(format, recipe) }
            }
        }
    }
}

/// The format of a file, if the recipe asks for another.
fn other_format(format: Option<Format>, recipe: &Recipe) -> Option<Format> {
    format.filter(|&format| recipe.lmdb_format.is_some_and(|wanted| wanted != format))
}

/// What compiling a source would warn about, in the order of its lines: lines and keys that stand twice.
#[must_use]
pub fn complaints(entries: &Entries) -> Vec<Complaint> {
    let mut complaints = entries.complaints().to_vec();
    if let Ok(Unique { duplicates, .. }) = unique(entries, Duplicates::Warn) {
        complaints.extend(duplicates);
    }
    complaints.sort_by_key(|complaint| complaint.span.start);
    complaints
}

/// The state of an index, and what compiling its source would warn about.
#[must_use]
pub fn compared(
    entries: &Entries,
    content: IndexContent,
    index_type: IndexType,
    recipe: &Recipe,
    seed: &RandomState,
) -> (IndexState, Vec<Complaint>) {
    let stored = match &content {
        IndexContent::Read(stored) => stored.digest.count(),
        IndexContent::Missing | IndexContent::Damaged(_) => 0,
    };
    let state = content.compare(entries, recipe, seed);
    // LMDB keeps a key once: if all entries are in it, no key stands twice, and nothing need be sorted to tell.
    let is_once = index_type == IndexType::Lmdb && stored == entries.all().len() as u64;
    let complaints = if is_once && matches!(state, IndexState::Current) {
        entries.complaints().to_vec()
    } else {
        complaints(entries)
    };
    (state, complaints)
}
