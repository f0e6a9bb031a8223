//! How the keys of an index are stored, where that decides whether Postfix ever finds them.
//!
//! Lookups are for folded keys, and a process that found a key with a trailing NUL, or one without, looks only for that
//! form from there on. A key that is not folded, or of the other form, is in the file and not in the table.

use super::fold::Folding;
use std::borrow::Cow;

/// Keys that are shown.
const SHOWN: usize = 3;

/// How the keys of an index are stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredKeys {
    with_nul: u64,
    without_nul: u64,
    unfolded: u64,
    samples: Vec<Vec<u8>>,
}

impl StoredKeys {
    /// Counts a key as it is stored, and returns it folded, without its NUL.
    pub fn count<'k>(&mut self, stored: &'k [u8], folding: Folding) -> Cow<'k, [u8]> {
        let key = stored.strip_suffix(b"\0");
        *(if key.is_some() { &mut self.with_nul } else { &mut self.without_nul }) += 1;
        let key = key.unwrap_or(stored);
        let folded = folding.apply(key);
        if matches!(&folded, Cow::Owned(folded) if folded != key) {
            self.unfolded += 1;
            if self.samples.len() < SHOWN {
                self.samples.push(key.to_vec());
            }
        }
        folded
    }

    /// How many keys are not folded.
    #[must_use]
    pub fn unfolded(&self) -> u64 {
        self.unfolded
    }

    /// The first few of them.
    #[must_use]
    pub fn samples(&self) -> &[Vec<u8>] {
        &self.samples
    }

    /// How many keys have a trailing NUL and how many have none, if there are both.
    #[must_use]
    pub fn mixed(&self) -> Option<(u64, u64)> {
        (self.with_nul > 0 && self.without_nul > 0).then_some((self.with_nul, self.without_nul))
    }

    /// Whether Postfix finds all of them.
    #[must_use]
    pub fn are_sound(&self) -> bool {
        self.unfolded == 0 && self.mixed().is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_counted_by_what_lookups_miss() {
        let stored: [&[u8]; 5] = [b"a\0", b"B@Example.com\0", b"c", "Ä\0".as_bytes(), b"D"];
        let mut keys = StoredKeys::default();
        assert_eq!(stored.map(|key| keys.count(key, Folding::Unicode))[1..3], [&b"b@example.com"[..], b"c"]);
        assert_eq!((keys.unfolded(), keys.mixed(), keys.are_sound()), (3, Some((3, 2)), false));
        assert_eq!(keys.samples(), [b"B@Example.com".to_vec(), "Ä".into(), b"D".to_vec()]);
        let mut keys = StoredKeys::default();
        for key in stored {
            keys.count(key, Folding::None);
        }
        assert_eq!(keys.unfolded(), 0);
        assert!(StoredKeys::default().are_sound());
    }
}
