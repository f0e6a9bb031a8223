//! Brings keys into LMDB's order: by bytes, a shorter key before a longer one that begins with it.
//!
//! Mail tables have long common beginnings, so comparing whole keys would go to memory at almost every step. Instead eight
//! bytes of each key at a time stand beside its index; a run of equal eights is sorted by the next eight.

use rayon::prelude::*;

/// Runs at least this long are sorted by several threads.
const PARALLEL: usize = 1 << 14;

#[derive(Clone, Copy)]
struct Slot {
    chunk: u64,
    index: u32,
}

/// Keys in order.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// The indices of all keys in the order of the keys; of equal keys in the order of the indices.
    pub order: Vec<u32>,
    /// The indices of keys that are equal, group by group, each in ascending order; the groups in no order.
    pub repeated: Vec<Vec<u32>>,
}

/// Sorts `count` keys, which hold no NUL byte, and finds the equal ones on the way.
pub fn sorted_order<'k>(count: u32, key: impl Fn(u32) -> &'k [u8] + Sync) -> Order {
    if (1..count).all(|index| key(index - 1) < key(index)) {
        return Order { order: (0..count).collect(), repeated: Vec::new() };
    }
    let mut slots: Vec<Slot> =
        (0..count).into_par_iter().map(|index| Slot { chunk: chunk(key(index), 0), index }).collect();
    let repeated = sort_from(&mut slots, 0, &key);
    Order { order: slots.into_iter().map(|slot| slot.index).collect(), repeated }
}

/// Sorts slots whose keys agree up to `depth` and whose chunks hold what follows; returns the groups of equal keys.
fn sort_from<'k>(slots: &mut [Slot], depth: usize, key: &(impl Fn(u32) -> &'k [u8] + Sync)) -> Vec<Vec<u32>> {
    let many = slots.len() >= PARALLEL;
    if many {
        slots.par_sort_unstable_by_key(|slot| (slot.chunk, slot.index));
    } else {
        slots.sort_unstable_by_key(|slot| (slot.chunk, slot.index));
    }
    let runs = slots.chunk_by_mut(|a, b| a.chunk == b.chunk).filter(|run| run.len() > 1);
    let deeper = |run: &mut [Slot]| {
        // A zero in the last byte means that these keys ended: they are equal.
        if run[0].chunk.to_be_bytes()[7] == 0 {
            return vec![run.iter().map(|slot| slot.index).collect()];
        }
        for slot in run.iter_mut() {
            slot.chunk = chunk(key(slot.index), depth + 8);
        }
        sort_from(run, depth + 8, key)
    };
    if many {
        runs.collect::<Vec<_>>().into_par_iter().flat_map_iter(deeper).collect()
    } else {
        runs.flat_map(deeper).collect()
    }
}

/// The eight bytes at `depth`, zeros behind the end, so that they compare as the keys do.
fn chunk(key: &[u8], depth: usize) -> u64 {
    let rest = key.get(depth..).unwrap_or(&[]);
    if let Some(eight) = rest.first_chunk::<8>() {
        return u64::from_be_bytes(*eight);
    }
    let mut bytes = [0; 8];
    bytes[..rest.len()].copy_from_slice(rest);
    u64::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_that_of_bytes_and_equal_keys_keep_theirs() {
        let mut seed = 12345_u64;
        let mut next = move || {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (seed >> 33) as usize
        };
        let keys: Vec<Vec<u8>> = (0..40_000)
            .map(|_| {
                let stem = ["user@example.", "u", "", "a-rather-long-common-beginning@"][next() % 4];
                let mut key = stem.as_bytes().to_vec();
                key.extend((0..next() % 12).map(|_| [b'a', b'b', 0xff, 1][next() % 4]));
                key
            })
            .collect();
        let mut expected: Vec<u32> = (0..40_000).collect();
        expected.sort_by_key(|&index| &keys[index as usize]);
        let sorted = sorted_order(40_000, |index| &keys[index as usize]);
        let groups = expected.chunk_by(|&a, &b| keys[a as usize] == keys[b as usize]);
        let mut repeated: Vec<Vec<u32>> = groups.filter(|group| group.len() > 1).map(<[u32]>::to_vec).collect();
        repeated.sort();
        let mut found = sorted.repeated;
        found.sort();
        assert!(!repeated.is_empty());
        assert_eq!(found, repeated);
        assert_eq!(sorted.order, expected);
    }

    #[test]
    fn nothing_and_sorted_input() {
        assert_eq!(sorted_order(0, |_| b""), Order::default());
        let keys: [&[u8]; 4] = [b"a", b"a", b"b", b""];
        let sorted = sorted_order(3, |index| keys[index as usize]);
        assert_eq!(sorted, Order { order: vec![0, 1, 2], repeated: vec![vec![0, 1]] });
        assert_eq!(sorted_order(4, |index| keys[index as usize]).order, [3, 0, 1, 2]);
    }
}
