//! Proves that a file can be handed to the C library, which trusts every number in it.
//!
//! Both trees, that of the entries and that of the free pages, are walked whole: each page is met once and is of the
//! kind that its place asks for, entries fill it without gap or overlap and are no larger than LMDB makes them (it
//! counts on room for two on each page), keys ascend and stay between those of the page above, long values stand on
//! pages of their own, and pages listed as free, by a transaction that was, are used by nothing else.

use super::format::{BRANCH, Damage, FREE_FLAGS, INTEGER_KEYS, LEAF, NEVER_WAS, NO_PAGE};
use super::meta::TreeRoot;
use super::page::{NodePage, Value, u64_at};
use super::page_set::PageSet;
use super::read::LmdbFile;
use std::os::unix::fs::FileExt;

/// Bytes of a list of free pages that are read at a time.
const PART: usize = 1 << 13;

impl LmdbFile {
    /// Walks everything that the file says and compares it with itself.
    ///
    /// # Errors
    /// The first contradiction.
    pub fn verify(&mut self) -> Result<(), Damage> {
        let meta = *self.meta();
        // Other flags would have the library map the file at an address of its choice.
        if meta.free.flags & !FREE_FLAGS != 0 || meta.free.flags & INTEGER_KEYS == 0 {
            return Err(Damage::Foreign("its flags are none that Postfix uses"));
        }
        meta.check_writable()?;
        let mut check = Check { file: self, met: PageSet::default() };
        check.meet(0, 2)?;
        let longest = meta.format.max_key(meta.page_size);
        check.tree(meta.main, KeyOrder::Bytes { longest })?;
        check.tree(meta.free, KeyOrder::Transactions { last: meta.transaction })?;
        if meta.pages <= meta.last_page && !check.met.holds(meta.pages, meta.last_page + 1) {
            return Err(Damage::Page(meta.pages, "the file ends before it, and it is not free"));
        }
        Ok(())
    }
}

/// How keys are sorted.
#[derive(Clone, Copy)]
enum KeyOrder {
    /// By bytes: the entries.
    Bytes { longest: usize },
    /// As numbers of the machine: transactions, from 1 to the last one, in the tree of free pages.
    Transactions { last: u64 },
}

impl KeyOrder {
    /// A form of the key that compares by bytes.
    fn comparable(self, key: &[u8], page: u64) -> Result<Vec<u8>, Damage> {
        match self {
            Self::Bytes { longest } if key.is_empty() || key.len() > longest => {
                Err(Damage::Page(page, "impossible length of a key"))
            }
            Self::Bytes { .. } => Ok(key.to_vec()),
            Self::Transactions { .. } if key.len() != 8 => Err(Damage::Page(page, "impossible length of a key")),
            Self::Transactions { last } => match u64_at(key, 0) {
                number if (1..=last).contains(&number) => Ok(number.to_be_bytes().to_vec()),
                _ => Err(Damage::Page(page, "it lists what a transaction freed that never was")),
            },
        }
    }
}

impl KeyOrder {
    /// Whether there are keys of this length.
    fn may_be(self, key: &[u8]) -> bool {
        match self {
            Self::Bytes { longest } => key.len() <= longest,
            Self::Transactions { .. } => key.len() <= 8,
        }
    }
}

struct Check<'a> {
    file: &'a mut LmdbFile,
    /// The pages that something uses.
    met: PageSet,
}

/// A page still to be looked at.
struct Pending {
    page: u64,
    /// Levels from the top, 1 for the top page.
    level: u16,
    /// No key may be smaller.
    from: Option<Vec<u8>>,
    /// All keys must be smaller.
    below: Option<Vec<u8>>,
}

impl Check<'_> {
    /// Notes that `count` pages from `first` on are used.
    fn meet(&mut self, first: u64, count: u64) -> Result<(), Damage> {
        let end = first.checked_add(count).filter(|&end| end <= self.file.meta().last_page + 1);
        let Some(end) = end else { return Err(Damage::Page(first, "no such page")) };
        self.met.put(first, end).map_err(|page| Damage::Page(page, "two things use it"))
    }

    fn tree(&mut self, root: TreeRoot, order: KeyOrder) -> Result<(), Damage> {
        if root.page == NO_PAGE {
            return Ok(());
        }
        let mut entries = 0;
        let mut pending = vec![Pending { page: root.page, level: 1, from: None, below: None }];
        let mut bytes = Vec::new();
        while let Some(next) = pending.pop() {
            self.meet(next.page, 1)?;
            bytes.clear();
            bytes.extend_from_slice(self.file.page(next.page)?);
            let kind = if next.level < root.depth { BRANCH } else { LEAF };
            let page = NodePage::check(&bytes, self.file.meta().format, next.page, kind)?;
            page.check_room()?;
            if page.transaction().is_some_and(|transaction| transaction > self.file.meta().transaction) {
                return Err(page.damaged(NEVER_WAS));
            }
            if next.level < root.depth {
                let first = pending.len();
                branch(&page, &next, order, &mut pending)?;
                // The first child is looked at first: pages mostly stand in that order.
                pending[first..].reverse();
            } else {
                entries += page.count as u64;
                self.leaf(&page, &next, order)?;
            }
        }
        if entries != root.entries {
            return Err(Damage::Page(root.page, "another number of entries than the file says"));
        }
        Ok(())
    }

    fn leaf(&mut self, page: &NodePage<'_>, place: &Pending, order: KeyOrder) -> Result<(), Damage> {
        let mut last: Option<Vec<u8>> = None;
        for index in 0..page.count {
            let (key, value) = page.entry(index)?;
            let key = order.comparable(key, place.page)?;
            check_order(&key, last.as_deref(), place)?;
            last = Some(key);
            if let Value::Away { page, length, pages: told } = value {
                let pages = self.file.check_overflow(page, length)?;
                if told.is_some_and(|told| told != pages) {
                    return Err(Damage::Page(page, "another number of pages than its entry says"));
                }
                self.meet(page, pages)?;
            }
            if matches!(order, KeyOrder::Transactions { .. }) {
                self.free_pages(&value, place.page)?;
            }
        }
        Ok(())
    }

    /// A list of free pages: how many, then their numbers, descending; room behind them means nothing.
    fn free_pages(&mut self, list: &Value<'_>, page: u64) -> Result<(), Damage> {
        let bad = || Damage::Page(page, "an impossible list of free pages");
        let length = list.len();
        if length == 0 || !length.is_multiple_of(8) {
            return Err(bad());
        }
        let mut part = [0; PART];
        let mut left = None;
        let mut last = u64::MAX;
        for at in (0..length).step_by(PART) {
            let part = &mut part[..PART.min(length - at)];
            match *list {
                Value::Here(bytes) => part.copy_from_slice(&bytes[at..at + part.len()]),
                Value::Away { page, .. } => {
                    let start =
                        page * self.file.meta().page_size as u64 + (self.file.meta().format.page_header() + at) as u64;
                    self.file.file().read_exact_at(part, start)?;
                }
            }
            for number in part.chunks_exact(8).map(|number| u64_at(number, 0)) {
                match &mut left {
                    // The first number is how many follow.
                    None if number > (length / 8 - 1) as u64 => return Err(bad()),
                    None => left = Some(number),
                    Some(0) => return Ok(()),
                    Some(_) if number >= last => return Err(bad()),
                    Some(left) => {
                        self.meet(number, 1)?;
                        (*left, last) = (*left - 1, number);
                    }
                }
            }
        }
        Ok(())
    }
}

/// Adds the children of an inner page to `pending`, in order.
fn branch(page: &NodePage<'_>, place: &Pending, order: KeyOrder, pending: &mut Vec<Pending>) -> Result<(), Damage> {
    let mut last: Option<Vec<u8>> = None;
    for index in 0..page.count {
        let child = page.child(index)?;
        // The first key of an inner page counts as smaller than all; what it is does not matter.
        let from = match page.key(index)? {
            key if index == 0 && order.may_be(key) => place.from.clone(),
            key => Some(order.comparable(key, place.page)?),
        };
        if index > 0
            && let Some(key) = &from
        {
            check_order(key, last.as_deref(), place)?;
            if let Some(before) = pending.last_mut() {
                before.below = Some(key.clone());
            }
            last = Some(key.clone());
        }
        pending.push(Pending { page: child, level: place.level + 1, from, below: place.below.clone() });
    }
    Ok(())
}

fn check_order(key: &[u8], last: Option<&[u8]>, place: &Pending) -> Result<(), Damage> {
    let ascends = last.is_none_or(|last| last < key);
    let inside =
        place.from.as_deref().is_none_or(|from| from <= key) && place.below.as_deref().is_none_or(|below| key < below);
    if ascends && inside { Ok(()) } else { Err(Damage::Page(place.page, "its keys are out of order")) }
}

impl NodePage<'_> {
    /// Entries must fill the page from where they begin to its end, each no larger than LMDB makes them: the library
    /// moves them about by their sizes, and counts on it that a full page has two at least.
    fn check_room(&self) -> Result<(), Damage> {
        let mut nodes = (0..self.count).map(|index| self.extent(index)).collect::<Result<Vec<_>, _>>()?;
        nodes.sort_unstable();
        let mut next = self.upper;
        for (start, end) in nodes {
            if start != next || start % 2 != 0 {
                return Err(self.damaged("its entries overlap or leave gaps"));
            }
            if end - start > self.max_node() {
                return Err(self.damaged("an entry is larger than half of it"));
            }
            next = end;
        }
        if next == self.size() { Ok(()) } else { Err(self.damaged("its entries end too early")) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::anew::write_anew;
    use super::super::format::{self, Format, PAGE};
    use super::super::update::update;
    use super::super::write::LmdbWriter;
    use super::*;
    use std::fs::File;

    // In a file of LMDB 0.9, from the start of the page.
    const PAGE_HEADER: usize = Format::V0_9.page_header();
    const META_FREE: usize = PAGE_HEADER + format::META_FREE;
    const META_LAST_PAGE: usize = PAGE_HEADER + format::META_LAST_PAGE;
    const META_MAP_SIZE: usize = PAGE_HEADER + format::META_MAP_SIZE;
    const META_TXN: usize = PAGE_HEADER + format::META_TXN;

    /// A file that three transactions changed, with a long value and free pages; the third left page 1 in force.
    fn changed() -> (tempfile::NamedTempFile, Vec<u8>) {
        let file = tempfile::NamedTempFile::new().expect("scratch file");
        LmdbWriter::new(file.as_file(), Format::V0_9).finish().expect("scratch space");
        for round in [40, 41] {
            update(file.path(), 1, None, |update| {
                (0..300)
                    .try_for_each(|n| update.put(format!("key{n}").as_bytes(), &vec![b'v'; round], true).map(drop))?;
                update.put(b"long", &vec![b'x'; 200 * round], true).map(drop)
            })
            .expect("updated");
        }
        let bytes = std::fs::read(file.path()).expect("readable");
        assert_eq!(u64_at(&bytes, PAGE + META_TXN), 3);
        (file, bytes)
    }

    fn outcome(file: &tempfile::NamedTempFile, bytes: &[u8]) -> String {
        std::fs::write(file.path(), bytes).expect("scratch space");
        let open = LmdbFile::open(File::open(file.path()).expect("there"));
        open.and_then(|mut file| file.verify()).map_or_else(|damage| damage.to_string(), |()| "sound".to_string())
    }

    /// What the library would read otherwise than we do, or go on from to where nobody can read.
    #[test]
    fn meta_pages_that_the_library_reads_otherwise() {
        let (file, sound) = changed();
        assert_eq!(outcome(&file, &sound), "sound");
        let transaction = PAGE + META_TXN;
        let cases: &[(usize, &[u8], &str)] = &[
            (PAGE + META_FREE, &8192_u32.to_le_bytes(), "page 1: it tells another page size than page 0"),
            (META_FREE, &8192_u32.to_le_bytes(), "page 1: not a meta page"),
            (10, &[0], "page 0: not a meta page"),
            (PAGE + 10, &[2], "page 1: not a meta page"),
            (transaction, &[4], "page 1: it stands where the next transaction would be written"),
            (transaction, &[0xff; 8], "page 1: no number is left for another transaction"),
            (PAGE + META_MAP_SIZE, &[0xff; 8], "page 1: impossible room for the file"),
            (PAGE + META_LAST_PAGE, &(1_u64 << 40).to_le_bytes(), "page 1: impossible room for the file"),
            (PAGE + META_LAST_PAGE + 1, &[1], "the file ends before it, and it is not free"),
            (PAGE + META_LAST_PAGE, &[0; 8], "page 0: it cannot be the last page"),
            (PAGE + META_FREE + 6, &[0], "impossible depth of the tree"),
            (PAGE + META_FREE + 4, &[0], "its flags are none that Postfix uses"),
            (PAGE + META_FREE + 4, &[0x09], "its flags are none that Postfix uses"),
        ];
        for (at, new, expected) in cases {
            let mut bytes = sound.clone();
            bytes[*at..at + new.len()].copy_from_slice(new);
            let told = outcome(&file, &bytes);
            assert!(told.ends_with(expected), "{at}: {told}, not {expected}");
        }
    }

    /// Pages whose numbers are each possible, but not together.
    #[test]
    fn pages_that_the_library_would_not_make() {
        let (file, sound) = changed();
        let page = |number: u64| usize::try_from(number).expect("small") * PAGE;
        let free = page(u64_at(&sound, PAGE + META_FREE + 40));
        let node = |bytes: &[u8], at: usize, index: usize| {
            at + usize::from(super::super::page::u16_at(bytes, at + PAGE_HEADER + 2 * index))
        };
        let list = node(&sound, free, 0);
        let upper = |bytes: &mut Vec<u8>, at: usize, less: u8| bytes[at + 14] -= less;
        let mut leaf = page(u64_at(&sound, PAGE + META_FREE + 48 + 40));
        while sound[leaf + 10] == 1 {
            leaf = page(u64::from(super::super::page::u16_at(&sound, node(&sound, leaf, 0))));
        }
        let entry = node(&sound, leaf, 0);
        type Change<'a> = &'a dyn Fn(&mut Vec<u8>);
        let cases: &[(Change<'_>, &str)] = &[
            (&|bytes| bytes[list + 8] = 0, "it lists what a transaction freed that never was"),
            (&|bytes| bytes[list + 8] = 4, "it lists what a transaction freed that never was"),
            (&|bytes| bytes[list + 16] = 200, "an impossible list of free pages"),
            (&|bytes| bytes[list + 24..list + 32].fill(0xff), "an impossible list of free pages"),
            (&|bytes| bytes[list + 24] = bytes[list + 32], "an impossible list of free pages"),
            (&|bytes| bytes[list + 24] = (leaf / PAGE) as u8, "two things use it"),
            (&|bytes| upper(bytes, leaf, 2), "its entries overlap or leave gaps"),
            (&|bytes| bytes[entry] -= 2, "its entries end too early"),
            (&|bytes| bytes[entry] += 2, "a value lies outside"),
        ];
        for (number, (change, expected)) in cases.iter().enumerate() {
            let mut bytes = sound.clone();
            change(&mut bytes);
            let told = outcome(&file, &bytes);
            assert!(told.ends_with(expected), "{number}: {told}, not {expected}");
        }
    }

    /// What only the newer format tells, of pages and of long values.
    #[test]
    fn transactions_and_numbers_of_pages_that_cannot_be() {
        let file = tempfile::NamedTempFile::new().expect("scratch file");
        let entries = [("key", 10), ("long", 5000)];
        let entries = entries.map(|(key, length)| (key.as_bytes().to_vec(), Some(vec![b'v'; length])));
        write_anew(None, entries.into(), Format::V1_0, file.as_file()).expect("written");
        let sound = std::fs::read(file.path()).expect("readable");
        assert_eq!(outcome(&file, &sound), "sound");
        // Pages 2 and 3 hold the value, page 4 the entries; the one of the value stands lower.
        let leaf = 4 * PAGE;
        let node = leaf + 24 + usize::from(super::super::page::u16_at(&sound, leaf + 22));
        let cases = [
            (leaf + 8, 2, "page 4: it is of a transaction that never was"),
            (2 * PAGE + 8, 2, "page 2: it is of a transaction that never was"),
            (node + 8 + 4 + 16, 3, "page 2: another number of pages than its entry says"),
        ];
        for (at, new, expected) in cases {
            let mut bytes = sound.clone();
            bytes[at] = new;
            let told = outcome(&file, &bytes);
            assert!(told.ends_with(expected), "{at}: {told}, not {expected}");
        }
    }

    /// The library does not write pages that are free again at the end of a transaction.
    #[test]
    fn free_pages_may_lie_behind_the_end() {
        let (file, _) = changed();
        // What a transaction freed is used by the second one after it.
        update(file.path(), 1, None, |update| update.delete(b"key8").map(drop)).expect("updated");
        update(file.path(), 1, None, |update| {
            update.put(b"a", b"1", true)?;
            update.put(b"longer", &[b'x'; 100_000], true)?;
            update.delete(b"longer").map(drop)
        })
        .expect("updated");
        let mut there = LmdbFile::open(file.reopen().expect("descriptor")).expect("sound");
        assert!(there.meta().pages <= there.meta().last_page, "nothing lies behind the end");
        there.verify().expect("sound");
        assert_eq!(there.get(b"a").expect("sound"), Some(b"1".to_vec()));
        update(file.path(), 1, None, |update| update.put(b"b", b"2", true).map(drop)).expect("updated");
    }

    /// Every byte of a small file is changed; the proof must fail, or the library must get along with what passed.
    #[test]
    fn damage_is_found_before_the_library_sees_it() {
        let scratch = tempfile::NamedTempFile::new().expect("scratch file");
        LmdbWriter::new(scratch.as_file(), Format::V0_9).finish().expect("scratch space");
        update(scratch.path(), 1, None, |update| {
            (0..300).try_for_each(|n| update.put(format!("key{n}").as_bytes(), &[b'v'; 40], false).map(drop))?;
            update.put(b"long", &[b'x'; 9000], false).map(drop)
        })
        .expect("updated");
        // A second transaction leaves free pages behind.
        update(scratch.path(), 1, None, |update| update.delete(b"key7").map(drop)).expect("updated");
        let sound = std::fs::read(scratch.path()).expect("read");
        let (mut refused, mut passed) = (0, 0);
        for at in (0..sound.len()).filter(|at| at % 4096 < 200 || at % 4096 > 3900 || at % 13 == 0) {
            for change in [0xff_u8, 0x01, 0x80] {
                scratch.as_file().write_all_at(&[sound[at] ^ change], at as u64).expect("write");
                let file = LmdbFile::open(File::open(scratch.path()).expect("there"));
                match file.and_then(|mut file| file.verify()) {
                    Err(_) => refused += 1,
                    Ok(()) => {
                        passed += 1;
                        if passed % 40 == 0 {
                            let _ = update(scratch.path(), 1, None, |update| {
                                update.put(b"key8", b"new", true)?;
                                update.delete(b"key9").map(drop)
                            });
                            scratch.as_file().set_len(sound.len() as u64).expect("truncate");
                            scratch.as_file().write_all_at(&sound, 0).expect("write");
                        }
                    }
                }
                scratch.as_file().write_all_at(&[sound[at]], at as u64).expect("write");
            }
        }
        assert!(refused > 1000 && passed > 1000, "{refused} refused, {passed} passed");
    }
}
