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

/// The indices of `count` keys in the order of their keys; equal keys in the order of their indices.
///
/// Keys hold no NUL byte. `count` is at most `u32::MAX`.
pub fn sorted_order<'k>(count: u32, key: impl Fn(u32) -> &'k [u8] + Sync) -> Vec<u32> {
    if (1..count).all(|index| key(index - 1) <= key(index)) {
        return (0..count).collect();
    }
    let mut slots: Vec<Slot> =
        (0..count).into_par_iter().map(|index| Slot { chunk: chunk(key(index), 0), index }).collect();
    sort_from(&mut slots, 0, &key);
    slots.into_iter().map(|slot| slot.index).collect()
}

/// Sorts slots whose keys agree up to `depth` and whose chunks hold what follows.
fn sort_from<'k>(slots: &mut [Slot], depth: usize, key: &(impl Fn(u32) -> &'k [u8] + Sync)) {
    if slots.len() >= PARALLEL {
        slots.par_sort_unstable_by_key(|slot| (slot.chunk, slot.index));
    } else {
        slots.sort_unstable_by_key(|slot| (slot.chunk, slot.index));
    }
    let many = slots.len() >= PARALLEL;
    let runs = slots.chunk_by_mut(|a, b| a.chunk == b.chunk);
    let deeper = |run: &mut [Slot]| {
        // A zero in the last byte means that these keys ended: they are equal.
        if run.len() < 2 || run[0].chunk.to_be_bytes()[7] == 0 {
            return;
        }
        for slot in run.iter_mut() {
            slot.chunk = chunk(key(slot.index), depth + 8);
        }
        sort_from(run, depth + 8, key);
    };
    if many {
        runs.par_bridge().for_each(deeper);
    } else {
        runs.for_each(deeper);
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
        assert_eq!(sorted_order(40_000, |index| &keys[index as usize]), expected);
    }

    #[test]
    fn nothing_and_sorted_input() {
        assert!(sorted_order(0, |_| b"").is_empty());
        let keys: [&[u8]; 3] = [b"a", b"a", b"b"];
        assert_eq!(sorted_order(3, |index| keys[index as usize]), [0, 1, 2]);
    }
}
