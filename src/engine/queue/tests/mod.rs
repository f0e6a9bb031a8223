//! The queue as a whole, on disks that do what is asked and on disks that do not.

mod damage;
mod faults;

use super::*;
use crate::mail::queue_id::{Form, QueueId};
use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// Does not sync, which is slow, and fails where it is told to.
#[derive(Default)]
struct Faulty {
    /// Writes give up after so many bytes.
    short: AtomicU64,
    /// Bytes that new files may take; 0 is no limit.
    room: AtomicU64,
    taken: AtomicU64,
    /// Writes to segments find no room.
    full: AtomicBool,
    fail_write: AtomicBool,
    fail_sync: AtomicBool,
}

fn error(code: i32) -> io::Error {
    io::Error::from_raw_os_error(code)
}

impl Disk for Faulty {
    fn allocate(&self, _: &DiskFile, size: u64) -> io::Result<()> {
        let room = self.room.load(Ordering::SeqCst);
        if room > 0 && self.taken.load(Ordering::SeqCst) + size > room {
            return Err(error(libc::ENOSPC));
        }
        self.taken.fetch_add(size, Ordering::SeqCst);
        Ok(())
    }

    fn write_at(&self, file: &DiskFile, bytes: &[u8], offset: u64) -> io::Result<usize> {
        if self.fail_write.load(Ordering::SeqCst) {
            return Err(error(libc::EIO));
        }
        if self.full.load(Ordering::SeqCst) {
            // A part is written before that is found out.
            file.file.write_all_at(&bytes[..bytes.len() / 2], offset)?;
            return Err(error(libc::ENOSPC));
        }
        let most = match self.short.load(Ordering::SeqCst) {
            0 => bytes.len(),
            short => bytes.len().min(short as usize),
        };
        file.file.write_at(&bytes[..most], offset)
    }

    fn sync_data(&self, _: &DiskFile) -> io::Result<()> {
        if self.fail_sync.load(Ordering::SeqCst) { Err(error(libc::EIO)) } else { Ok(()) }
    }

    fn sync_directory(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }
}

fn options(disk: &Arc<Faulty>) -> Options {
    let disk: Arc<dyn Disk> = Arc::clone(disk) as Arc<dyn Disk>;
    Options {
        segment_size: 64 << 10,
        inline_limit: 4096,
        slack: 2,
        full_pause: Duration::from_millis(5),
        disk,
        ..Options::default()
    }
}

fn open(directory: &tempfile::TempDir) -> Outcome<(Store, Recovery)> {
    Ok(Store::open(&directory.path().join("q"), options(&Arc::default()))?)
}

/// The content of the message with this number, of which every byte counts.
fn content(number: usize, length: usize) -> Vec<u8> {
    (0..length).map(|at| (number * 31 + at * 7 + at / 251) as u8).collect()
}

fn add(store: &Store, number: usize, length: usize) -> Result<QueueId, StoreError> {
    let name = store.reserve(Form::Long, number as i64 * 1_000_000);
    let mut writer = store.write_content(&name);
    writer.append(&content(number, length))?;
    let mut envelope = Envelope::new(name.id(), number as i64 * 1_000_000, b"sender@example.com");
    envelope.recipients = ["a@example.net", "b@example.net"].map(|to| Recipient::new(to.as_bytes())).to_vec();
    store.commit(vec![Change::Add(envelope, writer.finish()?)])?;
    Ok(name.id())
}

fn assert_content(store: &Store, id: QueueId, expected: &[u8]) -> Outcome {
    let mut reader = store.content(id)?;
    assert_eq!(reader.size(), expected.len() as u64);
    assert!(reader.verify()?);
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes)?;
    assert!(bytes == expected, "{id}");
    Ok(())
}

/// Waits for what other threads do behind the scenes.
fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn deferred(recipient: u32, reason: &str) -> super::Outcome {
    let progress = Progress::Deferred;
    let (status, reason) = (b"4.4.1".to_vec(), reason.as_bytes().to_vec());
    super::Outcome { recipient, result: DeliveryResult { progress, status, reason, ..DeliveryResult::default() } }
}

#[test]
fn a_message_lives_through_restarts_until_it_is_removed() -> Outcome {
    let directory = tempfile::tempdir()?;
    let (store, found) = open(&directory)?;
    assert_eq!((found.messages, found.torn, found.damage.len()), (0, false, 0));
    let (short, long) = (add(&store, 1, 1000)?, add(&store, 2, 100_000)?);
    let third = add(&store, 3, 10)?;
    let change = Move { queue: Some(Queue::Deferred), next_attempt: Some(77), ..Move::default() };
    store.commit(vec![Change::Update(short, change, vec![deferred(1, "no answer")])])?;
    let mut replaced = store.envelope(third)?;
    replaced.sender = b"other@example.com".to_vec();
    replaced.queue = Queue::Hold;
    store.commit(vec![Change::Replace(replaced.clone())])?;
    assert!(store.set_active(long, true));
    for _ in 0..3 {
        drop(open(&directory).err());
    }
    let seen = |store: &Store| -> Outcome {
        assert_eq!(store.list(None, 9).iter().map(|seen| seen.id).collect::<Vec<_>>(), [short, long, third]);
        assert_eq!(store.list(Some(short), 1)[0].id, long);
        let envelope = store.envelope(short)?;
        assert_eq!((envelope.queue, envelope.next_attempt), (Queue::Deferred, 77));
        assert_eq!(envelope.recipients[0].result, DeliveryResult::default());
        assert_eq!(envelope.recipients[1].result, deferred(1, "no answer").result);
        assert_eq!(store.envelope(third)?, replaced);
        assert_eq!(store.summary(third).map(|seen| seen.facts.size), Some(10));
        assert_content(store, short, &content(1, 1000))?;
        assert_content(store, long, &content(2, 100_000))?;
        assert_content(store, third, &content(3, 10))
    };
    seen(&store)?;
    assert!(store.summary(long).is_some_and(|seen| seen.active));
    drop(store);
    for _ in 0..3 {
        let (store, found) = open(&directory)?;
        assert_eq!((found.messages, found.torn, found.damage.len()), (3, false, 0));
        seen(&store)?;
        assert!(store.summary(long).is_some_and(|seen| !seen.active));
    }
    let (store, _) = open(&directory)?;
    store.commit(vec![Change::Remove(short), Change::Remove(long), Change::Remove(third)])?;
    assert!(matches!(store.envelope(short), Err(StoreError::Unknown(id)) if id == short));
    drop(store);
    let (store, found) = open(&directory)?;
    assert_eq!((found.messages, store.count()), (0, 0));
    assert!(files(&directory.path().join("q/content")).is_empty());
    Ok(())
}

#[test]
fn a_commit_that_cannot_be_whole_is_not_at_all() -> Outcome {
    let directory = tempfile::tempdir()?;
    let (store, _) = open(&directory)?;
    let (first, other) = (add(&store, 1, 10)?, QueueId::new(Form::Short, 0, 5, 6));
    let result = store.commit(vec![Change::Remove(first), Change::Remove(other)]);
    assert_eq!(result.unwrap_err().to_string(), format!("{other}: no such message"));
    let again = Envelope::new(first, 0, b"");
    let result = store.commit(vec![Change::Add(again.clone(), Content::inline(Vec::new()))]);
    assert_eq!(result.unwrap_err().to_string(), format!("{first}: there is such a message already"));
    let twice = store.commit(vec![Change::Remove(first), Change::Remove(first)]);
    assert!(matches!(twice, Err(StoreError::Unknown(_))));
    assert_eq!(store.count(), 1);
    // In one commit each sees what those before it do.
    store.commit(vec![Change::Remove(first), Change::Add(again, Content::inline(b"x".to_vec()))])?;
    assert_content(&store, first, b"x")?;
    let huge = Content::inline(vec![0; 20_000]);
    let result = store.commit(vec![Change::Add(Envelope::new(other, 0, b""), huge)]);
    assert_eq!(result.unwrap_err().to_string(), "more than one record of the queue can hold");
    drop(store);
    let (store, _) = open(&directory)?;
    assert_eq!(store.count(), 1);
    assert_content(&store, first, b"x")
}

/// Contents in files have the names of their messages: one is never written over, or given to another message.
#[test]
fn a_content_is_that_of_its_message_alone() -> Outcome {
    let directory = tempfile::tempdir()?;
    let (store, _) = open(&directory)?;
    let (name, other) = (store.reserve(Form::Long, 1), store.reserve(Form::Long, 2));
    let mut writer = store.write_content(&name);
    writer.append(&content(1, 9000))?;
    let envelope = Envelope::new(name.id(), 1, b"");
    store.commit(vec![Change::Add(envelope, writer.finish()?)])?;
    let again = store.write_content(&name).append(&content(2, 9000));
    assert!(matches!(again, Err(StoreError::Exists(id)) if id == name.id()));
    assert_content(&store, name.id(), &content(1, 9000))?;
    let mut writer = store.write_content(&other);
    writer.append(&content(2, 9000))?;
    let wrong = Envelope::new(store.reserve(Form::Long, 3).id(), 3, b"");
    assert!(matches!(store.commit(vec![Change::Add(wrong, writer.finish()?)]), Err(StoreError::Unknown(_))));
    assert_eq!(files(&directory.path().join("q/content")).len(), 1);
    Ok(())
}

#[test]
fn one_process_has_it_open() -> Outcome {
    let directory = tempfile::tempdir()?;
    let (store, _) = open(&directory)?;
    let path = directory.path().join("q");
    let refused = Store::open(&path, Options::default()).err().unwrap();
    assert_eq!(refused.to_string(), format!("{}: another process has this queue open", path.display()));
    // A process that is just being started has all files of this one.
    let inherited = store.lock.try_clone()?;
    drop(store);
    assert!(open(&directory).is_ok());
    drop(inherited);
    Ok(())
}

#[test]
fn names_are_given_once() -> Outcome {
    let directory = tempfile::tempdir()?;
    let (store, _) = open(&directory)?;
    let held: Vec<Reservation> = (0..1000).map(|_| store.reserve(Form::Short, 5)).collect();
    let ids: std::collections::BTreeSet<QueueId> = held.iter().map(Reservation::id).collect();
    assert_eq!(ids.len(), 1000);
    assert!(ids.iter().all(|id| id.to_string().len() == 10 && id.to_string().starts_with("00005")));
    Ok(())
}

#[test]
fn room_of_removed_messages_is_used_again() -> Outcome {
    let directory = tempfile::tempdir()?;
    let (store, _) = open(&directory)?;
    // A few stay for good, spread over the log.
    let mut kept = Vec::new();
    for number in 0..600 {
        let id = add(&store, number, 1500)?;
        if number % 60 == 7 {
            // Updates of those that stay are to be moved as well.
            store.commit(vec![Change::Update(id, Move::to(Queue::Deferred), vec![deferred(0, "later")])])?;
            kept.push((number, id));
        } else {
            store.commit(vec![Change::Remove(id)])?;
        }
    }
    // 600 messages take 80 segments and more.
    let log = directory.path().join("q/log");
    wait_until("the log stays long", || files(&log).len() <= 9);
    let check = |store: &Store| -> Outcome {
        assert_eq!(store.count(), kept.len());
        for &(number, id) in &kept {
            assert_content(store, id, &content(number, 1500))?;
            let envelope = store.envelope(id)?;
            assert_eq!((envelope.queue, envelope.recipients.len()), (Queue::Deferred, 2));
            assert_eq!(envelope.recipients[0].result.reason, b"later");
        }
        Ok(())
    };
    check(&store)?;
    drop(store);
    // Nothing that was removed comes back, whatever is in the files still.
    for _ in 0..3 {
        let (store, found) = open(&directory)?;
        assert_eq!((found.damage.len(), found.torn), (0, false));
        check(&store)?;
    }
    Ok(())
}

#[test]
fn many_updates_become_one_record() -> Outcome {
    let directory = tempfile::tempdir()?;
    let (store, _) = open(&directory)?;
    let id = add(&store, 1, 300)?;
    for number in 0..200 {
        let change = Move { next_attempt: Some(number), ..Move::to(Queue::Deferred) };
        store.commit(vec![Change::Update(id, change, vec![deferred(0, &format!("attempt {number}"))])])?;
    }
    // 200 batches have no room in the slack: all but the last ones were gathered.
    let log = directory.path().join("q/log");
    wait_until("the log stays long", || files(&log).len() <= 9);
    drop(store);
    let (store, _) = open(&directory)?;
    let envelope = store.envelope(id)?;
    assert_eq!((envelope.next_attempt, &envelope.recipients[0].result.reason[..]), (199, &b"attempt 199"[..]));
    assert_content(&store, id, &content(1, 300))
}

#[test]
fn what_is_read_while_it_is_moved_is_whole() -> Outcome {
    let directory = tempfile::tempdir()?;
    let (store, _) = open(&directory)?;
    let kept: Vec<(usize, QueueId)> =
        (0..6).map(|number| Ok((number, add(&store, number, 2000)?))).collect::<Outcome<_>>()?;
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 100..500 {
                let id = add(&store, number, 3000).unwrap();
                store.commit(vec![Change::Remove(id)]).unwrap();
            }
            done.store(true, Ordering::SeqCst);
        });
        while !done.load(Ordering::SeqCst) {
            for &(number, id) in &kept {
                assert_content(&store, id, &content(number, 2000)).unwrap();
                assert_eq!(store.envelope(id).unwrap().sender, b"sender@example.com");
            }
        }
    });
    Ok(())
}
