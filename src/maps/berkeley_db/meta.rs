//! The first page of a file: what it is, and where its entries are.

use super::format::{
    BTREE_MAGIC, ByteOrder, Damage, HASH_MAGIC, HASH_SAMPLE, PAGE_HEADER, PAGE_HEADER_CHECKSUM, page_type,
};
use super::hash_function::hash;
use super::storage::Storage;

/// Bytes of the first page that mean something, and the smallest page.
const SIZE: usize = 512;
/// Most bytes on a page.
const LARGEST_PAGE: u32 = 65536;
/// Versions that are read, of hash and of btree files alike: those of Berkeley DB 4.0 to 6.2.
const VERSIONS: std::ops::RangeInclusive<u32> = 8..=10;

/// Flag of the page: pages have checksums.
const HAS_CHECKSUMS: u8 = 0x01;
/// Flag of a hash file: it holds several databases.
const HASH_SEVERAL: u32 = 0x02;
/// Flags of a btree file that change what its leaves hold: record numbers as keys, several databases, compression.
const BTREE_REFUSED: [(u32, &str); 3] =
    [(0x02, "it holds numbered records"), (0x20, SEVERAL), (0x80, "it is compressed")];
const SEVERAL: &str = "it holds several databases";

/// What the first page says.
#[derive(Debug)]
pub(super) struct Meta {
    pub(super) order: ByteOrder,
    /// Bytes on a page.
    pub(super) page_size: usize,
    /// Bytes before the item offsets of a page.
    pub(super) page_header: usize,
    pub(super) last_page: u32,
    pub(super) layout: Layout,
}

/// Where entries are.
#[derive(Debug)]
pub(super) enum Layout {
    Hash(Buckets),
    Btree { root: u32 },
}

/// The buckets of a hash file.
#[derive(Debug)]
pub(super) struct Buckets {
    /// Number of the last bucket.
    pub(super) last: u32,
    /// Bits of a hash that make a bucket's number, and those for where that gives a bucket that is not there yet.
    pub(super) masks: [u32; 2],
    /// What a bucket's number lacks to be that of its page, for each doubling of the table.
    pub(super) spares: [u32; 32],
    /// Whether keys were hashed by the function that we know.
    pub(super) is_our_hash: bool,
}

impl Meta {
    pub(super) fn read(storage: &impl Storage) -> Result<Self, Damage> {
        let length = storage.length()?;
        if length < SIZE as u64 {
            return Err(Damage::Foreign("it is too short"));
        }
        let mut bytes = [0; SIZE];
        storage.read_at(&mut bytes, 0)?;
        let (order, is_hash) = magic(&bytes)?;
        let word = |at| order.u32(&bytes, at).unwrap_or_default();

        if !VERSIONS.contains(&word(16)) {
            return Err(Damage::Foreign("it is of a version that is not read"));
        }
        if bytes[24] != 0 {
            return Err(Damage::Foreign("it is encrypted"));
        }
        if bytes[26] & !HAS_CHECKSUMS != 0 || word(36) != 0 {
            return Err(Damage::Foreign("it is one part of several"));
        }
        let expected = if is_hash { page_type::HASH_META } else { page_type::BTREE_META };
        if word(8) != 0 || bytes[25] != expected {
            return Err(Damage::Page(0, "it is not the first page"));
        }
        let page_size = word(20);
        if !page_size.is_power_of_two() || page_size < SIZE as u32 || page_size > LARGEST_PAGE {
            return Err(Damage::Page(0, "an impossible page size"));
        }
        let pages = length / u64::from(page_size);
        let last_page = match word(32) {
            // The first releases of 4 did not keep it.
            0 if word(16) == 8 => u32::try_from(pages.saturating_sub(1)).unwrap_or(u32::MAX),
            last => last,
        };
        if u64::from(last_page) >= pages {
            return Err(Damage::Foreign("the file ends before its last page"));
        }
        let flags = word(48);
        let layout = if is_hash {
            if flags & HASH_SEVERAL != 0 {
                return Err(Damage::Foreign(SEVERAL));
            }
            let sample = word(92);
            Layout::Hash(Buckets {
                last: word(72),
                masks: [word(76), word(80)],
                spares: std::array::from_fn(|doubling| word(96 + 4 * doubling)),
                is_our_hash: sample == hash(HASH_SAMPLE),
            })
        } else {
            if let Some((_, what)) = BTREE_REFUSED.iter().find(|(flag, _)| flags & flag != 0) {
                return Err(Damage::Foreign(what));
            }
            Layout::Btree { root: word(88) }
        };
        let page_header = if bytes[26] & HAS_CHECKSUMS == 0 { PAGE_HEADER } else { PAGE_HEADER_CHECKSUM };
        Ok(Self { order, page_size: page_size as usize, page_header, last_page, layout })
    }
}

/// The order of bytes, and whether this is a hash file.
fn magic(bytes: &[u8; SIZE]) -> Result<(ByteOrder, bool), Damage> {
    for order in [ByteOrder::Little, ByteOrder::Big] {
        match order.u32(bytes, 12) {
            Some(HASH_MAGIC) => return Ok((order, true)),
            Some(BTREE_MAGIC) => return Ok((order, false)),
            _ => {}
        }
        if matches!(order.u32(bytes, 0), Some(HASH_MAGIC | BTREE_MAGIC)) {
            return Err(Damage::Foreign("it is of version 1.85, which is not read"));
        }
    }
    Err(Damage::Foreign("it does not begin as one"))
}
