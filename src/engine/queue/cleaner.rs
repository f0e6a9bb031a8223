//! The thread that makes nearly empty segments empty: what counts in them is written once more, at the end of the log.
//!
//! Nothing is lost on the way: a copy is committed like any record before the old one stops counting, it is left out
//! if the message was changed meanwhile, and where both are found at a start the later one holds. It also puts one
//! record in place of many updates of a message.

use super::core::{Condition, Core, Pending, lock};
use super::error::StoreError;
use super::facts::Facts;
use super::index::{Entry, Location};
use super::load;
use super::record::Encoded;
use super::scan::scan;
use super::segment::{Found, SegmentFile, read_footer};
use crate::mail::queue_id::QueueId;
use std::collections::{BTreeSet, HashMap};
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, PoisonError};

/// Bytes of copies that are written at once.
const PIECE: usize = 1 << 20;

/// Runs until the queue is closed.
pub(super) fn run(core: &Core) {
    // Segments that did not become free, so that nobody tries again and again.
    let mut stubborn = BTreeSet::new();
    loop {
        let mut broom = lock(&core.broom);
        while !broom.called && !broom.closing {
            broom = core.sweep.wait(broom).unwrap_or_else(PoisonError::into_inner);
        }
        if broom.closing {
            return;
        }
        broom.called = false;
        drop(broom);
        // Whatever goes wrong here is told to those who write or read, and costs room alone.
        let _ = gather(core);
        loop {
            let chosen = lock(&core.index).to_clean(core.options.slack);
            let Some(generation) = chosen.filter(|generation| !stubborn.contains(generation)) else { break };
            if core.failure().is_some() || lock(&core.broom).closing {
                break;
            }
            stubborn.insert(generation);
            if clean(core, generation).is_err() {
                break;
            }
        }
    }
}

/// Writes the envelopes anew whose updates have grown long.
fn gather(core: &Core) -> Result<(), StoreError> {
    let scattered = std::mem::take(&mut lock(&core.index).scattered);
    let mut copies = Copies::new(core);
    for id in scattered {
        match load::envelope(core, id) {
            Ok((entry, envelope)) => {
                let encoded = Encoded::envelope(&envelope, entry.facts);
                copies.add(encoded, Condition::Unchanged(Box::new(entry)))?;
            }
            Err(StoreError::Unknown(_) | StoreError::Damaged(..)) => {}
            Err(error) => return Err(error),
        }
    }
    copies.write()
}

/// Empties a segment.
fn clean(core: &Core, generation: u32) -> Result<(), StoreError> {
    let Some(file) = lock(&core.index).segments.get(&generation).map(|segment| Arc::clone(&segment.file)) else {
        return Ok(());
    };
    let failed = crate::base::FileError::at(&file.file.path);
    let records = records(&file).map_err(failed)?;
    let mut copies = Copies::new(core);
    for id in messages(core, generation, &records) {
        match copy(core, id, generation) {
            Ok(Some((encoded, entry))) => copies.add(encoded, Condition::Unchanged(Box::new(entry)))?,
            Ok(None) | Err(StoreError::Unknown(_)) => {}
            Err(error) => return Err(error),
        }
    }
    for (id, targets) in removals(core, generation) {
        copies.add(Encoded::removed(id), Condition::Buried(targets))?;
    }
    copies.write()?;
    let mut index = lock(&core.index);
    index.forget_removals(generation);
    let freed = index.take_free();
    drop(index);
    core.discard(freed, Vec::new());
    Ok(())
}

fn records(file: &SegmentFile) -> io::Result<Vec<Found>> {
    if let Some(records) = read_footer(file)? {
        return Ok(records);
    }
    let mut bytes = vec![0; file.title.size as usize];
    file.file.file.read_exact_at(&mut bytes, 0)?;
    Ok(scan(&bytes, &file.title, false).records)
}

/// The messages of which something that counts is in the segment.
fn messages(core: &Core, generation: u32, records: &[Found]) -> BTreeSet<QueueId> {
    let index = lock(&core.index);
    let ids = records.iter().filter_map(|found| QueueId::from_words(found.header.id));
    ids.filter(|id| index.entries.get(id).is_some_and(|entry| is_in(entry, generation))).collect()
}

fn is_in(entry: &Entry, generation: u32) -> bool {
    let here = |place: &Location| place.segment == generation;
    here(&entry.message) || entry.envelope().is_some_and(|place| here(&place)) || entry.updates().iter().any(here)
}

/// The removals in the segment that are needed, with what they are needed for.
fn removals(core: &Core, generation: u32) -> HashMap<QueueId, Vec<u32>> {
    let mut removals: HashMap<QueueId, Vec<u32>> = HashMap::new();
    let index = lock(&core.index);
    let Some(segment) = index.segments.get(&generation) else { return removals };
    for (target, ids) in &segment.needed_for {
        ids.iter().for_each(|id| removals.entry(*id).or_default().push(*target));
    }
    removals
}

/// A record in place of those that the message has in the segment.
fn copy(core: &Core, id: QueueId, generation: u32) -> Result<Option<(Encoded, Entry)>, StoreError> {
    let Some(entry) = lock(&core.index).entries.get(&id).cloned() else { return Ok(None) };
    if !is_in(&entry, generation) {
        return Ok(None);
    }
    let damaged = || -> Result<_, StoreError> {
        let remains = load::remains(core, id)?;
        // Its facts would be those of its first bytes.
        Ok(Some((Encoded::damaged(id, &remains), entry.clone())))
    };
    if entry.message.segment != generation {
        return match load::envelope(core, id) {
            Ok((entry, envelope)) => Ok(Some((Encoded::envelope(&envelope, entry.facts), entry))),
            Err(StoreError::Damaged(..)) => damaged(),
            Err(error) => Err(error),
        };
    }
    if entry.facts == Facts::corrupt() {
        return damaged();
    }
    match load::whole(core, id) {
        Ok((entry, envelope, content)) => Ok(Some((Encoded::message(&envelope, entry.facts, &content), entry))),
        Err(StoreError::Damaged(..)) => damaged(),
        Err(error) => Err(error),
    }
}

/// Collects copies, and writes them in pieces.
struct Copies<'a> {
    core: &'a Core,
    records: Vec<Pending>,
    bytes: usize,
}

impl<'a> Copies<'a> {
    fn new(core: &'a Core) -> Self {
        Self { core, records: Vec::new(), bytes: 0 }
    }

    fn add(&mut self, encoded: Encoded, condition: Condition) -> Result<(), StoreError> {
        let bytes = encoded.bytes.len();
        let most = PIECE.min(self.core.options.segment_size as usize / 8);
        if self.bytes + bytes > most {
            self.write()?;
        }
        self.bytes += bytes;
        self.records.push(Pending { encoded, condition, content: None });
        Ok(())
    }

    fn write(&mut self) -> Result<(), StoreError> {
        self.bytes = 0;
        if self.records.is_empty() {
            return Ok(());
        }
        self.core.commit(std::mem::take(&mut self.records))
    }
}
