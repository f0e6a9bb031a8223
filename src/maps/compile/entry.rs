//! An entry of a source in 8 bytes: a big table has millions of them.

/// An entry that would be stored: where it stands, if it is short and on a line of its own, which begins with its key;
/// else its number among the others.
#[derive(Clone, Copy, Debug)]
pub struct Entry(u64);

/// Where key and value are found, in bits of an [`Entry`]: the highest of them says that it is of the others.
const OTHER: u64 = 1 << 63;
const OFFSET_BITS: u32 = 36;
const KEY_BITS: u32 = 9;
const GAP_BITS: u32 = 4;
const VALUE_BITS: u32 = 14;

impl Entry {
    /// The entry of a line at `line`; `None` if something is too big for its bits.
    pub(super) fn short(line: usize, key: usize, gap: usize, value: usize) -> Option<Self> {
        let fields = [(value, VALUE_BITS), (gap, GAP_BITS), (key, KEY_BITS), (line, OFFSET_BITS)];
        let packed = fields.into_iter().try_rfold(0, |packed, (field, bits)| {
            let field = field as u64;
            (field >> bits == 0).then_some(packed << bits | field)
        });
        packed.map(Self)
    }

    /// Of a short entry: where its line stands, the length of the key, of what is between, and of the value.
    pub(super) const fn place(self) -> (usize, usize, usize, usize) {
        const fn low(packed: u64, bits: u32) -> usize {
            to_usize(packed & ((1 << bits) - 1))
        }
        let Self(packed) = self;
        let (gap, key) = (packed >> VALUE_BITS, packed >> (VALUE_BITS + GAP_BITS));
        let line = packed >> (VALUE_BITS + GAP_BITS + KEY_BITS);
        (low(line, OFFSET_BITS), low(key, KEY_BITS), low(gap, GAP_BITS), low(packed, VALUE_BITS))
    }

    /// The entry with a number among the others.
    pub(super) const fn numbered(other: usize) -> Self {
        Self(OTHER | other as u64)
    }

    /// Its number, if it is of the others.
    pub(super) const fn other(self) -> Option<usize> {
        if self.0 & OTHER == 0 { None } else { Some(to_usize(self.0 & !OTHER)) }
    }
}

/// An entry that is not short, or whose text is not in the source.
#[derive(Clone, Copy, Debug)]
pub(super) struct Other {
    /// Where the key is: an offset, as [`super::read`] counts them.
    pub key: u64,
    /// Where the value is.
    pub value: u64,
    /// Where the line begins.
    pub line: u64,
    pub key_length: u32,
    pub value_length: u32,
}

/// Offsets come from a buffer in memory, so they fit.
#[allow(clippy::cast_possible_truncation)]
pub(super) const fn to_usize(offset: u64) -> usize {
    offset as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_short_is_found_again_and_what_is_not_is_told() {
        let most = (1 << OFFSET_BITS, 1 << KEY_BITS, 1 << GAP_BITS, 1 << VALUE_BITS);
        let most = (most.0 - 1, most.1 - 1, most.2 - 1, most.3 - 1);
        for place in [(0, 0, 0, 0), (1, 2, 3, 4), most, (most.0, 1, 0, most.3)] {
            let entry = Entry::short(place.0, place.1, place.2, place.3).expect("short");
            assert_eq!((entry.place(), entry.other()), (place, None));
        }
        let (line, key, gap, value) = most;
        let too_big = [(line + 1, 1, 1, 1), (1, key + 1, 1, 1), (1, 1, gap + 1, 1), (1, 1, 1, value + 1)];
        for (line, key, gap, value) in too_big {
            assert!(Entry::short(line, key, gap, value).is_none());
        }
        assert_eq!(Entry::numbered(17).other(), Some(17));
    }
}
