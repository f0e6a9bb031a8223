//! Whether an indexed file holds what its source says: by content, never by time.
//!
//! Both sides are reduced to a sum, over all entries, of a hash with a key that is new in every process; the order of
//! entries then does not matter and nothing is sorted. Only when that says "different" and the source has more entries
//! than the index (it may repeat keys) are its keys sorted and the repeated ones left out.

use super::entries::Entries;
use super::index::{IndexType, unique};
use super::stored_keys::StoredKeys;
use super::write_error::WriteError;
use super::{Duplicates, Recipe};
use crate::base::threads;
use crate::maps::cdb::{self, CdbFile};
use crate::maps::lmdb::{self, Format, LmdbFile};
use crate::syntax::table_line::TableForm;
use foldhash::quality::RandomState;
use rayon::prelude::*;
use std::fmt;
use std::fs::File;
use std::hash::BuildHasher;

/// The entries of a table, whatever their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digest {
    count: u64,
    sum: u64,
}

impl Digest {
    /// How many entries there are.
    #[must_use]
    pub fn count(self) -> u64 {
        self.count
    }

    /// Counts an entry.
    pub fn add(&mut self, key: &[u8], value: &[u8], seed: &RandomState) {
        self.count += 1;
        self.sum = self.sum.wrapping_add(seed.hash_one((key, value)));
    }

    /// Counts an entry, unless it is one that postalias adds to an alias database.
    pub fn add_unless_record(&mut self, key: &[u8], value: &[u8], form: TableForm, seed: &RandomState) {
        if !(form.is_aliases() && is_alias_record(key, value)) {
            self.add(key, value, seed);
        }
    }

    fn join(self, other: Self) -> Self {
        Self { count: self.count + other.count, sum: self.sum.wrapping_add(other.sum) }
    }
}

/// Why an index could not be compared.
#[derive(Debug)]
pub enum ReadError {
    /// An LMDB file.
    Lmdb(lmdb::Damage),
    /// A cdb file.
    Cdb(cdb::Damage),
}

impl ReadError {
    /// Whether the file is sound, and of a program that keeps other things in it than a table.
    #[must_use]
    pub fn is_of_another_program(&self) -> bool {
        matches!(self, Self::Lmdb(lmdb::Damage::NamedDatabases))
    }
}

impl From<lmdb::Damage> for ReadError {
    fn from(damage: lmdb::Damage) -> Self {
        Self::Lmdb(damage)
    }
}

impl From<cdb::Damage> for ReadError {
    fn from(damage: cdb::Damage) -> Self {
        Self::Cdb(damage)
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lmdb(damage) => damage.fmt(f),
            Self::Cdb(damage) => damage.fmt(f),
        }
    }
}

impl std::error::Error for ReadError {}

/// An indexed file that was read.
#[derive(Debug)]
pub struct Stored {
    /// Its entries, their keys folded and the records that postalias adds left out.
    pub digest: Digest,
    /// How the keys are stored.
    pub keys: StoredKeys,
    /// The format of an LMDB file.
    pub format: Option<Format>,
}

/// Reads an indexed file.
///
/// # Errors
/// When the file is damaged or cannot be read.
pub fn digest_index(
    file: File,
    index_type: IndexType,
    recipe: &Recipe,
    seed: &RandomState,
) -> Result<Stored, ReadError> {
    let (mut digest, mut keys, mut format) = (Digest::default(), StoredKeys::default(), None);
    let mut visit = |stored: &[u8], value: &[u8]| {
        let value = without_nul(value);
        if recipe.form == TableForm::KeyValue || !is_alias_record(without_nul(stored), value) {
            let key = keys.count(stored, recipe.folding);
            digest.add(&key, value, seed);
        }
    };
    walk(file, index_type, &mut format, &mut visit)?;
    Ok(Stored { digest, keys, format })
}

/// Sums up an indexed file, its keys as they are stored; the records that postalias adds are left out of an alias
/// database.
///
/// # Errors
/// When the file is damaged or cannot be read.
pub fn digest_as_stored(
    file: File,
    index_type: IndexType,
    form: TableForm,
    seed: &RandomState,
) -> Result<Digest, ReadError> {
    let mut digest = Digest::default();
    walk(file, index_type, &mut None, &mut |key, value| {
        let (key, value) = (without_nul(key), without_nul(value));
        digest.add_unless_record(key, value, form, seed);
    })?;
    Ok(digest)
}

fn walk(
    file: File,
    index_type: IndexType,
    format: &mut Option<Format>,
    visit: &mut dyn FnMut(&[u8], &[u8]),
) -> Result<(), ReadError> {
    match index_type {
        IndexType::Lmdb => {
            let mut file = LmdbFile::open(file)?;
            *format = Some(file.format());
            file.walk(|key, value| {
                visit(key, value);
                Ok::<(), lmdb::Damage>(())
            })?;
        }
        IndexType::Cdb => CdbFile::open(file)?.walk(|key, value| {
            visit(key, value);
            Ok::<(), cdb::Damage>(())
        })?,
    }
    Ok(())
}

/// The digest of all entries of a source, also of those whose key stands twice.
#[must_use]
pub fn digest_entries(entries: &Entries, seed: &RandomState) -> Digest {
    threads::share_out();
    let parts = entries.all().par_chunks(1 << 14).map(|part| {
        let mut digest = Digest::default();
        part.iter().for_each(|entry| digest.add(entries.key(entry), entries.value(entry), seed));
        digest
    });
    parts.reduce(Digest::default, Digest::join)
}

/// Whether an index holds what a source says, by the digests of both: `whole` is that of [`digest_entries`].
///
/// # Errors
/// [`WriteError::TooBig`].
pub fn is_current(
    entries: &Entries,
    whole: Digest,
    recipe: &Recipe,
    index: Digest,
    seed: &RandomState,
) -> Result<bool, WriteError> {
    let all = entries.all();
    if whole == index || whole.count <= index.count {
        return Ok(whole == index);
    }
    let silent = if recipe.duplicates == Duplicates::Replace { Duplicates::Replace } else { Duplicates::Ignore };
    let mut digest = Digest::default();
    for index in unique(entries, silent)?.kept {
        let entry = &all[index as usize];
        digest.add(entries.key(entry), entries.value(entry), seed);
    }
    Ok(digest == index)
}

/// A key or value as people write it: without the NUL that is stored behind it.
#[must_use]
pub fn without_nul(bytes: &[u8]) -> &[u8] {
    bytes.strip_suffix(b"\0").unwrap_or(bytes)
}

/// The records that make a table an alias database: `@` and those of NIS.
#[must_use]
pub fn is_alias_record(key: &[u8], value: &[u8]) -> bool {
    (key == b"@" && value == b"@") || key == b"YP_LAST_MODIFIED" || key == b"YP_MASTER_NAME"
}
