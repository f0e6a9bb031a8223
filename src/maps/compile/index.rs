//! Entries become an indexed file, written aside and swapped in when complete and on disk.
//!
//! Until then, and after any error, the old file is served as it was.

use super::entries::{Complaint, ComplaintKind, Entries};
use super::entry::Entry;
use super::sort::{Order, sorted_order};
use super::swap::{Swap, Swapped, about_names, swap_in};
use super::write_error::WriteError;
use super::{Duplicates, Recipe};
use crate::base::atomic_file::Access;
use crate::base::carried_over::Lost;
use crate::base::{AtomicFile, Span, threads};
use crate::maps::cdb::{self, CdbWriter, MAX_SAME_HASH};
use crate::maps::limits::MAX_VALUE;
use crate::maps::lmdb::{self, Format, LeafRun, LmdbWriter, UpdateError, refill};
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};
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
        about_names(self.names, self.in_place)
    }
}

/// What a new index takes over from its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inherit {
    /// The owner and group, if we are root.
    pub owner: bool,
    /// Of the permissions of a regular file, those of group and others to read it.
    pub mode: bool,
}

/// The owner and mode that an index gets: those of an LMDB file that is there already; else what `inherit` says of the
/// source, and 0644 of our own.
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

/// Adds the records that make a table an alias database, as postalias does: `@`, and what NIS wants to know. `host` is
/// the value of `myhostname`.
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
    let format = recipe.lmdb_format.or_else(|| lmdb::format_of(&aside.open_old(false).ok()?).ok());
    let format = format.unwrap_or(Format::V0_9);
    let Unique { kept, duplicates } = write_entries(entries, recipe, index_type, format, aside.file())?;
    let nul = has_nul(recipe, index_type);
    aside.set_access(access)?;
    let fill = |file: &File, room| fill(entries, &kept, nul, file, room);
    let can_fill = index_type == IndexType::Lmdb && format == Format::V0_9;
    let Swapped { names, in_place, lost } = swap_in(aside, swap, can_fill.then_some(&fill))?;
    Ok(Outcome { entries: kept.len(), duplicates, names, in_place, lost })
}

/// Writes entries to an empty file; gives those that are in it.
///
/// # Errors
/// Entries that files of this type do not take, and those of writing.
pub fn write_entries(
    entries: &Entries,
    recipe: &Recipe,
    index_type: IndexType,
    format: Format,
    file: &File,
) -> Result<Unique, WriteError> {
    let Unique { mut kept, duplicates } = unique(entries, recipe.duplicates)?;
    let nul = has_nul(recipe, index_type);
    check_values(entries, &kept)?;
    match index_type {
        IndexType::Lmdb => {
            check_keys(entries, &kept, nul, format)?;
            write_lmdb(entries, &kept, nul, format, file)?;
        }
        IndexType::Cdb => {
            // cdb keeps the order of the source; readers stop at the first match. So all may stay, as Postfix has it
            // with -w.
            kept.sort_unstable();
            let all: Vec<u32>;
            let stored = if recipe.duplicates == Duplicates::Ignore && kept.len() < entries.all().len() {
                all = (0..u32::try_from(entries.all().len()).map_err(|_| WriteError::TooBig)?).collect();
                &all
            } else {
                &kept
            };
            if write_cdb(entries, stored, nul, file)? {
                check_hashes(entries, &kept, nul)?;
            }
        }
    }
    Ok(Unique { kept, duplicates })
}

/// Refuses entries that files of a type do not take; nothing is written.
///
/// # Errors
/// The first such entry.
pub fn check_entries(entries: &Entries, recipe: &Recipe, index_type: IndexType) -> Result<(), WriteError> {
    let all: Vec<u32> = (0..u32::try_from(entries.all().len()).map_err(|_| WriteError::TooBig)?).collect();
    check_values(entries, &all)?;
    match index_type {
        IndexType::Lmdb => {
            let format = recipe.lmdb_format.unwrap_or(Format::V0_9);
            check_keys(entries, &all, has_nul(recipe, index_type), format)
        }
        IndexType::Cdb => Ok(()),
    }
}

/// Whether keys and values are stored with a NUL behind them.
fn has_nul(recipe: &Recipe, index_type: IndexType) -> bool {
    recipe.trailing_nul.unwrap_or(index_type == IndexType::Lmdb)
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
fn check_keys(entries: &Entries, kept: &[u32], nul: bool, format: Format) -> Result<(), WriteError> {
    let limit = format.longest_key() - usize::from(nul);
    let least = usize::from(!nul);
    let is_bad = |entry: &Entry| !(least..=limit).contains(&entries.key(entry).len());
    if !entries.all().iter().any(is_bad) {
        return Ok(());
    }
    let bad = kept
        .iter()
        .map(|&index| &entries.all()[index as usize])
        .filter(|entry| is_bad(entry))
        .min_by_key(|entry| entries.line_start(entry));
    let Some(entry) = bad else { return Ok(()) };
    let (line, length) = (entries.line_start(entry), entries.key(entry).len());
    Err(if length == 0 { WriteError::EmptyKey { line } } else { WriteError::KeyTooLong { line, length, limit } })
}

/// Refuses what is longer than we would read again: the first one in the text.
fn check_values(entries: &Entries, kept: &[u32]) -> Result<(), WriteError> {
    // A trailing NUL has room too.
    let is_long = |entry: &Entry| entries.key(entry).len().max(entries.value(entry).len()) >= MAX_VALUE;
    // In the order in which they lie in memory: nearly always there is none, whether kept or not.
    if !entries.all().iter().any(is_long) {
        return Ok(());
    }
    let kept = kept.iter().map(|&index| &entries.all()[index as usize]);
    match kept.filter(|entry| is_long(entry)).min_by_key(|entry| entries.line_start(entry)) {
        Some(entry) => Err(WriteError::TooLong { line: entries.line_start(entry) }),
        None => Ok(()),
    }
}

/// Refuses keys that were made to have the same hash: storing and finding them takes a time that grows with their
/// square.
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
const RUN: usize = 1 << 12;

fn write_lmdb(entries: &Entries, kept: &[u32], nul: bool, format: Format, file: &File) -> Result<(), WriteError> {
    threads::share_out();
    let mut writer = LmdbWriter::new(file, format);
    let runs = |batch: &[u32]| -> Vec<io::Result<LeafRun>> {
        batch.par_chunks(RUN).map(|part| leaf_run(entries, part, nul, format)).collect()
    };
    // A few runs for each thread at a time: going to every entry's text is most of the work, and memory stays bounded.
    // Meanwhile those before are written.
    let mut ready = Vec::new();
    for batch in kept.chunks(2 * RUN * rayon::current_num_threads()) {
        let (written, next) = rayon::join(|| append(&mut writer, ready), || runs(batch));
        written?;
        ready = next;
    }
    append(&mut writer, ready)?;
    Ok(writer.finish()?)
}

fn append(writer: &mut LmdbWriter<'_>, runs: Vec<io::Result<LeafRun>>) -> io::Result<()> {
    runs.into_iter().try_for_each(|run| writer.append(run?))
}

/// The pages of some entries.
fn leaf_run(entries: &Entries, part: &[u32], nul: bool, format: Format) -> io::Result<LeafRun> {
    let mut run = LeafRun::new(format);
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
}

/// Writes a cdb file; whether many records have one hash.
fn write_cdb(entries: &Entries, kept: &[u32], nul: bool, file: &File) -> Result<bool, WriteError> {
    let too_big = |error: io::Error| match error.kind() {
        // The system says so too, of its own limits.
        io::ErrorKind::FileTooLarge if error.raw_os_error().is_none() => WriteError::TooBig,
        _ => WriteError::Io(error),
    };
    let mut writer = CdbWriter::new(file);
    let (mut key, mut value) = (Vec::new(), Vec::new());
    for &index in kept {
        let entry = &entries.all()[index as usize];
        let key = terminated(&mut key, entries.key(entry), nul);
        writer.add(key, terminated(&mut value, entries.value(entry), nul)).map_err(too_big)?;
    }
    writer.finish().map_err(too_big)
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
