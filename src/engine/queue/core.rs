//! What the threads of an open queue share: the index, the box of what waits to be written, the yard of segments.
//!
//! | thread | what it does | waits for |
//! |---|---|---|
//! | committer | writes and syncs what waits, changes the index, answers | the box; a spare segment |
//! | keeper | spare segments, footers, files of no more use | the yard |
//! | cleaner | copies what still counts out of segments that are nearly empty | the committer |
//!
//! No two locks are held at once.

use super::content::{Content, ContentPlace};
use super::disk::Disk;
use super::error::StoreError;
use super::index::{Entry, Index};
use super::record::Encoded;
use super::segment::{Found, PAGE, SegmentFile};
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

/// How a queue is kept.
#[derive(Clone)]
pub struct Options {
    /// Bytes of a segment: a multiple of 4096, from 64 KiB to 1 GiB. A record has a quarter of that at most.
    pub segment_size: u64,
    /// Bytes of content that are kept in the log; what is longer gets a file of its own.
    pub inline_limit: usize,
    /// Segments that are ready to be written to, besides the one that is.
    pub spares: usize,
    /// Segments that may be partly empty before any is cleaned.
    pub slack: u64,
    /// How long nothing is tried for room after there was none.
    pub full_pause: Duration,
    /// The file system.
    pub disk: Arc<dyn Disk>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            segment_size: 32 << 20,
            inline_limit: 64 << 10,
            spares: 2,
            slack: 4,
            full_pause: Duration::from_secs(1),
            disk: Arc::new(super::disk::System),
        }
    }
}

/// What must be so for a record to be written.
pub(super) enum Condition {
    /// There is no such message.
    New,
    /// There is one.
    Exists,
    /// The message is stored as it was then; else the record is left out.
    Unchanged(Box<Entry>),
    /// The message is gone; else the record is left out. It keeps copies in these segments away.
    Buried(Vec<u32>),
}

/// A record that waits to be written.
pub(super) struct Pending {
    pub(super) encoded: Encoded,
    pub(super) condition: Condition,
    /// Its file, if it has one.
    pub(super) content: Option<Content>,
}

/// Whom to tell, once, what came of it; if it is dropped before, he is told that the queue has failed.
pub(super) struct Done(Option<Tell>);

type Tell = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

impl Done {
    pub(super) fn new(tell: impl FnOnce(Result<(), StoreError>) + Send + 'static) -> Self {
        Self(Some(Box::new(tell)))
    }

    pub(super) fn tell(mut self, result: Result<(), StoreError>) {
        if let Some(tell) = self.0.take() {
            tell(result);
        }
    }
}

impl Drop for Done {
    fn drop(&mut self) {
        if let Some(tell) = self.0.take() {
            tell(Err(StoreError::Failed("its writer has ended".into())));
        }
    }
}

/// Records that somebody wants written, in this order.
pub(super) struct Submission {
    pub(super) records: Vec<Pending>,
    pub(super) done: Done,
}

#[derive(Default)]
pub(super) struct Inbox {
    pub(super) waiting: VecDeque<Submission>,
    pub(super) closing: bool,
}

#[derive(Default)]
pub(super) struct Yard {
    /// Ready to be written to, in the order of their generations.
    pub(super) spares: VecDeque<Arc<SegmentFile>>,
    /// Nothing is written to them any more.
    pub(super) to_seal: Vec<(Arc<SegmentFile>, Vec<Found>)>,
    /// Nothing in them counts.
    pub(super) freed: Vec<Arc<SegmentFile>>,
    /// Files of contents whose messages are gone.
    pub(super) orphans: Vec<PathBuf>,
    /// There was no room for another spare.
    pub(super) full: bool,
    pub(super) closing: bool,
}

#[derive(Default)]
pub(super) struct Broom {
    pub(super) called: bool,
    pub(super) closing: bool,
}

pub(super) struct Core {
    pub(super) options: Options,
    /// Where the segments are.
    pub(super) log: PathBuf,
    pub(super) content: Arc<ContentPlace>,
    pub(super) index: Mutex<Index>,
    pub(super) inbox: Mutex<Inbox>,
    pub(super) arrived: Condvar,
    pub(super) yard: Mutex<Yard>,
    /// For the keeper.
    pub(super) work: Condvar,
    /// For the committer: a spare, or none will come.
    pub(super) spare: Condvar,
    pub(super) broom: Mutex<Broom>,
    pub(super) sweep: Condvar,
    /// Why nothing is taken any more.
    failure: OnceLock<String>,
}

/// A lock whose holder panicked is taken all the same: the guards of the threads see to it that the queue has failed
/// then.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Options {
    /// With a segment size that can be.
    pub(super) fn possible(self) -> Self {
        let segment_size = self.segment_size.clamp(64 << 10, 1 << 30).next_multiple_of(PAGE as u64);
        Self { segment_size, ..self }
    }
}

impl Core {
    pub(super) fn new(options: Options, log: PathBuf, content: Arc<ContentPlace>, index: Index) -> Self {
        Self {
            options,
            log,
            content,
            index: Mutex::new(index),
            inbox: Mutex::default(),
            arrived: Condvar::new(),
            yard: Mutex::default(),
            work: Condvar::new(),
            spare: Condvar::new(),
            broom: Mutex::default(),
            sweep: Condvar::new(),
            failure: OnceLock::new(),
        }
    }

    pub(super) fn disk(&self) -> &dyn Disk {
        &*self.options.disk
    }

    pub(super) fn failure(&self) -> Option<StoreError> {
        self.failure.get().map(|why| StoreError::Failed(why.clone()))
    }

    /// From now on nothing is taken. What waits gets this error.
    pub(super) fn fail(&self, why: String) {
        // The first reason stays.
        let _ = self.failure.set(why);
        let waiting = std::mem::take(&mut lock(&self.inbox).waiting);
        for submission in waiting {
            submission.done.tell(Err(self.failure().unwrap_or(StoreError::Closed)));
        }
        drop(lock(&self.yard));
        self.spare.notify_all();
        self.work.notify_all();
    }

    /// Hands records over to be written. `done` is called by another thread, or at once if the queue has failed.
    pub(super) fn submit(&self, submission: Submission) {
        let mut inbox = lock(&self.inbox);
        // Looked at with the box locked: whoever fails the queue empties the box afterwards.
        let refused = self.failure().or_else(|| inbox.closing.then_some(StoreError::Closed));
        match refused {
            Some(error) => {
                drop(inbox);
                submission.done.tell(Err(error));
            }
            None => {
                let first = inbox.waiting.is_empty();
                inbox.waiting.push_back(submission);
                drop(inbox);
                if first {
                    self.arrived.notify_one();
                }
            }
        }
    }

    /// Has records written, and waits for that.
    pub(super) fn commit(&self, records: Vec<Pending>) -> Result<(), StoreError> {
        let answer = Arc::new((Mutex::new(None), Condvar::new()));
        let theirs = Arc::clone(&answer);
        let done = move |result| {
            *lock(&theirs.0) = Some(result);
            theirs.1.notify_one();
        };
        self.submit(Submission { records, done: Done::new(done) });
        let mut result = lock(&answer.0);
        loop {
            match result.take() {
                Some(result) => return result,
                None => result = answer.1.wait(result).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    /// Hands segments and files that are of no more use to the keeper.
    pub(super) fn discard(&self, freed: Vec<Arc<SegmentFile>>, orphans: Vec<PathBuf>) {
        if freed.is_empty() && orphans.is_empty() {
            return;
        }
        let mut yard = lock(&self.yard);
        yard.freed.extend(freed);
        yard.orphans.extend(orphans);
        self.work.notify_one();
    }

    pub(super) fn call_cleaner(&self) {
        lock(&self.broom).called = true;
        self.sweep.notify_one();
    }
}
