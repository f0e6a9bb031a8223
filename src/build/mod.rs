//! Floor 6: which tables of a site are compiled, into which type, and whether that is needed; and doing it.
//!
//! A table is current when its index holds what its source says; times do not matter. `build` shows what comes of it,
//! and others may ask the same. Nothing here prints.

mod job;

pub use job::Job;

use crate::base::carried_over::Lost;
use crate::base::{FileError, system_words};
use crate::config::Site;
use crate::config::catalogue::MapType;
use crate::config::lmdb_format::LmdbFormat;
use crate::config::migration::Redirection;
use crate::config::tables::named_tables;
use crate::maps::compile::steady::KEEPS_CHANGING;
use crate::maps::compile::{Complaint, Entries, IndexType, WriteError};
use std::fmt;
use std::path::PathBuf;

/// What is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Nothing is written, only the state told.
    pub check_only: bool,
    /// Written is even what is current.
    pub force: bool,
    /// What tables of retired types are built as.
    pub instead: Option<IndexType>,
}

/// What became of a table.
#[derive(Debug)]
pub enum Status {
    /// Its index was written, with so many entries.
    Built {
        /// How many it holds.
        entries: usize,
    },
    /// Its index holds what its source says.
    Current,
    /// Its index holds something else, or is in another format than is asked for.
    Stale {
        /// Its format, if another is asked for.
        format: Option<LmdbFormat>,
    },
    /// It has no index.
    Missing,
    /// It lies where nothing may be written.
    Outside,
    /// It could not be built.
    Failed(BuildError),
}

impl Status {
    /// Whether there is something that somebody must do.
    #[must_use]
    pub fn is_bad(&self) -> bool {
        matches!(self, Self::Stale { .. } | Self::Missing | Self::Failed(_))
    }
}

/// Why a table could not be built; an old index is as it was.
#[derive(Debug)]
pub enum BuildError {
    /// It is of this type, which is not written.
    Type(&'static str),
    /// Its source cannot be read.
    Source(FileError),
    /// Its source never stayed the same.
    KeepsChanging(PathBuf),
    /// Its index cannot be written; the place that this is about.
    Write {
        /// The file, and the line where there is one.
        place: String,
        /// Why.
        error: WriteError,
        /// Whether there is an index already.
        has_old: bool,
    },
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Type(name) => {
                write!(f, "{name}: tables cannot be built; use lmdb: or cdb: (--type builds them beside)")
            }
            Self::Source(error) => error.fmt(f),
            Self::KeepsChanging(path) => write!(f, "{}: {KEEPS_CHANGING}", path.display()),
            Self::Write { place, error, has_old } => {
                let words = match error {
                    WriteError::Create(error) | WriteError::Io(error) => system_words(error),
                    other => other.to_string(),
                };
                let old = if *has_old { "the old file stays as it was" } else { "nothing was written" };
                write!(f, "{place}: {words}; {old}")
            }
        }
    }
}

impl std::error::Error for BuildError {}

/// A table and what became of it.
#[derive(Debug)]
pub struct Outcome {
    /// Its index, or its source if it can have no index.
    pub path: PathBuf,
    /// What became of it.
    pub status: Status,
    /// What compiling it gave, if it was compiled.
    pub compiled: Option<Compiled>,
}

/// What compiling a table gave besides its index.
#[derive(Debug)]
pub struct Compiled {
    /// The source.
    pub source_path: PathBuf,
    /// Its entries, as they stand there.
    pub entries: Entries,
    /// What postmap would warn about, in the order of the text.
    pub complaints: Vec<Complaint>,
    /// What is to be said of other names of the old index.
    pub about_names: Option<String>,
    /// What the old index carried and the new one could not get.
    pub lost: Vec<Lost>,
}

/// The tables of a site that are compiled, in the order in which they are named; caches are not, which daemons make.
#[must_use]
pub fn jobs(site: &Site, wanted: Wanted) -> Vec<Job<'_>> {
    let redirection = Redirection::of(&site.configuration).ok().flatten();
    let tables = named_tables(&site.configuration).into_iter().filter(|table| !table.is_cache());
    tables
        .filter_map(|table| {
            let known = table.reference.known_type().filter(|known| known.needs_compile())?;
            let index_type = index_type(known, wanted.instead, redirection.as_ref());
            Some(Job::new(site, table, index_type, wanted))
        })
        .collect()
}

/// The type that a table is built as: its own; else, for one that we cannot write, the one that is wanted instead; else
/// the one that `non_bdb_migration_level` sends it to.
fn index_type(
    known: &MapType,
    instead: Option<IndexType>,
    redirection: Option<&Redirection>,
) -> Result<IndexType, &'static str> {
    let redirected = || {
        let name = redirection?.instead_of(known.name.as_bytes())?;
        std::str::from_utf8(name).ok().and_then(IndexType::by_name)
    };
    IndexType::by_name(known.name).or(instead).or_else(redirected).ok_or(known.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::catalogue::map_type;

    #[test]
    fn retired_types_are_built_as_others() {
        let redirection = Redirection { hash: b"cdb".to_vec(), btree: b"btree".to_vec() };
        let cases = [
            ("lmdb", Some(IndexType::Cdb), true, Ok(IndexType::Lmdb)),
            ("hash", None, false, Err("hash")),
            ("hash", None, true, Ok(IndexType::Cdb)),
            ("hash", Some(IndexType::Lmdb), true, Ok(IndexType::Lmdb)),
            ("btree", None, true, Err("btree")),
            ("dbm", None, true, Err("dbm")),
            ("sdbm", Some(IndexType::Cdb), false, Ok(IndexType::Cdb)),
        ];
        for (name, instead, is_redirected, expected) in cases {
            let known = map_type(name).expect("a type");
            assert_eq!(index_type(known, instead, is_redirected.then_some(&redirection)), expected, "{name}");
        }
    }
}
