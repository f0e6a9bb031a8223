//! A power loss: what the queue asked of the disk is taken down, and then played to every point where a sync ends, and
//! to 2,000 others with parts of what was not synced yet missing, torn or in another order. Whatever was acknowledged
//! before that point is there when such a disk is opened.
//!
//! It is taken down by the queue's own [`Disk`], whose methods are a system call each: nothing lies between it and
//! the system. A sector of 512 bytes is written whole or not at all; a new or removed name is sure once its directory
//! was synced.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use postwright::engine::queue::{Change, DeliveryResult, Envelope, Move, Outcome, Progress, Queue, Recipient};
use postwright::engine::queue::{Disk, DiskFile, Options, Store, System};
use postwright::mail::queue_id::{Form, QueueId};
use support::Random;

const SECTOR: usize = 512;
const CRASHES: usize = 2_000;

/// What was done, in its order.
#[derive(Clone)]
enum Event {
    Create(PathBuf),
    Write(PathBuf, u64, Arc<[u8]>),
    Sync(PathBuf),
    SyncDirectory(PathBuf),
    Remove(PathBuf),
    Told(Fact),
}

/// What was promised, or asked for.
#[derive(Clone, Copy)]
enum Fact {
    Added(QueueId, usize),
    Deferred(QueueId),
    Removing(QueueId),
    Removed(QueueId),
}

/// Which syncs are left out, to see that this is noticed.
#[derive(Clone, Copy, PartialEq)]
enum Without {
    Nothing,
    DataSync,
    DirectorySync,
}

/// Takes down what it is asked, one call after the other. It syncs nothing: no power is lost here.
struct Recorder {
    root: PathBuf,
    events: Mutex<Vec<Event>>,
    without: Without,
}

impl Recorder {
    fn note(&self, event: Event) {
        self.events.lock().unwrap().push(event);
    }

    fn name(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.root).unwrap().to_path_buf()
    }
}

impl Disk for Recorder {
    fn create(&self, path: &Path) -> io::Result<DiskFile> {
        let mut events = self.events.lock().unwrap();
        let file = System.create(path)?;
        events.push(Event::Create(self.name(path)));
        Ok(file)
    }

    fn write_at(&self, file: &DiskFile, bytes: &[u8], offset: u64) -> io::Result<usize> {
        let mut events = self.events.lock().unwrap();
        let written = System.write_at(file, bytes, offset)?;
        events.push(Event::Write(self.name(&file.path), offset, bytes[..written].into()));
        Ok(written)
    }

    fn sync_data(&self, file: &DiskFile) -> io::Result<()> {
        if self.without != Without::DataSync {
            self.note(Event::Sync(self.name(&file.path)));
        }
        Ok(())
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        if self.without != Without::DirectorySync {
            self.note(Event::SyncDirectory(self.name(path)));
        }
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut events = self.events.lock().unwrap();
        System.remove(path)?;
        events.push(Event::Remove(self.name(path)));
        Ok(())
    }
}

/// The system, but without waiting.
struct Fast;

impl Disk for Fast {
    fn sync_data(&self, _: &DiskFile) -> io::Result<()> {
        Ok(())
    }

    fn sync_directory(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }
}

fn options(disk: Arc<dyn Disk>) -> Options {
    Options { segment_size: 64 << 10, inline_limit: 4096, spares: 1, slack: 2, disk, ..Options::default() }
}

fn content(id: QueueId, length: usize) -> Vec<u8> {
    let [time, number] = id.words();
    let mut random = Random(time ^ number.rotate_left(32) ^ length as u64);
    (0..length).map(|_| random.byte()).collect()
}

/// The life of a queue with several senders, and two restarts.
fn record(without: Without) -> Vec<Event> {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().to_path_buf();
    let recorder = Arc::new(Recorder { root: root.clone(), events: Mutex::default(), without });
    for life in 0..3 {
        let (store, found) = Store::open(&root, options(Arc::clone(&recorder) as Arc<dyn Disk>)).unwrap();
        assert_eq!(found.damage, []);
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let (store, recorder) = (&store, &recorder);
                scope.spawn(move || send(store, recorder, life * 4 + thread));
            }
        });
    }
    recorder.events.lock().unwrap().clone()
}

fn send(store: &Store, recorder: &Recorder, seed: u64) {
    let mut random = Random(seed);
    let mut mine = Vec::new();
    for number in 0..40 {
        let name = store.reserve(Form::Long, seed as i64 * 1_000_000 + number);
        let id = name.id();
        let length = if random.below(8) == 0 { 4_000 + random.below(9_000) } else { random.below(3_000) };
        let mut writer = store.write_content(&name);
        writer.append(&content(id, length)).unwrap();
        let mut envelope = Envelope::new(id, number, b"sender@example.com");
        envelope.recipients.push(Recipient::new(b"to@example.net"));
        store.commit(vec![Change::Add(envelope, writer.finish().unwrap())]).unwrap();
        recorder.note(Event::Told(Fact::Added(id, length)));
        mine.push(id);
        let chosen = random.below(mine.len());
        if random.below(3) == 0 {
            let result = DeliveryResult { progress: Progress::Deferred, ..DeliveryResult::default() };
            let change =
                Change::Update(mine[chosen], Move::to(Queue::Deferred), vec![Outcome { recipient: 0, result }]);
            store.commit(vec![change]).unwrap();
            recorder.note(Event::Told(Fact::Deferred(mine[chosen])));
        } else if random.below(5) > 0 {
            let id = mine.swap_remove(chosen);
            recorder.note(Event::Told(Fact::Removing(id)));
            store.commit(vec![Change::Remove(id)]).unwrap();
            recorder.note(Event::Told(Fact::Removed(id)));
        }
    }
}

/// A file: what is sure to be on the disk, and what was written since.
#[derive(Clone, Default)]
struct File {
    sure: Vec<u8>,
    written: Vec<(usize, Arc<[u8]>)>,
}

fn write(bytes: &mut Vec<u8>, at: usize, new: &[u8]) {
    bytes.resize(bytes.len().max(at + new.len()), 0);
    bytes[at..at + new.len()].copy_from_slice(new);
}

/// What becomes of what was not synced.
#[derive(Clone, Copy)]
enum Fate {
    Kept,
    Lost,
    /// Each sector, and each name, is kept with this chance in a hundred.
    Sectors(usize),
    /// Each write is.
    Writes(usize),
}

/// A disk on the way.
#[derive(Default)]
struct Simulation {
    files: Vec<File>,
    /// Names as they are, and as they surely are.
    names: HashMap<PathBuf, usize>,
    sure_names: HashMap<PathBuf, usize>,
    facts: Vec<Fact>,
}

impl Simulation {
    fn play(&mut self, event: &Event) {
        match event {
            Event::Create(path) => {
                self.names.insert(path.clone(), self.files.len());
                self.files.push(File::default());
            }
            Event::Write(path, at, bytes) => {
                self.files[self.names[path]].written.push((*at as usize, Arc::clone(bytes)));
            }
            Event::Sync(path) => {
                let file = &mut self.files[self.names[path]];
                for (at, bytes) in file.written.drain(..) {
                    write(&mut file.sure, at, &bytes);
                }
            }
            Event::SyncDirectory(directory) => {
                let within = |path: &PathBuf| path.parent() == Some(directory);
                self.sure_names.retain(|path, _| !within(path));
                let now = self.names.iter().filter(|(path, _)| within(path));
                self.sure_names.extend(now.map(|(path, file)| (path.clone(), *file)));
            }
            Event::Remove(path) => drop(self.names.remove(path)),
            Event::Told(fact) => self.facts.push(*fact),
        }
    }

    /// Puts a disk into a directory as a power loss may leave it.
    fn lose_power(&self, directory: &Path, fate: Fate, random: &mut Random) {
        for name in ["log", "content"] {
            fs::create_dir(directory.join(name)).unwrap();
        }
        let mut names: Vec<&PathBuf> = self.names.keys().chain(self.sure_names.keys()).collect();
        names.sort();
        names.dedup();
        for name in names {
            let now = match fate {
                Fate::Kept => true,
                Fate::Lost => false,
                Fate::Sectors(chance) | Fate::Writes(chance) => random.below(100) < chance,
            };
            let Some(&number) = (if now { &self.names } else { &self.sure_names }).get(name) else { continue };
            fs::write(directory.join(name), left(&self.files[number], fate, random)).unwrap();
        }
    }
}

fn left(file: &File, fate: Fate, random: &mut Random) -> Vec<u8> {
    let mut bytes = file.sure.clone();
    for (at, new) in &file.written {
        match fate {
            Fate::Kept => write(&mut bytes, *at, new),
            Fate::Lost => {}
            Fate::Writes(chance) => {
                if random.below(100) < chance {
                    write(&mut bytes, *at, new);
                }
            }
            Fate::Sectors(chance) => {
                for (number, sector) in new.chunks(SECTOR).enumerate() {
                    if random.below(100) < chance {
                        write(&mut bytes, at + number * SECTOR, sector);
                    }
                }
            }
        }
    }
    bytes
}

/// What of the promises does not hold in a directory.
fn broken(directory: &Path, facts: &[Fact]) -> Option<String> {
    let (store, found) = match Store::open(directory, options(Arc::new(Fast))) {
        Ok(opened) => opened,
        Err(error) => return Some(error.to_string()),
    };
    let mut added: HashMap<QueueId, (usize, bool)> = HashMap::new();
    for fact in facts {
        match *fact {
            Fact::Added(id, length) => drop(added.insert(id, (length, false))),
            Fact::Deferred(id) => added.entry(id).and_modify(|message| message.1 = true).or_default().1 = true,
            Fact::Removing(id) => drop(added.remove(&id)),
            Fact::Removed(id) if store.summary(id).is_some() => return Some(format!("{id} came back")),
            Fact::Removed(_) => {}
        }
    }
    for (id, (length, deferred)) in added {
        let Some(seen) = store.summary(id) else { return Some(format!("{id} is lost")) };
        let mut bytes = Vec::new();
        match store.content(id).map(|mut reader| reader.read_to_end(&mut bytes)) {
            Ok(Ok(_)) if bytes == content(id, length) => {}
            _ => return Some(format!("{id} has another content")),
        }
        if deferred && seen.facts.queue != Queue::Deferred {
            return Some(format!("{id} is not deferred"));
        }
    }
    found.damage.first().map(ToString::to_string)
}

/// Loses power at some events, in each of the ways given with them; the first promise that does not hold.
fn crash(events: &[Event], crashes: &[(usize, Fate, u64)]) -> Option<String> {
    let mut simulation = Simulation::default();
    let mut played = 0;
    for &(at, fate, seed) in crashes {
        while played < at {
            simulation.play(&events[played]);
            played += 1;
        }
        let directory = tempfile::tempdir().unwrap();
        simulation.lose_power(directory.path(), fate, &mut Random(seed));
        // Now and then the queue is opened, and closed, once more: what was judged once stays so.
        let times = if seed.is_multiple_of(4) { 2 } else { 1 };
        for time in 0..times {
            if let Some(why) = broken(directory.path(), &simulation.facts) {
                return Some(format!("event {at} of {}, seed {seed}, opening {time}: {why}", events.len()));
            }
        }
    }
    None
}

fn seeded(events: &[Event], crashes: usize) -> Vec<(usize, Fate, u64)> {
    let mut random = Random(5);
    let fate = |random: &mut Random| match random.below(8) {
        0 => Fate::Writes(50),
        1 => Fate::Sectors(5),
        2 => Fate::Sectors(95),
        3 => Fate::Lost,
        4 => Fate::Kept,
        _ => Fate::Sectors(50),
    };
    let one = |seed| (random.below(events.len() + 1), fate(&mut random), seed);
    let mut crashes: Vec<_> = (0..crashes as u64).map(one).collect();
    crashes.sort_by_key(|crash| crash.0);
    crashes
}

/// Shares them out among threads.
fn none_broken(events: &[Event], crashes: &[(usize, Fate, u64)]) {
    std::thread::scope(|scope| {
        let parts = crashes.chunks(crashes.len().div_ceil(4));
        let threads: Vec<_> = parts.map(|part| scope.spawn(move || crash(events, part))).collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), None);
        }
    });
}

#[test]
fn no_power_loss_takes_what_was_acknowledged() {
    let events = record(Without::Nothing);
    let syncs =
        events.iter().enumerate().filter(|(_, event)| matches!(event, Event::Sync(_) | Event::SyncDirectory(_)));
    let boundaries: Vec<_> =
        syncs.flat_map(|(at, _)| [(at, Fate::Lost, 1), (at, Fate::Kept, 4), (at + 1, Fate::Lost, 1)]).collect();
    // Segments were used again, so that there is something old in them.
    let is_title = |event: &&Event| matches!(event, Event::Write(_, 0, bytes) if bytes.starts_with(b"PWQUEUE"));
    let is_file = |event: &&Event| matches!(event, Event::Create(path) if path.starts_with("log"));
    let (uses, files) = (events.iter().filter(is_title).count(), events.iter().filter(is_file).count());
    assert!(uses > files + 10, "{uses} uses of {files} files");
    none_broken(&events, &boundaries);
    none_broken(&events, &seeded(&events, CRASHES));
    println!("{} events, {} crashes at sync boundaries, {CRASHES} others", events.len(), boundaries.len());
}

/// The test above tells whether the queue syncs.
#[test]
fn a_sync_that_is_left_out_is_noticed() {
    for without in [Without::DataSync, Without::DirectorySync] {
        let events = record(without);
        let lost = seeded(&events, 300).into_iter().find_map(|one| {
            crash(&events, &[one]).filter(|why| why.ends_with(" is lost") || why.ends_with(" has another content"))
        });
        assert!(lost.is_some(), "nothing is lost without it");
    }
}
