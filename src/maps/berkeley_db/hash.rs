//! Hash files: a key stands in the bucket that its hash says, on a chain of pages.
//!
//! Keys of a page are compared one by one, whether they are sorted or not: lookups find the same in both, and a page
//! holds few. A file whose keys were hashed by a function that we do not know is searched from end to end.

use super::format::{Damage, page_type};
use super::hash_function::hash;
use super::meta::Buckets;
use super::page::Page;
use super::reader::Reader;
use super::storage::Storage;
use super::values::{EachEntry, EachValue};

impl Buckets {
    /// The bucket of a key.
    fn of(&self, key: &[u8]) -> u32 {
        let hash = hash(key);
        let bucket = hash & self.masks[0];
        if bucket > self.last { hash & self.masks[1] } else { bucket }
    }

    /// The first page of a bucket; nothing if there cannot be one.
    fn page(&self, bucket: u32) -> Option<u32> {
        if bucket > self.last {
            return None;
        }
        // Buckets 0, 1, 2 to 3, 4 to 7 … were made, and have their pages, together.
        let doubling = u32::BITS - bucket.leading_zeros();
        bucket.checked_add(*self.spares.get(doubling as usize)?)
    }
}

/// Visits the values of exactly this key.
pub(super) fn find<S: Storage, E: From<Damage>>(
    reader: &Reader<'_, S>,
    buckets: &Buckets,
    key: &[u8],
    visit: &mut EachValue<'_, E>,
) -> Result<(), E> {
    let mut compare = |page: &Page, index: usize| {
        let found = page.hash_key(index)?;
        if found.length() == key.len() && *reader.bytes(found)? == *key {
            reader.values(page, page.hash_item(index + 1)?, visit)?;
        }
        Ok(())
    };
    if buckets.is_our_hash {
        return each_of_bucket(reader, buckets, buckets.of(key), &mut compare);
    }
    each_bucket(reader, buckets, |bucket| each_of_bucket(reader, buckets, bucket, &mut compare))
}

/// Visits every entry, by buckets.
pub(super) fn walk<S: Storage, E: From<Damage>>(
    reader: &Reader<'_, S>,
    buckets: &Buckets,
    visit: &mut EachEntry<'_, E>,
) -> Result<(), E> {
    each_bucket(reader, buckets, |bucket| {
        each_of_bucket(reader, buckets, bucket, &mut |page, index| {
            let key = reader.bytes(page.hash_key(index)?)?;
            if buckets.is_our_hash && buckets.of(&key) != bucket {
                return Err(page.damaged("a key that no search would find there").into());
            }
            reader.values(page, page.hash_item(index + 1)?, &mut |value| visit(&key, value))
        })
    })
}

fn each_bucket<S: Storage, E: From<Damage>>(
    reader: &Reader<'_, S>,
    buckets: &Buckets,
    mut visit: impl FnMut(u32) -> Result<(), E>,
) -> Result<(), E> {
    if buckets.last >= reader.meta.last_page {
        return Err(Damage::Page(0, "more buckets than pages").into());
    }
    (0..=buckets.last).try_for_each(&mut visit)
}

/// Visits the pages of a bucket, with the index of each key on them.
fn each_of_bucket<S: Storage, E: From<Damage>>(
    reader: &Reader<'_, S>,
    buckets: &Buckets,
    bucket: u32,
    visit: &mut dyn FnMut(&Page, usize) -> Result<(), E>,
) -> Result<(), E> {
    let mut number = buckets.page(bucket).ok_or(Damage::Page(0, "no such bucket"))?;
    let mut previous = 0;
    loop {
        let page = reader.page(number)?;
        match page.kind {
            page_type::HASH_SORTED | page_type::HASH_UNSORTED => {}
            page_type::INVALID if previous == 0 && page.count == 0 => {}
            _ => return Err(page.damaged("not a page of a bucket").into()),
        }
        if page.previous != previous {
            return Err(page.damaged("another page leads to it").into());
        }
        if page.count % 2 != 0 {
            return Err(page.damaged("a key without a value").into());
        }
        for index in (0..page.count).step_by(2) {
            visit(&page, index)?;
        }
        (previous, number) = (number, page.next);
        if number == 0 {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_have_their_pages() {
        let mut spares = [0; 32];
        spares[..5].copy_from_slice(&[1, 1, 1, 3, 10]);
        let buckets = Buckets { last: 9, masks: [15, 7], spares, is_our_hash: true };
        let pages: Vec<Option<u32>> = (0..12).map(|bucket| buckets.page(bucket)).collect();
        let expected = [1, 2, 3, 4, 7, 8, 9, 10, 18, 19].map(Some);
        assert_eq!(pages[..10], expected);
        assert_eq!(pages[10..], [None, None]);
        // 10 & 15 is no bucket yet, so 10 & 7.
        assert_eq!(buckets.of(b"\x0a"), 2);
        assert_eq!(buckets.of(b"\x09"), 9);
    }
}
