//! Finding entries of a table by their keys: a hash table of entry numbers, built once, for tables of a million entries
//! too.
//!
//! Keys stay where they are; of several entries with one key the first is found, as a compiled table holds it.

use crate::maps::compile::{Entries, Entry};
use foldhash::fast::FixedState;
use std::hash::BuildHasher;

/// Where no entry is.
const FREE: u32 = u32::MAX;

/// A place for an entry: its number, and the upper half of its key's hash, by which most others are told from it
/// without a look at their keys.
#[derive(Clone, Copy, Debug)]
struct Slot {
    number: u32,
    tag: u32,
}

/// Entries by key.
#[derive(Debug)]
pub struct KeyIndex {
    /// A power of two of them, at most half of them taken.
    slots: Vec<Slot>,
}

impl KeyIndex {
    /// The index of a table's entries; those from number 2³² − 1 on are not in it.
    #[must_use]
    pub fn of(entries: &Entries) -> Self {
        let free = Slot { number: FREE, tag: 0 };
        let mut index = Self { slots: vec![free; (entries.all().len() * 2).next_power_of_two().max(2)] };
        for (number, entry) in (0..FREE).zip(entries.all()) {
            let (slot, tag) = index.slot(entries, entries.key(entry));
            if index.slots[slot].number == FREE {
                index.slots[slot] = Slot { number, tag };
            }
        }
        index
    }

    /// The entry with this key, which is folded as the table's keys are.
    #[must_use]
    pub fn find<'e>(&self, entries: &'e Entries, key: &[u8]) -> Option<(usize, &'e Entry)> {
        let number = self.slots[self.slot(entries, key).0].number as usize;
        entries.all().get(number).map(|entry| (number, entry))
    }

    /// The slot that holds a key, or the free one where it would be; and the tag of the key.
    fn slot(&self, entries: &Entries, key: &[u8]) -> (usize, u32) {
        let mask = self.slots.len() - 1;
        let hash = FixedState::with_seed(0).hash_one(key);
        let tag = u32::try_from(hash >> 32).unwrap_or_default();
        // Only the low bits count, so it does not matter that a small machine cuts the others.
        #[allow(clippy::cast_possible_truncation)]
        let mut at = hash as usize & mask;
        loop {
            let slot = self.slots[at];
            let Some(entry) = entries.all().get(slot.number as usize) else { return (at, tag) };
            if slot.tag == tag && entries.key(entry) == key {
                return (at, tag);
            }
            at = (at + 1) & mask;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maps::compile::{Recipe, read_entries};
    use crate::syntax::table_line::TableForm;

    #[test]
    fn the_first_entry_of_a_key_is_found() {
        let text = b"A 1\nb 2\na 3\nc 4\n";
        let entries = read_entries(text.to_vec(), &Recipe::standard(TableForm::KeyValue));
        let index = KeyIndex::of(&entries);
        let found = |key: &str| index.find(&entries, key.as_bytes()).map(|(number, _)| number);
        assert_eq!(
            [found("a"), found("b"), found("c"), found("d"), found("A")],
            [Some(0), Some(1), Some(3), None, None]
        );
        let nothing = read_entries(Vec::new(), &Recipe::standard(TableForm::KeyValue));
        assert_eq!(KeyIndex::of(&nothing).find(&nothing, b"a").map(|(number, _)| number), None);
    }
}
