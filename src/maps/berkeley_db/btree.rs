//! Btree files: keys stand in order on the leaves of a tree.

use super::format::Damage;
use super::reader::Reader;
use super::storage::Storage;
use super::tree::{Leaves, TreeOf};
use super::values::{EachEntry, EachValue};
use std::cmp::Ordering;

/// Visits the values of exactly this key.
pub(super) fn find<S: Storage, E: From<Damage>>(
    reader: &Reader<'_, S>,
    root: u32,
    key: &[u8],
    visit: &mut EachValue<'_, E>,
) -> Result<(), E> {
    let page = reader.leaf_for(root, key)?;
    let order = |entry: usize| -> Result<Ordering, Damage> { Ok((*reader.bytes(page.leaf_key(2 * entry)?)?).cmp(key)) };
    let entries = page.count / 2;
    let (mut low, mut high) = (0, entries);
    while low < high {
        let middle = usize::midpoint(low, high);
        if order(middle)? == Ordering::Less { low = middle + 1 } else { high = middle }
    }
    for entry in low..entries {
        if order(entry)? != Ordering::Equal {
            break;
        }
        let (data, is_deleted) = page.leaf_item(2 * entry + 1)?;
        if !is_deleted {
            reader.values(&page, data, visit)?;
        }
    }
    Ok(())
}

/// Visits every entry in the order of keys.
pub(super) fn walk<S: Storage, E: From<Damage>>(
    reader: &Reader<'_, S>,
    root: u32,
    visit: &mut EachEntry<'_, E>,
) -> Result<(), E> {
    let mut leaves = Leaves::new(reader, TreeOf::Entries, root);
    // Keys ascend, and stand where a search looks for them: else lookups would miss what is listed here.
    let mut bound: Option<Vec<u8>> = None;
    while let Some(leaf) = leaves.next()? {
        let page = leaf.page;
        let disorder = || page.damaged("its keys are out of order");
        if page.count % 2 != 0 {
            return Err(page.damaged("a key without a value").into());
        }
        // The key by which a search gets to a leaf may be the first one there.
        let mut may_equal = leaf.from.is_some();
        if let Some(from) = leaf.from {
            if bound.is_some_and(|bound| from <= bound) {
                return Err(disorder().into());
            }
            bound = Some(from);
        }
        let mut key = Vec::new();
        for index in (0..page.count).step_by(2) {
            if index == 0 || !page.is_same_item(index, index - 2)? {
                key = reader.bytes(page.leaf_key(index)?)?.into_owned();
                if bound.is_some_and(|bound| key < bound || key == bound && !may_equal) {
                    return Err(disorder().into());
                }
                (bound, may_equal) = (Some(key.clone()), true);
            }
            let (data, is_deleted) = page.leaf_item(index + 1)?;
            if !is_deleted {
                reader.values(&page, data, &mut |value| visit(&key, value))?;
            }
        }
    }
    Ok(())
}
