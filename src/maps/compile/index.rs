//! Entries become an indexed file, written aside and swapped in when complete and on disk.
//!
//! Until then, and after any error, the old file is served as it was.

use super::read::{Complaint, ComplaintKind, Entries};
use super::sort::{Order, sorted_order};
use super::{Duplicates, Recipe};
use crate::base::atomic_file::Access;
use crate::base::{AtomicFile, FileLock, LockKind, Span};
use crate::maps::lmdb::{LeafRun, LmdbWriter, MAX_KEY};
use rayon::prelude::*;
use std::collections::HashSet;
use std::fmt;
use std::fs::{File, Metadata};
use std::io;
use std::path::Path;

/// The indexed file types that we write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IndexType {
    /// `lmdb:`, NAME.lmdb
    Lmdb,
    /// `cdb:`, NAME.cdb
    Cdb,
}

impl IndexType {
    /// The type by its name in table references.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        match name {
            "lmdb" => Some(Self::Lmdb),
            "cdb" => Some(Self::Cdb),
            _ => None,
        }
    }

    /// Its name in table references.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lmdb => "lmdb",
            Self::Cdb => "cdb",
        }
    }

    /// What is added to the table's name to give the file's.
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Lmdb => ".lmdb",
            Self::Cdb => ".cdb",
        }
    }

    /// The indexed file of a table.
    #[must_use]
    pub fn path(self, table: &Path) -> std::path::PathBuf {
        let mut name = table.as_os_str().to_os_string();
        name.push(self.suffix());
        name.into()
    }
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Number of entries stored.
    pub entries: usize,
    /// Keys that stood more than once, in the order of the text (unless they were to be silent).
    pub duplicates: Vec<Complaint>,
}

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
    /// More entries than can be counted, or more than 4 GiB for cdb.
    TooBig,
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
            Self::TooBig => f.write_str("the table is too big for its type"),
        }
    }
}

impl std::error::Error for WriteError {}

/// What a new index takes over from its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inherit {
    /// The owner and group, if we are root.
    pub owner: bool,
    /// Of the permissions of a regular file, those of group and others to read it.
    pub mode: bool,
}

/// The owner and mode that an index at `target` gets, if it inherits all.
///
/// # Errors
/// When the source cannot be looked at.
pub fn index_access(index_type: IndexType, source: &Path, target: &Path) -> io::Result<Access> {
    let old = std::fs::metadata(target).ok();
    let inherit = Inherit { owner: true, mode: true };
    Ok(inherited_access(index_type, &std::fs::metadata(source)?, old.as_ref(), inherit))
}

/// The owner and mode that an index gets: those of an LMDB file that is there already; else what `inherit` says of the source,
/// and 0644 of our own.
#[must_use]
pub fn inherited_access(index_type: IndexType, source: &Metadata, old: Option<&Metadata>, inherit: Inherit) -> Access {
    if index_type == IndexType::Lmdb
        && let Some(old) = old
    {
        return Access::from(old);
    }
    let (uid, gid) = (rustix::process::geteuid(), rustix::process::getegid());
    let mut access = Access { uid: uid.as_raw(), gid: gid.as_raw(), mode: 0o644 };
    let from = Access::from(source);
    if inherit.owner && uid.is_root() {
        (access.uid, access.gid) = (from.uid, from.gid);
    }
    if inherit.mode && source.is_file() {
        access.mode = 0o600 | (from.mode & 0o044);
    }
    access
}

/// Adds the records that make a table an alias database, as postalias does: `@`, and what NIS wants to know. `host` is the
/// value of `myhostname`.
pub fn add_alias_records(entries: &mut Entries, host: &[u8]) {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    entries.add(b"@", b"@");
    entries.add(b"YP_LAST_MODIFIED", now.as_secs().to_string().as_bytes());
    entries.add(b"YP_MASTER_NAME", host);
}

/// The entries that are stored, by index, in the order of their keys.
#[derive(Debug)]
pub struct Unique {
    /// Indices into [`Entries::all`].
    pub kept: Vec<u32>,
    /// The repeated ones, in the order of the text.
    pub duplicates: Vec<Complaint>,
}

/// Sorts entries and settles which of several with one key is kept.
///
/// # Errors
/// [`WriteError::TooBig`] for more than 2^32 entries.
pub fn unique(entries: &Entries, duplicates: Duplicates) -> Result<Unique, WriteError> {
    let all = entries.all();
    let count = u32::try_from(all.len()).map_err(|_| WriteError::TooBig)?;
    let Order { order: mut kept, repeated } = sorted_order(count, |index| entries.key(&all[index as usize]));
    let mut dropped = HashSet::new();
    let mut complaints = Vec::new();
    for group in &repeated {
        let keep = if duplicates == Duplicates::Replace { group.len() - 1 } else { 0 };
        dropped.extend(group.iter().enumerate().filter(|&(at, _)| at != keep).map(|(_, &index)| index));
        if duplicates == Duplicates::Warn {
            let first = entries.line_start(&all[group[0] as usize]);
            complaints.extend(group[1..].iter().map(|&index| {
                let entry = &all[index as usize];
                let kind = ComplaintKind::Duplicate { key: entries.key(entry).to_vec(), first };
                Complaint { span: Span::at(entries.line_start(entry)), kind }
            }));
        }
    }
    if !dropped.is_empty() {
        kept.retain(|index| !dropped.contains(index));
    }
    complaints.sort_by_key(|complaint| complaint.span.start);
    Ok(Unique { kept, duplicates: complaints })
}

/// Writes the indexed file at `target`, which gets `access`.
///
/// A writer that updates the old file in place is waited for before the new one takes its place.
///
/// # Errors
/// Whatever keeps the new file from being complete and on disk.
pub fn write_index(
    entries: &Entries,
    recipe: &Recipe,
    index_type: IndexType,
    target: &Path,
    access: Access,
) -> Result<Outcome, WriteError> {
    write_index_aside(entries, recipe, index_type, AtomicFile::create(target).map_err(WriteError::Create)?, access)
}

/// As [`write_index`], to a file that was begun already.
///
/// # Errors
/// The same.
pub fn write_index_aside(
    entries: &Entries,
    recipe: &Recipe,
    index_type: IndexType,
    aside: AtomicFile,
    access: Access,
) -> Result<Outcome, WriteError> {
    let Unique { mut kept, duplicates } = unique(entries, recipe.duplicates)?;
    let nul = recipe.trailing_nul.unwrap_or(index_type == IndexType::Lmdb);
    match index_type {
        IndexType::Lmdb => {
            check_keys(entries, &kept, nul)?;
            write_lmdb(entries, &kept, nul, aside.file())?;
        }
        IndexType::Cdb => {
            // cdb keeps the order of the source; readers stop at the first match. So all may stay, as Postfix has it with -w.
            kept.sort_unstable();
            let all: Vec<u32>;
            let stored = if recipe.duplicates == Duplicates::Ignore && kept.len() < entries.all().len() {
                all = (0..u32::try_from(entries.all().len()).map_err(|_| WriteError::TooBig)?).collect();
                &all
            } else {
                &kept
            };
            write_cdb(entries, stored, nul, aside.file())?;
        }
    }
    aside.set_access(access)?;
    let old = aside.open_old().ok();
    let _waited = old.as_ref().map(|old| FileLock::acquire(old, LockKind::Exclusive)).transpose()?;
    aside.commit()?;
    Ok(Outcome { entries: kept.len(), duplicates })
}

/// Refuses keys that LMDB does not take, before anything is written: the first one in the text.
fn check_keys(entries: &Entries, kept: &[u32], nul: bool) -> Result<(), WriteError> {
    let limit = MAX_KEY - usize::from(nul);
    let least = usize::from(!nul);
    let bad = kept
        .iter()
        .map(|&index| &entries.all()[index as usize])
        .filter(|entry| !(least..=limit).contains(&entries.key(entry).len()))
        .min_by_key(|entry| entries.line_start(entry));
    let Some(entry) = bad else { return Ok(()) };
    let (line, length) = (entries.line_start(entry), entries.key(entry).len());
    Err(if length == 0 { WriteError::EmptyKey { line } } else { WriteError::KeyTooLong { line, length, limit } })
}

/// Entries whose text is fetched from memory at a time.
const FEW: usize = 64;

/// Entries that one thread turns into pages at a time.
const RUN: usize = 1 << 14;

fn write_lmdb(entries: &Entries, kept: &[u32], nul: bool, file: &File) -> Result<(), WriteError> {
    let mut writer = LmdbWriter::new(file);
    // A few runs for each thread at a time: going to every entry's text is most of the work, and memory stays bounded.
    for batch in kept.chunks(4 * RUN * rayon::current_num_threads()) {
        let runs: Vec<io::Result<LeafRun>> = batch
            .par_chunks(RUN)
            .map(|part| {
                let mut run = LeafRun::new();
                let (mut key, mut value) = (Vec::new(), Vec::new());
                for few in part.chunks(FEW) {
                    let few = few.iter().map(|&index| &entries.all()[index as usize]);
                    entries.fetch(few.clone());
                    for entry in few {
                        let key = terminated(&mut key, entries.key(entry), nul);
                        run.push(key, terminated(&mut value, entries.value(entry), nul))?;
                    }
                }
                Ok(run)
            })
            .collect();
        for run in runs {
            writer.append(run?)?;
        }
    }
    Ok(writer.finish()?)
}

fn write_cdb(entries: &Entries, kept: &[u32], nul: bool, file: &File) -> Result<(), WriteError> {
    let mut writer = cdb2::CDBMake::new(file.try_clone()?)?;
    let (mut key, mut value) = (Vec::new(), Vec::new());
    for &index in kept {
        let entry = &entries.all()[index as usize];
        writer.add(terminated(&mut key, entries.key(entry), nul), terminated(&mut value, entries.value(entry), nul))?;
    }
    Ok(writer.finish()?)
}

/// `bytes` with a trailing NUL, put together in `buffer`, or as they are.
fn terminated<'a>(buffer: &'a mut Vec<u8>, bytes: &'a [u8], nul: bool) -> &'a [u8] {
    if !nul {
        return bytes;
    }
    buffer.clear();
    buffer.extend_from_slice(bytes);
    buffer.push(0);
    buffer
}
