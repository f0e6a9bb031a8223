//! Long items, which stand on a chain of pages of their own.

use super::format::Damage;
use super::page::Item;
use super::reader::Reader;
use super::storage::Storage;
use std::borrow::Cow;

impl<S: Storage> Reader<'_, S> {
    /// The bytes of an item.
    pub(super) fn bytes<'p>(&self, item: Item<'p>) -> Result<Cow<'p, [u8]>, Damage> {
        match item {
            Item::Here(bytes) => Ok(bytes.into()),
            Item::Away { page, length } => self.chain(page, length).map(Cow::Owned),
        }
    }

    fn chain(&self, first: u32, length: u32) -> Result<Vec<u8>, Damage> {
        let length = length as usize;
        if length as u64 > self.most() {
            return Err(Damage::Page(first, "an item longer than the file"));
        }
        let mut bytes = Vec::new();
        let (mut number, mut previous) = (first, 0);
        while bytes.len() < length {
            let page = self.page(number)?;
            bytes.extend_from_slice(page.overflow()?);
            if page.previous != previous {
                return Err(page.damaged("another page leads to it"));
            }
            (number, previous) = (page.next, number);
        }
        if bytes.len() != length || number != 0 {
            return Err(Damage::Page(first, "an item longer than it should be"));
        }
        Ok(bytes)
    }
}
