//! Entries become an indexed file, written aside and swapped in when complete and on disk.
//!
//! Until then, and after any error, the old file is served as it was. An old file that has other names (hard links) may be
//! filled anew in place instead, as Postfix does it with LMDB files: readers by those names would never see a new one.

use super::read::{Complaint, ComplaintKind, Entries, Entry};
use super::sort::{Order, sorted_order};
use super::{Duplicates, Recipe};
use crate::base::atomic_file::Access;
use crate::base::carried_over::Lost;
use crate::base::{AtomicFile, FileLock, LockKind, Span, system_words, threads};
use crate::maps::cdb::{self, MAX_SAME_HASH};
use crate::maps::limits::MAX_VALUE;
use crate::maps::lmdb::{LeafRun, LmdbWriter, MAX_KEY, UpdateError, refill};
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
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
    /// How many names (hard links) the old file had: 0 for none.
    pub names: u64,
    /// Whether the old file was filled anew, so that all of its names lead to the new entries.
    pub in_place: bool,
    /// What the old file carried and the new one could not get.
    pub lost: Vec<Lost>,
}

impl Outcome {
    /// What is to be said of an old file with several names.
    #[must_use]
    pub fn about_names(&self) -> Option<String> {
        let what = match self.in_place {
            true => "written in place, so that all of them lead to the new entries",
            false => "only this one leads to the new entries, and the others to the old ones",
        };
        (self.names > 1).then(|| format!("the index has {} names (hard links): {what}", self.names))
    }
}

/// How a new index takes the place of the old one.
pub struct Swap<'a> {
    /// Whether the source is still what was read. Asked when all is ready.
    pub is_still: &'a dyn Fn() -> io::Result<bool>,
    /// What becomes of the other names of an LMDB file.
    pub other_names: OtherNames,
}

impl Swap<'_> {
    /// For entries from no file; other names are left to themselves.
    pub const PLAIN: Swap<'static> = Swap { is_still: &|| Ok(true), other_names: OtherNames::Leave };
}

/// What becomes of the other names (hard links) of an LMDB file that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherNames {
    /// They keep the old file: it may not be ours to write where they are.
    Leave,
    /// The file is filled anew in place. Done for a user by root, it must be theirs: else anybody could have root write to a
    /// file by giving it another name.
    Follow {
        /// The owner of the source.
        owner: u32,
    },
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

/// What a new index takes over from its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inherit {
    /// The owner and group, if we are root.
    pub owner: bool,
    /// Of the permissions of a regular file, those of group and others to read it.
    pub mode: bool,
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
/// # Errors
/// Whatever keeps the new file from being complete and on disk.
pub fn write_index(
    entries: &Entries,
    recipe: &Recipe,
    index_type: IndexType,
    target: &Path,
    access: Access,
) -> Result<Outcome, WriteError> {
    let aside = AtomicFile::create(target).map_err(WriteError::Create)?;
    write_index_aside(entries, recipe, index_type, aside, access, &Swap::PLAIN)
}

/// As [`write_index`], to a file that was begun already, and with a say in how it takes the place of the old one.
///
/// A writer that updates the old file in place is waited for before the new one takes its place.
///
/// # Errors
/// The same.
pub fn write_index_aside(
    entries: &Entries,
    recipe: &Recipe,
    index_type: IndexType,
    aside: AtomicFile,
    access: Access,
    swap: &Swap<'_>,
) -> Result<Outcome, WriteError> {
    let Unique { mut kept, duplicates } = unique(entries, recipe.duplicates)?;
    let nul = recipe.trailing_nul.unwrap_or(index_type == IndexType::Lmdb);
    check_values(entries, &kept)?;
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
            check_hashes(entries, &kept, nul)?;
            write_cdb(entries, stored, nul, aside.file())?;
        }
    }
    aside.set_access(access)?;
    let swapped = swap_in(aside, index_type, swap, |file, size| fill(entries, &kept, nul, file, size))?;
    let Swapped { names, in_place, lost } = swapped;
    Ok(Outcome { entries: kept.len(), duplicates, names, in_place, lost })
}

/// The part of an [`Outcome`] that is about the old file.
struct Swapped {
    names: u64,
    in_place: bool,
    lost: Vec<Lost>,
}

/// Puts the new file in the place of the old one, or fills that by `fill`, which is given room in bytes to begin with.
fn swap_in(
    aside: AtomicFile,
    index_type: IndexType,
    swap: &Swap<'_>,
    fill: impl Fn(&File, usize) -> Result<(), UpdateError>,
) -> Result<Swapped, WriteError> {
    // Asked before the lock is taken too: it may take a moment.
    while (swap.is_still)()? {
        let old = aside.open_old(true);
        let _waited = old.as_ref().ok().map(|old| FileLock::acquire(old, LockKind::Exclusive)).transpose()?;
        if !(swap.is_still)()? {
            break;
        }
        // What stands there now that the lock is ours.
        let status = aside.old_metadata().ok();
        let status = status.filter(Metadata::is_file);
        let names = status.as_ref().map_or(0, Metadata::nlink);
        let (Some(status), OtherNames::Follow { owner }, IndexType::Lmdb, 2..) =
            (status, swap.other_names, index_type, names)
        else {
            // One that we may not write to cannot be locked, but it can be looked at.
            let lost = match &old {
                Ok(old) => aside.carry_over(old)?,
                Err(_) => aside.open_old(false).map_or(Ok(Vec::new()), |old| aside.carry_over(&old))?,
            };
            aside.commit()?;
            return Ok(Swapped { names, in_place: false, lost });
        };
        let fail = |why: String| WriteError::InPlace { names, why };
        let old = old.as_ref().map_err(|error| fail(system_words(error)))?;
        let locked = old.metadata()?;
        if (locked.dev(), locked.ino()) != (status.dev(), status.ino()) {
            // Another writer put it there while we waited for the one before it.
            continue;
        }
        if rustix::process::geteuid().is_root() && owner != 0 && owner != status.uid() {
            return Err(fail("its owner is not that of the source".into()));
        }
        // The old entries take their room until the new ones are in.
        let room = usize::try_from(aside.file().metadata()?.len() + status.len()).unwrap_or(usize::MAX);
        return match fill(old, room) {
            Ok(()) => Ok(Swapped { names, in_place: true, lost: Vec::new() }),
            Err(UpdateError::Open(error)) => Err(fail(system_words(&error))),
            Err(error) => Err(fail(error.to_string())),
        };
    }
    Err(WriteError::SourceChanged)
}

/// Fills an LMDB file that is there.
fn fill(entries: &Entries, kept: &[u32], nul: bool, file: &File, room: usize) -> Result<(), UpdateError> {
    let (mut key, mut value) = (Vec::new(), Vec::new());
    refill(file, room, |update| {
        kept.iter().map(|&index| &entries.all()[index as usize]).try_for_each(|entry| {
            let key = terminated(&mut key, entries.key(entry), nul);
            update.put(key, terminated(&mut value, entries.value(entry), nul), true).map(drop)
        })
    })
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

/// Refuses what is longer than we would read again: the first one in the text.
fn check_values(entries: &Entries, kept: &[u32]) -> Result<(), WriteError> {
    let kept = kept.iter().map(|&index| &entries.all()[index as usize]);
    // A trailing NUL has room too.
    let long = |entry: &&Entry| entries.key(entry).len().max(entries.value(entry).len()) >= MAX_VALUE;
    match kept.filter(long).min_by_key(|entry| entries.line_start(entry)) {
        Some(entry) => Err(WriteError::TooLong { line: entries.line_start(entry) }),
        None => Ok(()),
    }
}

/// Refuses keys that were made to have the same hash: storing and finding them takes a time that grows with their square.
fn check_hashes(entries: &Entries, kept: &[u32], nul: bool) -> Result<(), WriteError> {
    let mut numbers: HashMap<u32, usize> = HashMap::with_capacity(kept.len());
    let mut buffer = Vec::new();
    for &index in kept {
        let entry = &entries.all()[index as usize];
        let number = numbers.entry(cdb::hash(terminated(&mut buffer, entries.key(entry), nul))).or_default();
        *number += 1;
        if *number > MAX_SAME_HASH {
            return Err(WriteError::SameHash { line: entries.line_start(entry) });
        }
    }
    Ok(())
}

/// Entries whose text is fetched from memory at a time.
const FEW: usize = 64;

/// Entries that one thread turns into pages at a time.
const RUN: usize = 1 << 14;

fn write_lmdb(entries: &Entries, kept: &[u32], nul: bool, file: &File) -> Result<(), WriteError> {
    threads::share_out();
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
