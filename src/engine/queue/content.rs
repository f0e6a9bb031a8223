//! The content of messages: in the record when it is short, else in a file that is on the disk before the record is.

use super::disk::{Disk, DiskFile, write_all};
use super::error::StoreError;
use super::wire::{Malformed, Reader};
use crate::base::FileError;
use crate::mail::queue_id::QueueId;
use std::fs::{File, OpenOptions};
use std::io::{self, Cursor, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes that are collected before they are written.
const PIECE: usize = 256 * 1024;

/// Where files of contents are, and from which size on.
pub(super) struct ContentPlace {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) directory: PathBuf,
    /// Bytes that are kept in the record at most.
    pub(super) inline: usize,
}

impl ContentPlace {
    pub(super) fn path(&self, id: QueueId) -> PathBuf {
        self.directory.join(id.to_string())
    }
}

/// Takes the content of a message as it comes in.
pub struct ContentWriter {
    place: Arc<ContentPlace>,
    id: QueueId,
    /// What is not in the file yet.
    buffer: Vec<u8>,
    file: Option<Unclaimed>,
    written: u64,
    crc: crc32fast::Hasher,
}

/// A file that is removed if no record comes to name it.
struct Unclaimed {
    file: DiskFile,
    disk: Arc<dyn Disk>,
    claimed: bool,
}

impl Drop for Unclaimed {
    fn drop(&mut self) {
        if !self.claimed {
            // What stays is removed at the next start.
            let _ = self.disk.remove(&self.file.path);
        }
    }
}

impl ContentWriter {
    pub(super) fn new(place: Arc<ContentPlace>, id: QueueId) -> Self {
        Self { place, id, buffer: Vec::new(), file: None, written: 0, crc: crc32fast::Hasher::new() }
    }

    /// Bytes taken so far.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    /// Takes more of the content.
    ///
    /// # Errors
    /// No room, or the file cannot be written.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.buffer.extend_from_slice(bytes);
        let limit = if self.file.is_some() { PIECE } else { self.place.inline };
        if self.buffer.len() > limit { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        let disk = &self.place.disk;
        let file = match &self.file {
            Some(file) => file,
            None => {
                let path = self.place.path(self.id);
                let file = disk.create(&path).map_err(|error| match error.kind() {
                    // That of another message of this name, or of another writer for it.
                    io::ErrorKind::AlreadyExists => StoreError::Exists(self.id),
                    _ => FileError::at(&path)(error).into(),
                })?;
                self.file.insert(Unclaimed { file, disk: Arc::clone(disk), claimed: false })
            }
        };
        let failed = FileError::at(&file.file.path);
        write_all(&**disk, &file.file, &self.buffer, self.written).map_err(failed)?;
        self.crc.update(&self.buffer);
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// The whole content; if it is a file, that is on the disk now.
    ///
    /// # Errors
    /// No room, or the file cannot be written or synced.
    pub fn finish(mut self) -> Result<Content, StoreError> {
        if self.file.is_none() {
            return Ok(Content(Kind::Inline(self.buffer)));
        }
        self.flush()?;
        let Some(file) = self.file.take() else { return Ok(Content(Kind::Inline(self.buffer))) };
        self.place.disk.sync_data(&file.file).map_err(FileError::at(&file.file.path))?;
        self.place.disk.sync_directory(&self.place.directory).map_err(FileError::at(&self.place.directory))?;
        let (length, crc) = (self.written, self.crc.finalize());
        Ok(Content(Kind::File(StoredContent { length, crc }, self.id, file)))
    }
}

/// A content that is ready to become a message's.
pub struct Content(Kind);

enum Kind {
    Inline(Vec<u8>),
    File(StoredContent, QueueId, Unclaimed),
}

impl Content {
    /// A short one that is there already, as [`ContentWriter`] would give it; a longer one costs memory and must fit
    /// in a record.
    #[must_use]
    pub fn inline(bytes: Vec<u8>) -> Self {
        Self(Kind::Inline(bytes))
    }

    /// Its bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        match &self.0 {
            Kind::Inline(bytes) => bytes.len() as u64,
            Kind::File(stored, ..) => stored.length,
        }
    }

    pub(super) fn in_file(&self) -> bool {
        matches!(self.0, Kind::File(..))
    }

    /// Whether it can be that of a message of this name: a file has the name already.
    pub(super) fn is_for(&self, id: QueueId) -> bool {
        match &self.0 {
            Kind::Inline(_) => true,
            Kind::File(_, name, _) => *name == id,
        }
    }

    /// What stands in the record for it.
    pub(super) fn record(&self) -> Vec<u8> {
        match &self.0 {
            Kind::Inline(bytes) => bytes.clone(),
            Kind::File(stored, ..) => stored.to_bytes(),
        }
    }

    /// A record names it now, or may do so.
    pub(super) fn claim(&mut self) {
        if let Kind::File(.., file) = &mut self.0 {
            file.claimed = true;
        }
    }
}

/// What a record says of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StoredContent {
    length: u64,
    crc: u32,
}

impl StoredContent {
    fn to_bytes(self) -> Vec<u8> {
        [&self.length.to_le_bytes()[..], &self.crc.to_le_bytes()].concat()
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let stored = Self { length: reader.u64()?, crc: reader.u32()? };
        if reader.rest().is_empty() { Ok(stored) } else { Err(Malformed("its file has more than a name")) }
    }

    /// Opens the file, of which only the length is compared; [`ContentReader::verify`] reads it all.
    pub(super) fn open(self, path: &Path) -> io::Result<Option<ContentReader>> {
        let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
        let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
        let sound = file.metadata()?.len() == self.length;
        Ok(sound.then_some(ContentReader(Source::File(file, self))))
    }
}

/// The content of a queued message, from its start.
pub struct ContentReader(Source);

enum Source {
    Bytes(Cursor<Vec<u8>>),
    File(File, StoredContent),
}

impl ContentReader {
    pub(super) fn bytes(bytes: Vec<u8>) -> Self {
        Self(Source::Bytes(Cursor::new(bytes)))
    }

    /// Its bytes in all.
    #[must_use]
    pub fn size(&self) -> u64 {
        match &self.0 {
            Source::Bytes(bytes) => bytes.get_ref().len() as u64,
            Source::File(_, stored) => stored.length,
        }
    }

    /// Whether a file is what was written; what stood in a record was compared before.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn verify(&self) -> io::Result<bool> {
        use std::os::unix::fs::FileExt;
        let Source::File(file, stored) = &self.0 else { return Ok(true) };
        let (mut crc, mut at, mut piece) = (crc32fast::Hasher::new(), 0, vec![0; PIECE]);
        loop {
            let length = file.read_at(&mut piece, at)?;
            if length == 0 {
                return Ok(at == stored.length && crc.finalize() == stored.crc);
            }
            crc.update(&piece[..length]);
            at += length as u64;
        }
    }
}

impl Read for ContentReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Source::Bytes(bytes) => bytes.read(into),
            Source::File(file, _) => file.read(into),
        }
    }
}
