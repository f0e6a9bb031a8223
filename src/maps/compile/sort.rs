//! Brings keys into LMDB's order: by bytes, a shorter key before a longer one that begins with it.
//!
//! Mail tables have long common beginnings, so comparing whole keys would go to memory at almost every step. Instead
//! four bytes of each key at a time stand beside its index; a run of equal fours is sorted by the next four. What all
//! keys begin with is passed over.

use crate::base::threads;
use rayon::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};

/// Runs at least this long are sorted by several threads.
const PARALLEL: usize = 1 << 14;

/// Keys that tell what all may begin with.
const FEW: usize = 500;

/// Bytes of a key that stand beside its index.
const CHUNK: usize = 4;

/// Four bytes of a key and its index. Of a big table there is one for each key, so it is small.
#[derive(Clone, Copy)]
struct Slot {
    chunk: u32,
    index: u32,
}

impl Slot {
    /// What slots are sorted by: the chunk, then the index.
    fn rank(self) -> u64 {
        u64::from(self.chunk) << 32 | u64::from(self.index)
    }
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
    threads::share_out();
    let beginning = shared_beginning(count, &key);
    let others = AtomicBool::new(false);
    let look = |slot: &Slot| {
        if !key(slot.index).starts_with(beginning) {
            others.store(true, Ordering::Relaxed);
        }
    };
    let mut depth = beginning.len();
    let slot = |index| Slot { chunk: chunk(key(index), depth), index };
    let mut slots: Vec<Slot> = (0..count).into_par_iter().map(slot).inspect(look).collect();
    // Some that were not looked at before begin with something else.
    if others.into_inner() {
        depth = 0;
        slots.par_iter_mut().for_each(|slot| slot.chunk = chunk(key(slot.index), depth));
    }
    let repeated = sort_all(&mut slots, depth, &key);
    let mut order: Vec<u32> = slots.into_iter().map(|slot| slot.index).collect();
    // It took over the room of the slots.
    order.shrink_to_fit();
    Order { order, repeated }
}

/// What a few keys from all over begin with.
fn shared_beginning<'k>(count: u32, key: &impl Fn(u32) -> &'k [u8]) -> &'k [u8] {
    let mut keys = (0..count).step_by(count as usize / FEW + 1).map(key);
    let first = keys.next().unwrap_or_default();
    let shared = |length, key: &[u8]| first[..length].iter().zip(key).take_while(|(a, b)| a == b).count();
    &first[..keys.fold(first.len(), shared)]
}

/// A stretch of slots whose keys agree up to a depth and whose chunks hold what follows.
type Run<'s> = (&'s mut [Slot], usize);

/// Sorts slots whose keys agree up to a depth and whose chunks hold what follows; returns the groups of equal keys.
///
/// Keys may agree for as long as they like: what is still to do is kept on a list and not on the stack.
fn sort_all<'k>(slots: &mut [Slot], depth: usize, key: &(impl Fn(u32) -> &'k [u8] + Sync)) -> Vec<Vec<u32>> {
    let mut equal = Vec::new();
    let mut pending: Vec<Run<'_>> = vec![(slots, depth)];
    while let Some((slots, depth)) = pending.pop() {
        if slots.len() < PARALLEL {
            sort_few((slots, depth), key, &mut equal);
            continue;
        }
        slots.par_sort_unstable_by_key(|slot| slot.rank());
        let (many, few): (Vec<_>, Vec<_>) = agreeing(slots).partition(|run| run.len() >= PARALLEL);
        let sorted = few.into_par_iter().map(|run| {
            let mut equal = Vec::new();
            if let Some(run) = deeper(run, depth, key, &mut equal) {
                sort_few(run, key, &mut equal);
            }
            equal
        });
        equal.extend(sorted.collect::<Vec<_>>().into_iter().flatten());
        pending.extend(many.into_iter().filter_map(|run| deeper(run, depth, key, &mut equal)));
    }
    equal
}

/// As [`sort_all`], on this thread.
fn sort_few<'k>(run: Run<'_>, key: &(impl Fn(u32) -> &'k [u8] + Sync), equal: &mut Vec<Vec<u32>>) {
    let mut pending = vec![run];
    while let Some((slots, depth)) = pending.pop() {
        slots.sort_unstable_by_key(|slot| slot.rank());
        pending.extend(agreeing(slots).filter_map(|run| deeper(run, depth, key, equal)));
    }
}

/// The stretches of several slots that agree in their chunks too.
fn agreeing(slots: &mut [Slot]) -> impl Iterator<Item = &mut [Slot]> {
    slots.chunk_by_mut(|a, b| a.chunk == b.chunk).filter(|run| run.len() > 1)
}

/// Slots that agree in their chunks too, with the next ones; none if their keys have ended, and are equal.
fn deeper<'s, 'k>(
    slots: &'s mut [Slot],
    depth: usize,
    key: &(impl Fn(u32) -> &'k [u8] + Sync),
    equal: &mut Vec<Vec<u32>>,
) -> Option<Run<'s>> {
    // A zero in the last byte means that these keys ended.
    if slots[0].chunk.to_be_bytes()[3] == 0 {
        equal.push(slots.iter().map(|slot| slot.index).collect());
        return None;
    }
    for slot in slots.iter_mut() {
        slot.chunk = chunk(key(slot.index), depth + CHUNK);
    }
    Some((slots, depth + CHUNK))
}

/// The four bytes at `depth`, zeros behind the end, so that they compare as the keys do.
fn chunk(key: &[u8], depth: usize) -> u32 {
    let rest = key.get(depth..).unwrap_or(&[]);
    if let Some(four) = rest.first_chunk::<CHUNK>() {
        return u32::from_be_bytes(*four);
    }
    let mut bytes = [0; CHUNK];
    bytes[..rest.len()].copy_from_slice(rest);
    u32::from_be_bytes(bytes)
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

    /// On the stack that a thread has: a step for each four bytes must not need more of it.
    #[test]
    fn keys_may_agree_for_megabytes() {
        let long = |end: &str| [&[b'k'; 2 << 20], end.as_bytes()].concat();
        let mut keys = vec![long("b"), long("a"), long("b"), long("")];
        let sorted =
            |keys: &[Vec<u8>]| sorted_order(u32::try_from(keys.len()).expect("few"), |index| &keys[index as usize]);
        assert_eq!(sorted(&keys), Order { order: vec![3, 1, 0, 2], repeated: vec![vec![0, 2]] });
        // And so that many of them are sorted by all threads.
        keys = (0..PARALLEL + 5).map(|n| [&[b'k'; 3000], format!("{}", n % 1000).as_bytes()].concat()).collect();
        let order = sorted(&keys);
        assert!(
            order.order.windows(2).all(|pair| (&keys[pair[0] as usize], pair[0]) < (&keys[pair[1] as usize], pair[1]))
        );
        assert_eq!(order.repeated.len(), 1000);
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
