//! Writes a cdb file: records in the order in which they come, then 256 hash tables with twice as many slots as
//! records.

use super::{HEADER, MAX_SAME_HASH, TABLES, hash};
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Bytes that are written at a time.
const BUFFER: usize = 1 << 20;

/// What a hash table says of a record: the hash of its key, and where it is.
type Slot = (u32, u32);

/// A file that is being written.
#[derive(Debug)]
pub struct CdbWriter<'f> {
    file: &'f File,
    /// What is not written yet, and where it belongs.
    buffer: Vec<u8>,
    start: u64,
    tables: Vec<Vec<Slot>>,
}

impl<'f> CdbWriter<'f> {
    /// Begins an empty file.
    #[must_use]
    pub fn new(file: &'f File) -> Self {
        let buffer = Vec::with_capacity(BUFFER + BUFFER / 4);
        Self { file, buffer, start: HEADER, tables: vec![Vec::new(); TABLES] }
    }

    /// Where the next byte belongs; nothing behind the 4 GiB that a file may have.
    fn at(&self) -> Option<u32> {
        u32::try_from(self.start + self.buffer.len() as u64).ok()
    }

    /// Adds a record.
    ///
    /// # Errors
    /// Those of writing; [`io::ErrorKind::FileTooLarge`] when a file of this type has no room for it.
    pub fn add(&mut self, key: &[u8], value: &[u8]) -> io::Result<()> {
        let (Some(at), Ok(key_length), Ok(value_length)) =
            (self.at(), u32::try_from(key.len()), u32::try_from(value.len()))
        else {
            return Err(io::ErrorKind::FileTooLarge.into());
        };
        self.buffer.extend_from_slice(&key_length.to_le_bytes());
        self.buffer.extend_from_slice(&value_length.to_le_bytes());
        self.buffer.extend_from_slice(key);
        self.buffer.extend_from_slice(value);
        let hash = hash(key);
        self.tables[hash as usize % TABLES].push((hash, at));
        self.flush_at(BUFFER)
    }

    fn flush_at(&mut self, length: usize) -> io::Result<()> {
        if self.buffer.len() >= length {
            self.file.write_all_at(&self.buffer, self.start)?;
            self.start += self.buffer.len() as u64;
            self.buffer.clear();
        }
        Ok(())
    }

    /// Adds the hash tables. Whether one hash has so many records that their keys, if they differ, are not for a cdb
    /// file.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub fn finish(mut self) -> io::Result<bool> {
        let mut header = Vec::new();
        let mut is_crowded = false;
        for table in std::mem::take(&mut self.tables) {
            let (Some(at), Ok(slots)) = (self.at(), u32::try_from(2 * table.len())) else {
                return Err(io::ErrorKind::FileTooLarge.into());
            };
            header.extend([at.to_le_bytes(), slots.to_le_bytes()].concat());
            let (filled, crowded) = filled(&table);
            is_crowded |= crowded;
            for (hash, record) in filled {
                self.buffer.extend_from_slice(&hash.to_le_bytes());
                self.buffer.extend_from_slice(&record.to_le_bytes());
            }
            self.flush_at(BUFFER)?;
        }
        if self.at().is_none() {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.flush_at(1)?;
        self.file.write_all_at(&header, 0)?;
        Ok(is_crowded)
    }
}

/// The slots of a hash table for its records, and whether many of them have one hash.
fn filled(records: &[Slot]) -> (Vec<Slot>, bool) {
    let count = 2 * records.len();
    let mut slots: Vec<Slot> = vec![(0, 0); count];
    // Where a search for room may go on, for hashes of which there are many: no record is passed for each of them
    // again.
    let mut resumed: HashMap<u32, usize> = HashMap::new();
    for &(hash, record) in records {
        let mut at = (hash >> 8) as usize % count;
        let mut same = 0;
        if let Some(&place) = resumed.get(&hash) {
            (at, same) = (place, MAX_SAME_HASH);
        }
        while slots[at].1 != 0 {
            same += usize::from(slots[at].0 == hash);
            at = (at + 1) % count;
        }
        slots[at] = (hash, record);
        if same >= MAX_SAME_HASH {
            resumed.insert(hash, at);
        }
    }
    (slots, !resumed.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maps::cdb::CdbFile;

    /// What an independent writer makes of the same records.
    fn expected(records: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
        let file = tempfile::NamedTempFile::new().expect("scratch file");
        let mut writer = cdb2::CDBMake::new(file.reopen().expect("reopen")).expect("writer");
        records.iter().for_each(|(key, value)| writer.add(key, value).expect("add"));
        writer.finish().expect("finish");
        std::fs::read(file.path()).expect("readable")
    }

    fn ours(records: &[(Vec<u8>, Vec<u8>)]) -> (Vec<u8>, bool) {
        let file = tempfile::NamedTempFile::new().expect("scratch file");
        let mut writer = CdbWriter::new(file.as_file());
        records.iter().for_each(|(key, value)| writer.add(key, value).expect("add"));
        let is_crowded = writer.finish().expect("finish");
        (std::fs::read(file.path()).expect("readable"), is_crowded)
    }

    #[test]
    fn files_are_those_of_another_writer() {
        let numbered = |n: usize| (format!("key{n}").into_bytes(), vec![b'v'; n * 131 % 3000]);
        for count in [0, 1, 2, 255, 1000, 20_000] {
            let records: Vec<_> = (0..count).map(numbered).collect();
            assert!(ours(&records) == (expected(&records), false), "{count}");
        }
        let long = vec![(vec![b'k'; 3_000_000], vec![b'v'; 2_000_000]), (Vec::new(), Vec::new())];
        assert!(ours(&long) == (expected(&long), false));
    }

    /// In a time that does not grow with the square of their number.
    #[test]
    fn a_key_may_be_repeated() {
        let same = |count| vec![(b"k".to_vec(), b"v".to_vec()); count];
        assert!(!ours(&same(MAX_SAME_HASH)).1);
        let (bytes, is_crowded) = ours(&same(MAX_SAME_HASH + 1));
        assert!(is_crowded && bytes == expected(&same(MAX_SAME_HASH + 1)));
        let file = tempfile::tempfile().expect("scratch file");
        file.write_all_at(&ours(&same(300_000)).0, 0).expect("scratch space");
        let cdb = CdbFile::open(file).expect("a header");
        let mut count = 0;
        cdb.walk(|_, _| {
            count += 1;
            Ok::<(), crate::maps::cdb::Damage>(())
        })
        .expect("sound");
        assert_eq!(count, 300_000);
    }
}
