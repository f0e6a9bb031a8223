//! A table's source, looked up as the index made from it would be: for sites whose indexes are not built, and for
//! knowing the line that an answer comes from.

use super::compile::index::{Unique, unique};
use super::compile::{Duplicates, Entries, Entry, Folding, Recipe, load, read_entries};
use super::error::LookupError;
use super::table::{Answer, LookupTable};
use crate::base::{FileError, user_file};
use crate::syntax::table_line::TableForm;
use foldhash::fast::RandomState;
use std::hash::BuildHasher;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::OnceLock;

/// A source in memory.
#[derive(Debug)]
pub struct SourceTable {
    entries: Entries,
    /// Indices of the entries that an index would hold, in the order of their keys.
    kept: Vec<u32>,
    /// The same by their keys, once one was looked up.
    slots: OnceLock<Slots>,
}

/// Entries by the hash of their keys: each in the first free slot from that of its hash on.
#[derive(Debug)]
struct Slots {
    seed: RandomState,
    /// Twice as many at least as there are entries, and a power of two.
    slots: Vec<Option<Slot>>,
}

/// An entry, and bits of its hash that tell it from most others without a look at its key.
#[derive(Clone, Copy, Debug)]
struct Slot {
    entry: u32,
    tag: NonZeroU32,
}

impl Slots {
    fn new(entries: &Entries, kept: &[u32]) -> Self {
        let (seed, count) = (RandomState::default(), (2 * kept.len()).next_power_of_two());
        let mut new = Self { seed, slots: vec![None; count] };
        for &index in kept {
            let key = entries.key(&entries.all()[index as usize]);
            let (tag, mut probe) = probe(new.seed.hash_one(key), count);
            if let Some(free) = probe.find(|&slot| new.slots[slot].is_none()) {
                new.slots[free] = Some(Slot { entry: index, tag });
            }
        }
        new
    }

    fn find<'e>(&self, entries: &'e Entries, key: &[u8]) -> Option<&'e Entry> {
        let (tag, probe) = probe(self.seed.hash_one(key), self.slots.len());
        let similar = probe.map_while(|slot| self.slots[slot]).filter(|slot| slot.tag == tag);
        similar.map(|slot| &entries.all()[slot.entry as usize]).find(|entry| entries.key(entry) == key)
    }
}

/// The tag of a key with this hash, and those of so many slots in which it can be. Their number is a power of two.
fn probe(hash: u64, count: usize) -> (NonZeroU32, impl Iterator<Item = usize>) {
    let mask = count - 1;
    #[allow(clippy::cast_possible_truncation)] // Any bits of it will do.
    let (start, tag) = (hash as usize, (hash >> 32) as u32);
    (NonZeroU32::MIN.saturating_add(tag >> 1), (0..=mask).map(move |step| start.wrapping_add(step) & mask))
}

impl SourceTable {
    /// Reads a source.
    ///
    /// # Errors
    /// When it cannot be read, or is too big to be compiled.
    pub fn open(path: &Path, form: TableForm) -> Result<Self, LookupError> {
        let failed = |words: String| LookupError::Config(format!("{}: {words}", path.display()));
        let read = || {
            let file = user_file::open(path)?;
            load(&file, &file.metadata()?)
        };
        let bytes = read().map_err(FileError::at(path)).map_err(|error| LookupError::Config(error.to_string()))?;
        Self::from_bytes(bytes, form).map_err(failed)
    }

    /// Takes a source.
    ///
    /// # Errors
    /// Words for a source that is too big to be compiled.
    pub fn from_bytes(source: Vec<u8>, form: TableForm) -> Result<Self, String> {
        let entries = read_entries(source, &Recipe::standard(form));
        let Unique { kept, .. } = unique(&entries, Duplicates::Ignore).map_err(|error| error.to_string())?;
        Ok(Self { entries, kept, slots: OnceLock::new() })
    }

    /// How many entries an index would hold.
    #[must_use]
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether it would be empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Whether an index holds just what the source says, but for what postalias adds.
    pub fn is_told_by(&self, index: &mut dyn LookupTable) -> bool {
        let (mut count, mut is_same) = (0, true);
        let walked = index.walk(&mut |key, value| {
            if matches!(key, b"@" | b"YP_LAST_MODIFIED" | b"YP_MASTER_NAME") && self.find(key).is_none() {
                return;
            }
            count += 1;
            is_same = is_same && self.find(key).is_some_and(|entry| self.entries.value(entry) == value);
        });
        walked.is_ok() && is_same && count == self.len()
    }

    fn find(&self, key: &[u8]) -> Option<&Entry> {
        let key = Folding::Unicode.apply(key);
        self.slots.get_or_init(|| Slots::new(&self.entries, &self.kept)).find(&self.entries, &key)
    }
}

impl LookupTable for SourceTable {
    fn lookup(&mut self, key: &[u8]) -> Answer {
        Ok(self.find(key).map(|entry| self.entries.value(entry).to_vec()))
    }

    fn line_of(&mut self, key: &[u8]) -> Option<usize> {
        let start = self.entries.line_start(self.find(key)?);
        Some(self.entries.line_number(start))
    }

    fn walk(&mut self, visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), LookupError> {
        let all = self.entries.all();
        for &index in &self.kept {
            let entry = &all[index as usize];
            visit(self.entries.key(entry), self.entries.value(entry));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_answers_as_an_index_would() {
        let source = b"# comment\nB two\n  words\na 1\nb again\n".to_vec();
        let mut table = SourceTable::from_bytes(source, TableForm::KeyValue).expect("small");
        let cases =
            [("b", Some("two  words"), Some(2)), ("A", Some("1"), Some(4)), ("c", None, None), ("", None, None)];
        for (key, value, line) in cases {
            let found = table.lookup(key.as_bytes()).expect("no errors");
            assert_eq!(found.as_deref(), value.map(str::as_bytes), "{key}");
            assert_eq!(table.line_of(key.as_bytes()), line, "{key}");
        }
        let mut seen = Vec::new();
        table.walk(&mut |key, value| seen.push((key.to_vec(), value.to_vec()))).expect("walked");
        assert_eq!(seen, [(b"a".to_vec(), b"1".to_vec()), (b"b".to_vec(), b"two  words".to_vec())]);
        assert_eq!((table.len(), table.is_empty()), (2, false));
        let mut aliases = SourceTable::from_bytes(b"a: b, c\n".to_vec(), TableForm::Aliases).expect("small");
        assert_eq!(aliases.lookup(b"a"), Ok(Some(b"b, c".to_vec())));
    }
}
