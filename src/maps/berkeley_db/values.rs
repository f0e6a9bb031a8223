//! The values of a key: one, or several on its page or in a tree of their own.

use super::format::Damage;
use super::page::{Data, Page};
use super::reader::Reader;
use super::storage::Storage;
use super::tree::{Leaves, TreeOf};

/// Who visits values.
pub(super) type EachValue<'v, E> = dyn FnMut(&[u8]) -> Result<(), E> + 'v;

/// Who visits entries: key and value.
pub(super) type EachEntry<'v, E> = dyn FnMut(&[u8], &[u8]) -> Result<(), E> + 'v;

impl<S: Storage> Reader<'_, S> {
    /// Visits the values that `data` on `page` is, or says where to find, in the order of the file.
    pub(super) fn values<E: From<Damage>>(
        &self,
        page: &Page,
        data: Data<'_>,
        visit: &mut EachValue<'_, E>,
    ) -> Result<(), E> {
        match data {
            Data::One(item) => visit(&self.bytes(item)?),
            Data::Set(set) => each_of_set(page, set, visit),
            Data::Tree(root) => self.each_of_tree(root, visit),
        }
    }

    fn each_of_tree<E: From<Damage>>(&self, root: u32, visit: &mut EachValue<'_, E>) -> Result<(), E> {
        let mut leaves = Leaves::new(self, TreeOf::Values, root);
        while let Some(leaf) = leaves.next()? {
            for index in 0..leaf.page.count {
                match leaf.page.leaf_item(index)? {
                    (_, true) => {}
                    (Data::One(item), false) => visit(&self.bytes(item)?)?,
                    _ => return Err(leaf.page.damaged("a value that is none").into()),
                }
            }
        }
        Ok(())
    }
}

/// Each value has its length before and behind it, so that it can be found from either side.
fn each_of_set<E: From<Damage>>(page: &Page, set: &[u8], visit: &mut EachValue<'_, E>) -> Result<(), E> {
    let mut rest = set;
    while !rest.is_empty() {
        let length = page.length_in(rest, 0)?;
        if page.length_in(rest, 2 + length)? != length {
            return Err(page.damaged("a set of values contradicts itself").into());
        }
        let (value, behind) = rest[2..].split_at(length);
        visit(value)?;
        rest = &behind[2..];
    }
    Ok(())
}
