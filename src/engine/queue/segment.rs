//! Segments: the files of the log. A page with the header, pages of records, and at the end of a sealed one its footer,
//! which lists the records so that they need not be read at the next start.
//!
//! The header stands in its page twice, 2 KiB apart: one faulty sector does not cost the segment. It has a generation,
//! which is larger for each later use of any file, and a random salt, with which each record of this use begins: what
//! an earlier use left behind, or a message that looks like records, is none. The footer is a hint: where it does not
//! fit its own checksum the records are read instead.

use super::disk::{Disk, DiskFile, write_all};
use super::facts::HEAD;
use super::record::{HEADER, Header, front};
use super::wire::Reader;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// What is written starts and ends at multiples of this, so that no page with acknowledged records is written again.
pub(super) const PAGE: usize = 4096;
/// Bytes of a record in the footer: where it is, its header, the start of its payload.
pub(super) const ENTRY: usize = 4 + HEADER - 12 + HEAD;
const MAGIC: &[u8; 8] = b"PWQUEUE\n";
const VERSION: u32 = 1;
/// Bytes of a header.
const TITLE: usize = 40;
/// Where its second copy is.
const COPY: usize = 2048;
const TRAILER: usize = 32;
/// Files larger than this are not ours.
const MOST: u64 = 1 << 30;

/// What the first page says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Title {
    pub(super) generation: u32,
    pub(super) salt: u64,
    /// Bytes of the file.
    pub(super) size: u64,
}

impl Title {
    /// For a new use of a file.
    pub(super) fn new(generation: u32, size: u64) -> Self {
        // The standard library's keys for hashing are the system's random numbers.
        let mut hasher = RandomState::new().build_hasher();
        hasher.write_u32(generation);
        // The lowest bit is set, so that zeros are no salt.
        Self { generation, salt: hasher.finish() | 1, size }
    }

    fn to_bytes(self) -> [u8; TITLE] {
        let mut bytes = [0; TITLE];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.generation.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.salt.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.size.to_le_bytes());
        let crc = crc32fast::hash(&bytes[..32]);
        bytes[32..36].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8], length: u64) -> Option<Self> {
        let bytes = bytes.get(..TITLE)?;
        let mut reader = Reader::new(bytes);
        if reader.take(8).ok()? != MAGIC || reader.u32().ok()? != VERSION {
            return None;
        }
        let (generation, salt, size) = (reader.u32().ok()?, reader.u64().ok()?, reader.u64().ok()?);
        let sound = reader.u32().ok()? == crc32fast::hash(&bytes[..32]);
        (sound && size == length && size <= MOST && size.is_multiple_of(PAGE as u64) && size >= 4 * PAGE as u64)
            .then_some(Self { generation, salt, size })
    }

    /// What the first page says; the later of two that are sound.
    pub(super) fn read(page: &[u8], length: u64) -> Option<Self> {
        let both = [0, COPY].into_iter().filter_map(|at| Self::from_bytes(page.get(at..)?, length));
        both.max_by_key(|title| title.generation)
    }

    /// Writes it; from then on, and a sync, nothing is in the segment.
    pub(super) fn write(self, disk: &dyn Disk, file: &DiskFile) -> io::Result<()> {
        let mut page = [0; PAGE];
        page[..TITLE].copy_from_slice(&self.to_bytes());
        page[COPY..COPY + TITLE].copy_from_slice(&self.to_bytes());
        write_all(disk, file, &page, 0)
    }
}

/// A file of the log in one of its uses.
#[derive(Debug)]
pub(super) struct SegmentFile {
    pub(super) file: Arc<DiskFile>,
    pub(super) title: Title,
}

impl SegmentFile {
    /// Reads a record whose place is known: its payload, if all of it is sound and it is that one.
    pub(super) fn read(&self, offset: u32, extent: u32, id: [u64; 2]) -> io::Result<Option<(Header, Vec<u8>)>> {
        let mut bytes = vec![0; extent as usize];
        self.file.file.read_exact_at(&mut bytes, offset.into())?;
        let Some(header) = Header::read(&bytes, self.title.salt, self.title.generation) else { return Ok(None) };
        let end = HEADER + header.length as usize;
        if header.id != id || end > bytes.len() || crc32fast::hash(&bytes[HEADER..end]) != header.payload_crc {
            return Ok(None);
        }
        bytes.truncate(end);
        bytes.drain(..HEADER);
        Ok(Some((header, bytes)))
    }

    /// Reads as much of a record as has its envelope; the payload up to there.
    pub(super) fn read_front(&self, offset: u32, extent: u32, id: [u64; 2]) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = vec![0; extent.min(2048) as usize];
        self.file.file.read_exact_at(&mut bytes, offset.into())?;
        let header = Header::read(&bytes, self.title.salt, self.title.generation);
        if header.is_none_or(|header| header.id != id) {
            return Ok(None);
        }
        let Some(needed) = front(&bytes[HEADER..]).filter(|&needed| needed <= extent as usize - HEADER) else {
            return Ok(None);
        };
        let had = bytes.len();
        bytes.resize(HEADER + needed, 0);
        if bytes.len() > had {
            self.file.file.read_exact_at(&mut bytes[had..], u64::from(offset) + had as u64)?;
        }
        bytes.drain(..HEADER);
        Ok(Some(bytes))
    }

    /// The bytes at the place of a record that is damaged, without a header.
    pub(super) fn remains(&self, offset: u32, extent: u32) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; extent as usize];
        self.file.file.read_exact_at(&mut bytes, offset.into())?;
        bytes.drain(..HEADER.min(bytes.len()));
        Ok(bytes)
    }
}

/// A record as recovery sees it: found in the log, or listed in a footer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) offset: u32,
    pub(super) header: Header,
    pub(super) head: [u8; HEAD],
}

impl Found {
    fn to_bytes(self) -> [u8; ENTRY] {
        let mut bytes = [0; ENTRY];
        bytes[..4].copy_from_slice(&self.offset.to_le_bytes());
        bytes[4..ENTRY - HEAD].copy_from_slice(&self.header.body());
        bytes[ENTRY - HEAD..].copy_from_slice(&self.head);
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let offset = reader.u32().ok()?;
        let header = Header::from_body(reader.take(HEADER - 12).ok()?).ok()?;
        Some(Self { offset, header, head: reader.take(HEAD).ok()?.try_into().ok()? })
    }
}

/// Bytes that the footer of so many records takes.
pub(super) fn footer_room(records: usize) -> usize {
    (records * ENTRY + TRAILER).next_multiple_of(PAGE)
}

/// Seals a segment; it stays for the caller to sync it.
pub(super) fn write_footer(disk: &dyn Disk, segment: &SegmentFile, records: &[Found]) -> io::Result<()> {
    let room = footer_room(records.len());
    let mut bytes = vec![0; room - TRAILER - records.len() * ENTRY];
    bytes.extend(records.iter().flat_map(|record| record.to_bytes()));
    bytes.extend(segment.title.salt.to_le_bytes());
    bytes.extend(segment.title.generation.to_le_bytes());
    bytes.extend(u32::try_from(records.len()).unwrap_or(u32::MAX).to_le_bytes());
    bytes.extend([0; TRAILER - 20]);
    let crc = crc32fast::hash(&bytes);
    bytes.extend(crc.to_le_bytes());
    write_all(disk, &segment.file, &bytes, segment.title.size - room as u64)
}

/// The records that the footer lists, if it is there and sound.
pub(super) fn read_footer(segment: &SegmentFile) -> io::Result<Option<Vec<Found>>> {
    let size = segment.title.size;
    let mut trailer = [0; TRAILER];
    segment.file.file.read_exact_at(&mut trailer, size - TRAILER as u64)?;
    let mut reader = Reader::new(&trailer);
    let (Ok(salt), Ok(generation), Ok(count)) = (reader.u64(), reader.u32(), reader.u32()) else { return Ok(None) };
    let room = (count as usize).checked_mul(ENTRY).map(|bytes| (bytes + TRAILER).next_multiple_of(PAGE));
    let Some(room) = room.filter(|&room| room as u64 <= size - PAGE as u64) else { return Ok(None) };
    if salt != segment.title.salt || generation != segment.title.generation {
        return Ok(None);
    }
    let mut bytes = vec![0; room];
    segment.file.file.read_exact_at(&mut bytes, size - room as u64)?;
    if crc32fast::hash(&bytes[..room - 4]).to_le_bytes() != bytes[room - 4..] {
        return Ok(None);
    }
    let start = room - TRAILER - count as usize * ENTRY;
    let found = bytes[start..room - TRAILER].chunks_exact(ENTRY).map(Found::from_bytes);
    let within = |found: &Found| found.offset as usize + found.header.extent() <= size as usize - room;
    Ok(found.collect::<Option<Vec<_>>>().filter(|all| all.iter().all(within)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::queue::disk::System;

    fn segment(directory: &tempfile::TempDir) -> io::Result<SegmentFile> {
        let file = System.create(&directory.path().join("segment"))?;
        file.file.set_len(1 << 16)?;
        let title = Title::new(7, 1 << 16);
        title.write(&System, &file)?;
        Ok(SegmentFile { file: Arc::new(file), title })
    }

    #[test]
    fn one_faulty_sector_does_not_cost_the_header() -> io::Result<()> {
        let directory = tempfile::tempdir()?;
        let segment = segment(&directory)?;
        let mut page = vec![0; PAGE];
        segment.file.file.read_exact_at(&mut page, 0)?;
        assert_eq!(Title::read(&page, 1 << 16), Some(segment.title));
        for at in [0, COPY] {
            let mut damaged = page.clone();
            damaged[at..at + 512].fill(0xff);
            assert_eq!(Title::read(&damaged, 1 << 16), Some(segment.title));
        }
        page[10] ^= 1;
        page[COPY + 20] ^= 1;
        assert_eq!(Title::read(&page, 1 << 16), None);
        assert_eq!(Title::read(&page[..100], 1 << 16), None);
        Ok(())
    }

    #[test]
    fn a_footer_is_read_back_or_is_none() -> io::Result<()> {
        let directory = tempfile::tempdir()?;
        let segment = segment(&directory)?;
        assert_eq!(read_footer(&segment)?, None);
        let record = |number: u32| {
            let header = Header {
                payload_crc: 3,
                length: 100,
                generation: 7,
                sequence: u64::from(number) + 5,
                position: number,
                kind: 1,
                id: [9, u64::from(number)],
            };
            Found { offset: 4096 + number * 160, header, head: [number as u8; HEAD] }
        };
        let records: Vec<Found> = (0..100).map(record).collect();
        write_footer(&System, &segment, &records)?;
        assert_eq!(read_footer(&segment)?, Some(records));
        let room = footer_room(100);
        for at in (0..room).step_by(31).chain([room - 1]) {
            let place = (1 << 16) - room as u64 + at as u64;
            let mut byte = [0];
            segment.file.file.read_exact_at(&mut byte, place)?;
            segment.file.file.write_all_at(&[byte[0] ^ 4], place)?;
            assert_eq!(read_footer(&segment)?, None, "byte {at} of {room}");
            segment.file.file.write_all_at(&byte, place)?;
        }
        assert!(read_footer(&segment)?.is_some());
        Ok(())
    }
}
