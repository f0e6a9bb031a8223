//! Writes the entries of an LMDB file anew, some of them changed, in either format: what the library of LMDB 0.9 cannot
//! do in place.
//!
//! The entries stream from the one file to the other; only the changes are held in memory.

use super::format::{Damage, Format};
use super::read::LmdbFile;
use super::write::{LeafRun, LmdbWriter};
use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io;

/// Entries that are written at a time.
const RUN: usize = 1 << 14;

/// What becomes of single keys: a value, or none any more.
pub type Changes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// Why entries could not be written anew.
#[derive(Debug)]
pub enum AnewError {
    /// The old file is damaged.
    Damaged(Damage),
    /// The system refused to write.
    Write(io::Error),
    /// A key is longer than the format takes.
    KeyTooLong {
        /// The format.
        format: Format,
        /// The key's length in bytes, a trailing NUL included.
        length: usize,
    },
}

impl From<Damage> for AnewError {
    fn from(damage: Damage) -> Self {
        Self::Damaged(damage)
    }
}

impl From<io::Error> for AnewError {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}

impl fmt::Display for AnewError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged(damage) => damage.fmt(f),
            Self::Write(error) => error.fmt(f),
            Self::KeyTooLong { format, length } => {
                write!(f, "a key has {length} bytes and {format} takes at most {}", format.longest_key())
            }
        }
    }
}

impl std::error::Error for AnewError {}

/// Writes the entries of `old`, if there is one, with changes to the empty file `new`; returns how many.
///
/// # Errors
/// [`AnewError`]; `new` is then no database.
pub fn write_anew(old: Option<&mut LmdbFile>, changes: Changes, format: Format, new: &File) -> Result<u64, AnewError> {
    let mut new = New { writer: LmdbWriter::new(new, format), format, run: LeafRun::new(format), entries: 0 };
    let mut changes = changes.into_iter().peekable();
    if let Some(old) = old {
        old.walk(|key, value| {
            while let Some((key, value)) = changes.next_if(|(changed, _)| changed.as_slice() < key) {
                new.change(&key, value.as_deref())?;
            }
            match changes.next_if(|(changed, _)| changed == key) {
                Some((_, value)) => new.change(key, value.as_deref()),
                None => new.push(key, value),
            }
        })?;
    }
    for (key, value) in changes {
        new.change(&key, value.as_deref())?;
    }
    new.finish()
}

/// A file in the making.
struct New<'a> {
    writer: LmdbWriter<'a>,
    format: Format,
    run: LeafRun,
    entries: usize,
}

impl New<'_> {
    fn change(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), AnewError> {
        value.map_or(Ok(()), |value| self.push(key, value))
    }

    fn push(&mut self, key: &[u8], value: &[u8]) -> Result<(), AnewError> {
        if key.len() > self.format.longest_key() {
            return Err(AnewError::KeyTooLong { format: self.format, length: key.len() });
        }
        self.run.push(key, value)?;
        self.entries += 1;
        if self.entries.is_multiple_of(RUN) {
            self.writer.append(std::mem::replace(&mut self.run, LeafRun::new(self.format)))?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<u64, AnewError> {
        self.writer.append(self.run)?;
        self.writer.finish()?;
        Ok(self.entries as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

    fn pairs(numbers: impl Iterator<Item = usize>) -> Pairs {
        numbers.map(|n| (format!("{n:06}").into_bytes(), vec![b'v'; n % 3000])).collect()
    }

    fn walked(file: File) -> (Format, Pairs) {
        let mut file = LmdbFile::open(file).expect("sound");
        file.verify().expect("sound");
        let mut pairs = Pairs::new();
        file.walk(|key, value| {
            pairs.push((key.to_vec(), value.to_vec()));
            Ok::<(), Damage>(())
        })
        .expect("sound");
        (file.format(), pairs)
    }

    /// Entries before, between and behind those that are there; others replaced and taken out.
    #[test]
    fn changes_are_merged_in() {
        for (from, to) in Format::ALL.into_iter().flat_map(|from| Format::ALL.map(|to| (from, to))) {
            let old = tempfile::tempfile().expect("scratch file");
            let all = |numbers: &Pairs| numbers.iter().cloned().map(|(key, value)| (key, Some(value))).collect();
            let count = write_anew(None, all(&pairs((10..20_000).step_by(2))), from, &old).expect("written");
            assert_eq!(count, 9995);
            let mut changes: Changes = all(&pairs([1, 2, 11, 13, 20_001].into_iter()));
            changes.insert(b"000010".to_vec(), None);
            changes.insert(b"000015".to_vec(), None);
            changes.insert(b"000020".to_vec(), Some(b"changed".to_vec()));
            changes.insert(b"030000".to_vec(), None);
            let new = tempfile::tempfile().expect("scratch file");
            let mut there = LmdbFile::open(old).expect("sound");
            assert_eq!(write_anew(Some(&mut there), changes, to, &new).expect("written"), 9999);
            let mut expected = pairs([1, 2, 11, 12, 13].into_iter().chain((14..20_000).step_by(2)).chain([20_001]));
            expected.iter_mut().filter(|pair| pair.0 == b"000020").for_each(|pair| pair.1 = b"changed".to_vec());
            assert!(walked(new) == (to, expected), "{from} to {to}");
        }
    }

    #[test]
    fn a_key_that_the_format_does_not_take_is_an_error() {
        let old = tempfile::tempfile().expect("scratch file");
        let entry = |length: usize| Changes::from([(vec![b'k'; length], Some(Vec::new()))]);
        write_anew(None, entry(512), Format::V1_0, &old).expect("written");
        let new = tempfile::tempfile().expect("scratch file");
        let failed = write_anew(LmdbFile::open(old).as_mut().ok(), Changes::new(), Format::V0_9, &new);
        let told = failed.map_err(|error| error.to_string());
        assert_eq!(told, Err("a key has 512 bytes and LMDB 0.9 takes at most 511".to_string()));
        let told = write_anew(None, entry(1979), Format::V1_0, &new).map_err(|error| error.to_string());
        assert_eq!(told, Err("a key has 1979 bytes and LMDB 1.0 takes at most 1978".to_string()));
    }
}
