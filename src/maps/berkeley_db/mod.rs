//! Berkeley DB files, hash and btree, read page by page with every number checked.
//!
//! The versions of Berkeley DB 4 and 5 (and what of 6 is the same), in both byte orders, with pages of any size,
//! overflow pages, duplicates, deleted entries and page checksums, which are not verified. Not: encrypted or
//! partitioned files, several databases in one file, record numbers, compression, and the format of version 1.85.
//!
//! A damaged or truncated file gives a [`Damage`], never a panic, an endless loop or more memory than the file is long:
//! every page number, offset and length is checked, and visits of pages are counted. The caller holds the lock that
//! keeps writers out from [`BerkeleyDb::open`] to the last call.
//!
//! `format` has the numbers of the format, `meta` the first page, `storage` the bytes of a file, `reader` gets pages,
//! `page` looks at one, `overflow` puts long items together, `tree` goes through trees, `values` finds the values of a
//! key, and `hash` and `btree` are the two ways to find a key.

mod btree;
mod format;
mod hash;
mod hash_function;
mod meta;
mod overflow;
mod page;
mod reader;
mod storage;
mod table;
mod tree;
mod values;

pub use format::{Damage, Kind};
pub use storage::Storage;
pub use table::BerkeleyDbTable;

use meta::{Layout, Meta};
use reader::Reader;

/// A Berkeley DB file whose first page makes sense.
#[derive(Debug)]
pub struct BerkeleyDb<S> {
    storage: S,
    meta: Meta,
}

/// Why a walk ended before its end.
enum Stop {
    /// It met what was looked for.
    Found,
    Damaged(Damage),
}

impl From<Damage> for Stop {
    fn from(damage: Damage) -> Self {
        Self::Damaged(damage)
    }
}

impl<S: Storage> BerkeleyDb<S> {
    /// Reads the first page.
    ///
    /// # Errors
    /// When the file cannot be read, is no Berkeley DB file, or is of a kind that is not read.
    pub fn open(storage: S) -> Result<Self, Damage> {
        let meta = Meta::read(&storage)?;
        Ok(Self { storage, meta })
    }

    /// How the file finds its keys.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self.meta.layout {
            Layout::Hash(_) => Kind::Hash,
            Layout::Btree { .. } => Kind::Btree,
        }
    }

    /// The value of exactly this key; of several, the first.
    ///
    /// # Errors
    /// When the file is damaged on the way to the key, or cannot be read.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Damage> {
        let reader = Reader::new(&self.storage, &self.meta);
        let mut value = None;
        let mut take = |found: &[u8]| {
            value = Some(found.to_vec());
            Err(Stop::Found)
        };
        let searched = match &self.meta.layout {
            Layout::Hash(table) => hash::find(&reader, table, key, &mut take),
            Layout::Btree { root } => btree::find(&reader, *root, key, &mut take),
        };
        match searched {
            Err(Stop::Damaged(damage)) => Err(damage),
            Ok(()) | Err(Stop::Found) => Ok(value),
        }
    }

    /// Visits every entry in the order in which Berkeley DB's own cursors do, and proves on the way that lookups find
    /// each of them.
    ///
    /// # Errors
    /// When the file is damaged or cannot be read, or with what `visit` returns.
    pub fn walk<E: From<Damage>>(&self, mut visit: impl FnMut(&[u8], &[u8]) -> Result<(), E>) -> Result<(), E> {
        let reader = Reader::new(&self.storage, &self.meta);
        match &self.meta.layout {
            Layout::Hash(table) => hash::walk(&reader, table, &mut visit),
            Layout::Btree { root } => btree::walk(&reader, *root, &mut visit),
        }
    }
}
