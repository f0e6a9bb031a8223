//! Reads an LMDB file page by page, trusting nothing: every number is checked before it is used.
//!
//! A damaged or truncated file gives a [`Damage`], never a signal, a panic or an endless loop. The file is read with `pread`,
//! not mapped, so that a file that shrinks meanwhile is an error too.
//!
//! The caller holds the lock that keeps writers out.

use super::format::{
    BIG_DATA, BRANCH, Damage, LEAF, MAGIC, MAX_DEPTH, META_FREE, META_LAST_PAGE, META_MAIN, META_SIZE, META_TXN,
    NO_PAGE, NODE_HEADER, OVERFLOW, PAGE_HEADER, VERSION,
};
use std::cmp::Ordering;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Bytes read ahead when pages are asked for in order.
const WINDOW: usize = 1 << 18;

/// An open LMDB file.
pub struct LmdbFile {
    file: File,
    page_size: usize,
    last_page: u64,
    root: u64,
    depth: u16,
    entries: u64,
    window: Vec<u8>,
    window_start: u64,
}

impl LmdbFile {
    /// Reads the meta pages and takes the newer one.
    ///
    /// # Errors
    /// When the file cannot be read, is no LMDB file, or is of a kind that Postfix does not make.
    pub fn open(file: File) -> Result<Self, Damage> {
        let length = file.metadata()?.len();
        let mut head = [0_u8; META_SIZE];
        read_exact(&file, &mut head, 0).map_err(|error| at_end(error, "it is too short"))?;
        if u32_at(&head, PAGE_HEADER) != MAGIC {
            return Err(Damage::Foreign("it does not begin as one"));
        }
        if u32_at(&head, PAGE_HEADER + 4) != VERSION {
            return Err(Damage::Foreign("it has another format version"));
        }
        let page_size = u32_at(&head, META_FREE) as usize;
        if !page_size.is_power_of_two() || !(512..=32768).contains(&page_size) {
            return Err(Damage::Page(0, "impossible page size"));
        }
        let mut second = [0_u8; META_SIZE];
        read_exact(&file, &mut second, page_size as u64).map_err(|error| at_end(error, "it is too short"))?;
        if u32_at(&second, PAGE_HEADER) != MAGIC || u32_at(&second, PAGE_HEADER + 4) != VERSION {
            return Err(Damage::Page(1, "not a meta page"));
        }
        let meta = if u64_at(&head, META_TXN) >= u64_at(&second, META_TXN) { &head } else { &second };
        let main = &meta[META_MAIN..META_MAIN + 48];
        let opened = Self {
            page_size,
            last_page: u64_at(meta, META_LAST_PAGE),
            root: u64_at(main, 40),
            depth: u16_at(main, 6),
            entries: u64_at(main, 32),
            window: Vec::new(),
            window_start: 0,
            file,
        };
        if u16_at(main, 4) != 0 {
            return Err(Damage::Foreign("its entries are sorted or repeated in a way that Postfix does not use"));
        }
        if opened.last_page < 1 || opened.last_page >= length / page_size as u64 {
            return Err(Damage::Page(opened.last_page, "the file ends before it"));
        }
        if opened.depth > MAX_DEPTH || (opened.root == NO_PAGE) != (opened.depth == 0) {
            return Err(Damage::Page(opened.root, "impossible depth of the tree"));
        }
        Ok(opened)
    }

    /// Number of entries, as the file says.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// The open file, for locks and its status.
    #[must_use]
    pub fn file(&self) -> &File {
        &self.file
    }

    /// The value of exactly this key.
    ///
    /// # Errors
    /// When the file is damaged on the way to the key, or cannot be read.
    pub fn get(&mut self, key: &[u8]) -> Result<Option<Vec<u8>>, Damage> {
        if self.root == NO_PAGE {
            return Ok(None);
        }
        let mut number = self.root;
        for _ in 1..self.depth {
            let page = self.node_page(number, BRANCH)?;
            number = page.child_for(key)?;
        }
        let page = self.node_page(number, LEAF)?;
        let Some(index) = page.find(key)? else { return Ok(None) };
        match page.entry(index)?.1 {
            Value::Here(bytes) => Ok(Some(bytes.to_vec())),
            Value::Away { page, length } => self.overflow(page, length).map(Some),
        }
    }

    /// Visits every entry in key order.
    ///
    /// # Errors
    /// When the file is damaged or cannot be read, or with what `visit` returns.
    pub fn walk<E: From<Damage>>(&mut self, mut visit: impl FnMut(&[u8], &[u8]) -> Result<(), E>) -> Result<(), E> {
        if self.root == NO_PAGE {
            return Ok(());
        }
        // Each page has one parent, so no more pages than there are can be met; a loop would meet more.
        let mut budget = self.last_page;
        // Children still to visit, level by level: (remaining children, in reverse).
        let mut pending: Vec<Vec<u64>> = vec![vec![self.root]];
        let mut buffer = Vec::new();
        while let Some(level) = pending.last_mut() {
            let Some(number) = level.pop() else {
                pending.pop();
                continue;
            };
            budget = budget.checked_sub(1).ok_or(Damage::Page(number, "the tree runs in a circle"))?;
            if pending.len() < usize::from(self.depth) {
                let page = self.node_page(number, BRANCH)?;
                let mut children = Vec::with_capacity(page.count);
                for index in (0..page.count).rev() {
                    children.push(page.child(index)?);
                }
                pending.push(children);
                continue;
            }
            buffer.clear();
            buffer.extend_from_slice(self.page(number)?);
            let page = NodePage::check(&buffer, number, LEAF)?;
            for index in 0..page.count {
                let (key, value) = page.entry(index)?;
                match value {
                    Value::Here(bytes) => visit(key, bytes)?,
                    Value::Away { page, length } => {
                        let bytes = self.overflow(page, length)?;
                        visit(key, &bytes)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn node_page(&mut self, number: u64, flags: u16) -> Result<NodePage<'_>, Damage> {
        NodePage::check(self.page(number)?, number, flags)
    }

    /// The bytes of a page, from the window of pages read last.
    fn page(&mut self, number: u64) -> Result<&[u8], Damage> {
        if number < 2 || number > self.last_page {
            return Err(Damage::Page(number, "no such page"));
        }
        let held = (self.window.len() / self.page_size) as u64;
        if number < self.window_start || number >= self.window_start + held {
            let in_order = held > 0 && number == self.window_start + held;
            let wanted = if in_order { (WINDOW / self.page_size) as u64 } else { 1 };
            let pages = wanted.min(self.last_page - number + 1);
            // At most WINDOW bytes.
            let size = usize::try_from(pages).map_or(self.page_size, |pages| pages * self.page_size);
            self.window.resize(size, 0);
            self.window_start = number;
            let offset = number * self.page_size as u64;
            if let Err(error) = read_exact(&self.file, &mut self.window, offset) {
                self.window.clear();
                return Err(at_end(error, "the file ends before its last page"));
            }
        }
        // Below WINDOW, so it fits.
        let start = usize::try_from(number - self.window_start).unwrap_or(0) * self.page_size;
        Ok(&self.window[start..start + self.page_size])
    }

    /// A value that stands on pages of its own.
    fn overflow(&mut self, number: u64, length: usize) -> Result<Vec<u8>, Damage> {
        let pages = ((PAGE_HEADER - 1 + length) / self.page_size + 1) as u64;
        if number < 2 || number > self.last_page || pages > self.last_page - number + 1 {
            return Err(Damage::Page(number, "a value reaches past the end of the file"));
        }
        let offset = number * self.page_size as u64;
        let mut header = [0; PAGE_HEADER];
        read_exact(&self.file, &mut header, offset)?;
        if u64_at(&header, 0) != number || u16_at(&header, 10) != OVERFLOW || u64::from(u32_at(&header, 12)) < pages {
            return Err(Damage::Page(number, "not the pages of a long value"));
        }
        let mut value = vec![0; length];
        read_exact(&self.file, &mut value, offset + PAGE_HEADER as u64)?;
        Ok(value)
    }
}

/// A value on its page, or where else it is.
enum Value<'a> {
    Here(&'a [u8]),
    Away { page: u64, length: usize },
}

/// A branch or leaf page whose header makes sense.
struct NodePage<'a> {
    bytes: &'a [u8],
    number: u64,
    count: usize,
    upper: usize,
}

impl<'a> NodePage<'a> {
    fn check(bytes: &'a [u8], number: u64, flags: u16) -> Result<Self, Damage> {
        let damaged = |what| Err(Damage::Page(number, what));
        if u64_at(bytes, 0) != number {
            return damaged("it carries another number");
        }
        if u16_at(bytes, 10) != flags {
            return damaged("it is of another kind than its place in the tree says");
        }
        let (lower, upper) = (usize::from(u16_at(bytes, 12)), usize::from(u16_at(bytes, 14)));
        if lower < PAGE_HEADER || lower > upper || upper > bytes.len() || lower % 2 != 0 {
            return damaged("impossible bounds");
        }
        let count = (lower - PAGE_HEADER) / 2;
        if count == 0 || (flags == BRANCH && count < 2) {
            return damaged("too few entries");
        }
        Ok(Self { bytes, number, count, upper })
    }

    /// Offset of a node, its key in bounds.
    fn node(&self, index: usize) -> Result<(usize, &'a [u8]), Damage> {
        let at = usize::from(u16_at(self.bytes, PAGE_HEADER + 2 * index));
        let bad = Damage::Page(self.number, "an entry lies outside");
        if at < self.upper || at + NODE_HEADER > self.bytes.len() {
            return Err(bad);
        }
        let key_end = at + NODE_HEADER + usize::from(u16_at(self.bytes, at + 6));
        if key_end > self.bytes.len() {
            return Err(bad);
        }
        Ok((at, &self.bytes[at + NODE_HEADER..key_end]))
    }

    fn child(&self, index: usize) -> Result<u64, Damage> {
        let (at, _) = self.node(index)?;
        let word = |offset| u64::from(u16_at(self.bytes, at + offset));
        Ok(word(0) | word(2) << 16 | word(4) << 32)
    }

    /// The child in which `key` stands, if it stands anywhere.
    fn child_for(&self, key: &[u8]) -> Result<u64, Damage> {
        // The first key counts as smaller than all.
        let (mut low, mut high) = (1, self.count);
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.node(middle)?.1 <= key { low = middle + 1 } else { high = middle }
        }
        self.child(low - 1)
    }

    /// The index of exactly this key.
    fn find(&self, key: &[u8]) -> Result<Option<usize>, Damage> {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = usize::midpoint(low, high);
            match self.node(middle)?.1.cmp(key) {
                Ordering::Equal => return Ok(Some(middle)),
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
            }
        }
        Ok(None)
    }

    fn entry(&self, index: usize) -> Result<(&'a [u8], Value<'a>), Damage> {
        let (at, key) = self.node(index)?;
        let length = usize::from(u16_at(self.bytes, at)) | usize::from(u16_at(self.bytes, at + 2)) << 16;
        let start = at + NODE_HEADER + key.len();
        let outside = || Damage::Page(self.number, "a value lies outside");
        match u16_at(self.bytes, at + 4) {
            0 => Ok((key, Value::Here(self.bytes.get(start..start + length).ok_or_else(outside)?))),
            BIG_DATA => {
                let page = self.bytes.get(start..start + 8).ok_or_else(outside)?;
                Ok((key, Value::Away { page: u64_at(page, 0), length }))
            }
            _ => Err(Damage::Page(self.number, "an entry of a kind that Postfix does not use")),
        }
    }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

fn read_exact(file: &File, buffer: &mut [u8], offset: u64) -> Result<(), io::Error> {
    file.read_exact_at(buffer, offset)
}

fn at_end(error: io::Error, what: &'static str) -> Damage {
    if error.kind() == io::ErrorKind::UnexpectedEof { Damage::Foreign(what) } else { Damage::Io(error) }
}

#[cfg(test)]
mod tests {
    use super::super::write::{LeafRun, LmdbWriter};
    use super::*;

    type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

    fn written(pairs: &Pairs) -> File {
        let file = tempfile::tempfile().expect("scratch file");
        let mut writer = LmdbWriter::new(&file);
        for part in pairs.chunks(1000) {
            let mut run = LeafRun::new();
            for (key, value) in part {
                run.push(key, value).expect("entries fit");
            }
            writer.append(run).expect("scratch space");
        }
        writer.finish().expect("scratch space");
        file
    }

    fn walked(file: &mut LmdbFile) -> Result<Pairs, Damage> {
        let mut pairs = Pairs::new();
        file.walk(|key, value| {
            pairs.push((key.to_vec(), value.to_vec()));
            Ok::<(), Damage>(())
        })?;
        Ok(pairs)
    }

    /// Numbers of entries around the sizes where leaves and inner pages begin, with short and with longest keys.
    #[test]
    fn what_was_written_is_read() {
        for (width, counts) in [(8_usize, vec![0, 1, 2, 100, 101, 5000, 40000]), (511, vec![1, 6, 7, 8, 50, 57, 400])] {
            for count in counts {
                let pairs: Pairs = (0..count)
                    .map(|n: usize| (format!("{n:0width$}").into_bytes(), vec![b'v'; (n * 37) % 5000 / (1 + n % 7)]))
                    .collect();
                let mut file = LmdbFile::open(written(&pairs)).expect("sound");
                assert_eq!(file.entries(), count as u64);
                assert_eq!(walked(&mut file).expect("sound"), pairs, "{width} {count}");
                for (key, value) in pairs.iter().step_by(1 + count / 50) {
                    assert_eq!(file.get(key).expect("sound").as_ref(), Some(value));
                }
                assert_eq!(file.get(b"/").expect("sound"), None);
                assert_eq!(file.get(b"x").expect("sound"), None);
            }
        }
    }

    #[test]
    fn long_values_go_to_pages_of_their_own() {
        let lengths = [2020, 2021, 2030, 2031, 4080, 4081, 100_000];
        let pairs: Pairs = lengths.iter().map(|&n| (format!("{n:07}").into_bytes(), vec![b'x'; n])).collect();
        let mut file = LmdbFile::open(written(&pairs)).expect("sound");
        assert_eq!(walked(&mut file).expect("sound"), pairs);
    }

    #[test]
    fn a_truncated_file_is_an_error() {
        let pairs: Pairs = (0..500).map(|n| (format!("{n:04}").into_bytes(), vec![b'v'; 40])).collect();
        let file = written(&pairs);
        let length = file.metadata().expect("status").len();
        for cut in (0..length).step_by(997) {
            file.set_len(cut).expect("truncate");
            let copy = file.try_clone().expect("descriptor");
            let outcome = LmdbFile::open(copy).and_then(|mut opened| walked(&mut opened));
            assert!(outcome.is_err(), "cut at {cut}");
        }
    }
}
