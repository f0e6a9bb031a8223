//! The entries of a source, and what postmap would warn about.

use super::entry::{Entry, Other, to_usize};
use crate::base::{Source, Span};
use crate::syntax::fault::FaultKind;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

/// Lines are counted from the beginning of a block of so many bytes.
const BLOCK: usize = 1 << 12;

/// What a source holds.
#[derive(Debug)]
pub struct Entries {
    pub(super) source: Text,
    /// What could not stay in the source; offsets from `source.len()` on point here.
    pub(super) extra: Vec<u8>,
    pub(super) entries: Vec<Entry>,
    pub(super) others: Vec<Other>,
    pub(super) complaints: Vec<Complaint>,
    /// How many lines end before each block of the source, once a line was asked for.
    pub(super) line_ends: OnceLock<Vec<usize>>,
}

/// The text that entries point into.
#[derive(Debug)]
pub(super) enum Text {
    /// Of the entries alone: keys are folded where they stand.
    Own(Vec<u8>),
    /// Shared with others: keys that change when they are folded are copied.
    Shared(Arc<Source>),
}

impl Deref for Text {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Own(bytes) => bytes,
            Self::Shared(source) => source.bytes(),
        }
    }
}

/// Something about a source that postmap warns about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// Where the logical line stands in the source.
    pub span: Span,
    /// What is wrong.
    pub kind: ComplaintKind,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ComplaintKind {
    /// A fault of form; the line is dropped, save for a zero byte or a colon behind the key.
    Form(FaultKind),
    /// A key that stood before, at `first`.
    Duplicate {
        /// The folded key.
        key: Vec<u8>,
        /// Offset of the line that holds it first.
        first: usize,
    },
}

impl Entries {
    /// The entries in the order of the source, repeated keys and all.
    #[must_use]
    pub fn all(&self) -> &[Entry] {
        &self.entries
    }

    /// The source, its keys perhaps folded in place: good for counting lines and for lengths, not for quoting.
    #[must_use]
    pub fn source(&self) -> &[u8] {
        &self.source
    }

    /// What postmap would warn about, in the order of the text; duplicates are added by those who look for them.
    #[must_use]
    pub fn complaints(&self) -> &[Complaint] {
        &self.complaints
    }

    /// The folded key of an entry.
    #[inline]
    #[must_use]
    pub fn key(&self, entry: &Entry) -> &[u8] {
        match entry.other() {
            None => {
                let (line, key, _, _) = entry.place();
                &self.source[line..line + key]
            }
            Some(number) => self.bytes(self.others[number].key, self.others[number].key_length),
        }
    }

    /// The value of an entry.
    #[inline]
    #[must_use]
    pub fn value(&self, entry: &Entry) -> &[u8] {
        match entry.other() {
            None => {
                let (line, key, gap, value) = entry.place();
                let start = line + key + gap;
                &self.source[start..start + value]
            }
            Some(number) => self.bytes(self.others[number].value, self.others[number].value_length),
        }
    }

    /// Offset of an entry's line in the source.
    #[must_use]
    pub fn line_start(&self, entry: &Entry) -> usize {
        entry.other().map_or(entry.place().0, |number| to_usize(self.others[number].line))
    }

    /// The number, from 1, of the line at an offset.
    #[must_use]
    pub fn line_number(&self, offset: usize) -> usize {
        let ends = |bytes: &[u8]| memchr::memchr_iter(b'\n', bytes).count();
        let blocks = self.line_ends.get_or_init(|| {
            let mut before = 0;
            let sums = self.source.chunks(BLOCK).map(|block| {
                before += ends(block);
                before
            });
            std::iter::once(0).chain(sums).collect()
        });
        let offset = offset.min(self.source.len());
        let block = offset / BLOCK;
        blocks[block] + ends(&self.source[block * BLOCK..offset]) + 1
    }

    /// Adds an entry behind the others, as it is: not folded, of no line.
    ///
    /// Keys and values of 4 GiB or more are not added.
    pub fn add(&mut self, key: &[u8], value: &[u8]) {
        let (Ok(key_length), Ok(value_length)) = (u32::try_from(key.len()), u32::try_from(value.len())) else { return };
        let at = (self.source.len() + self.extra.len()) as u64;
        self.extra.extend_from_slice(key);
        self.extra.extend_from_slice(value);
        let line = self.source.len() as u64;
        let value = at + u64::from(key_length);
        self.add_other(Other { key: at, value, line, key_length, value_length });
    }

    fn add_other(&mut self, other: Other) {
        self.entries.push(Entry::numbered(self.others.len()));
        self.others.push(other);
    }

    /// Brings the text of entries near, for a use that follows at once.
    ///
    /// Entries in the order of their keys lie all over memory. Loads that do not wait for each other are under way
    /// together, while copying one entry after the other waits for each.
    pub fn fetch<'e>(&self, entries: impl Iterator<Item = &'e Entry>) {
        let touched = entries.fold(0, |touched, entry| {
            let first = |bytes: &[u8]| bytes.first().copied().unwrap_or(0);
            let last = |bytes: &[u8]| bytes.last().copied().unwrap_or(0);
            touched ^ first(self.key(entry)) ^ first(self.value(entry)) ^ last(self.value(entry))
        });
        std::hint::black_box(touched);
    }

    /// Gives every entry another value; those for which there is none are left out. Returns where their lines stand,
    /// and why.
    pub fn replace_values<E>(&mut self, mut replace: impl FnMut(&[u8]) -> Result<Vec<u8>, E>) -> Vec<(usize, E)> {
        let mut left_out = Vec::new();
        for entry in std::mem::take(&mut self.entries) {
            let line = self.line_start(&entry);
            match replace(self.value(&entry)) {
                Ok(value) => {
                    let mut other = self.as_other(entry);
                    other.value = (self.source.len() + self.extra.len()) as u64;
                    // Longer values are cut; a file of 3 GiB has no place in a table.
                    other.value_length = u32::try_from(value.len()).unwrap_or(u32::MAX);
                    self.extra.extend_from_slice(&value[..other.value_length as usize]);
                    self.add_other(other);
                }
                Err(why) => left_out.push((line, why)),
            }
        }
        left_out
    }

    // The lengths of a short entry have a few bits each.
    #[allow(clippy::cast_possible_truncation)]
    fn as_other(&self, entry: Entry) -> Other {
        let (line, key, gap, value) = entry.place();
        let start = (line + key + gap) as u64;
        let short = Other {
            key: line as u64,
            value: start,
            line: line as u64,
            key_length: key as u32,
            value_length: value as u32,
        };
        entry.other().map_or(short, |number| self.others[number])
    }

    fn bytes(&self, at: u64, length: u32) -> &[u8] {
        let (at, length) = (to_usize(at), length as usize);
        match at.checked_sub(self.source.len()) {
            None => &self.source[at..at + length],
            Some(at) => &self.extra[at..at + length],
        }
    }
}
