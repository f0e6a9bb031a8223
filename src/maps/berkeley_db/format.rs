//! The numbers of the Berkeley DB file format, and how a file can be damaged.

use std::fmt;
use std::io;

/// How a file finds its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// By a hash of the key.
    Hash,
    /// By a tree in the order of the keys.
    Btree,
}

/// Why a Berkeley DB file cannot be read.
#[derive(Debug)]
pub enum Damage {
    /// The system refused.
    Io(io::Error),
    /// It is no Berkeley DB file, or one of another kind; says which.
    Foreign(&'static str),
    /// It contradicts itself at a page; says how.
    Page(u32, &'static str),
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
            Self::Foreign(what) => write!(f, "not a usable Berkeley DB file: {what}"),
            Self::Page(page, what) => write!(f, "damaged Berkeley DB file: page {page}: {what}"),
        }
    }
}

impl std::error::Error for Damage {}

/// The order of the bytes of every number in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ByteOrder {
    Little,
    Big,
}

impl ByteOrder {
    /// The number at an offset; nothing if it reaches past the end.
    pub(super) fn u16(self, bytes: &[u8], at: usize) -> Option<u16> {
        let bytes = *bytes.get(at..)?.first_chunk()?;
        Some(match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        })
    }

    /// The number at an offset; nothing if it reaches past the end.
    pub(super) fn u32(self, bytes: &[u8], at: usize) -> Option<u32> {
        let bytes = *bytes.get(at..)?.first_chunk()?;
        Some(match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        })
    }
}

/// First word of a hash file's content.
pub(super) const HASH_MAGIC: u32 = 0x0006_1561;
/// First word of a btree file's content.
pub(super) const BTREE_MAGIC: u32 = 0x0005_3162;
/// Bytes before the item offsets of a page.
pub(super) const PAGE_HEADER: usize = 26;
/// The same in a file with checksums.
pub(super) const PAGE_HEADER_CHECKSUM: usize = 32;
/// The key whose hash stands in the first page of a hash file, to tell its hash function; a NUL belongs to it.
pub(super) const HASH_SAMPLE: &[u8] = b"%$sniglet^&\0";

/// What a page is for.
pub(super) mod page_type {
    /// Never used: a bucket without entries, or a free page.
    pub(crate) const INVALID: u8 = 0;
    /// Entries of a bucket in any order.
    pub(crate) const HASH_UNSORTED: u8 = 2;
    /// Inner page of a tree of keys.
    pub(crate) const INNER_KEYS: u8 = 3;
    /// Inner page of a tree of record numbers.
    pub(crate) const INNER_NUMBERS: u8 = 4;
    /// Leaf with keys and values.
    pub(crate) const LEAF_ENTRIES: u8 = 5;
    /// Leaf with values by their number.
    pub(crate) const LEAF_NUMBERED: u8 = 6;
    /// Part of a long item.
    pub(crate) const OVERFLOW: u8 = 7;
    /// First page of a hash file.
    pub(crate) const HASH_META: u8 = 8;
    /// First page of a btree file.
    pub(crate) const BTREE_META: u8 = 9;
    /// Leaf with the values of one key, sorted.
    pub(crate) const LEAF_DUPLICATES: u8 = 12;
    /// Entries of a bucket in the order of their keys.
    pub(crate) const HASH_SORTED: u8 = 13;
}

/// What an item of a hash page is.
pub(super) mod hash_item {
    /// The bytes themselves.
    pub(crate) const HERE: u8 = 1;
    /// Several values, one behind the other.
    pub(crate) const SET: u8 = 2;
    /// The page where a long item begins.
    pub(crate) const AWAY: u8 = 3;
    /// The root of a tree of values.
    pub(crate) const TREE: u8 = 4;
}

/// What an item of a page of a tree is.
pub(super) mod tree_item {
    /// The bytes themselves.
    pub(crate) const HERE: u8 = 1;
    /// The root of a tree of values.
    pub(crate) const TREE: u8 = 2;
    /// The page where a long item begins.
    pub(crate) const AWAY: u8 = 3;
    /// Flag: a deleted item that still takes up its place.
    pub(crate) const DELETED: u8 = 0x80;
}
