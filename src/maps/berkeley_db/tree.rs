//! Trees of pages: the leaves from the first to the last, or the one where a key belongs.

use super::format::{Damage, page_type};
use super::page::Page;
use super::reader::{Reader, VISITS};
use super::storage::Storage;

/// What a tree is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TreeOf {
    /// Keys and their values: the whole file.
    Entries,
    /// The values of one key.
    Values,
}

/// Goes through the leaves of a tree in order.
pub(super) struct Leaves<'r, 'a, S> {
    reader: &'r Reader<'a, S>,
    tree: TreeOf,
    root: Option<u32>,
    /// The inner pages above the leaf that was given last, each with the index of its next child.
    above: Vec<(Page, usize)>,
}

/// A leaf, and the key by which a search gets there if it is not the first one.
pub(super) struct Leaf {
    pub(super) page: Page,
    pub(super) from: Option<Vec<u8>>,
}

impl<'r, 'a, S: Storage> Leaves<'r, 'a, S> {
    pub(super) fn new(reader: &'r Reader<'a, S>, tree: TreeOf, root: u32) -> Self {
        Self { reader, tree, root: Some(root), above: Vec::new() }
    }

    /// The next leaf.
    pub(super) fn next(&mut self) -> Result<Option<Leaf>, Damage> {
        let mut from = None;
        let mut page = match self.root.take() {
            Some(root) => self.reader.root(self.tree, root)?,
            None => loop {
                let Some((parent, next)) = self.above.last_mut() else { return Ok(None) };
                if *next == parent.count {
                    self.above.pop();
                    continue;
                }
                let index = std::mem::replace(next, *next + 1);
                // The order of values means nothing to us.
                if self.tree == TreeOf::Entries {
                    from = Some(self.reader.bytes(parent.separator(index)?)?.into_owned());
                }
                break self.reader.child(self.tree, parent, index)?;
            },
        };
        while page.level > 1 {
            let child = self.reader.child(self.tree, &page, 0)?;
            self.above.push((page, 1));
            page = child;
        }
        Ok(Some(Leaf { page, from }))
    }
}

impl<S: Storage> Reader<'_, S> {
    /// The only leaf where this key can stand.
    pub(super) fn leaf_for(&self, root: u32, key: &[u8]) -> Result<Page, Damage> {
        let mut page = self.root(TreeOf::Entries, root)?;
        while page.level > 1 {
            let (mut low, mut high) = (1, page.count);
            while low < high {
                let middle = usize::midpoint(low, high);
                if *self.bytes(page.separator(middle)?)? <= *key { low = middle + 1 } else { high = middle }
            }
            page = self.child(TreeOf::Entries, &page, low - 1)?;
        }
        Ok(page)
    }

    fn root(&self, tree: TreeOf, number: u32) -> Result<Page, Damage> {
        let page = self.page(number)?;
        if page.level == 0 || page.level > VISITS {
            return Err(page.damaged("an impossible level"));
        }
        in_tree(tree, page)
    }

    fn child(&self, tree: TreeOf, parent: &Page, index: usize) -> Result<Page, Damage> {
        let page = self.page(parent.child(index)?)?;
        // Levels fall, so every way down ends.
        if page.level.checked_add(1) != Some(parent.level) || page.level == 0 {
            return Err(page.damaged("it is not on the level below its parent's"));
        }
        in_tree(tree, page)
    }
}

/// The page, if it is of a kind that its level and its tree ask for.
fn in_tree(tree: TreeOf, page: Page) -> Result<Page, Damage> {
    let fits = match (tree, page.kind) {
        (TreeOf::Entries | TreeOf::Values, page_type::INNER_KEYS) => page.level > 1,
        (TreeOf::Values, page_type::INNER_NUMBERS) => page.level > 1,
        (TreeOf::Entries, page_type::LEAF_ENTRIES) => page.level == 1,
        (TreeOf::Values, page_type::LEAF_NUMBERED | page_type::LEAF_DUPLICATES) => page.level == 1,
        _ => false,
    };
    if !fits {
        return Err(page.damaged("it is of another kind than its place in the tree says"));
    }
    if page.level > 1 && page.count == 0 {
        return Err(page.damaged("an inner page without items"));
    }
    Ok(page)
}
