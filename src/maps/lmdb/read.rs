//! Reads an LMDB file page by page, trusting nothing: every number is checked before it is used.
//!
//! A damaged or truncated file gives a [`Damage`], never a signal, a panic or an endless loop. The file is read with
//! `pread`, not mapped, so that a file that shrinks meanwhile is an error too.
//!
//! The caller holds the lock that keeps writers out, and calls [`LmdbFile::refresh`] each time that it has taken it
//! anew. Or it holds none, and asks [`LmdbFile::is_as_read`] after each lookup whether what was read still counts.

use super::cache::PageCache;
use super::format::{BRANCH, Damage, Format, LEAF, NO_PAGE};
use super::meta::Meta;
use super::page::{NodePage, Value};
use super::page_set::PageSet;
use super::pages::{Pages, at_end};
use crate::base::threads;
use rayon::prelude::*;
use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::sync::atomic::AtomicBool;

/// Bytes read ahead when pages are asked for in order.
const WINDOW: usize = 1 << 18;
/// Inner pages kept for the next lookup; a million mail addresses need two hundred.
const KEPT_BRANCHES: usize = 1024;
/// Keys that one thread looks up at a time.
const PART: usize = 4096;
/// Leaf pages kept for the next lookup.
const KEPT_LEAVES: usize = 256;
/// The same where the file is read as it was when it was opened: 64 MiB of the pages that we write.
const KEPT_LEAVES_OF_SNAPSHOT: usize = 1 << 14;

/// An open LMDB file.
pub struct LmdbFile {
    file: File,
    meta: Meta,
    stamp: Stamp,
    branches: PageCache,
    leaves: PageCache,
    window: Vec<u8>,
    window_start: u64,
    /// Whether a lookup went to the file since it was last known to be as its meta page and stamp say.
    has_read: AtomicBool,
}

/// What tells a file that was written to from one that was not: seconds, nanoseconds, and length in bytes.
type Stamp = (i64, i64, u64);

fn stamp(file: &File) -> io::Result<Stamp> {
    let status = file.metadata()?;
    Ok((status.mtime(), status.mtime_nsec(), status.len()))
}

impl LmdbFile {
    /// Reads the meta pages and takes the newer one.
    ///
    /// # Errors
    /// When the file cannot be read, is no LMDB file, or is of a kind that Postfix does not make.
    pub fn open(file: File) -> Result<Self, Damage> {
        Ok(Self {
            stamp: stamp(&file)?,
            meta: Meta::read(&file)?,
            branches: PageCache::new(KEPT_BRANCHES),
            leaves: PageCache::new(KEPT_LEAVES),
            window: Vec::new(),
            window_start: 0,
            has_read: AtomicBool::new(false),
            file,
        })
    }

    /// Keeps so many pages that most lookups need not go to the file.
    pub fn keep_more(&mut self) {
        self.leaves = PageCache::new(KEPT_LEAVES_OF_SNAPSHOT);
    }

    /// Looks at the meta pages again and forgets what was read before, if there was a write since.
    ///
    /// # Errors
    /// As for [`LmdbFile::open`].
    pub fn refresh(&mut self) -> Result<(), Damage> {
        let (meta, stamp) = (Meta::read(&self.file)?, stamp(&self.file)?);
        if (meta, stamp) != (self.meta, self.stamp) {
            (self.meta, self.stamp) = (meta, stamp);
            self.forget();
        }
        *self.has_read.get_mut() = false;
        Ok(())
    }

    /// Whether what [`get`](Self::get) read, without a lock, was in force all the time: nobody has written to the file
    /// since it was opened or refreshed. Otherwise all that was read is forgotten, and the caller looks again, under a
    /// lock.
    pub fn is_as_read(&mut self) -> bool {
        // A writer changes a page before it says so in a meta page: what is looked at after the pages tells.
        let is_same = !*self.has_read.get_mut()
            || Meta::read(&self.file).is_ok_and(|meta| meta == self.meta)
                && stamp(&self.file).is_ok_and(|stamp| stamp == self.stamp);
        if !is_same {
            self.forget();
        }
        *self.has_read.get_mut() = false;
        is_same
    }

    fn forget(&mut self) {
        self.branches.clear();
        self.leaves.clear();
        self.window.clear();
    }

    /// How the file is laid out.
    #[must_use]
    pub fn format(&self) -> Format {
        self.meta.format
    }

    /// Number of entries, as the file says.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.meta.main.entries
    }

    /// The open file, for locks and its status.
    #[must_use]
    pub fn file(&self) -> &File {
        &self.file
    }

    pub(super) fn meta(&self) -> &Meta {
        &self.meta
    }

    /// The value of exactly this key.
    ///
    /// # Errors
    /// When the file is damaged on the way to the key, or cannot be read.
    pub fn get(&mut self, key: &[u8]) -> Result<Option<Vec<u8>>, Damage> {
        let pages = Pages { file: &self.file, meta: &self.meta, has_read: &self.has_read };
        match pages.leaf_for(key, &mut self.branches)? {
            Some(leaf) => pages.get(leaf, key, &mut self.leaves),
            None => Ok(None),
        }
    }

    /// The values of exactly these keys, in their order. Leaves are gone to in the order of the file; for many keys, on
    /// all cores.
    ///
    /// # Errors
    /// When the file is damaged on the way to a key, or cannot be read.
    pub fn get_all(&mut self, keys: &[&[u8]]) -> Result<Vec<Option<Vec<u8>>>, Damage> {
        let pages = Pages { file: &self.file, meta: &self.meta, has_read: &self.has_read };
        let mut values = vec![None; keys.len()];
        if keys.len() < 2 * PART {
            let mut places = pages.places(keys, 0, &mut self.branches)?;
            places.sort_unstable();
            for (leaf, index) in places {
                values[index] = pages.get(leaf, keys[index], &mut self.leaves)?;
            }
            return Ok(values);
        }
        threads::share_out();
        let parts = keys.par_chunks(PART).enumerate();
        let places = parts.map_init(
            || PageCache::new(KEPT_BRANCHES),
            |branches, (part, keys)| pages.places(keys, part * PART, branches),
        );
        let mut places = places.collect::<Result<Vec<_>, Damage>>()?.concat();
        places.par_sort_unstable();
        let found = places.par_chunks(PART).map_init(
            || PageCache::new(1),
            |leaf_page, places| {
                let get = |&(leaf, index): &(u64, usize)| Ok((index, pages.get(leaf, keys[index], leaf_page)?));
                places.iter().map(get).collect::<Result<Vec<_>, Damage>>()
            },
        );
        for (index, value) in found.collect::<Result<Vec<_>, Damage>>()?.into_iter().flatten() {
            values[index] = value;
        }
        Ok(values)
    }

    /// Visits every entry in key order, and proves on the way that lookups find each of them.
    ///
    /// # Errors
    /// When the file is damaged or cannot be read, or with what `visit` returns.
    pub fn walk<E: From<Damage>>(&mut self, mut visit: impl FnMut(&[u8], &[u8]) -> Result<(), E>) -> Result<(), E> {
        if self.meta.main.page == NO_PAGE {
            return Ok(());
        }
        // Each page has one parent, so no more pages than there are can be met; a loop would meet more.
        let mut budget = self.meta.last_page;
        // Long values have pages of their own too.
        let mut long_values = PageSet::default();
        // Children still to visit, level by level, in reverse; each with the key that a search goes by to get there.
        let mut pending: Vec<Vec<(u64, Vec<u8>)>> = vec![vec![(self.meta.main.page, Vec::new())]];
        let mut buffer = Vec::new();
        // Keys ascend, and stand where a search looks for them: else lookups would miss what is listed here.
        let (mut bound, mut may_equal) = (Vec::new(), true);
        while let Some(level) = pending.last_mut() {
            let Some((number, from)) = level.pop() else {
                pending.pop();
                continue;
            };
            budget = budget.checked_sub(1).ok_or(Damage::Page(number, "the tree runs in a circle"))?;
            let disorder = || Damage::Page(number, "its keys are out of order");
            if !from.is_empty() {
                if from <= bound {
                    return Err(disorder().into());
                }
                (bound, may_equal) = (from, true);
            }
            if pending.len() < usize::from(self.meta.main.depth) {
                let page = self.node_page(number, BRANCH)?;
                let mut children = Vec::with_capacity(page.count);
                for index in (0..page.count).rev() {
                    // The first key of an inner page is never looked at.
                    let from = if index == 0 { Vec::new() } else { page.key(index)?.to_vec() };
                    children.push((page.child(index)?, from));
                }
                pending.push(children);
                continue;
            }
            buffer.clear();
            buffer.extend_from_slice(self.page(number)?);
            let page = NodePage::check(&buffer, self.meta.format, number, LEAF)?;
            let mut last: &[u8] = &bound;
            for index in 0..page.count {
                let (key, value) = page.entry(index)?;
                if key < last || key == last && !may_equal {
                    return Err(disorder().into());
                }
                (last, may_equal) = (key, false);
                match value {
                    Value::Here(bytes) => visit(key, bytes)?,
                    Value::Away { page, length, .. } => {
                        let pages = self.check_overflow(page, length)?;
                        let shared = |page| Damage::Page(page, "values share their pages");
                        long_values.put(page, page + pages).map_err(shared)?;
                        let bytes = self.overflow(page, length)?;
                        visit(key, &bytes)?;
                    }
                }
            }
            bound = last.to_vec();
        }
        Ok(())
    }

    fn node_page(&mut self, number: u64, flags: u16) -> Result<NodePage<'_>, Damage> {
        let format = self.meta.format;
        NodePage::check(self.page(number)?, format, number, flags)
    }

    /// The bytes of a page, from the window of pages read last.
    pub(super) fn page(&mut self, number: u64) -> Result<&[u8], Damage> {
        self.meta.check_there(number, 1)?;
        let held = (self.window.len() / self.meta.page_size) as u64;
        if number < self.window_start || number >= self.window_start + held {
            let in_order = held > 0 && number == self.window_start + held;
            let wanted = if in_order { (WINDOW / self.meta.page_size) as u64 } else { 1 };
            let pages = wanted.min(self.meta.pages - number);
            // At most WINDOW bytes.
            let size = usize::try_from(pages).map_or(self.meta.page_size, |pages| pages * self.meta.page_size);
            self.window.resize(size, 0);
            self.window_start = number;
            let offset = number * self.meta.page_size as u64;
            if let Err(error) = self.file.read_exact_at(&mut self.window, offset) {
                self.window.clear();
                return Err(at_end(error, "the file ends before its last page"));
            }
        }
        // Below WINDOW, so it fits.
        let start = usize::try_from(number - self.window_start).unwrap_or(0) * self.meta.page_size;
        Ok(&self.window[start..start + self.meta.page_size])
    }

    /// A value that stands on pages of its own.
    pub(super) fn overflow(&self, number: u64, length: usize) -> Result<Vec<u8>, Damage> {
        Pages { file: &self.file, meta: &self.meta, has_read: &self.has_read }.overflow(number, length)
    }

    /// The number of pages that are set aside for the value of this length that begins there; it may need fewer.
    pub(super) fn check_overflow(&self, number: u64, length: usize) -> Result<u64, Damage> {
        Pages { file: &self.file, meta: &self.meta, has_read: &self.has_read }.check_overflow(number, length)
    }
}

#[cfg(test)]
mod tests {
    use super::super::page::u16_at;
    use super::super::write::{LeafRun, LmdbWriter};
    use super::*;

    type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

    fn written(pairs: &Pairs, format: Format) -> File {
        let file = tempfile::tempfile().expect("scratch file");
        let mut writer = LmdbWriter::new(&file, format);
        for part in pairs.chunks(1000) {
            let mut run = LeafRun::new(format);
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
        let short: &[usize] = &[0, 1, 2, 100, 101, 5000, 40000];
        for (format, width, counts) in [
            (Format::V0_9, 8, short),
            (Format::V1_0, 7, short),
            (Format::V1_0, 8, short),
            (Format::V0_9, 511, &[1, 6, 7, 8, 50, 57, 400]),
            (Format::V1_0, 1978, &[1, 2, 3, 4, 6, 7, 8, 9, 10, 50]),
            (Format::V1_0, 1977, &[4, 400]),
        ] {
            for &count in counts {
                let pairs: Pairs = (0..count)
                    .map(|n: usize| (format!("{n:0width$}").into_bytes(), vec![b'v'; (n * 37) % 5000 / (1 + n % 7)]))
                    .collect();
                let mut file = LmdbFile::open(written(&pairs, format)).expect("sound");
                file.verify().expect("sound");
                assert_eq!((file.format(), file.entries()), (format, count as u64));
                assert_eq!(walked(&mut file).expect("sound"), pairs, "{width} {count}");
                for (key, value) in pairs.iter().step_by(1 + count / 50) {
                    assert_eq!(file.get(key).expect("sound").as_ref(), Some(value));
                }
                let mut keys: Vec<&[u8]> = pairs.iter().rev().map(|(key, _)| key.as_slice()).collect();
                keys.push(b"/");
                let values: Vec<_> = pairs.iter().rev().map(|(_, value)| Some(value.clone())).chain([None]).collect();
                assert!(file.get_all(&keys).expect("sound") == values, "{width} {count}");
                assert_eq!(file.get(b"/").expect("sound"), None);
                assert_eq!(file.get(b"x").expect("sound"), None);
            }
        }
    }

    #[test]
    fn long_values_go_to_pages_of_their_own() {
        let lengths = [2016, 2017, 2018, 2019, 2020, 2021, 2023, 2024, 2030, 2031, 4072, 4073, 4080, 4081, 100_000];
        let pairs: Pairs = lengths.iter().map(|&n| (format!("{n:07}").into_bytes(), vec![b'x'; n])).collect();
        for format in Format::ALL {
            let mut file = LmdbFile::open(written(&pairs, format)).expect("sound");
            file.verify().expect("sound");
            assert_eq!(walked(&mut file).expect("sound"), pairs);
        }
    }

    /// A file that claims to hold 256 MiB in a hole.
    #[test]
    fn a_value_in_a_hole_is_not_read() {
        let file = written(&vec![(b"key".to_vec(), vec![b'v'; 5000])], Format::V0_9);
        let mut bytes = [0; 4096];
        let put = |at: u64, new: &[u8]| file.write_all_at(new, at).expect("scratch space");
        // Pages 2 and 3 hold the value, page 4 the entry, at the end of its page, and page 1 tells the last page.
        put(2 * 4096 + 12, &0x10001_u32.to_le_bytes());
        put(4096 + (16 + super::super::format::META_LAST_PAGE) as u64, &0x20000_u64.to_le_bytes());
        file.read_exact_at(&mut bytes, 4 * 4096).expect("a page");
        let node = u64::from(u16_at(&bytes, 16));
        // The leaf stands behind the value now.
        put(4 * 4096 + node, &0x1000_0000_u32.to_le_bytes()[..2]);
        put(4 * 4096 + node + 2, &0x1000_u16.to_le_bytes());
        file.set_len(0x20001 * 4096).expect("a hole");
        let mut opened = LmdbFile::open(file).expect("sound metas");
        let told = "damaged LMDB file: page 2: a value of more than 64 MiB";
        assert_eq!(opened.get(b"key").expect_err("not read").to_string(), told);
        assert_eq!(walked(&mut opened).expect_err("not read").to_string(), told);
    }

    #[test]
    fn a_truncated_file_is_an_error() {
        let pairs: Pairs = (0..500).map(|n| (format!("{n:04}").into_bytes(), vec![b'v'; 40])).collect();
        for format in Format::ALL {
            let file = written(&pairs, format);
            let length = file.metadata().expect("status").len();
            for cut in (0..length).step_by(997) {
                file.set_len(cut).expect("truncate");
                let copy = file.try_clone().expect("descriptor");
                let outcome = LmdbFile::open(copy).and_then(|mut opened| walked(&mut opened));
                assert!(outcome.is_err(), "cut at {cut}");
            }
        }
    }

    /// A key in an inner page that sends a search elsewhere than to its entries.
    #[test]
    fn an_entry_that_a_search_misses_is_an_error() {
        let pairs: Pairs =
            (0..500).map(|n| (format!("{n:04}{}", "k".repeat(200)).into_bytes(), vec![b'v'; 40])).collect();
        let file = written(&pairs, Format::V0_9);
        let mut inner = 0;
        for number in 2..file.metadata().expect("status").len() / 4096 {
            let mut bytes = [0; 4096];
            file.read_exact_at(&mut bytes, number * 4096).expect("a page");
            let Ok(page) = NodePage::check(&bytes, Format::V0_9, number, BRANCH) else { continue };
            for index in 1..page.count {
                let at = page.key(index).map(|key| key.as_ptr() as usize - bytes.as_ptr() as usize).expect("in bounds")
                    as u64;
                for byte in [b'9' + 1, b'/'] {
                    file.write_all_at(&[byte], number * 4096 + at).expect("scratch space");
                    let mut opened = LmdbFile::open(file.try_clone().expect("descriptor")).expect("sound metas");
                    assert!(walked(&mut opened).is_err(), "key {index} of page {number}");
                }
                file.write_all_at(&bytes, number * 4096).expect("scratch space");
            }
            inner += 1;
        }
        assert!(inner > 2);
        assert_eq!(walked(&mut LmdbFile::open(file).expect("sound")).expect("sound"), pairs);
    }
}
