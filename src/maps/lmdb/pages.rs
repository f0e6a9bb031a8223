//! The pages of a file as they are now, for any number of threads: on which one a key stands, and what values there
//! are.

use super::cache::PageCache;
use super::format::{BRANCH, Damage, Format, LEAF, NEVER_WAS, NO_PAGE, OVERFLOW};
use super::meta::Meta;
use super::page::{NodePage, Value, u16_at, u32_at, u64_at};
use crate::maps::limits::{MAX_VALUE, VALUE_TOO_LONG};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, Ordering};

/// The pages of a file.
#[derive(Clone, Copy)]
pub(super) struct Pages<'a> {
    pub(super) file: &'a File,
    pub(super) meta: &'a Meta,
    /// Set when the file is read.
    pub(super) has_read: &'a AtomicBool,
}

impl Pages<'_> {
    /// The leaf on which a key stands if it stands anywhere.
    pub(super) fn leaf_for(self, key: &[u8], branches: &mut PageCache) -> Result<Option<u64>, Damage> {
        let mut number = self.meta.main.page;
        if number == NO_PAGE {
            return Ok(None);
        }
        for _ in 1..self.meta.main.depth {
            let bytes = branches.get(number, |page| self.read(number, page))?;
            number = NodePage::check(bytes, self.meta.format, number, BRANCH)?.child_for(key)?;
        }
        Ok(Some(number))
    }

    /// Leaf and index of each key, counted from `first`.
    pub(super) fn places(
        self,
        keys: &[&[u8]],
        first: usize,
        branches: &mut PageCache,
    ) -> Result<Vec<(u64, usize)>, Damage> {
        let mut places = Vec::with_capacity(keys.len());
        for (index, key) in keys.iter().enumerate() {
            if let Some(leaf) = self.leaf_for(key, branches)? {
                places.push((leaf, first + index));
            }
        }
        Ok(places)
    }

    /// The value of a key that can only stand on this leaf.
    pub(super) fn get(self, leaf: u64, key: &[u8], leaves: &mut PageCache) -> Result<Option<Vec<u8>>, Damage> {
        let bytes = leaves.get(leaf, |page| self.read(leaf, page))?;
        let page = NodePage::check(bytes, self.meta.format, leaf, LEAF)?;
        let Some(index) = page.find(key)? else { return Ok(None) };
        match page.entry(index)?.1 {
            Value::Here(bytes) => Ok(Some(bytes.to_vec())),
            Value::Away { page, length, .. } => self.overflow(page, length).map(Some),
        }
    }

    fn read(self, number: u64, buffer: &mut Vec<u8>) -> Result<(), Damage> {
        self.has_read.store(true, Ordering::Relaxed);
        self.meta.check_there(number, 1)?;
        buffer.resize(self.meta.page_size, 0);
        self.file
            .read_exact_at(buffer, number * self.meta.page_size as u64)
            .map_err(|error| at_end(error, "the file ends before its last page"))
    }

    /// A value that stands on pages of its own.
    pub(super) fn overflow(self, number: u64, length: usize) -> Result<Vec<u8>, Damage> {
        self.has_read.store(true, Ordering::Relaxed);
        self.check_overflow(number, length)?;
        if length > MAX_VALUE {
            return Err(Damage::Page(number, VALUE_TOO_LONG));
        }
        let mut value = vec![0; length];
        let start = number * self.meta.page_size as u64 + self.meta.format.page_header() as u64;
        self.file.read_exact_at(&mut value, start)?;
        Ok(value)
    }

    /// The number of pages that are set aside for the value of this length that begins there; it may need fewer.
    pub(super) fn check_overflow(self, number: u64, length: usize) -> Result<u64, Damage> {
        let size = self.meta.format.page_header();
        let pages = self.meta.format.pages_of_value(self.meta.page_size, length) as u64;
        self.meta.check_there(number, pages)?;
        let mut header = [0; Format::V1_0.page_header()];
        let header = &mut header[..size];
        self.file.read_exact_at(header, number * self.meta.page_size as u64)?;
        let aside = u64::from(u32_at(header, size - 4));
        if u64_at(header, 0) != number || u16_at(header, size - 6) != OVERFLOW {
            return Err(Damage::Page(number, "not the pages of a long value"));
        }
        if self.meta.format == Format::V1_0 && u64_at(header, 8) > self.meta.transaction {
            return Err(Damage::Page(number, NEVER_WAS));
        }
        if aside < pages {
            return Err(Damage::Page(number, "an impossible number of pages for a value"));
        }
        self.meta.check_there(number, aside)?;
        Ok(aside)
    }
}

pub(super) fn at_end(error: io::Error, what: &'static str) -> Damage {
    if error.kind() == io::ErrorKind::UnexpectedEof { Damage::Foreign(what) } else { Damage::Io(error) }
}
