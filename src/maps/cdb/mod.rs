//! Constant databases, read with every bound checked.
//!
//! Written by a kept crate; that crate reads through a memory map, which a file cut short turns into a signal, so reading is
//! ours.
//!
//! Format: D. J. Bernstein's cdb, <https://cr.yp.to/cdb/cdb.txt>.

use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Bytes of the table of tables at the start.
const HEADER: u64 = 2048;
/// Number of hash tables.
const TABLES: usize = 256;
/// Bytes read ahead when all records are visited.
const WINDOW: usize = 1 << 18;

/// Why a cdb file cannot be read.
#[derive(Debug)]
pub enum Damage {
    /// The system refused.
    Io(io::Error),
    /// It contradicts itself; says where, in bytes, and how.
    At(u64, &'static str),
}

impl From<io::Error> for Damage {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::At(offset, what) => write!(f, "damaged cdb file: byte {offset}: {what}"),
        }
    }
}

impl std::error::Error for Damage {}

/// What a slot of a hash table says: where a record stands, and the hash of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Slot {
    record: u32,
    hash: u32,
}

/// An open cdb file.
#[derive(Debug)]
pub struct CdbFile {
    file: File,
    length: u64,
}

impl CdbFile {
    /// Takes an open file.
    ///
    /// # Errors
    /// When its length cannot be told or is that of no cdb file.
    pub fn open(file: File) -> Result<Self, Damage> {
        let length = file.metadata()?.len();
        if length < HEADER {
            return Err(Damage::At(length, "the file is too short to be a cdb"));
        }
        if length > u64::from(u32::MAX) {
            return Err(Damage::At(length, "the file is too long to be a cdb"));
        }
        Ok(Self { file, length })
    }

    /// The open file, for its status.
    #[must_use]
    pub fn file(&self) -> &File {
        &self.file
    }

    /// The value of the first record with exactly this key.
    ///
    /// # Errors
    /// When the file is damaged on the way to the key, or cannot be read.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Damage> {
        let hash = hash(key);
        let (table, slots) = self.pair(u64::from(hash & 0xff) * 8)?;
        if slots == 0 {
            return Ok(None);
        }
        let (table, slots) = (u64::from(table), u64::from(slots));
        if table < HEADER || table + slots * 8 > self.length {
            return Err(Damage::At(table, "a hash table lies outside"));
        }
        let start = u64::from(hash >> 8) % slots;
        for step in 0..slots {
            let slot = table + (start + step) % slots * 8;
            let (found, record) = self.pair(slot)?;
            if record == 0 {
                return Ok(None);
            }
            if found == hash
                && let Some(value) = self.match_record(u64::from(record), key)?
            {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    /// Visits every record in the order of the file, then proves that lookups find each of them.
    ///
    /// # Errors
    /// When the file is damaged or cannot be read, or with what `visit` returns.
    pub fn walk<E: From<Damage>>(&self, mut visit: impl FnMut(&[u8], &[u8]) -> Result<(), E>) -> Result<(), E> {
        let end = self.records_end()?;
        let mut reader = Window { cdb: self, bytes: Vec::new(), start: 0 };
        let mut records: Vec<Vec<Slot>> = vec![Vec::new(); TABLES];
        let mut at = HEADER;
        while at < end {
            let head = reader.get(at, 8, end)?;
            let (key_length, value_length) = (word(head, 0), word(head, 4));
            let length = 8 + u64::from(key_length) + u64::from(value_length);
            let record = reader.get(at, length, end)?;
            let (key, value) = record[8..].split_at(key_length as usize);
            visit(key, value)?;
            let hash = hash(key);
            // Files have at most 4 GiB.
            let record = u32::try_from(at).unwrap_or(u32::MAX);
            records[hash as usize % TABLES].push(Slot { record, hash });
            at += length;
        }
        (0_u64..).zip(&records).try_for_each(|(table, records)| self.check_table(table, records))?;
        Ok(())
    }

    /// Whether a hash table holds these records, which stand in the order of the file, and nothing else, and a search that begins
    /// where it must meets each before an empty slot.
    fn check_table(&self, table: u64, records: &[Slot]) -> Result<(), Damage> {
        let (at, slots) = self.pair(table * 8)?;
        let at = u64::from(at);
        if at + u64::from(slots) * 8 > self.length {
            return Err(Damage::At(at, "a hash table lies outside"));
        }
        let mut bytes = vec![0; slots as usize * 8];
        self.file.read_exact_at(&mut bytes, at)?;
        let mut empty_before = Vec::with_capacity(slots as usize + 1);
        let mut empty = 0_u32;
        let mut found = Vec::with_capacity(records.len());
        for (index, slot) in bytes.chunks_exact(8).enumerate() {
            empty_before.push(empty);
            let (hash, record) = (word(slot, 0), word(slot, 4));
            if record == 0 {
                empty += 1;
            } else {
                found.push((Slot { record, hash }, index));
            }
        }
        found.sort_unstable();
        let reached = |&(slot, index): &(Slot, usize)| {
            let start = (slot.hash >> 8) as usize % empty_before.len();
            let passed = empty_before[index].wrapping_sub(empty_before[start]);
            (if start <= index { passed } else { passed.wrapping_add(empty) }) == 0
        };
        if !found.iter().map(|(slot, _)| slot).eq(records) || !found.iter().all(reached) {
            return Err(Damage::At(at, "a hash table does not lead to its records"));
        }
        Ok(())
    }

    /// Where the records end: at the first hash table. All tables must lie behind the header and inside the file.
    fn records_end(&self) -> Result<u64, Damage> {
        let mut header = [0; HEADER as usize];
        self.file.read_exact_at(&mut header, 0)?;
        let mut end = self.length;
        for entry in header.chunks_exact(8) {
            let (table, slots) = (u64::from(word(entry, 0)), u64::from(word(entry, 4)));
            if table < HEADER || table + slots * 8 > self.length {
                return Err(Damage::At(table, "a hash table lies outside"));
            }
            end = end.min(table);
        }
        Ok(end)
    }

    fn match_record(&self, at: u64, key: &[u8]) -> Result<Option<Vec<u8>>, Damage> {
        let (key_length, value_length) = self.pair(at)?;
        let value_at = at + 8 + u64::from(key_length);
        if at < HEADER || value_at + u64::from(value_length) > self.length {
            return Err(Damage::At(at, "a record lies outside"));
        }
        if key_length as usize != key.len() {
            return Ok(None);
        }
        let mut found = vec![0; key.len()];
        self.file.read_exact_at(&mut found, at + 8)?;
        if found != key {
            return Ok(None);
        }
        let mut value = vec![0; value_length as usize];
        self.file.read_exact_at(&mut value, value_at)?;
        Ok(Some(value))
    }

    fn pair(&self, at: u64) -> Result<(u32, u32), Damage> {
        if at + 8 > self.length {
            return Err(Damage::At(at, "it points past the end"));
        }
        let mut bytes = [0; 8];
        self.file.read_exact_at(&mut bytes, at)?;
        Ok((word(&bytes, 0), word(&bytes, 4)))
    }
}

/// A moving view of the records.
struct Window<'a> {
    cdb: &'a CdbFile,
    bytes: Vec<u8>,
    start: u64,
}

impl Window<'_> {
    /// `length` bytes at `at`; fails where they would reach past `end`.
    fn get(&mut self, at: u64, length: u64, end: u64) -> Result<&[u8], Damage> {
        if at + length > end {
            return Err(Damage::At(at, "a record lies outside"));
        }
        if at < self.start || at + length > self.start + self.bytes.len() as u64 {
            // Lengths in such a file fit in 32 bits.
            let size = usize::try_from((end - at).min(length.max(WINDOW as u64))).unwrap_or(WINDOW);
            self.bytes.resize(size, 0);
            self.start = at;
            self.cdb.file.read_exact_at(&mut self.bytes, at)?;
        }
        let from = usize::try_from(at - self.start).unwrap_or(0);
        Ok(&self.bytes[from..from + usize::try_from(length).unwrap_or(0)])
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// The hash of a key.
fn hash(key: &[u8]) -> u32 {
    key.iter().fold(5381, |hash: u32, &byte| hash.wrapping_shl(5).wrapping_add(hash) ^ u32::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

    fn written(count: usize) -> (tempfile::NamedTempFile, Pairs) {
        let file = tempfile::NamedTempFile::new().expect("scratch file");
        let mut writer = cdb2::CDBMake::new(file.reopen().expect("reopen")).expect("writer");
        let pairs: Pairs = (0..count)
            .map(|n| (format!("key{n}").into_bytes(), vec![b'v'; n * 131 % 900_000 / (1 + n % 50)]))
            .collect();
        for (key, value) in &pairs {
            writer.add(key, value).expect("add");
        }
        writer.finish().expect("finish");
        (file, pairs)
    }

    #[test]
    fn what_was_written_is_read() {
        for count in [0, 1, 3000] {
            let (file, pairs) = written(count);
            let cdb = CdbFile::open(file.reopen().expect("reopen")).expect("sound");
            let mut seen = Vec::new();
            cdb.walk(|key, value| {
                seen.push((key.to_vec(), value.to_vec()));
                Ok::<(), Damage>(())
            })
            .expect("sound");
            assert_eq!(seen, pairs);
            for (key, value) in &pairs {
                assert_eq!(cdb.get(key).expect("sound").as_ref(), Some(value));
            }
            assert_eq!(cdb.get(b"absent").expect("sound"), None);
        }
    }

    #[test]
    fn a_truncated_file_is_an_error() {
        let (file, _) = written(300);
        let file = file.reopen().expect("reopen");
        let length = file.metadata().expect("status").len();
        for cut in (0..length).step_by(1 + usize::try_from(length / 200).expect("small")) {
            file.set_len(cut).expect("truncate");
            let outcome = CdbFile::open(file.try_clone().expect("descriptor"))
                .and_then(|cdb| cdb.walk(|_, _| Ok::<(), Damage>(())));
            assert!(outcome.is_err(), "cut at {cut} of {length}");
        }
    }

    /// A record that is listed but would not be found is damage too.
    #[test]
    fn a_hash_table_that_misses_a_record_is_an_error() {
        let (file, pairs) = written(300);
        let file = file.reopen().expect("reopen");
        let cdb = CdbFile::open(file.try_clone().expect("descriptor")).expect("sound");
        for (key, _) in pairs.iter().step_by(17) {
            let (table, slots) = cdb.pair(u64::from(hash(key) & 0xff) * 8).expect("sound");
            let mut sound = vec![0; slots as usize * 8];
            file.read_exact_at(&mut sound, u64::from(table)).expect("sound");
            // The hash in an empty slot means nothing.
            for at in (0..sound.len()).filter(|at| at % 8 > 3 || word(&sound, at / 8 * 8 + 4) != 0) {
                let mut bytes = sound.clone();
                bytes[at] ^= 1;
                file.write_all_at(&bytes, u64::from(table)).expect("scratch space");
                assert!(cdb.walk(|_, _| Ok::<(), Damage>(())).is_err(), "byte {at} of a table of {slots} slots");
            }
            file.write_all_at(&sound, u64::from(table)).expect("scratch space");
        }
        cdb.walk(|_, _| Ok::<(), Damage>(())).expect("sound again");
    }
}
