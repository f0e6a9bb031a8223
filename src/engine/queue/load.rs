//! Reading messages: the record, what was written for it later, and the facts of the index, put together.
//!
//! A message may be moved to another segment while it is read, and its old place be used for others: then what is found
//! there does not fit its header, the index has another place, and that is read.

use super::content::{ContentReader, StoredContent};
use super::core::{Core, lock};
use super::envelope::{Envelope, read_outcomes};
use super::error::StoreError;
use super::facts::HEAD;
use super::index::{Entry, Index, Location};
use super::record::{HEADER, Parts};
use super::segment::SegmentFile;
use crate::base::FileError;
use crate::mail::queue_id::QueueId;
use std::collections::HashMap;
use std::io;
use std::sync::Arc;

/// How often a message is looked for that is moved again and again.
const ATTEMPTS: usize = 100;
const GONE: &str = "its segment is not there";
const OTHER: &str = "it is not what was written";

/// Where a message is, with the files for it.
struct Places {
    entry: Entry,
    files: HashMap<u32, Arc<SegmentFile>>,
}

/// Why something could not be read: for good, unless it was moved.
enum Trouble {
    Damaged(&'static str),
    File(FileError),
}

impl Places {
    fn of(index: &Index, id: QueueId) -> Option<Self> {
        let entry = index.entries.get(&id)?.clone();
        let locations = entry.envelope().into_iter().chain([entry.message]).chain(entry.updates().iter().copied());
        let file = |place: Location| {
            let segment = index.segments.get(&place.segment)?;
            Some((place.segment, Arc::clone(&segment.file)))
        };
        let files = locations.filter_map(file).collect();
        Some(Self { entry, files })
    }

    fn file(&self, place: Location) -> Result<&SegmentFile, Trouble> {
        self.files.get(&place.segment).map(|file| &**file).ok_or(Trouble::Damaged(GONE))
    }

    /// The payload of a record; with `front` only as far as the envelope.
    fn payload(&self, id: QueueId, place: Location, front: bool) -> Result<Vec<u8>, Trouble> {
        let file = self.file(place)?;
        let read = match front {
            true => file.read_front(place.offset, place.extent, id.words()),
            false => file.read(place.offset, place.extent, id.words()).map(|found| found.map(|(_, payload)| payload)),
        };
        let failed = |error| Trouble::File(FileError::at(&file.file.path)(error));
        read.map_err(failed)?.ok_or(Trouble::Damaged(OTHER))
    }

    fn envelope(&self, id: QueueId) -> Result<Envelope, Trouble> {
        let damaged = |malformed: super::wire::Malformed| Trouble::Damaged(malformed.0);
        let place = self.entry.envelope().unwrap_or(self.entry.message);
        let payload = self.payload(id, place, true)?;
        let mut envelope = Parts::read(&payload).and_then(|parts| parts.envelope(id)).map_err(damaged)?;
        for update in self.entry.updates() {
            let payload = self.payload(id, *update, false)?;
            read_outcomes(&mut envelope, payload.get(HEAD..).unwrap_or_default()).map_err(damaged)?;
        }
        let facts = self.entry.facts;
        (envelope.queue, envelope.next_attempt, envelope.flags) = (facts.queue, facts.next_attempt, facts.flags);
        Ok(envelope)
    }
}

/// Reads something of a message, again if it was moved meanwhile.
fn settled<T>(
    core: &Core,
    id: QueueId,
    read: impl Fn(&Places) -> Result<T, Trouble>,
) -> Result<(Entry, T), StoreError> {
    let mut trouble = None;
    for _ in 0..ATTEMPTS {
        let places = Places::of(&lock(&core.index), id).ok_or(StoreError::Unknown(id))?;
        match read(&places) {
            Ok(result) => return Ok((places.entry, result)),
            Err(found) => trouble = Some(found),
        }
        let moved = lock(&core.index).entries.get(&id).is_none_or(|now| !now.is_stored_like(&places.entry));
        if !moved {
            break;
        }
    }
    Err(match trouble {
        Some(Trouble::File(error)) if error.error.kind() != io::ErrorKind::UnexpectedEof => StoreError::File(error),
        Some(Trouble::Damaged(why)) => StoreError::Damaged(id, why),
        _ => StoreError::Damaged(id, OTHER),
    })
}

/// The envelope of a message as it is now.
pub(super) fn envelope(core: &Core, id: QueueId) -> Result<(Entry, Envelope), StoreError> {
    settled(core, id, |places| places.envelope(id))
}

/// The envelope, and what the record has for the content.
pub(super) fn whole(core: &Core, id: QueueId) -> Result<(Entry, Envelope, Vec<u8>), StoreError> {
    let (entry, (envelope, content)) = settled(core, id, |places| {
        let envelope = places.envelope(id)?;
        Ok((envelope, record_content(places, id)?))
    })?;
    Ok((entry, envelope, content))
}

fn record_content(places: &Places, id: QueueId) -> Result<Vec<u8>, Trouble> {
    let mut payload = places.payload(id, places.entry.message, false)?;
    let content = Parts::read(&payload).map_err(|malformed| Trouble::Damaged(malformed.0))?.content.len();
    payload.drain(..payload.len() - content);
    Ok(payload)
}

/// The content of a message.
pub(super) fn content(core: &Core, id: QueueId) -> Result<ContentReader, StoreError> {
    let path = core.content.path(id);
    let (_, reader) = settled(core, id, |places| {
        let content = record_content(places, id)?;
        if !places.entry.facts.in_file {
            return Ok(ContentReader::bytes(content));
        }
        let stored = StoredContent::from_bytes(&content).map_err(|malformed| Trouble::Damaged(malformed.0))?;
        match stored.open(&path) {
            Ok(reader) => reader.ok_or(Trouble::Damaged("its file is not as long as it was")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Trouble::Damaged("its file is not there")),
            Err(error) => Err(Trouble::File(FileError::at(&path)(error))),
        }
    })?;
    Ok(reader)
}

/// The bytes at the place of a message, whatever they are.
pub(super) fn remains(core: &Core, id: QueueId) -> Result<Vec<u8>, StoreError> {
    let (_, remains) = settled(core, id, |places| {
        let place = places.entry.message;
        let file = places.file(place)?;
        let failed = |error| Trouble::File(FileError::at(&file.file.path)(error));
        match file.read(place.offset, place.extent, id.words()).map_err(failed)? {
            Some((_, payload)) => Ok(payload),
            None => file.remains(place.offset, place.extent.max(HEADER as u32)).map_err(failed),
        }
    })?;
    Ok(remains)
}
