//! A table that is held in memory whole, as `texthash:` and `inline:` hold theirs.
//!
//! Postfix folds the letters A to Z of a key that it stores, and all letters of one that it looks up: a key stored with
//! `Ä` is not found, and neither is it here.

use crate::maps::compile::{Duplicates, Folding};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Keys and values.
#[derive(Clone, Debug)]
pub struct MemoryTable {
    entries: HashMap<Vec<u8>, (usize, Vec<u8>)>,
    folding: Folding,
}

impl MemoryTable {
    /// An empty table; `folding` is how keys are folded that are looked up.
    #[must_use]
    pub fn new(folding: Folding) -> Self {
        Self { entries: HashMap::new(), folding }
    }

    /// Stores an entry; whether the key is there already decides `duplicates`. Returns whether it was there and is to
    /// be warned about.
    pub fn insert(&mut self, key: &[u8], value: Vec<u8>, duplicates: Duplicates) -> bool {
        let stored = if self.folding == Folding::None { Folding::None } else { Folding::Ascii };
        let number = self.entries.len();
        match self.entries.entry(stored.apply(key).into_owned()) {
            Entry::Vacant(vacant) => {
                vacant.insert((number, value));
                false
            }
            Entry::Occupied(mut occupied) => {
                if duplicates == Duplicates::Replace {
                    occupied.get_mut().1 = value;
                }
                matches!(duplicates, Duplicates::Warn | Duplicates::Refuse)
            }
        }
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.entries.get(&*self.folding.apply(key)).map(|(_, value)| value.clone())
    }

    /// Visits all entries, in the order in which their keys came first.
    pub fn walk(&self, visit: &mut dyn FnMut(&[u8], &[u8])) {
        let mut all: Vec<_> = self.entries.iter().collect();
        all.sort_unstable_by_key(|(_, (number, _))| *number);
        all.into_iter().for_each(|(key, (_, value))| visit(key, value));
    }

    /// Whether there is no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_fold_as_postfix_3_11_stores_and_seeks_them() {
        let cases = [
            (Folding::Unicode, "SS", "ß", true),
            (Folding::Unicode, "Ä", "Ä", false),
            (Folding::Unicode, "Ä", "ä", false),
            (Folding::Unicode, "ä", "Ä", true),
            (Folding::Ascii, "Ä", "Ä", true),
            (Folding::None, "A", "A", true),
            (Folding::None, "A", "a", false),
        ];
        for (folding, stored, sought, found) in cases {
            let mut table = MemoryTable::new(folding);
            table.insert(stored.as_bytes(), b"v".to_vec(), Duplicates::Warn);
            assert_eq!(table.get(sought.as_bytes()).is_some(), found, "{folding:?} {stored} {sought}");
        }
    }

    #[test]
    fn repeated_keys() {
        for (duplicates, kept, warned) in
            [(Duplicates::Warn, "1", true), (Duplicates::Ignore, "1", false), (Duplicates::Replace, "2", false)]
        {
            let mut table = MemoryTable::new(Folding::Unicode);
            assert!(!table.insert(b"b", b"1".to_vec(), duplicates));
            assert!(!table.insert(b"a", b"3".to_vec(), duplicates));
            assert_eq!(table.insert(b"B", b"2".to_vec(), duplicates), warned);
            let mut seen = Vec::new();
            table.walk(&mut |key, value| seen.push([key, b"=", value].concat()));
            assert_eq!(seen, [format!("b={kept}").into_bytes(), b"a=3".to_vec()]);
        }
    }
}
