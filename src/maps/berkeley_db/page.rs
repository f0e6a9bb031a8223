//! One page: every offset and length on it is checked before it is used.

use super::format::{ByteOrder, Damage, hash_item, page_type, tree_item};
use super::meta::Meta;

/// A key or a value, or where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item<'a> {
    /// The bytes themselves.
    Here(&'a [u8]),
    /// So many bytes on overflow pages from this one on.
    Away { page: u32, length: u32 },
}

impl Item<'_> {
    /// Number of bytes.
    pub(super) fn length(&self) -> usize {
        match self {
            Self::Here(bytes) => bytes.len(),
            Self::Away { length, .. } => *length as usize,
        }
    }
}

/// What a key's value is, or where its values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Data<'a> {
    /// One value.
    One(Item<'a>),
    /// Several, one behind the other, each between its lengths.
    Set(&'a [u8]),
    /// Several, in the tree with this root.
    Tree(u32),
}

/// A page whose header makes sense.
#[derive(Debug)]
pub(super) struct Page {
    bytes: Vec<u8>,
    order: ByteOrder,
    /// Where item offsets begin.
    header: usize,
    pub(super) number: u32,
    /// The pages before and after it in a chain; 0 for none.
    pub(super) previous: u32,
    pub(super) next: u32,
    /// What it is for, a number of [`page_type`].
    pub(super) kind: u8,
    /// 1 for a leaf of a tree, one more for each level above.
    pub(super) level: u8,
    /// Number of items.
    pub(super) count: usize,
}

impl Page {
    /// A page that must carry this number.
    pub(super) fn check(bytes: Vec<u8>, number: u32, meta: &Meta) -> Result<Self, Damage> {
        let (order, header) = (meta.order, meta.page_header);
        let is_blank = bytes.iter().take(header).all(|&byte| byte == 0);
        let word = |at| order.u32(&bytes, at).unwrap_or_default();
        let mut page = Self {
            order,
            header,
            number,
            previous: word(12),
            next: word(16),
            kind: bytes.get(25).copied().unwrap_or_default(),
            level: bytes.get(24).copied().unwrap_or_default(),
            count: usize::from(order.u16(&bytes, 20).unwrap_or_default()),
            bytes: Vec::new(),
        };
        // The page of a bucket that never had an entry may never have been written.
        if word(8) != number && !is_blank {
            return Err(page.damaged("it carries another number"));
        }
        if page.kind == page_type::OVERFLOW {
            // The field counts who refers to the page.
            page.count = 0;
        }
        if header + 2 * page.count > bytes.len() {
            return Err(page.damaged("too many items"));
        }
        page.bytes = bytes;
        Ok(page)
    }

    /// A contradiction on this page.
    pub(super) fn damaged(&self, what: &'static str) -> Damage {
        Damage::Page(self.number, what)
    }

    /// The bytes that an overflow page holds.
    pub(super) fn overflow(&self) -> Result<&[u8], Damage> {
        let length = usize::from(self.u16(22)?);
        if self.kind != page_type::OVERFLOW || length == 0 {
            return Err(self.damaged("not a page of a long item"));
        }
        self.slice(self.header, length)
    }

    /// An item of a hash page.
    pub(super) fn hash_item(&self, index: usize) -> Result<Data<'_>, Damage> {
        // Items stand one before the other, the first at the end of the page.
        let end = if index == 0 { self.bytes.len() } else { self.offset(index - 1)? };
        let at = self.offset(index)?;
        let item = self.bytes.get(at..end).ok_or_else(|| self.damaged("items out of order"))?;
        let Some((&kind, bytes)) = item.split_first() else {
            return Err(self.damaged("an item without a byte"));
        };
        match kind {
            hash_item::HERE => Ok(Data::One(Item::Here(bytes))),
            hash_item::SET => Ok(Data::Set(bytes)),
            hash_item::AWAY if item.len() == 12 => {
                Ok(Data::One(Item::Away { page: self.u32(at + 4)?, length: self.u32(at + 8)? }))
            }
            hash_item::TREE if item.len() == 8 => Ok(Data::Tree(self.u32(at + 4)?)),
            _ => Err(self.damaged("an item of a kind that is not read")),
        }
    }

    /// A key of a hash page.
    pub(super) fn hash_key(&self, index: usize) -> Result<Item<'_>, Damage> {
        match self.hash_item(index)? {
            Data::One(key) => Ok(key),
            Data::Set(_) | Data::Tree(_) => Err(self.damaged("a key that is none")),
        }
    }

    /// An item of a leaf of a tree, and whether it is deleted.
    pub(super) fn leaf_item(&self, index: usize) -> Result<(Data<'_>, bool), Damage> {
        let at = self.offset(index)?;
        let kind = self.slice(at, 3)?[2];
        Ok((self.tree_item(at, at + 3, kind & !tree_item::DELETED)?, kind & tree_item::DELETED != 0))
    }

    /// A key of a leaf of a tree.
    pub(super) fn leaf_key(&self, index: usize) -> Result<Item<'_>, Damage> {
        match self.leaf_item(index)? {
            (Data::One(key), _) => Ok(key),
            _ => Err(self.damaged("a key that is none")),
        }
    }

    /// Whether two keys are one, which the page holds once.
    pub(super) fn is_same_item(&self, index: usize, other: usize) -> Result<bool, Damage> {
        Ok(self.offset(index)? == self.offset(other)?)
    }

    /// The key from which on keys stand below an item of an inner page; the first item's means nothing.
    pub(super) fn separator(&self, index: usize) -> Result<Item<'_>, Damage> {
        let at = self.offset(index)?;
        let kind = self.slice(at, 12)?[2] & !tree_item::DELETED;
        // A long key's own item stands where the bytes of a short one do.
        match self.tree_item(if kind == tree_item::HERE { at } else { at + 12 }, at + 12, kind)? {
            Data::One(key) => Ok(key),
            Data::Set(_) | Data::Tree(_) => Err(self.damaged("a key that is none")),
        }
    }

    /// The page that an item of an inner page points to.
    pub(super) fn child(&self, index: usize) -> Result<u32, Damage> {
        let at = self.offset(index)?;
        if self.kind == page_type::INNER_KEYS { self.u32(at + 4) } else { self.u32(at) }
    }

    /// What stands at `at` in a tree: its length and bytes from `start`, or where else it is.
    fn tree_item(&self, at: usize, start: usize, kind: u8) -> Result<Data<'_>, Damage> {
        match kind {
            tree_item::HERE => Ok(Data::One(Item::Here(self.slice(start, usize::from(self.u16(at)?))?))),
            tree_item::AWAY => Ok(Data::One(Item::Away { page: self.u32(at + 4)?, length: self.u32(at + 8)? })),
            tree_item::TREE => Ok(Data::Tree(self.u32(at + 4)?)),
            _ => Err(self.damaged("an item of a kind that is not read")),
        }
    }

    /// Where an item begins.
    fn offset(&self, index: usize) -> Result<usize, Damage> {
        let offset = usize::from(self.u16(self.header + 2 * index)?);
        if index >= self.count || offset < self.header + 2 * self.count {
            return Err(self.damaged("an item lies outside"));
        }
        Ok(offset)
    }

    fn slice(&self, at: usize, length: usize) -> Result<&[u8], Damage> {
        let rest = self.bytes.get(at..).and_then(|rest| rest.get(..length));
        rest.ok_or_else(|| self.damaged("an item lies outside"))
    }

    /// A length in a set of values on this page.
    pub(super) fn length_in(&self, set: &[u8], at: usize) -> Result<usize, Damage> {
        self.order.u16(set, at).map(usize::from).ok_or_else(|| self.damaged("a set of values lies outside"))
    }

    fn u16(&self, at: usize) -> Result<u16, Damage> {
        self.order.u16(&self.bytes, at).ok_or_else(|| self.damaged("an item lies outside"))
    }

    fn u32(&self, at: usize) -> Result<u32, Damage> {
        self.order.u32(&self.bytes, at).ok_or_else(|| self.damaged("an item lies outside"))
    }
}
