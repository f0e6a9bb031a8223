//! The queue as others use it: opened by one process, changed by records that are on the disk before anybody is told.

use super::content::{Content, ContentPlace, ContentReader, ContentWriter};
use super::core::{Condition, Core, Done, Options, Pending, Submission, lock};
use super::envelope::{Envelope, Outcome};
use super::error::StoreError;
use super::facts::{Facts, Move};
use super::record::Encoded;
use super::recovery::{Recovery, recover};
use super::{cleaner, committer, keeper, load};
use crate::base::{FileError, FileLock, LockKind};
use crate::mail::queue_id::{Form, QueueId};
use std::collections::HashSet;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::ops::Bound;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// Numbers of ids: five digits of base 16, as Postfix's ids usually have.
const NUMBERS: std::ops::Range<u64> = 0x1_0000..0x10_0000;

/// Something to be written.
pub enum Change {
    /// A new message, in the queue that its envelope names.
    Add(Envelope, Content),
    /// Results for some recipients, and what follows for the message.
    Update(QueueId, Move, Vec<Outcome>),
    /// Another envelope for a message that is there; its content stays.
    Replace(Envelope),
    /// The end of a message.
    Remove(QueueId),
}

/// What is known of a message without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Its name.
    pub id: QueueId,
    /// Its facts.
    pub facts: Facts,
    /// Somebody works on it.
    pub active: bool,
}

/// An open queue. It closes when it is dropped: what waits is written before.
pub struct Store {
    core: Arc<Core>,
    ids: Arc<Mutex<Ids>>,
    threads: Vec<JoinHandle<()>>,
    /// Keeps other processes out.
    pub(super) lock: File,
}

/// Names that were given away and are no message yet.
struct Ids {
    number: u64,
    reserved: HashSet<QueueId>,
}

/// A name for a message to come. While this is there nobody else gets it.
pub struct Reservation {
    id: QueueId,
    ids: Arc<Mutex<Ids>>,
}

impl Reservation {
    /// The name.
    #[must_use]
    pub fn id(&self) -> QueueId {
        self.id
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        lock(&self.ids).reserved.remove(&self.id);
    }
}

impl Store {
    /// Opens the queue in a directory, or makes it there, and tells what it found.
    ///
    /// # Errors
    /// When another process has it open, or files cannot be read or made.
    pub fn open(directory: &Path, options: Options) -> Result<(Self, Recovery), StoreError> {
        let options = options.possible();
        let (log, contents) = (directory.join("log"), directory.join("content"));
        for place in [directory, &log, &contents] {
            make_directory(place, &options)?;
        }
        let held = hold(directory)?;
        let disk = Arc::clone(&options.disk);
        let content = Arc::new(ContentPlace { disk, directory: contents, inline: options.inline_limit });
        let found = recover(&options, &log, &content)?;
        let core = Arc::new(Core::new(options, log, content, found.index));
        let freed = lock(&core.index).take_free();
        core.discard(freed.into_iter().chain(found.empty).collect(), Vec::new());
        core.call_cleaner();
        let (generation, name, sequence) = (found.generation, found.name, found.sequence);
        let seconds = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let number = NUMBERS.start + u64::from(seconds.subsec_micros()) % (NUMBERS.end - NUMBERS.start);
        let ids = Arc::new(Mutex::new(Ids { number, reserved: HashSet::new() }));
        let mut store = Self { core, ids, threads: Vec::new(), lock: held };
        store.start("queue cleaner", cleaner::run)?;
        store.start("queue writer", move |core| committer::run(core, sequence))?;
        store.start("queue keeper", move |core| keeper::run(core, generation, name))?;
        Ok((store, found.report))
    }

    fn start(&mut self, name: &str, run: impl FnOnce(&Core) + Send + 'static) -> Result<(), StoreError> {
        let core = Arc::clone(&self.core);
        let thread = std::thread::Builder::new().name(name.into()).spawn(move || run(&core));
        let thread = thread.map_err(FileError::at(&self.core.log))?;
        self.threads.push(thread);
        Ok(())
    }

    /// A name that no message has, for one that arrives at this time (microseconds since 1970).
    #[must_use]
    pub fn reserve(&self, form: Form, arrival: i64) -> Reservation {
        let arrival = u64::try_from(arrival).unwrap_or(0);
        let (seconds, microseconds) = (arrival / 1_000_000, (arrival % 1_000_000) as u32);
        let mut ids = lock(&self.ids);
        let id = loop {
            ids.number = if ids.number + 1 < NUMBERS.end { ids.number + 1 } else { NUMBERS.start };
            let id = QueueId::new(form, seconds, microseconds, ids.number);
            if !ids.reserved.contains(&id) && !lock(&self.core.index).entries.contains_key(&id) {
                break id;
            }
        };
        ids.reserved.insert(id);
        Reservation { id, ids: Arc::clone(&self.ids) }
    }

    /// Takes the content of a message to come.
    #[must_use]
    pub fn write_content(&self, id: &Reservation) -> ContentWriter {
        ContentWriter::new(Arc::clone(&self.core.content), id.id)
    }

    /// Has changes written, in this order, and waits until they are on the disk. When one of them cannot be, such as
    /// the removal of a message that is not there, none is. A crash on the way leaves the first of them, or all, or
    /// none.
    ///
    /// # Errors
    /// Then nothing is promised. After [`StoreError::NoSpace`] it may be tried again.
    pub fn commit(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        self.core.commit(changes.into_iter().map(pending).collect::<Result<_, _>>()?)
    }

    /// As [`commit`](Self::commit), but does not wait: `done` is called by the writing thread, which writes nothing
    /// else meanwhile, so it should only wake somebody.
    pub fn submit(&self, changes: Vec<Change>, done: impl FnOnce(Result<(), StoreError>) + Send + 'static) {
        match changes.into_iter().map(pending).collect() {
            Ok(records) => self.core.submit(Submission { records, done: Done::new(done) }),
            Err(error) => done(Err(error)),
        }
    }

    /// Why nothing is taken any more, if that is so.
    #[must_use]
    pub fn failure(&self) -> Option<StoreError> {
        self.core.failure()
    }

    /// How many segments are ready.
    #[cfg(test)]
    pub(super) fn spares(&self) -> usize {
        lock(&self.core.yard).spares.len()
    }

    /// How many messages there are.
    #[must_use]
    pub fn count(&self) -> usize {
        lock(&self.core.index).entries.len()
    }

    /// What is known of a message.
    #[must_use]
    pub fn summary(&self, id: QueueId) -> Option<Summary> {
        let index = lock(&self.core.index);
        let entry = index.entries.get(&id)?;
        Some(Summary { id, facts: entry.facts, active: entry.active })
    }

    /// What is known of the next messages behind one, in the order of their ids; from the first if that is `None`.
    #[must_use]
    pub fn list(&self, after: Option<QueueId>, most: usize) -> Vec<Summary> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let index = lock(&self.core.index);
        let entries = index.entries.range((from, Bound::Unbounded)).take(most);
        entries.map(|(&id, entry)| Summary { id, facts: entry.facts, active: entry.active }).collect()
    }

    /// Marks that somebody works on a message, or no more; a restart forgets it. `false` if there is no such message.
    pub fn set_active(&self, id: QueueId, active: bool) -> bool {
        lock(&self.core.index).entries.get_mut(&id).map(|entry| entry.active = active).is_some()
    }

    /// The envelope of a message, with all results so far. Its content is not read.
    ///
    /// # Errors
    /// There is no such message, or its record cannot be read.
    pub fn envelope(&self, id: QueueId) -> Result<Envelope, StoreError> {
        load::envelope(&self.core, id).map(|(_, envelope)| envelope)
    }

    /// The content of a message.
    ///
    /// # Errors
    /// There is no such message, or its record or its file cannot be read.
    pub fn content(&self, id: QueueId) -> Result<ContentReader, StoreError> {
        load::content(&self.core, id)
    }

    /// What is on the disk for a message that cannot be read.
    ///
    /// # Errors
    /// There is no such message, or the disk gives nothing.
    pub fn remains(&self, id: QueueId) -> Result<Vec<u8>, StoreError> {
        load::remains(&self.core, id)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // In the order in which they wait for each other; a thread that panicked has told so.
        let mut threads = std::mem::take(&mut self.threads).into_iter();
        lock(&self.core.broom).closing = true;
        self.core.sweep.notify_all();
        let _ = threads.next().map(JoinHandle::join);
        lock(&self.core.inbox).closing = true;
        self.core.arrived.notify_all();
        let _ = threads.next().map(JoinHandle::join);
        lock(&self.core.yard).closing = true;
        self.core.work.notify_all();
        let _ = threads.next().map(JoinHandle::join);
        // Closing the file does not do it while a process that is being started still has it: taken again, the lock is
        // given back by its guard.
        let _ = FileLock::try_acquire(&self.lock, LockKind::Exclusive);
    }
}

fn pending(change: Change) -> Result<Pending, StoreError> {
    let exists = |encoded| Pending { encoded, condition: Condition::Exists, content: None };
    Ok(match change {
        Change::Add(envelope, content) if !content.is_for(envelope.id) => {
            return Err(StoreError::Unknown(envelope.id));
        }
        Change::Add(envelope, content) => {
            let facts = facts(&envelope, content.size(), content.in_file());
            let encoded = Encoded::message(&envelope, facts, &content.record());
            Pending { encoded, condition: Condition::New, content: Some(content) }
        }
        Change::Update(id, change, outcomes) => exists(Encoded::update(id, change, &outcomes)),
        Change::Replace(envelope) => exists(Encoded::envelope(&envelope, facts(&envelope, 0, false))),
        Change::Remove(id) => exists(Encoded::removed(id)),
    })
}

fn facts(envelope: &Envelope, size: u64, in_file: bool) -> Facts {
    let (arrival, next_attempt) = (envelope.arrival, envelope.next_attempt);
    Facts { arrival, size, next_attempt, flags: envelope.flags, queue: envelope.queue, in_file }
}

/// Makes a directory of the queue, and has its name on the disk.
fn make_directory(path: &Path, options: &Options) -> Result<(), StoreError> {
    if fs::metadata(path).is_ok_and(|metadata| metadata.is_dir()) {
        return Ok(());
    }
    DirBuilder::new().mode(0o700).create(path).map_err(FileError::at(path))?;
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => {
            options.disk.sync_directory(parent).map_err(FileError::at(parent))?;
        }
        _ => options.disk.sync_directory(Path::new(".")).map_err(FileError::at(path))?,
    }
    Ok(())
}

/// Takes the lock of a queue, which is held until the file is closed.
fn hold(directory: &Path) -> Result<File, StoreError> {
    let path = directory.join("lock");
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600).custom_flags(flags);
    let file = options.open(&path).map_err(FileError::at(&path))?;
    match FileLock::try_acquire(&file, LockKind::Exclusive).map_err(FileError::at(&path))? {
        // Kept without its guard, which would end with this function.
        Some(held) => std::mem::forget(held),
        None => return Err(StoreError::Locked(directory.to_path_buf())),
    }
    Ok(file)
}
