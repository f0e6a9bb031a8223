//! The numbers of the two LMDB file formats that a Postfix can be linked with, and how a file can be damaged.
//!
//! Seen in files that LMDB 0.9.36 and 1.0.2 wrote: the second has a longer page header, counts the offsets on a page
//! from behind it, begins values at even places, and says of a long value also which transaction wrote it and how many
//! pages it has.

use std::fmt;
use std::io;

pub use crate::config::lmdb_format::LmdbFormat as Format;

impl Format {
    /// Bytes before the first node pointer of a page.
    pub(super) const fn page_header(self) -> usize {
        match self {
            Self::V0_9 => 16,
            Self::V1_0 => 24,
        }
    }

    /// What the offsets on a page count from.
    pub(super) const fn origin(self) -> usize {
        match self {
            Self::V0_9 => 0,
            Self::V1_0 => self.page_header(),
        }
    }

    /// Bytes in a node that tell where a long value stands: the number of its first page; in the newer format also the
    /// transaction that wrote it and how many pages it has.
    pub(super) const fn place_of_value(self) -> usize {
        match self {
            Self::V0_9 => 8,
            Self::V1_0 => 24,
        }
    }

    /// Bytes from the start of a key to its value: the newer format begins a value at an even place.
    pub(super) const fn key_room(self, key: usize) -> usize {
        match self {
            Self::V0_9 => key,
            Self::V1_0 => (key + 1) & !1,
        }
    }

    /// Size of the largest node that stays on a page of this size; of a larger one the value goes to pages of its own.
    pub(super) const fn max_node(self, page_size: usize) -> usize {
        (((page_size - self.page_header()) / 2) & !1) - 2
    }

    /// Longest key, the trailing NUL included, in bytes, on pages of this size.
    pub(super) const fn max_key(self, page_size: usize) -> usize {
        match self {
            Self::V0_9 => MAX_KEY,
            // What leaves room for the record of a tree beside it.
            Self::V1_0 => self.max_node(page_size) - NODE_HEADER - DATABASE,
        }
    }

    /// Longest key, the trailing NUL included, in bytes, on the pages that we write.
    #[must_use]
    pub const fn longest_key(self) -> usize {
        self.max_key(PAGE)
    }

    /// Size of the largest page, in bytes: offsets on it have 16 bits.
    pub(super) const fn max_page(self) -> usize {
        match self {
            Self::V0_9 => 1 << 15,
            Self::V1_0 => 1 << 16,
        }
    }

    /// Pages that a long value takes.
    pub(super) const fn pages_of_value(self, page_size: usize, length: usize) -> usize {
        (self.page_header() - 1 + length) / page_size + 1
    }
}

/// Longest key that LMDB 0.9 takes, the trailing NUL included, in bytes (its `MDB_MAXKEYSIZE`).
const MAX_KEY: usize = 511;

/// Size of the pages that we write, in bytes, and the least that LMDB gives a file; others are read.
pub(super) const PAGE: usize = 4096;
/// Bytes before the key of a node.
pub(super) const NODE_HEADER: usize = 8;
/// Page flag: inner page of the tree.
pub(super) const BRANCH: u16 = 0x01;
/// Page flag: page with entries.
pub(super) const LEAF: u16 = 0x02;
/// Page flag: first page of a long value.
pub(super) const OVERFLOW: u16 = 0x04;
/// Page flag: one of the two meta pages.
pub(super) const META: u16 = 0x08;
/// Node flag: the value stands on overflow pages, and their number in the node.
pub(super) const BIG_DATA: u16 = 0x01;
/// Node flag: the value is the root of a named database.
pub(super) const SUB_DATA: u16 = 0x02;
/// First word of a meta page's content.
pub(super) const MAGIC: u32 = 0xBEEF_C0DE;
/// Data version of the development branch before LMDB 1.0.
pub(super) const VERSION_DEVELOPMENT: u32 = 2;
/// Root of an empty tree.
pub(super) const NO_PAGE: u64 = u64::MAX;
/// Flag of the tree of free pages, which it always has: its keys are integers.
pub(super) const INTEGER_KEYS: u16 = 0x08;
/// Flags of the tree of free pages: integer keys, and that the file is not in a directory of its own.
pub(super) const FREE_FLAGS: u16 = 0x4000 | INTEGER_KEYS;
/// Deepest tree that LMDB itself walks.
pub(super) const MAX_DEPTH: u16 = 32;
/// Most room for a file, in bytes: half of what a process can map.
pub(super) const MAX_MAP_SIZE: u64 = 1 << 46;
/// Where `lmdb_map_size` starts, in bytes.
pub(super) const MAP_SIZE: u64 = 16 * 1024 * 1024;

/// Offset of `mm_mapsize` in a meta page, from behind its header, as all that follow.
pub(super) const META_MAP_SIZE: usize = 16;
/// Offset of the record of free pages in a meta page.
pub(super) const META_FREE: usize = 24;
/// Offset of the record of the main tree in a meta page.
pub(super) const META_MAIN: usize = META_FREE + DATABASE;
/// Offset of the number of the last page in a meta page.
pub(super) const META_LAST_PAGE: usize = META_MAIN + DATABASE;
/// Offset of the transaction number in a meta page.
pub(super) const META_TXN: usize = META_LAST_PAGE + 8;
/// Bytes of the record of a tree, in a meta page or as the value of a named database.
pub(super) const DATABASE: usize = 48;
/// Bytes of a meta page that mean something, behind its header.
pub(super) const META_SIZE: usize = META_TXN + 8;

/// Says of a file that another library opens it than that of the system.
#[must_use]
pub fn mismatch(has: Format, reads: Format) -> String {
    format!(
        "in the format of {has} (data version {}), and the system's library reads that of {reads} (data version {})",
        has.data_version(),
        reads.data_version()
    )
}

/// Said of a page: the library takes it for one that it may write to, and does so where it may only read.
pub(super) const NEVER_WAS: &str = "it is of a transaction that never was";

/// Why an LMDB file cannot be read.
#[derive(Debug)]
pub enum Damage {
    /// The system refused.
    Io(io::Error),
    /// It is no LMDB file, or one of another kind; says which.
    Foreign(&'static str),
    /// It is of a data version that no LMDB of Postfix's has.
    Version(u32),
    /// Its entries are databases with names, of which Postfix has none.
    NamedDatabases,
    /// It contradicts itself at a page; says how.
    Page(u64, &'static str),
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
            Self::Foreign(what) => write!(f, "not a usable LMDB file: {what}"),
            Self::Version(VERSION_DEVELOPMENT) => write!(
                f,
                "an LMDB file of data version {VERSION_DEVELOPMENT}, which a development branch of LMDB writes (that of npm's lmdb) and no \
                 Postfix reads: build it anew with postmap, or name another file"
            ),
            Self::Version(number) => write!(
                f,
                "an LMDB file of data version {number}, and only those of LMDB 0.9 (1) and LMDB 1.0 (3) are known: build it anew \
                 with postmap, or name another file"
            ),
            Self::NamedDatabases => f.write_str("an LMDB file with named databases, which is no table of Postfix's"),
            Self::Page(page, what) => write!(f, "damaged LMDB file: page {page}: {what}"),
        }
    }
}

impl std::error::Error for Damage {}
