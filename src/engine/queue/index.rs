//! What is in the queue and where: in memory, made anew from the log at each start by the same steps that change it
//! later.
//!
//! It also knows when a segment is of no more use: none of its records counts, and no removal in it is needed. A
//! removal is needed for as long as a copy of its message is in another segment: without it the message would come
//! back.

use super::facts::{Facts, Move};
use super::record::kind;
use super::segment::{Found, SegmentFile};
use crate::mail::queue_id::QueueId;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Where a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Location {
    /// Generation of the segment.
    pub(super) segment: u32,
    pub(super) offset: u32,
    /// Bytes with header and zeros.
    pub(super) extent: u32,
}

/// A message.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) message: Location,
    /// What was written for it later; most messages have nothing.
    later: Option<Box<Later>>,
    pub(super) facts: Facts,
    /// Somebody works on it; this is not in the log.
    pub(super) active: bool,
}

#[derive(Clone, Debug, Default)]
struct Later {
    envelope: Option<Location>,
    updates: Vec<Location>,
    update_bytes: u64,
}

impl Entry {
    pub(super) fn envelope(&self) -> Option<Location> {
        self.later.as_ref().and_then(|later| later.envelope)
    }

    pub(super) fn updates(&self) -> &[Location] {
        self.later.as_ref().map_or(&[], |later| &later.updates)
    }

    fn locations(&self) -> impl Iterator<Item = Location> {
        [self.message].into_iter().chain(self.envelope()).chain(self.updates().iter().copied())
    }

    /// Whether it is stored as it was when `other` was copied from the index.
    pub(super) fn is_stored_like(&self, other: &Self) -> bool {
        self.locations().eq(other.locations())
    }

    /// Whether its updates are as long as what they change, so that one record in place of all is worth it.
    pub(super) fn is_scattered(&self) -> bool {
        let whole = self.envelope().unwrap_or(self.message).extent;
        self.later.as_ref().is_some_and(|later| later.updates.len() >= 8 && later.update_bytes >= whole.into())
    }
}

/// A segment.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) file: Arc<SegmentFile>,
    /// Records that count, and their bytes.
    pub(super) live: u32,
    pub(super) live_bytes: u64,
    /// Generations of segments with messages that removals in this one keep away.
    pub(super) needed_for: BTreeMap<u32, Vec<QueueId>>,
    /// Nothing is written to it any more.
    pub(super) sealed: bool,
    /// It was handed out to be used again.
    freed: bool,
    /// Holds records that this program does not know; never moved and never used again.
    pub(super) pinned: bool,
}

/// Messages and segments.
#[derive(Debug, Default)]
pub(super) struct Index {
    pub(super) entries: BTreeMap<QueueId, Entry>,
    pub(super) segments: BTreeMap<u32, Segment>,
    /// Segments with copies of messages that have a later one elsewhere.
    stale: BTreeSet<u32>,
    /// Segments that something happened to after which they may be free.
    suspects: BTreeSet<u32>,
    /// Where the messages were of which removals were seen; at the start only, when a removal may be there twice.
    pub(super) buried: Option<HashMap<QueueId, Vec<u32>>>,
    /// Messages whose updates should become one record.
    pub(super) scattered: BTreeSet<QueueId>,
}

impl Index {
    pub(super) fn add_segment(&mut self, file: Arc<SegmentFile>, sealed: bool) {
        let generation = file.title.generation;
        let segment =
            Segment { file, live: 0, live_bytes: 0, needed_for: BTreeMap::new(), sealed, freed: false, pinned: false };
        self.segments.insert(generation, segment);
        self.suspects.insert(generation);
    }

    pub(super) fn seal(&mut self, generation: u32) {
        if let Some(segment) = self.segments.get_mut(&generation) {
            segment.sealed = true;
            self.suspects.insert(generation);
        }
    }

    fn occupy(&mut self, location: Location) {
        if let Some(segment) = self.segments.get_mut(&location.segment) {
            segment.live += 1;
            segment.live_bytes += u64::from(location.extent);
        }
    }

    fn release(&mut self, location: Location) {
        if let Some(segment) = self.segments.get_mut(&location.segment) {
            segment.live -= 1;
            segment.live_bytes -= u64::from(location.extent);
            if segment.live == 0 {
                self.suspects.insert(location.segment);
            }
        }
    }

    /// Takes a record in that is in the log, in the order of the log. `false` if its kind is not known.
    pub(super) fn apply(&mut self, generation: u32, found: &Found) -> bool {
        let header = &found.header;
        let extent = u32::try_from(header.extent()).unwrap_or(u32::MAX);
        let location = Location { segment: generation, offset: found.offset, extent };
        let known = matches!(header.kind, kind::MESSAGE..=kind::SPOILED);
        let id = QueueId::from_words(header.id).filter(|_| known);
        let Some(id) = id else {
            self.occupy(location);
            if let Some(segment) = self.segments.get_mut(&generation) {
                segment.pinned = true;
            }
            return false;
        };
        match header.kind {
            kind::MESSAGE => {
                let facts = Facts::from_bytes(&found.head).unwrap_or(Facts::corrupt());
                self.insert(id, location, facts);
            }
            kind::DAMAGED => self.insert(id, location, Facts::corrupt()),
            // An older copy that is still there is worth more.
            kind::SPOILED if !self.entries.contains_key(&id) => self.insert(id, location, Facts::corrupt()),
            kind::ENVELOPE => {
                if let Ok(facts) = Facts::from_bytes(&found.head) {
                    self.replace_envelope(id, location, facts);
                }
            }
            kind::UPDATE => {
                if let Ok(change) = Move::from_bytes(&found.head) {
                    self.update(id, location, change);
                }
            }
            kind::REMOVED => self.remove(id, generation),
            _ => {}
        }
        true
    }

    fn insert(&mut self, id: QueueId, message: Location, facts: Facts) {
        let active = self.entries.get(&id).is_some_and(|entry| entry.active);
        let entry = Entry { message, later: None, facts, active };
        self.occupy(message);
        if let Some(old) = self.entries.insert(id, entry) {
            if old.message.segment != message.segment {
                self.stale.insert(old.message.segment);
            }
            old.locations().for_each(|location| self.release(location));
        }
        self.scattered.remove(&id);
    }

    fn replace_envelope(&mut self, id: QueueId, location: Location, facts: Facts) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        entry.facts = Facts { size: entry.facts.size, in_file: entry.facts.in_file, ..facts };
        let later = Later { envelope: Some(location), ..Later::default() };
        let old = entry.later.replace(Box::new(later));
        self.occupy(location);
        if let Some(old) = old {
            old.envelope.into_iter().chain(old.updates).for_each(|location| self.release(location));
        }
        self.scattered.remove(&id);
    }

    fn update(&mut self, id: QueueId, location: Location, change: Move) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        change.apply(&mut entry.facts);
        let later = entry.later.get_or_insert_default();
        later.updates.push(location);
        later.update_bytes += u64::from(location.extent);
        if entry.is_scattered() {
            self.scattered.insert(id);
        }
        self.occupy(location);
    }

    fn remove(&mut self, id: QueueId, generation: u32) {
        let Some(entry) = self.entries.remove(&id) else {
            // A removal that the cleaner wrote once more.
            let targets = self.buried.as_ref().and_then(|buried| buried.get(&id)).cloned().unwrap_or_default();
            self.bury(id, generation, &targets);
            return;
        };
        self.scattered.remove(&id);
        let mut targets: Vec<u32> = self.stale.iter().copied().collect();
        if !self.stale.contains(&entry.message.segment) {
            targets.push(entry.message.segment);
        }
        self.bury(id, generation, &targets);
        if let Some(buried) = &mut self.buried {
            buried.entry(id).or_default().extend(targets);
        }
        entry.locations().for_each(|location| self.release(location));
    }

    /// Notes that a removal in segment `generation` keeps a message in other segments away.
    pub(super) fn bury(&mut self, id: QueueId, generation: u32, targets: &[u32]) {
        for target in targets.iter().filter(|&&target| target != generation) {
            if self.segments.contains_key(target)
                && let Some(segment) = self.segments.get_mut(&generation)
            {
                segment.needed_for.entry(*target).or_default().push(id);
            }
        }
    }

    /// Notes that a segment may have a message of which a later one has the name: what removes that removes both.
    pub(super) fn mark_stale(&mut self, generation: u32) {
        if self.segments.contains_key(&generation) {
            self.stale.insert(generation);
        }
    }

    /// Forgets the removals of a segment: they are written elsewhere.
    pub(super) fn forget_removals(&mut self, generation: u32) {
        if let Some(segment) = self.segments.get_mut(&generation) {
            segment.needed_for.clear();
            self.suspects.insert(generation);
        }
    }

    /// The segments that are of no use since the last call. Until they are [`gone`](Self::gone) their records are
    /// there.
    pub(super) fn take_free(&mut self) -> Vec<Arc<SegmentFile>> {
        let mut free = Vec::new();
        for generation in std::mem::take(&mut self.suspects) {
            let Some(segment) = self.segments.get_mut(&generation) else { continue };
            if segment.sealed && segment.live == 0 && segment.needed_for.is_empty() && !segment.freed {
                segment.freed = true;
                free.push(Arc::clone(&segment.file));
            }
        }
        free
    }

    /// Notes that the records of a segment are no more, on the disk neither.
    pub(super) fn gone(&mut self, generation: u32) {
        self.segments.remove(&generation);
        self.stale.remove(&generation);
        for (other, segment) in &mut self.segments {
            if segment.needed_for.remove(&generation).is_some() && segment.needed_for.is_empty() {
                self.suspects.insert(*other);
            }
        }
    }

    /// The segment that is worth most to clean: sealed, and with the fewest bytes that count for its size. `None` while
    /// segments that are not full cost no more than what counts in all of them, and `slack` segments.
    pub(super) fn to_clean(&self, slack: u64) -> Option<u32> {
        let sealed = || self.segments.iter().filter(|(_, segment)| segment.sealed && !segment.freed);
        let (mut size, mut live, mut largest) = (0, 0, 0);
        for (_, segment) in sealed() {
            size += segment.file.title.size;
            live += segment.live_bytes;
            largest = largest.max(segment.file.title.size);
        }
        if size <= 2 * live + slack * largest {
            return None;
        }
        let candidates = sealed().filter(|(_, segment)| !segment.pinned);
        let emptiest = candidates.min_by_key(|(_, segment)| segment.live_bytes * 1024 / segment.file.title.size)?;
        // Half full at most: what is written is then less than what is won.
        (emptiest.1.live_bytes * 2 <= emptiest.1.file.title.size).then_some(*emptiest.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::queue::disk::{Disk, System};
    use crate::engine::queue::facts::HEAD;
    use crate::engine::queue::record::Header;
    use crate::engine::queue::segment::Title;
    use crate::mail::queue_id::Form;
    use std::path::Path;

    fn id(number: u64) -> QueueId {
        QueueId::new(Form::Short, 0, 1, number)
    }

    /// Segments with these generations, sealed.
    fn index(directory: &Path, generations: std::ops::RangeInclusive<u32>) -> std::io::Result<Index> {
        let mut index = Index::default();
        for generation in generations {
            let file = Arc::new(System.create(&directory.join(generation.to_string()))?);
            index.add_segment(Arc::new(SegmentFile { file, title: Title::new(generation, 1 << 16) }), true);
        }
        Ok(index)
    }

    fn apply(index: &mut Index, generation: u32, kind: u16, number: u64) {
        let id = id(number).words();
        let header = Header { payload_crc: 0, length: 40, generation, sequence: 0, position: 0, kind, id };
        assert!(index.apply(generation, &Found { offset: 4096, header, head: [0; HEAD] }));
    }

    fn free(index: &mut Index) -> Vec<u32> {
        index.take_free().iter().map(|file| file.title.generation).collect()
    }

    #[test]
    fn a_removal_is_kept_for_as_long_as_its_message_is_on_the_disk() -> std::io::Result<()> {
        let directory = tempfile::tempdir()?;
        let mut index = index(directory.path(), 1..=3)?;
        apply(&mut index, 1, kind::MESSAGE, 1);
        apply(&mut index, 1, kind::MESSAGE, 2);
        apply(&mut index, 2, kind::REMOVED, 1);
        // Nothing in the third counts; in the second, the removal does.
        assert_eq!(free(&mut index), [3]);
        index.gone(3);
        apply(&mut index, 2, kind::REMOVED, 2);
        assert_eq!(free(&mut index), [1]);
        assert_eq!(free(&mut index), [0; 0]);
        // The first is free, but its messages are still there until it is used again.
        index.gone(1);
        assert_eq!(free(&mut index), [2]);
        Ok(())
    }

    #[test]
    fn a_removal_is_kept_for_all_copies_of_its_message() -> std::io::Result<()> {
        let directory = tempfile::tempdir()?;
        let mut index = index(directory.path(), 1..=4)?;
        apply(&mut index, 1, kind::MESSAGE, 1);
        apply(&mut index, 1, kind::MESSAGE, 9);
        apply(&mut index, 2, kind::MESSAGE, 1);
        apply(&mut index, 3, kind::REMOVED, 1);
        apply(&mut index, 4, kind::MESSAGE, 5);
        assert_eq!(free(&mut index), [2]);
        index.gone(2);
        // The copy in the first is older, and would come back.
        assert_eq!(free(&mut index), [0; 0]);
        // Written elsewhere, the removal lets its segment go.
        index.bury(id(1), 4, &[1, 2]);
        index.forget_removals(3);
        assert_eq!(free(&mut index), [3]);
        apply(&mut index, 4, kind::REMOVED, 9);
        apply(&mut index, 4, kind::REMOVED, 5);
        assert_eq!(free(&mut index), [1]);
        index.gone(1);
        assert_eq!(free(&mut index), [4]);
        Ok(())
    }
}
