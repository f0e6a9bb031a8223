//! Gets pages, and counts how many were asked for: a circle of pages comes to an end.

use super::format::Damage;
use super::meta::Meta;
use super::page::Page;
use super::storage::Storage;
use std::cell::Cell;

/// How often each page may be visited, on average. Long keys stand on pages of their own, which every level of a tree
/// shares; no tree has more levels than this.
pub(super) const VISITS: u8 = 32;

/// The pages of a file, for one lookup or one walk.
pub(super) struct Reader<'a, S> {
    storage: &'a S,
    pub(super) meta: &'a Meta,
    visits_left: Cell<u64>,
}

impl<'a, S: Storage> Reader<'a, S> {
    pub(super) fn new(storage: &'a S, meta: &'a Meta) -> Self {
        let visits = (u64::from(meta.last_page) + 1) * u64::from(VISITS);
        Self { storage, meta, visits_left: Cell::new(visits) }
    }

    /// A page whose header makes sense.
    pub(super) fn page(&self, number: u32) -> Result<Page, Damage> {
        if number == 0 || number > self.meta.last_page {
            return Err(Damage::Page(number, "no such page"));
        }
        let left = self.visits_left.get().checked_sub(1).ok_or(Damage::Page(number, "pages run in a circle"))?;
        self.visits_left.set(left);
        let mut bytes = vec![0; self.meta.page_size];
        self.storage.read_at(&mut bytes, u64::from(number) * self.meta.page_size as u64)?;
        Page::check(bytes, number, self.meta)
    }

    /// The most bytes that an item can have: those of the file.
    pub(super) fn most(&self) -> u64 {
        (u64::from(self.meta.last_page) + 1) * self.meta.page_size as u64
    }
}
