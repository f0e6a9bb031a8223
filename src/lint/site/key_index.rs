//! Finding entries of a table by their keys: a hash table of entry numbers, built once, for tables of a million entries
//! too.
//!
//! Keys stay where they are; of several entries with one key the first is found, as a compiled table holds it.

use crate::maps::compile::{Entries, Entry};
use foldhash::fast::FixedState;
use std::hash::BuildHasher;
use std::hint::black_box;

/// Entries whose keys are looked for together.
const BLOCK: usize = 64;

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
    /// A power of two of them, at most three quarters of them taken.
    slots: Vec<Slot>,
    /// A bit for the hash of each key that is there, four times as many as slots: small enough to stay near the
    /// processor, it tells most keys that are not there.
    bits: Vec<u64>,
}

impl KeyIndex {
    /// The index of a table's entries; those from number 2³² − 1 on are not in it.
    #[must_use]
    pub fn of(entries: &Entries) -> Self {
        let free = Slot { number: FREE, tag: 0 };
        let slots = (entries.all().len() / 3 * 4 + 4).next_power_of_two().max(16);
        let mut index = Self { slots: vec![free; slots], bits: vec![0; slots / 16] };
        let mut numbers = 0..FREE;
        for block in entries.all().chunks(BLOCK) {
            // The slots are far apart in memory: touched together, they are waited for together.
            let mut hashes = [0; BLOCK];
            hashes.iter_mut().zip(block).for_each(|(hash, entry)| *hash = hash_of(entries.key(entry)));
            black_box(hashes.iter().fold(0, |tags, &hash| tags ^ index.slots[index.place(hash)].tag));
            for ((entry, &hash), number) in block.iter().zip(&hashes).zip(&mut numbers) {
                let (slot, tag) = index.slot(entries, entries.key(entry), hash);
                if index.slots[slot].number == FREE {
                    index.slots[slot] = Slot { number, tag };
                    let (word, bit) = index.bit(hash);
                    index.bits[word] |= bit;
                }
            }
        }
        index
    }

    /// The entry with this key, which is folded as the table's keys are.
    #[must_use]
    pub fn find<'e>(&self, entries: &'e Entries, key: &[u8]) -> Option<(usize, &'e Entry)> {
        let hash = hash_of(key);
        let (word, bit) = self.bit(hash);
        if self.bits[word] & bit == 0 {
            return None;
        }
        let number = self.slots[self.slot(entries, key, hash).0].number as usize;
        entries.all().get(number).map(|entry| (number, entry))
    }

    /// Where the search for a key begins.
    // Only the low bits count, so it does not matter that a small machine cuts the others.
    #[allow(clippy::cast_possible_truncation)]
    fn place(&self, hash: u64) -> usize {
        hash as usize & (self.slots.len() - 1)
    }

    /// The word that holds the bit of a hash, and the bit in it.
    // As in `place`; these are the upper bits, which say nothing of the place.
    #[allow(clippy::cast_possible_truncation)]
    fn bit(&self, hash: u64) -> (usize, u64) {
        let number = hash >> 32;
        ((number >> 6) as usize & (self.bits.len() - 1), 1 << (number & 63))
    }

    /// The slot that holds a key, or the free one where it would be; and the tag of the key.
    fn slot(&self, entries: &Entries, key: &[u8], hash: u64) -> (usize, u32) {
        let tag = u32::try_from(hash >> 32).unwrap_or_default();
        let mut at = self.place(hash);
        loop {
            let slot = self.slots[at];
            let Some(entry) = entries.all().get(slot.number as usize) else { return (at, tag) };
            if slot.tag == tag && entries.key(entry) == key {
                return (at, tag);
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }
}

fn hash_of(key: &[u8]) -> u64 {
    FixedState::with_seed(0).hash_one(key)
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
