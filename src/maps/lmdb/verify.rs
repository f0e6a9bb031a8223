//! Proves that a file can be handed to the C library, which trusts every number in it.
//!
//! Both trees, that of the entries and that of the free pages, are walked whole: each page is met once and is of the kind that
//! its place asks for, entries fill it without gap or overlap and are no larger than LMDB makes them (it counts on room for two
//! on each page), keys ascend and stay between those of the page above, long values stand on pages of their own, and pages
//! listed as free, by a transaction that was, are used by nothing else.

use super::format::{BRANCH, Damage, FREE_FLAGS, INTEGER_KEYS, LEAF, MAX_KEY, NO_PAGE, PAGE_HEADER};
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
        check.tree(meta.main, KeyOrder::Bytes)?;
        check.tree(meta.free, KeyOrder::Transactions { last: meta.transaction })
    }
}

/// How keys are sorted.
#[derive(Clone, Copy)]
enum KeyOrder {
    /// By bytes: the entries.
    Bytes,
    /// As numbers of the machine: transactions, from 1 to the last one, in the tree of free pages.
    Transactions { last: u64 },
}

impl KeyOrder {
    /// A form of the key that compares by bytes.
    fn comparable(self, key: &[u8], page: u64) -> Result<Vec<u8>, Damage> {
        match self {
            Self::Bytes if key.is_empty() || key.len() > MAX_KEY => {
                Err(Damage::Page(page, "impossible length of a key"))
            }
            Self::Bytes => Ok(key.to_vec()),
            Self::Transactions { .. } if key.len() != 8 => Err(Damage::Page(page, "impossible length of a key")),
            Self::Transactions { last } => match u64_at(key, 0) {
                number if (1..=last).contains(&number) => Ok(number.to_be_bytes().to_vec()),
                _ => Err(Damage::Page(page, "it lists what a transaction freed that never was")),
            },
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
            let page = NodePage::check(&bytes, next.page, if next.level < root.depth { BRANCH } else { LEAF })?;
            page.check_room()?;
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
            if let Value::Away { page, length } = value {
                let pages = self.file.check_overflow(page, length)?;
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
                    let start = page * self.file.meta().page_size as u64 + (PAGE_HEADER + at) as u64;
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
            key if index == 0 && key.len() <= MAX_KEY => place.from.clone(),
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
    /// Entries must fill the page from where they begin to its end, each no larger than LMDB makes them: the library moves
    /// them about by their sizes, and counts on it that a full page has two at least.
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
