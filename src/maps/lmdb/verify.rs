//! Proves that a file can be handed to the C library, which trusts every number in it.
//!
//! Both trees, that of the entries and that of the free pages, are walked whole: each page is met once and is of the kind that
//! its place asks for, entries on it neither overlap nor leave it, keys ascend and stay between those of the page above, long
//! values stand on pages of their own, and pages listed as free are used by nothing else.

use super::format::{BRANCH, Damage, FREE_FLAGS, LEAF, MAX_KEY, NO_PAGE};
use super::meta::TreeRoot;
use super::page::{NodePage, Value, u64_at};
use super::read::LmdbFile;

impl LmdbFile {
    /// Walks everything that the file says and compares it with itself.
    ///
    /// # Errors
    /// The first contradiction.
    pub fn verify(&mut self) -> Result<(), Damage> {
        let meta = *self.meta();
        // Other flags would have the library map the file at an address of its choice.
        if meta.free.flags & !FREE_FLAGS != 0 {
            return Err(Damage::Foreign("its flags are none that Postfix uses"));
        }
        meta.check_free()?;
        let pages = usize::try_from(meta.last_page + 1).map_err(|_| Damage::Page(meta.last_page, "no such page"))?;
        let mut check = Check { file: self, met: vec![0; pages / 64 + 1], free: Vec::new() };
        check.meet(0, 2)?;
        check.tree(meta.main, KeyOrder::Bytes)?;
        check.tree(meta.free, KeyOrder::Numbers)?;
        for page in std::mem::take(&mut check.free) {
            check.meet(page, 1)?;
        }
        Ok(())
    }
}

/// How keys are sorted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum KeyOrder {
    /// By bytes: the entries.
    Bytes,
    /// As numbers of the machine: transactions, in the tree of free pages.
    Numbers,
}

impl KeyOrder {
    /// A form of the key that compares by bytes.
    fn comparable(self, key: &[u8], page: u64) -> Result<Vec<u8>, Damage> {
        match self {
            Self::Bytes if key.is_empty() || key.len() > MAX_KEY => {
                Err(Damage::Page(page, "impossible length of a key"))
            }
            Self::Bytes => Ok(key.to_vec()),
            Self::Numbers if key.len() != 8 => Err(Damage::Page(page, "impossible length of a key")),
            Self::Numbers => Ok(u64_at(key, 0).to_be_bytes().to_vec()),
        }
    }
}

struct Check<'a> {
    file: &'a mut LmdbFile,
    /// A bit for each page: whether something uses it.
    met: Vec<u64>,
    /// Pages listed as free.
    free: Vec<u64>,
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
        for page in first..end {
            // Below the number of pages, of which there is a bit for each.
            let word = usize::try_from(page / 64).unwrap_or(usize::MAX);
            let bit = 1_u64 << (page % 64);
            match self.met.get_mut(word) {
                Some(word) if *word & bit == 0 => *word |= bit,
                _ => return Err(Damage::Page(page, "two things use it")),
            }
        }
        Ok(())
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
            let value = match value {
                Value::Here(bytes) => bytes.to_vec(),
                Value::Away { page, length } => {
                    let pages = self.file.check_overflow(page, length)?;
                    self.meet(page, pages)?;
                    if order == KeyOrder::Bytes {
                        continue;
                    }
                    self.file.overflow(page, length)?
                }
            };
            if order == KeyOrder::Numbers {
                self.free_pages(&value, place.page)?;
            }
        }
        Ok(())
    }

    /// A list of free pages: how many, then their numbers, descending; room behind them means nothing.
    fn free_pages(&mut self, list: &[u8], page: u64) -> Result<(), Damage> {
        let bad = || Damage::Page(page, "an impossible list of free pages");
        let count = list.get(..8).map(|count| u64_at(count, 0)).ok_or_else(bad)?;
        let end = count.checked_add(1).and_then(|words| usize::try_from(words.checked_mul(8)?).ok());
        let numbers = end.and_then(|end| list.get(8..end)).ok_or_else(bad)?;
        let mut last = u64::MAX;
        for number in numbers.chunks_exact(8).map(|number| u64_at(number, 0)) {
            if number >= last {
                return Err(bad());
            }
            last = number;
            self.free.push(number);
        }
        Ok(())
    }
}

/// Adds the children of an inner page to `pending`, in order.
fn branch(page: &NodePage<'_>, place: &Pending, order: KeyOrder, pending: &mut Vec<Pending>) -> Result<(), Damage> {
    let mut last: Option<Vec<u8>> = None;
    for index in 0..page.count {
        let child = page.child(index)?;
        // The first key of an inner page counts as smaller than all.
        let from = if index == 0 { place.from.clone() } else { Some(order.comparable(page.key(index)?, place.page)?) };
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
    /// Entries must not overlap: the library moves them about by their sizes.
    fn check_room(&self) -> Result<(), Damage> {
        let mut nodes = (0..self.count).map(|index| self.extent(index)).collect::<Result<Vec<_>, _>>()?;
        nodes.sort_unstable();
        let apart = nodes.windows(2).all(|pair| pair[0].1 <= pair[1].0);
        let even = nodes.iter().all(|node| node.0 % 2 == 0);
        if apart && even { Ok(()) } else { Err(self.damaged("its entries overlap")) }
    }
}
