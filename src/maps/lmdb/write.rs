//! Writes an LMDB file from entries in key order.
//!
//! A [`LeafRun`] turns a stretch of entries into leaf pages, by itself, so that several threads can make runs; the
//! [`LmdbWriter`] takes runs in order, gives their pages numbers and writes them at once. Of the inner pages only first
//! keys and page numbers are kept until the end. The result is what LMDB itself could have written: `mdb_stat` and
//! Postfix read it, and Postfix updates it in place.

use super::format::{
    BIG_DATA, BRANCH, FREE_FLAGS, Format, LEAF, MAGIC, MAP_SIZE, META, META_FREE, META_LAST_PAGE, META_MAIN,
    META_MAP_SIZE, META_TXN, NO_PAGE, NODE_HEADER, OVERFLOW, PAGE,
};
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;

/// The transaction that all pages are of: as after LMDB's first.
const TRANSACTION: u64 = 1;

/// A page being filled from both ends: node pointers grow up, nodes grow down.
struct Page {
    format: Format,
    bytes: Box<[u8; PAGE]>,
    lower: usize,
    upper: usize,
    /// Where on the page the number of a long value's first page stands.
    big: Vec<usize>,
}

impl Page {
    fn new(format: Format) -> Self {
        let (lower, upper) = (format.page_header(), PAGE);
        Self { format, bytes: Box::new([0; PAGE]), lower, upper, big: Vec::new() }
    }

    fn is_empty(&self) -> bool {
        self.lower == self.format.page_header()
    }

    fn clear(&mut self) {
        (self.lower, self.upper) = (self.format.page_header(), PAGE);
    }

    fn fits(&self, node: usize) -> bool {
        self.lower + 2 + node <= self.upper
    }

    /// Adds a node; `head` holds the first three of its header's four words.
    fn push(&mut self, head: [u16; 3], key: &[u8], value: &[u8], node: usize) {
        self.upper -= node;
        let at = self.upper;
        for (index, word) in head.into_iter().enumerate() {
            self.put16(at + 2 * index, word);
        }
        self.put16(at + 6, to_u16(key.len()));
        let key_end = at + NODE_HEADER + key.len();
        self.bytes[at + NODE_HEADER..key_end].copy_from_slice(key);
        let value_at = at + NODE_HEADER + self.format.key_room(key.len());
        self.bytes[key_end..value_at].fill(0);
        self.bytes[value_at..value_at + value.len()].copy_from_slice(value);
        self.put16(self.lower, to_u16(at - self.format.origin()));
        self.lower += 2;
    }

    fn put16(&mut self, at: usize, word: u16) {
        self.bytes[at..at + 2].copy_from_slice(&word.to_le_bytes());
    }

    /// Writes the header.
    fn seal(&mut self, number: u64, flags: u16) {
        let bounds = [self.lower, self.upper].map(|at| to_u16(at - self.format.origin()));
        let bounds = u32::from(bounds[0]) | u32::from(bounds[1]) << 16;
        let header = header(self.format, number, TRANSACTION, flags, bounds);
        self.bytes[..self.format.page_header()].copy_from_slice(&header[..self.format.page_header()]);
        // What an earlier use of this buffer left in the gap must not reach the disk.
        self.bytes[self.lower..self.upper].fill(0);
    }
}

/// The header of a page, and nothing behind it; `last` are the bounds of its nodes, or how many pages a value has.
fn header(format: Format, number: u64, transaction: u64, flags: u16, last: u32) -> [u8; Format::V1_0.page_header()] {
    let mut header = [0; Format::V1_0.page_header()];
    header[..8].copy_from_slice(&number.to_le_bytes());
    if format == Format::V1_0 {
        header[8..16].copy_from_slice(&transaction.to_le_bytes());
    }
    let end = format.page_header();
    header[end - 6..end - 4].copy_from_slice(&flags.to_le_bytes());
    header[end - 4..end].copy_from_slice(&last.to_le_bytes());
    header
}

/// Everything that goes into these words is bounded by the page size or the key limit.
#[allow(clippy::cast_possible_truncation)]
fn to_u16(value: usize) -> u16 {
    debug_assert!(value <= usize::from(u16::MAX));
    value as u16
}

/// A page one level down: its first key and its number.
type Child = (Box<[u8]>, u64);

/// Leaf pages for a stretch of entries, their numbers counted from 0.
pub struct LeafRun {
    format: Format,
    bytes: Vec<u8>,
    leaf: Page,
    first_key: Vec<u8>,
    leaves: Vec<Child>,
    /// Where in `bytes` a page number stands.
    numbers: Vec<usize>,
    pages: u64,
    overflow_pages: u64,
    entries: u64,
}

impl LeafRun {
    /// No entry yet.
    #[must_use]
    pub fn new(format: Format) -> Self {
        Self {
            format,
            bytes: Vec::new(),
            leaf: Page::new(format),
            first_key: Vec::new(),
            leaves: Vec::new(),
            numbers: Vec::new(),
            pages: 0,
            overflow_pages: 0,
            entries: 0,
        }
    }

    /// Adds an entry. Keys must come in ascending order, each once, of 1 to [`Format::longest_key`] bytes.
    ///
    /// # Errors
    /// `InvalidInput` for a key that is too long or empty, or a value of 4 GiB or more.
    pub fn push(&mut self, key: &[u8], value: &[u8]) -> io::Result<()> {
        if key.is_empty() || key.len() > self.format.longest_key() || u32::try_from(value.len()).is_err() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "key or value of a size that LMDB cannot hold"));
        }
        let size = NODE_HEADER + self.format.key_room(key.len()) + value.len();
        if size <= self.format.max_node(PAGE) {
            self.push_node(key, value, value.len(), 0);
        } else {
            let place = self.overflow(value);
            self.push_node(key, &place[..self.format.place_of_value()], value.len(), BIG_DATA);
        }
        self.entries += 1;
        Ok(())
    }

    #[allow(clippy::cast_possible_truncation)] // The low and the high half of a length.
    fn push_node(&mut self, key: &[u8], data: &[u8], length: usize, flags: u16) {
        let node = even(NODE_HEADER + self.format.key_room(key.len()) + data.len());
        if !self.leaf.fits(node) {
            self.end_leaf();
        }
        if self.leaf.is_empty() {
            self.first_key.clear();
            self.first_key.extend_from_slice(key);
        }
        self.leaf.push([length as u16, (length >> 16) as u16, flags], key, data, node);
        if flags == BIG_DATA {
            self.leaf.big.push(self.leaf.upper + NODE_HEADER + self.format.key_room(key.len()));
        }
    }

    fn end_leaf(&mut self) {
        let number = self.allocate(1);
        self.leaf.seal(number, LEAF);
        let start = self.bytes.len();
        self.numbers.push(start);
        self.numbers.extend(self.leaf.big.drain(..).map(|at| start + at));
        self.bytes.extend_from_slice(&self.leaf.bytes[..]);
        self.leaves.push((self.first_key.as_slice().into(), number));
        self.leaf.clear();
    }

    /// Writes a value to pages of its own and returns where: the first page's number, the transaction, and how many
    /// pages.
    fn overflow(&mut self, value: &[u8]) -> [u8; Format::V1_0.place_of_value()] {
        let pages = self.format.pages_of_value(PAGE, value.len());
        let number = self.allocate(pages as u64);
        self.overflow_pages += pages as u64;
        let start = self.bytes.len();
        self.numbers.push(start);
        // At most 2^20 pages: values are shorter than 4 GiB.
        #[allow(clippy::cast_possible_truncation)]
        let header = header(self.format, number, TRANSACTION, OVERFLOW, pages as u32);
        self.bytes.extend_from_slice(&header[..self.format.page_header()]);
        self.bytes.extend_from_slice(value);
        self.bytes.resize(start + pages * PAGE, 0);
        let mut place = [0; Format::V1_0.place_of_value()];
        for (word, number) in place.chunks_exact_mut(8).zip([number, TRANSACTION, pages as u64]) {
            word.copy_from_slice(&number.to_le_bytes());
        }
        place
    }

    fn allocate(&mut self, pages: u64) -> u64 {
        let number = self.pages;
        self.pages += pages;
        number
    }

    /// Ends the last leaf and adds `base` to every page number.
    fn settle(&mut self, base: u64) {
        if !self.leaf.is_empty() {
            self.end_leaf();
        }
        for &at in &self.numbers {
            let number = u64::from_le_bytes(self.bytes[at..at + 8].try_into().unwrap_or_default());
            self.bytes[at..at + 8].copy_from_slice(&(base + number).to_le_bytes());
        }
        for (_, number) in &mut self.leaves {
            *number += base;
        }
    }
}

/// Writes one LMDB file.
pub struct LmdbWriter<'a> {
    format: Format,
    file: &'a File,
    buffer: Vec<u8>,
    leaves: Vec<Child>,
    next_page: u64,
    overflow_pages: u64,
    entries: u64,
}

impl<'a> LmdbWriter<'a> {
    /// Begins at the start of an empty file.
    #[must_use]
    pub fn new(file: &'a File, format: Format) -> Self {
        // The two meta pages are written last: without them the file is no database.
        let buffer = vec![0; 2 * PAGE];
        Self { format, file, buffer, leaves: Vec::new(), next_page: 2, overflow_pages: 0, entries: 0 }
    }

    /// Writes the pages of a run of the same format, whose keys must all be greater than those before.
    ///
    /// # Errors
    /// Those of writing.
    pub fn append(&mut self, mut run: LeafRun) -> io::Result<()> {
        debug_assert!(run.format == self.format);
        run.settle(self.next_page);
        self.next_page += run.pages;
        self.overflow_pages += run.overflow_pages;
        self.entries += run.entries;
        self.leaves.append(&mut run.leaves);
        self.write_buffer()?;
        let mut file = self.file;
        file.write_all(&run.bytes)
    }

    fn allocate(&mut self, pages: u64) -> u64 {
        let number = self.next_page;
        self.next_page += pages;
        number
    }

    fn write_buffer(&mut self) -> io::Result<()> {
        let mut file = self.file;
        file.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }

    /// Writes the inner pages, and the meta pages that make the file a database.
    ///
    /// # Errors
    /// Those of writing.
    pub fn finish(mut self) -> io::Result<()> {
        let leaf_pages = self.leaves.len() as u64;
        let mut level = std::mem::take(&mut self.leaves);
        let mut depth = u16::from(!level.is_empty());
        let mut branch_pages = 0;
        while level.len() > 1 {
            level = self.add_branches(&level);
            branch_pages += level.len() as u64;
            depth += 1;
        }
        let root = level.first().map_or(NO_PAGE, |child| child.1);
        self.write_buffer()?;
        let last_page = self.next_page - 1;
        let mut main = Vec::with_capacity(48);
        main.extend_from_slice(&0_u32.to_le_bytes());
        main.extend_from_slice(&0_u16.to_le_bytes());
        main.extend_from_slice(&depth.to_le_bytes());
        for count in [branch_pages, leaf_pages, self.overflow_pages, self.entries, root] {
            main.extend_from_slice(&count.to_le_bytes());
        }
        let mut empty = vec![0; 40];
        empty.extend_from_slice(&NO_PAGE.to_le_bytes());
        // As after LMDB's first transaction: page 0 the empty database, page 1 the one in force.
        let mut metas = meta_page(self.format, 0, &empty, 1, self.next_page);
        metas.extend_from_slice(&meta_page(self.format, TRANSACTION, &main, last_page, self.next_page));
        self.file.write_all_at(&metas, 0)
    }

    /// Adds the pages above `children` and returns them.
    fn add_branches(&mut self, children: &[Child]) -> Vec<Child> {
        let mut parents = Vec::new();
        let mut at = 0;
        while at < children.len() {
            let mut count = fitting(self.format, &children[at..]);
            // LMDB wants two children on every inner page: the last but one leaves one to the last.
            if children.len() - at - count == 1 {
                count -= 1;
            }
            let mut page = Page::new(self.format);
            for (index, (key, number)) in children[at..at + count].iter().enumerate() {
                // The first key of an inner page is never compared; LMDB stores it empty.
                let key: &[u8] = if index == 0 { &[] } else { key };
                #[allow(clippy::cast_possible_truncation)] // The three words of a 48-bit page number.
                let head = [*number as u16, (*number >> 16) as u16, (*number >> 32) as u16];
                page.push(head, key, &[], even(NODE_HEADER + key.len()));
            }
            let number = self.allocate(1);
            page.seal(number, BRANCH);
            self.buffer.extend_from_slice(&page.bytes[..]);
            parents.push((children[at].0.clone(), number));
            at += count;
        }
        parents
    }
}

/// How many of these children one inner page holds. At least three: two keys are less than a page, and the first is
/// left out.
fn fitting(format: Format, children: &[Child]) -> usize {
    let mut room = PAGE - format.page_header();
    for (index, (key, _)) in children.iter().enumerate() {
        let key = if index == 0 { 0 } else { key.len() };
        let node = 2 + even(NODE_HEADER + key);
        if node > room {
            return index;
        }
        room -= node;
    }
    children.len()
}

fn even(size: usize) -> usize {
    (size + 1) & !1
}

/// What a transaction says last. Its number is that of the page too: there were no more than two.
fn meta_page(format: Format, transaction: u64, main: &[u8], last_page: u64, pages: u64) -> Vec<u8> {
    let mut map_size = MAP_SIZE;
    while map_size < pages * PAGE as u64 {
        map_size *= 2;
    }
    let size = format.page_header();
    let mut page = vec![0; PAGE];
    // Of the meta pages no transaction is told in the header.
    page[..size].copy_from_slice(&header(format, transaction, 0, META, 0)[..size]);
    let mut put = |at: usize, bytes: &[u8]| page[size + at..size + at + bytes.len()].copy_from_slice(bytes);
    put(0, &MAGIC.to_le_bytes());
    put(4, &format.data_version().to_le_bytes());
    put(META_MAP_SIZE, &map_size.to_le_bytes());
    #[allow(clippy::cast_possible_truncation)] // 4096
    put(META_FREE, &(PAGE as u32).to_le_bytes());
    put(META_FREE + 4, &FREE_FLAGS.to_le_bytes());
    put(META_FREE + 40, &NO_PAGE.to_le_bytes());
    put(META_MAIN, main);
    put(META_LAST_PAGE, &last_page.to_le_bytes());
    put(META_TXN, &transaction.to_le_bytes());
    page
}
