//! The one writer of the log: takes all that waits, writes it at once, syncs once, and only then tells anybody.
//!
//! A failed write or sync ends the queue: what the system has of the pages then is not known, and asking it to sync
//! them again can succeed without them. Only a full disk is no such end: what was written of the batch is written over
//! by the next.

use super::core::{Condition, Core, Done, Pending, Submission, lock};
use super::disk::write_all;
use super::error::{StoreError, is_full};
use super::record::{Encoded, head, kind};
use super::segment::{Found, PAGE, SegmentFile, footer_room};
use crate::mail::queue_id::QueueId;
use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

/// Bytes that are written at once, unless one submission has more.
const MOST_AT_ONCE: usize = 4 << 20;

/// Runs until the queue is closed and nothing waits.
pub(super) fn run(core: &Core, sequence: u64) {
    struct Guard<'a>(&'a Core);
    impl Drop for Guard<'_> {
        fn drop(&mut self) {
            if std::thread::panicking() {
                self.0.fail("its writer has ended".into());
            }
        }
    }
    let _guard = Guard(core);
    let mut committer = Committer {
        core,
        segment: None,
        used: 0,
        records: Vec::new(),
        sequence,
        buffer: Vec::new(),
        batch: Vec::new(),
        accepted: Vec::new(),
        alive: HashMap::new(),
    };
    let mut waiting = VecDeque::new();
    loop {
        if waiting.is_empty() {
            let mut inbox = lock(&core.inbox);
            while inbox.waiting.is_empty() && !inbox.closing {
                inbox = core.arrived.wait(inbox).unwrap_or_else(PoisonError::into_inner);
            }
            std::mem::swap(&mut waiting, &mut inbox.waiting);
            if waiting.is_empty() {
                break;
            }
        }
        committer.fill(&mut waiting);
        committer.write();
    }
    committer.retire();
}

struct Committer<'a> {
    core: &'a Core,
    /// The segment that is written to.
    segment: Option<Arc<SegmentFile>>,
    /// Bytes of it that have been written.
    used: usize,
    /// The records in it.
    records: Vec<Found>,
    /// The number of the next record.
    sequence: u64,
    /// The batch in the making, its records, and whom to tell.
    buffer: Vec<u8>,
    batch: Vec<(Found, Option<Condition>)>,
    accepted: Vec<(Done, Vec<Pending>)>,
    /// Whether messages will be there, of which the batch in the making has something.
    alive: HashMap<QueueId, bool>,
}

impl Committer<'_> {
    /// Puts what waits into a batch, as much as one may have and the segment holds.
    fn fill(&mut self, waiting: &mut VecDeque<Submission>) {
        while let Some(submission) = waiting.pop_front() {
            if let Some(error) = self.core.failure() {
                submission.done.tell(Err(error));
                continue;
            }
            let bytes: usize = submission.records.iter().map(|record| record.encoded.bytes.len()).sum();
            if bytes as u64 > self.core.options.segment_size / 4 {
                submission.done.tell(Err(StoreError::TooLarge));
                continue;
            }
            let is_full_batch = self.buffer.len() + bytes > MOST_AT_ONCE;
            let fits = self.fits(bytes, submission.records.len());
            if !self.batch.is_empty() && (is_full_batch || !fits) {
                waiting.push_front(submission);
                return;
            }
            if let Err(error) = self.make_room(fits, &submission) {
                submission.done.tell(Err(error));
                continue;
            }
            self.take(submission);
        }
    }

    fn fits(&self, bytes: usize, records: usize) -> bool {
        let Some(segment) = &self.segment else { return false };
        let end = (self.used + self.buffer.len() + bytes).next_multiple_of(PAGE);
        let footer = footer_room(self.records.len() + self.batch.len() + records);
        // An eighth for the footer at most: small records must not make it large in memory.
        end + footer <= segment.title.size as usize && footer as u64 <= segment.title.size / 8
    }

    /// Goes on to the next segment if the batch, which is empty then, does not fit. When the disk is full the last
    /// segment is not for new messages, but for what makes room.
    fn make_room(&mut self, fits: bool, submission: &Submission) -> Result<(), StoreError> {
        let mut yard = lock(&self.core.yard);
        let is_new = submission.records.iter().any(|record| matches!(record.condition, Condition::New));
        // One segment besides that which messages go to: also the next start needs one to note removals in.
        let kept = if fits { yard.spares.len() } else { yard.spares.len().saturating_sub(1) };
        if yard.full && is_new && kept == 0 {
            self.core.work.notify_one();
            return Err(StoreError::NoSpace);
        }
        if fits {
            return Ok(());
        }
        let next = loop {
            if let Some(spare) = yard.spares.pop_front() {
                break spare;
            }
            if let Some(error) = self.core.failure() {
                return Err(error);
            }
            self.core.work.notify_one();
            if yard.full {
                return Err(StoreError::NoSpace);
            }
            yard = self.core.spare.wait(yard).unwrap_or_else(PoisonError::into_inner);
        };
        drop(yard);
        // There is one less.
        self.core.work.notify_one();
        self.retire();
        lock(&self.core.index).add_segment(Arc::clone(&next), false);
        self.segment = Some(next);
        self.used = PAGE;
        self.core.call_cleaner();
        Ok(())
    }

    /// Hands the segment over to be sealed.
    fn retire(&mut self) {
        let Some(segment) = self.segment.take() else { return };
        let records = std::mem::take(&mut self.records);
        lock(&self.core.yard).to_seal.push((segment, records));
        self.core.work.notify_one();
    }

    /// Takes a submission into the batch if all its conditions hold.
    fn take(&mut self, submission: Submission) {
        let Submission { mut records, done } = submission;
        let mut undo = Vec::new();
        let mut wrong = None;
        let mut index = lock(&self.core.index);
        records.retain(|record| {
            let id = record.encoded.id;
            let touched = self.alive.get(&id).copied();
            let alive = touched.unwrap_or_else(|| index.entries.contains_key(&id));
            let becomes = match &record.condition {
                Condition::New if alive => {
                    wrong.get_or_insert(StoreError::Exists(id));
                    return true;
                }
                Condition::Exists if !alive => {
                    wrong.get_or_insert(StoreError::Unknown(id));
                    return true;
                }
                Condition::Unchanged(then) => {
                    let now = index.entries.get(&id).filter(|now| touched.is_none() && now.is_stored_like(then));
                    if now.is_none() {
                        return false;
                    }
                    true
                }
                Condition::Buried(targets) if alive => {
                    targets.iter().for_each(|&target| index.mark_stale(target));
                    return false;
                }
                Condition::Buried(_) => false,
                Condition::New | Condition::Exists => record.encoded.kind != kind::REMOVED,
            };
            undo.push((id, self.alive.insert(id, becomes)));
            true
        });
        drop(index);
        if let Some(error) = wrong {
            for (id, before) in undo.into_iter().rev() {
                match before {
                    Some(before) => self.alive.insert(id, before),
                    None => self.alive.remove(&id),
                };
            }
            done.tell(Err(error));
            return;
        }
        for record in &mut records {
            let condition = match record.condition {
                Condition::Buried(_) => Some(std::mem::replace(&mut record.condition, Condition::Exists)),
                _ => None,
            };
            self.append(&record.encoded, condition);
            record.encoded.bytes = Vec::new();
        }
        self.accepted.push((done, records));
    }

    fn append(&mut self, encoded: &Encoded, condition: Option<Condition>) {
        let Some(segment) = &self.segment else { return };
        let title = &segment.title;
        let at = self.buffer.len();
        let position = u32::try_from(self.batch.len()).unwrap_or(u32::MAX);
        let header = encoded.header(title.generation, self.sequence, position);
        self.sequence += 1;
        self.buffer.extend_from_slice(&encoded.bytes);
        header.write(title.salt, &mut self.buffer[at..]);
        let offset = u32::try_from(self.used + at).unwrap_or(u32::MAX);
        self.batch.push((Found { offset, header, head: head(encoded.payload()) }, condition));
    }

    /// Writes the batch, syncs it, changes the index, and tells everybody.
    fn write(&mut self) {
        let accepted = std::mem::take(&mut self.accepted);
        let batch = std::mem::take(&mut self.batch);
        self.alive.clear();
        let result = self.store(&batch);
        self.buffer.clear();
        if result.is_ok() {
            self.apply(batch);
        }
        for (done, mut records) in accepted {
            let answer = match &result {
                Err(StoreError::NoSpace) => Err(StoreError::NoSpace),
                Err(_) => Err(self.core.failure().unwrap_or(StoreError::Closed)),
                Ok(()) => Ok(()),
            };
            // After another failure nobody knows whether the record is there.
            if !matches!(answer, Err(StoreError::NoSpace)) {
                records.iter_mut().filter_map(|record| record.content.as_mut()).for_each(|content| content.claim());
            }
            drop(records);
            done.tell(answer);
        }
    }

    fn store(&mut self, batch: &[(Found, Option<Condition>)]) -> Result<(), StoreError> {
        let Some(segment) = self.segment.as_ref().filter(|_| !batch.is_empty()) else { return Ok(()) };
        let end = self.buffer.len().next_multiple_of(PAGE);
        self.buffer.resize(end, 0);
        let (disk, file) = (self.core.disk(), &segment.file);
        let place = file.path.display();
        match write_all(disk, file, &self.buffer, self.used as u64) {
            Err(error) if is_full(&error) => return Err(StoreError::NoSpace),
            Err(error) => self.core.fail(format!("{place}: write: {}", crate::base::system_words(&error))),
            Ok(()) => match disk.sync_data(file) {
                Err(error) => self.core.fail(format!("{place}: fdatasync: {}", crate::base::system_words(&error))),
                Ok(()) => {
                    self.used += end;
                    return Ok(());
                }
            },
        }
        Err(StoreError::Closed)
    }

    fn apply(&mut self, batch: Vec<(Found, Option<Condition>)>) {
        let Some(segment) = &self.segment else { return };
        let generation = segment.title.generation;
        let mut orphans: Vec<PathBuf> = Vec::new();
        let mut index = lock(&self.core.index);
        for (found, condition) in batch {
            self.records.push(found);
            let id = QueueId::from_words(found.header.id);
            if let (Some(Condition::Buried(targets)), Some(id)) = (&condition, id) {
                index.bury(id, generation, targets);
                continue;
            }
            if let (kind::REMOVED, Some(id)) = (found.header.kind, id)
                && index.entries.get(&id).is_some_and(|entry| entry.facts.in_file)
            {
                orphans.push(self.core.content.path(id));
            }
            index.apply(generation, &found);
        }
        let freed = index.take_free();
        let scattered = !index.scattered.is_empty();
        drop(index);
        self.core.discard(freed, orphans);
        if scattered {
            self.core.call_cleaner();
        }
    }
}
