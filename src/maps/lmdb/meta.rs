//! What the two meta pages say: which tree is in force.
//!
//! LMDB finds the second one by the page size of the first, and everything else by that of the newer one: both must
//! agree, or what it reads is not what we read.

use super::format::{
    DATABASE, Damage, Format, MAGIC, MAX_DEPTH, MAX_MAP_SIZE, META, META_FREE, META_LAST_PAGE, META_MAIN,
    META_MAP_SIZE, META_SIZE, META_TXN, NO_PAGE, PAGE,
};
use super::page::{u16_at, u32_at, u64_at};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// A tree of pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TreeRoot {
    /// How its entries are kept, as LMDB's flags.
    pub flags: u16,
    /// Levels of pages; 0 for an empty tree.
    pub depth: u16,
    /// Number of entries.
    pub entries: u64,
    /// Its top page, or [`NO_PAGE`].
    pub page: u64,
}

impl TreeRoot {
    fn parse(record: &[u8]) -> Self {
        Self {
            flags: u16_at(record, 4),
            depth: u16_at(record, 6),
            entries: u64_at(record, 32),
            page: u64_at(record, 40),
        }
    }

    fn check(&self) -> Result<(), Damage> {
        if self.depth > MAX_DEPTH || (self.page == NO_PAGE) != (self.depth == 0) {
            return Err(Damage::Page(self.page, "impossible depth of the tree"));
        }
        if self.page == NO_PAGE && self.entries != 0 {
            return Err(Damage::Foreign("it has entries, but no page for them"));
        }
        Ok(())
    }
}

/// The meta page that is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Meta {
    /// How the file is laid out.
    pub format: Format,
    /// Which of the two it is, 0 or 1.
    number: u64,
    /// Bytes of a page.
    pub page_size: usize,
    /// Room that is set aside for the file, in bytes.
    map_size: u64,
    /// Number of the last page that was ever in use.
    pub last_page: u64,
    /// Pages that the file has. LMDB does not write the last ones if they are free already when the transaction ends.
    pub pages: u64,
    /// Number of the transaction that wrote it.
    pub transaction: u64,
    /// The entries.
    pub main: TreeRoot,
    /// The pages that are free.
    pub free: TreeRoot,
}

impl Meta {
    /// Reads both and takes the newer one.
    pub(super) fn read(file: &File) -> Result<Self, Damage> {
        let format = begins_as(file)?;
        let header = format.page_header();
        let mut first = [0_u8; LARGEST];
        let first = &mut first[..header + META_SIZE];
        read_start(file, first, 0)?;
        if !is_meta(first, format) {
            return Err(Damage::Page(0, "not a meta page"));
        }
        let head = &first[header..];
        let page_size = u32_at(head, META_FREE) as usize;
        if !page_size.is_power_of_two() || !(512..=format.max_page()).contains(&page_size) {
            return Err(Damage::Page(0, "impossible page size"));
        }
        let mut second = [0_u8; LARGEST];
        let second = &mut second[..header + META_SIZE];
        read_start(file, second, page_size as u64)?;
        if !is_meta(second, format) || second[header..header + 8] != head[..8] {
            return Err(Damage::Page(1, "not a meta page"));
        }
        let second = &second[header..];
        if u32_at(second, META_FREE) != u32_at(head, META_FREE) {
            return Err(Damage::Page(1, "it tells another page size than page 0"));
        }
        let (number, newer) = if u64_at(head, META_TXN) >= u64_at(second, META_TXN) { (0, head) } else { (1, second) };
        let meta = Self {
            format,
            number,
            page_size,
            map_size: u64_at(newer, META_MAP_SIZE),
            last_page: u64_at(newer, META_LAST_PAGE),
            pages: file.metadata()?.len() / page_size as u64,
            transaction: u64_at(newer, META_TXN),
            main: TreeRoot::parse(&newer[META_MAIN..META_MAIN + DATABASE]),
            free: TreeRoot::parse(&newer[META_FREE..META_FREE + DATABASE]),
        };
        meta.check()?;
        Ok(meta)
    }

    fn check(&self) -> Result<(), Damage> {
        if self.main.flags != 0 {
            return Err(Damage::Foreign("its entries are sorted or repeated in a way that Postfix does not use"));
        }
        if self.last_page < 1 {
            return Err(Damage::Page(self.last_page, "it cannot be the last page"));
        }
        self.main.check()
    }

    /// Whether there can be so many pages from this one on, and the file has them.
    pub(super) fn check_there(&self, first: u64, count: u64) -> Result<(), Damage> {
        let end = first.checked_add(count).filter(|&end| first > 1 && end <= self.last_page.saturating_add(1));
        match end {
            None => Err(Damage::Page(first, "no such page")),
            Some(end) if end > self.pages => Err(Damage::Page(first, "the file ends before it does")),
            Some(_) => Ok(()),
        }
    }

    /// Whether another transaction can go on from here.
    pub(super) fn check_writable(&self) -> Result<(), Damage> {
        if self.page_size < PAGE {
            return Err(Damage::Foreign("its pages are smaller than any that LMDB makes"));
        }
        // The next transaction is written over the other meta page, which its number chooses.
        if self.transaction & 1 != self.number {
            return Err(Damage::Page(self.number, "it stands where the next transaction would be written"));
        }
        // The last number stands for none.
        if self.transaction >= u64::MAX - 1 {
            return Err(Damage::Page(self.number, "no number is left for another transaction"));
        }
        let most = MAX_MAP_SIZE / 2 / self.page_size as u64;
        if self.map_size > MAX_MAP_SIZE || self.last_page >= most {
            return Err(Damage::Page(self.number, "impossible room for the file"));
        }
        self.free.check()
    }
}

/// The format of a file whose meta pages are sound.
///
/// # Errors
/// When they are not, or cannot be read.
pub fn format_of(file: &File) -> Result<Format, Damage> {
    Meta::read(file).map(|meta| meta.format)
}

/// Bytes of a meta page that mean something, with the longest header.
const LARGEST: usize = Format::V1_0.page_header() + META_SIZE;

/// By which format a file begins.
fn begins_as(file: &File) -> Result<Format, Damage> {
    let mut start = [0; Format::V1_0.page_header() + 8];
    read_start(file, &mut start, 0)?;
    let version = |format: Format| {
        let at = format.page_header();
        (u32_at(&start, at) == MAGIC).then(|| u32_at(&start, at + 4))
    };
    if let Some(format) = Format::ALL.into_iter().find(|&format| version(format) == Some(format.data_version())) {
        return Ok(format);
    }
    match version(Format::V1_0).or(version(Format::V0_9)) {
        Some(number) => Err(Damage::Version(number)),
        None => Err(Damage::Foreign("it does not begin as one")),
    }
}

fn is_meta(page: &[u8], format: Format) -> bool {
    u16_at(page, format.page_header() - 6) & META != 0
}

fn read_start(file: &File, buffer: &mut [u8], offset: u64) -> Result<(), Damage> {
    file.read_exact_at(buffer, offset).map_err(|error| {
        let ended = error.kind() == io::ErrorKind::UnexpectedEof;
        if ended { Damage::Foreign("it is too short") } else { Damage::Io(error) }
    })
}
