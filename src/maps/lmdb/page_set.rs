//! Which pages something uses, as runs: as large as what was said to use them, not as the file claims to be.

use std::collections::BTreeMap;

/// A set of pages, in which each may be put once.
#[derive(Default)]
pub(super) struct PageSet {
    /// First page of a run, and the one behind its last. Runs neither touch nor overlap.
    runs: BTreeMap<u64, u64>,
}

impl PageSet {
    /// Puts the pages from `first` up to `end`, of which there must be one, into the set.
    ///
    /// # Errors
    /// The first of them that is in it already; nothing was put.
    pub(super) fn put(&mut self, first: u64, end: u64) -> Result<(), u64> {
        let before = self.runs.range(..=first).next_back().map(|(&start, &end)| (start, end));
        let after = self.runs.range(first..).next().map(|(&start, &end)| (start, end));
        if before.is_some_and(|(_, before_end)| before_end > first) {
            return Err(first);
        }
        if let Some((start, _)) = after.filter(|&(start, _)| start < end) {
            return Err(start);
        }
        let end = match after {
            Some((start, after_end)) if start == end => {
                self.runs.remove(&start);
                after_end
            }
            _ => end,
        };
        let first = before.filter(|&(_, before_end)| before_end == first).map_or(first, |(start, _)| start);
        self.runs.insert(first, end);
        Ok(())
    }

    /// Whether all pages from `first` up to `end` are in the set.
    pub(super) fn holds(&self, first: u64, end: u64) -> bool {
        self.runs.range(..=first).next_back().is_some_and(|(_, &run_end)| end <= run_end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_put_once_and_neighbours_become_one_run() {
        let mut set = PageSet::default();
        for (first, end, outcome) in [
            (10, 12, Ok(())),
            (12, 13, Ok(())),
            (14, 20, Ok(())),
            (11, 12, Err(11)),
            (12, 15, Err(12)),
            (13, 15, Err(14)),
            (8, 11, Err(10)),
            (13, 14, Ok(())),
            (8, 10, Ok(())),
            (19, 30, Err(19)),
            (0, 8, Ok(())),
            (u64::MAX - 1, u64::MAX, Ok(())),
        ] {
            assert_eq!(set.put(first, end), outcome, "{first}..{end}");
        }
        assert!(set.holds(0, 20) && set.holds(19, 20) && !set.holds(19, 21) && !set.holds(20, 21));
        assert_eq!(set.runs.into_iter().collect::<Vec<_>>(), [(0, 20), (u64::MAX - 1, u64::MAX)]);
    }
}
