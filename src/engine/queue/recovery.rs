//! What a queue holds when it is opened: the log read from its first record to its last, and judged.
//!
//! What is decided here is written down before anything new is: the last segment is synced and gets a footer, which
//! lists what counts. Whatever a crash tore stays without effect from then on, also when later ones stand behind it.

use super::content::ContentPlace;
use super::core::Options;
use super::disk::{self, write_all};
use super::error::StoreError;
use super::facts::Queue;
use super::index::Index;
use super::record::{Header, kind};
use super::scan::{Loss, Scan, scan};
use super::segment::{Found, PAGE, SegmentFile, Title, footer_room, read_footer, write_footer};
use crate::base::FileError;
use crate::mail::queue_id::QueueId;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What an opened queue found.
#[derive(Debug, Default)]
pub struct Recovery {
    /// Messages in it.
    pub messages: usize,
    /// A crash left a batch behind that was not written to its end; nobody had been told that it was.
    pub torn: bool,
    /// What cannot be read that somebody was told is safe.
    pub damage: Vec<Damage>,
}

/// Something in the files of a queue that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Damage {
    /// A file of the log has no header and no records: nothing of it is used.
    Segment(PathBuf),
    /// A file of the log has lost its header; the records are there.
    Header(PathBuf),
    /// So many bytes of a file, from an offset, are no records.
    Bytes(PathBuf, usize, usize),
    /// The record of a message; if it has no other, the message is in the queue *corrupt* now.
    Message(PathBuf, QueueId),
    /// A record that told how far this message was: it may be delivered again.
    Progress(PathBuf, QueueId),
    /// A record of a kind that this program does not know; it is kept.
    Unknown(PathBuf, u16),
    /// A message's content, which is to be a file; the message is in the queue *corrupt* now.
    Content(QueueId),
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Segment(path) => write!(f, "{}: no part of the queue's log; it is not used", path.display()),
            Self::Header(path) => write!(f, "{}: its header is damaged, its records are read", path.display()),
            Self::Bytes(path, at, length) => {
                write!(f, "{}: {length} bytes from offset {at} are damaged", path.display())
            }
            Self::Message(path, id) => write!(f, "{}: the record of message {id} is damaged", path.display()),
            Self::Progress(path, id) => {
                write!(f, "{}: a record of the progress of message {id} is damaged", path.display())
            }
            Self::Unknown(path, kind) => write!(f, "{}: a record of unknown kind {kind} is kept", path.display()),
            Self::Content(id) => write!(f, "{id}: its content is not there"),
        }
    }
}

/// A queue as it was found.
pub(super) struct Recovered {
    pub(super) index: Index,
    pub(super) report: Recovery,
    /// Segments without records.
    pub(super) empty: Vec<Arc<SegmentFile>>,
    /// The next number of a record, a segment, a file.
    pub(super) sequence: u64,
    pub(super) generation: u32,
    pub(super) name: u32,
}

/// A segment, and how its records are known.
struct Known {
    file: Arc<SegmentFile>,
    /// The records of a footer, or all bytes.
    contents: Contents,
}

enum Contents {
    Listed(Vec<Found>),
    Bytes(Vec<u8>),
}

/// Reads the log in a directory, and removes files of contents that no message has.
pub(super) fn recover(options: &Options, log: &Path, content: &ContentPlace) -> Result<Recovered, StoreError> {
    let mut report = Recovery::default();
    let mut index = Index::default();
    index.buried = Some(HashMap::new());
    let (mut segments, name) = segments(options, log, &mut report)?;
    segments.sort_by_key(|known| known.file.title.generation);
    let generation = segments.last().map_or(1, |known| known.file.title.generation + 1);
    // Those behind the last with records are empty.
    let last = segments.iter().rposition(|known| match &known.contents {
        Contents::Listed(records) => !records.is_empty(),
        Contents::Bytes(bytes) => !scan(bytes, &known.file.title, true).records.is_empty(),
    });
    let mut empty = Vec::new();
    let mut sequence = 1;
    for (number, Known { file, contents }) in segments.into_iter().enumerate() {
        let records = match contents {
            Contents::Listed(records) => records,
            Contents::Bytes(bytes) => {
                let scan = scan(&bytes, &file.title, Some(number) >= last);
                report.torn |= scan.torn;
                report.damage.extend(scan.losses.iter().map(|loss| told(loss, &file.file.path)));
                if !scan.records.is_empty() {
                    settle(options, &file, &bytes, &scan, Some(number) == last)?;
                }
                scan.records
            }
        };
        if records.is_empty() {
            empty.push(file);
            continue;
        }
        let generation = file.title.generation;
        index.add_segment(Arc::clone(&file), true);
        for found in &records {
            sequence = sequence.max(found.header.sequence + 1);
            if !index.apply(generation, found) {
                report.damage.push(Damage::Unknown(file.file.path.clone(), found.header.kind));
            }
        }
    }
    index.buried = None;
    compare_contents(options, content, &mut index, &mut report)?;
    report.messages = index.entries.len();
    Ok(Recovered { index, report, empty, sequence, generation, name })
}

fn told(loss: &Loss, path: &Path) -> Damage {
    let path = path.to_path_buf();
    match *loss {
        Loss::Bytes(at, length) => Damage::Bytes(path, at, length),
        Loss::Record(Found { header, offset, .. }) => match (QueueId::from_words(header.id), header.kind) {
            (Some(id), kind::MESSAGE | kind::DAMAGED) => Damage::Message(path, id),
            (Some(id), _) => Damage::Progress(path, id),
            (None, _) => Damage::Bytes(path, offset as usize, header.extent()),
        },
    }
}

/// Sees to it that what was read is on the disk, and that the next start takes the same records for good.
fn settle(
    options: &Options,
    segment: &SegmentFile,
    bytes: &[u8],
    scan: &Scan,
    is_last: bool,
) -> Result<(), StoreError> {
    let (disk, failed) = (&*options.disk, FileError::at(&segment.file.path));
    if is_last {
        // A page that the disk refused may look clean, and no sync would write it again.
        let last = scan.last.start.max(PAGE)..scan.last.end.min(bytes.len());
        write_all(disk, &segment.file, bytes.get(last.clone()).unwrap_or_default(), last.start as u64)
            .map_err(&failed)?;
    }
    if scan.last.end + footer_room(scan.records.len()) <= bytes.len() {
        write_footer(disk, segment, &scan.records).map_err(&failed)?;
    }
    disk.sync_data(&segment.file).map_err(&failed)?;
    Ok(())
}

/// The segments, in any order, and the number for the next file.
fn segments(options: &Options, log: &Path, report: &mut Recovery) -> Result<(Vec<Known>, u32), StoreError> {
    let mut segments = Vec::new();
    let mut next = 0;
    for entry in fs::read_dir(log).map_err(FileError::at(log))? {
        let path = entry.map_err(FileError::at(log))?.path();
        let number =
            path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| u32::from_str_radix(stem, 16).ok());
        let Some(number) = number.filter(|_| path.extension().is_some_and(|extension| extension == "log")) else {
            continue;
        };
        next = next.max(number.saturating_add(1));
        let file = disk::open(&path)?;
        let length = file.file.metadata().map_err(FileError::at(&path))?.len();
        let mut page = [0; PAGE];
        let whole = file.file.read_exact_at(&mut page, 0).is_ok();
        let title = Title::read(&page, length).filter(|_| whole);
        let title = match title {
            Some(title) => title,
            None => {
                let bytes = read(&file, length.min(1 << 30) as usize);
                // One that was in the making.
                if bytes.iter().all(|&byte| byte == 0) {
                    options.disk.remove(&path).map_err(FileError::at(&path))?;
                    continue;
                }
                let Some(title) = rescue(&bytes) else {
                    report.damage.push(Damage::Segment(path));
                    continue;
                };
                report.damage.push(Damage::Header(path.clone()));
                title
            }
        };
        let file = Arc::new(SegmentFile { file: Arc::new(file), title });
        let contents = match read_footer(&file) {
            Ok(Some(records)) => Contents::Listed(records),
            _ => Contents::Bytes(read(&file.file, title.size as usize)),
        };
        segments.push(Known { file, contents });
    }
    Ok((segments, next))
}

/// All of a file; what the disk does not give up is damage.
fn read(file: &disk::DiskFile, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    if file.file.read_exact_at(&mut bytes, 0).is_err() {
        for (number, page) in bytes.chunks_mut(PAGE).enumerate() {
            if file.file.read_exact_at(page, (number * PAGE) as u64).is_err() {
                page.fill(0xee);
            }
        }
    }
    bytes
}

/// The header of a segment that lost it, from its first record.
fn rescue(bytes: &[u8]) -> Option<Title> {
    let record = bytes.get(PAGE..)?;
    let salt = u64::from_le_bytes(*record.first_chunk()?);
    let generation = u32::from_le_bytes(*record.get(20..)?.first_chunk()?);
    Header::read(record, salt, generation)?;
    Some(Title { generation, salt, size: bytes.len() as u64 })
}

/// Files of contents without a message are removed, messages without their file are corrupt.
fn compare_contents(
    options: &Options,
    content: &ContentPlace,
    index: &mut Index,
    report: &mut Recovery,
) -> Result<(), StoreError> {
    let directory = &content.directory;
    let mut there = HashSet::new();
    for entry in fs::read_dir(directory).map_err(FileError::at(directory))? {
        let entry = entry.map_err(FileError::at(directory))?;
        let Some(id) = QueueId::parse(entry.file_name().as_bytes()) else { continue };
        if index.entries.contains_key(&id) {
            there.insert(id);
        } else {
            options.disk.remove(&entry.path()).map_err(FileError::at(&entry.path()))?;
        }
    }
    for (id, entry) in &mut index.entries {
        if entry.facts.in_file && !there.contains(id) {
            entry.facts.queue = Queue::Corrupt;
            report.damage.push(Damage::Content(*id));
        }
    }
    Ok(())
}
