//! Constant databases, read with every bound checked.
//!
//! Written by a kept crate; that crate reads through a memory map, which a file cut short turns into a signal, so
//! reading is ours.
//!
//! Format: D. J. Bernstein's cdb, <https://cr.yp.to/cdb/cdb.txt>.

mod write;

pub use self::write::CdbWriter;

use crate::maps::limits::{MAX_VALUE, VALUE_TOO_LONG};
use std::collections::HashSet;
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
/// Slots that a search reads at a time.
const PART: u64 = 64;
/// Slots that a search passes at most. In a table with twice as many slots as records, as all writers make it, only a
/// key that is repeated this often gets in the way of others for so long.
const MAX_PASSED: u64 = 1 << 20;
/// Most slots for each record of a hash table, of which writers make two; they are held in memory when a table is
/// checked.
const MAX_SLOTS_PER_RECORD: usize = 16;

/// Most keys of one hash in a file; each lookup of one of them looks at the others too. Of a million addresses no four
/// have the same: only who means to finds more.
pub const MAX_SAME_HASH: usize = 1000;
/// What is said of more.
const SAME_HASH: &str = "too many keys have the same hash";

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
        let (mut passed, mut others) = (0, 0);
        let mut part = [0; 8 * PART as usize];
        while passed < slots {
            // Up to where the table ends and goes on at its beginning.
            let from = (start + passed) % slots;
            let count = PART.min(slots - from).min(slots - passed);
            // Not more than PART.
            let part = &mut part[..usize::try_from(8 * count).unwrap_or(0)];
            self.file.read_exact_at(part, table + 8 * from)?;
            for slot in part.chunks_exact(8) {
                let (found, record) = (word(slot, 0), word(slot, 4));
                if record == 0 {
                    return Ok(None);
                }
                if found != hash {
                    continue;
                }
                if let Some(value) = self.match_record(u64::from(record), key)? {
                    return Ok(Some(value));
                }
                others += 1;
                if others > MAX_SAME_HASH {
                    return Err(Damage::At(table, SAME_HASH));
                }
            }
            passed += count;
            if passed > MAX_PASSED {
                return Err(Damage::At(table, "a search passes too many records"));
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
            if key_length.max(value_length) as usize > MAX_VALUE {
                return Err(Damage::At(at, VALUE_TOO_LONG).into());
            }
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

    /// Whether a hash table holds these records, which stand in the order of the file, and nothing else, and a search
    /// that begins where it must meets each before an empty slot.
    fn check_table(&self, table: u64, records: &[Slot]) -> Result<(), Damage> {
        let (at, slots) = self.pair(table * 8)?;
        let at = u64::from(at);
        if at + u64::from(slots) * 8 > self.length {
            return Err(Damage::At(at, "a hash table lies outside"));
        }
        if slots as usize / MAX_SLOTS_PER_RECORD > records.len() {
            return Err(Damage::At(at, "a hash table has far more room than records"));
        }
        self.check_same_hash(at, records)?;
        let mut bytes = vec![0; slots as usize * 8];
        self.file.read_exact_at(&mut bytes, at)?;
        let mut empty_before = Vec::with_capacity(slots as usize + 1);
        let mut empty = 0_u32;
        let mut found: Vec<(Slot, usize)> = Vec::with_capacity(records.len());
        for (index, slot) in bytes.chunks_exact(8).enumerate() {
            empty_before.push(empty);
            let (hash, record) = (word(slot, 0), word(slot, 4));
            if record == 0 {
                empty += 1;
            } else {
                found.push((Slot { record, hash }, index));
            }
            if found.len() > records.len() {
                break;
            }
        }
        found.sort_unstable();
        let reached = |&(slot, index): &(Slot, usize)| {
            let start = (slot.hash >> 8) as usize % empty_before.len();
            let empty_between = empty_before[index].wrapping_sub(empty_before[start]);
            let (empty_between, passed) = match index.checked_sub(start) {
                Some(passed) => (empty_between, passed),
                None => (empty_between.wrapping_add(empty), index + empty_before.len() - start),
            };
            empty_between == 0 && passed as u64 <= MAX_PASSED
        };
        if !found.iter().map(|(slot, _)| slot).eq(records) || !found.iter().all(reached) {
            return Err(Damage::At(at, "a hash table does not lead to its records"));
        }
        Ok(())
    }

    /// Whether lookups of all of these records find them soon: not too many of their keys have the same hash. Those of
    /// one key that is repeated do not count.
    fn check_same_hash(&self, table: u64, records: &[Slot]) -> Result<(), Damage> {
        if records.len() <= MAX_SAME_HASH {
            return Ok(());
        }
        // Only if many hashes agree in a part of them is it worth while to sort.
        let mut shares = vec![0_usize; 1 << 12];
        records.iter().for_each(|slot| shares[(slot.hash >> 8) as usize % (1 << 12)] += 1);
        if shares.iter().all(|&share| share <= MAX_SAME_HASH) {
            return Ok(());
        }
        let mut by_hash = records.to_vec();
        by_hash.sort_unstable_by_key(|slot| slot.hash);
        let many = by_hash.chunk_by(|a, b| a.hash == b.hash).filter(|same| same.len() > MAX_SAME_HASH);
        for same in many {
            let mut keys = HashSet::new();
            for slot in same {
                let at = u64::from(slot.record);
                let mut key = vec![0; self.pair(at)?.0 as usize];
                self.file.read_exact_at(&mut key, at + 8)?;
                keys.insert(key);
                if keys.len() > MAX_SAME_HASH {
                    return Err(Damage::At(table, SAME_HASH));
                }
            }
        }
        Ok(())
    }

    /// Where the records end: at the first hash table. All tables must lie behind the header and inside the file,
    /// apart.
    fn records_end(&self) -> Result<u64, Damage> {
        let mut header = [0; HEADER as usize];
        self.file.read_exact_at(&mut header, 0)?;
        let mut end = self.length;
        let mut tables = Vec::with_capacity(TABLES);
        for entry in header.chunks_exact(8) {
            let (table, slots) = (u64::from(word(entry, 0)), u64::from(word(entry, 4)));
            if table < HEADER || table + slots * 8 > self.length {
                return Err(Damage::At(table, "a hash table lies outside"));
            }
            end = end.min(table);
            if slots > 0 {
                tables.push((table, slots));
            }
        }
        tables.sort_unstable();
        if let Some(pair) = tables.windows(2).find(|pair| pair[0].0 + pair[0].1 * 8 > pair[1].0) {
            return Err(Damage::At(pair[1].0, "two hash tables overlap"));
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
        if value_length as usize > MAX_VALUE {
            return Err(Damage::At(at, VALUE_TOO_LONG));
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
#[must_use]
pub fn hash(key: &[u8]) -> u32 {
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

    /// A file of records and 256 hash tables as `tables` has them: where, and how many slots.
    fn crafted(length: u64, tables: impl Fn(u32) -> (u32, u32), parts: &[(u64, &[u8])]) -> CdbFile {
        let file = tempfile::tempfile().expect("scratch file");
        let header: Vec<u8> =
            (0..256).map(tables).flat_map(|(at, slots)| [at.to_le_bytes(), slots.to_le_bytes()].concat()).collect();
        file.write_all_at(&header, 0).expect("scratch space");
        file.set_len(length).expect("scratch space");
        for (at, bytes) in parts {
            file.write_all_at(bytes, *at).expect("scratch space");
        }
        CdbFile::open(file).expect("a header")
    }

    fn damage_in(cdb: &CdbFile) -> String {
        cdb.walk(|_, _| Ok::<(), Damage>(())).expect_err("damaged").to_string()
    }

    /// Files of nothing but holes, which claim to hold gigabytes.
    #[test]
    fn what_a_hole_claims_to_hold_is_not_read() {
        let most = u64::from(u32::MAX);
        let long = [0, 0, 0, 0, 0xff, 0xff, 0xff, 0x0f];
        let end = u32::MAX - 8;
        let cdb = crafted(most, |table| (end, u32::from(table == 5)), &[(HEADER, &long)]);
        assert_eq!(damage_in(&cdb), "damaged cdb file: byte 2048: a value of more than 64 MiB");
        // The hash of the empty key is 5381: table 5.
        let slot = [5381_u32.to_le_bytes(), 2048_u32.to_le_bytes()].concat();
        let cdb = crafted(most, |_| (end, 1), &[(HEADER, &long), (u64::from(end), &slot)]);
        let outcome = cdb.get(b"").map_err(|damage| damage.to_string());
        assert_eq!(outcome, Err("damaged cdb file: byte 2048: a value of more than 64 MiB".into()));

        let room = (u32::MAX - 2048) / 8;
        let cdb = crafted(most, |table| (2048 + (table / 255) * 8 * room, room * u32::from(table == 0)), &[]);
        assert_eq!(damage_in(&cdb), "damaged cdb file: byte 2048: a hash table has far more room than records");
        let cdb = crafted(most, |_| (2048, room), &[]);
        assert_eq!(damage_in(&cdb), "damaged cdb file: byte 2048: two hash tables overlap");
    }

    /// 2048 keys of one hash: eleven times two ways to go on that come to the same.
    fn keys_of_one_hash() -> Vec<Vec<u8>> {
        let mut keys: Vec<Vec<u8>> = vec![Vec::new()];
        while keys.len() < 2048 {
            let mut seen = std::collections::HashMap::new();
            let pairs = (0..95 * 95_u16).map(|pair| [b' ' + (pair % 95) as u8, b' ' + (pair / 95) as u8]);
            let two = pairs.map(|pair| {
                let hash = hash(&[&keys[0][..], &pair].concat());
                seen.insert(hash, pair).map(|other| [other, pair])
            });
            let two = two.flatten().next().expect("there are more pairs than what they can come to");
            keys = keys.iter().flat_map(|key| two.map(|pair| [&key[..], &pair].concat())).collect();
        }
        assert!(keys.iter().all(|key| hash(key) == hash(&keys[0])));
        keys
    }

    #[test]
    fn keys_of_one_hash_are_found_up_to_a_limit() {
        let keys = keys_of_one_hash();
        let with = |count: usize, repeated: usize| {
            let file = tempfile::tempfile().expect("scratch file");
            let mut writer = cdb2::CDBMake::new(file.try_clone().expect("descriptor")).expect("writer");
            keys[..count].iter().for_each(|key| writer.add(key, b"value").expect("add"));
            (0..repeated).for_each(|_| writer.add(&keys[0], b"again").expect("add"));
            writer.finish().expect("finish");
            CdbFile::open(file).expect("sound")
        };
        let cdb = with(MAX_SAME_HASH, 2000);
        cdb.walk(|_, _| Ok::<(), Damage>(())).expect("sound");
        assert_eq!(cdb.get(&keys[MAX_SAME_HASH - 1]).expect("sound"), Some(b"value".to_vec()));
        let cdb = with(MAX_SAME_HASH + 2, 0);
        assert!(damage_in(&cdb).ends_with(": too many keys have the same hash"));
        assert!(cdb.get(&keys[MAX_SAME_HASH - 1]).is_ok());
        assert!(cdb.get(&keys[MAX_SAME_HASH + 1]).is_err());
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
