//! One branch or leaf page: every offset and length on it is checked before it is used.

use super::format::{BIG_DATA, BRANCH, DATABASE, Damage, Format, NODE_HEADER, SUB_DATA};
use std::cmp::Ordering;

/// A value on its page, or where else it is.
pub(super) enum Value<'a> {
    Here(&'a [u8]),
    /// `pages`: how many there are for it, where the entry tells.
    Away {
        page: u64,
        length: usize,
        pages: Option<u64>,
    },
}

impl Value<'_> {
    /// Its length in bytes.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Here(bytes) => bytes.len(),
            Self::Away { length, .. } => *length,
        }
    }
}

/// A branch or leaf page whose header makes sense.
pub(super) struct NodePage<'a> {
    bytes: &'a [u8],
    format: Format,
    number: u64,
    kind: u16,
    /// Number of entries.
    pub(super) count: usize,
    /// Where the lowest entry begins.
    pub(super) upper: usize,
}

impl<'a> NodePage<'a> {
    /// A page that must carry this number and be of this kind.
    pub(super) fn check(bytes: &'a [u8], format: Format, number: u64, flags: u16) -> Result<Self, Damage> {
        let damaged = |what| Err(Damage::Page(number, what));
        if u64_at(bytes, 0) != number {
            return damaged("it carries another number");
        }
        if u16_at(bytes, format.page_header() - 6) != flags {
            return damaged("it is of another kind than its place in the tree says");
        }
        let header = format.page_header();
        let offset = |at| format.origin() + usize::from(u16_at(bytes, at));
        let (lower, upper) = (offset(header - 4), offset(header - 2));
        if lower < header || lower > upper || upper > bytes.len() || lower % 2 != 0 {
            return damaged("impossible bounds");
        }
        let count = (lower - header) / 2;
        if count == 0 || (flags == BRANCH && count < 2) {
            return damaged("too few entries");
        }
        Ok(Self { bytes, format, number, kind: flags, count, upper })
    }

    /// Bytes of the page.
    pub(super) fn size(&self) -> usize {
        self.bytes.len()
    }

    /// Size of the largest entry that LMDB puts on such a page; the value of a larger one goes elsewhere.
    pub(super) fn max_node(&self) -> usize {
        self.format.max_node(self.size())
    }

    /// The transaction that wrote it, where it tells.
    pub(super) fn transaction(&self) -> Option<u64> {
        (self.format == Format::V1_0).then(|| u64_at(self.bytes, 8))
    }

    /// A contradiction on this page.
    pub(super) fn damaged(&self, what: &'static str) -> Damage {
        Damage::Page(self.number, what)
    }

    /// The key of an entry.
    pub(super) fn key(&self, index: usize) -> Result<&'a [u8], Damage> {
        Ok(self.node(index)?.1)
    }

    /// Where an entry begins and ends on the page, its size rounded up to even as LMDB keeps it.
    pub(super) fn extent(&self, index: usize) -> Result<(usize, usize), Damage> {
        let (at, key) = self.node(index)?;
        let key_end = at + NODE_HEADER + key.len();
        let value_at = at + NODE_HEADER + self.format.key_room(key.len());
        let end = match self.kind {
            BRANCH => key_end,
            _ => match self.entry(index)?.1 {
                Value::Here(bytes) => value_at + bytes.len(),
                Value::Away { .. } => value_at + self.format.place_of_value(),
            },
        };
        let even = (end + 1) & !1;
        if even > self.bytes.len() { Err(self.damaged("an entry lies outside")) } else { Ok((at, even)) }
    }

    /// Offset of a node, its key in bounds.
    fn node(&self, index: usize) -> Result<(usize, &'a [u8]), Damage> {
        let pointer = self.format.page_header() + 2 * index;
        let at = self.format.origin() + usize::from(u16_at(self.bytes, pointer));
        let bad = Damage::Page(self.number, "an entry lies outside");
        if at < self.upper || at + NODE_HEADER > self.bytes.len() {
            return Err(bad);
        }
        let key_end = at + NODE_HEADER + usize::from(u16_at(self.bytes, at + 6));
        if key_end > self.bytes.len() {
            return Err(bad);
        }
        Ok((at, &self.bytes[at + NODE_HEADER..key_end]))
    }

    /// The page that an entry of an inner page points to.
    pub(super) fn child(&self, index: usize) -> Result<u64, Damage> {
        let (at, _) = self.node(index)?;
        let word = |offset| u64::from(u16_at(self.bytes, at + offset));
        Ok(word(0) | word(2) << 16 | word(4) << 32)
    }

    /// The child in which `key` stands, if it stands anywhere.
    pub(super) fn child_for(&self, key: &[u8]) -> Result<u64, Damage> {
        // The first key counts as smaller than all.
        let (mut low, mut high) = (1, self.count);
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.node(middle)?.1 <= key { low = middle + 1 } else { high = middle }
        }
        self.child(low - 1)
    }

    /// The index of exactly this key.
    pub(super) fn find(&self, key: &[u8]) -> Result<Option<usize>, Damage> {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = usize::midpoint(low, high);
            match self.node(middle)?.1.cmp(key) {
                Ordering::Equal => return Ok(Some(middle)),
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
            }
        }
        Ok(None)
    }

    /// Key and value of an entry of a leaf.
    pub(super) fn entry(&self, index: usize) -> Result<(&'a [u8], Value<'a>), Damage> {
        let (at, key) = self.node(index)?;
        let length = usize::from(u16_at(self.bytes, at)) | usize::from(u16_at(self.bytes, at + 2)) << 16;
        let start = at + NODE_HEADER + self.format.key_room(key.len());
        let outside = || Damage::Page(self.number, "a value lies outside");
        match u16_at(self.bytes, at + 4) {
            0 => Ok((key, Value::Here(self.bytes.get(start..start + length).ok_or_else(outside)?))),
            BIG_DATA => {
                let page = self.bytes.get(start..start + self.format.place_of_value()).ok_or_else(outside)?;
                let pages = (self.format == Format::V1_0).then(|| u64_at(page, 16));
                Ok((key, Value::Away { page: u64_at(page, 0), length, pages }))
            }
            SUB_DATA if length == DATABASE => Err(Damage::NamedDatabases),
            _ => Err(Damage::Page(self.number, "an entry of a kind that Postfix does not use")),
        }
    }
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}
