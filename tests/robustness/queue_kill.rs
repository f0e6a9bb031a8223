//! The queue of a process that is killed at any moment: what it was told is safe is there, whole, and what it removed
//! stays away.
//!
//! The process is this test program again, in [`child`]. It prints what it is told by the queue; a line that came
//! through the pipe had been acknowledged.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use postwright::engine::queue::{Change, Envelope, Options, Outcome, Queue, Recipient, Store};
use postwright::engine::queue::{DeliveryResult, Move, Progress};
use postwright::mail::queue_id::{Form, QueueId};
use support::Random;

const KILLS: usize = 50;
const THREADS: usize = 8;
/// Where the child finds its queue.
const DIRECTORY: &str = "POSTWRIGHT_TEST_QUEUE";

fn open(directory: &Path) -> Store {
    // Small, so that segments are used up, cleaned and used again.
    let options = Options { segment_size: 256 << 10, inline_limit: 16 << 10, slack: 2, ..Options::default() };
    let (store, found) = Store::open(directory, options).unwrap();
    assert_eq!(found.damage, []);
    store
}

/// Every byte of it depends on the name and the length.
fn content(id: QueueId, length: usize) -> Vec<u8> {
    let [time, number] = id.words();
    let mut random = Random(time ^ number.rotate_left(32) ^ length as u64);
    (0..length).map(|_| random.byte()).collect()
}

fn say(line: &str) {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(line.as_bytes()).and_then(|()| stdout.flush()).unwrap();
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros() as i64
}

/// Adds messages, defers some and removes some, until it is killed.
fn work(store: &Store, seed: u64) {
    let mut random = Random(seed);
    let mut mine = Vec::new();
    loop {
        let name = store.reserve(Form::Long, now());
        let id = name.id();
        let length = if random.below(10) == 0 { 16_000 + random.below(50_000) } else { random.below(6_000) };
        let mut writer = store.write_content(&name);
        content(id, length).chunks(4096).for_each(|piece| writer.append(piece).unwrap());
        let mut envelope = Envelope::new(id, now(), b"sender@example.com");
        envelope.recipients.push(Recipient::new(b"to@example.net"));
        store.commit(vec![Change::Add(envelope, writer.finish().unwrap())]).unwrap();
        say(&format!("\nadded {id} {length}\n"));
        mine.push(id);
        let chosen = random.below(mine.len());
        match random.below(4) {
            0 => {
                let progress = Progress::Deferred;
                let result = DeliveryResult { progress, reason: b"no answer".to_vec(), ..DeliveryResult::default() };
                let outcome = Outcome { recipient: 0, result };
                store.commit(vec![Change::Update(mine[chosen], Move::to(Queue::Deferred), vec![outcome])]).unwrap();
                say(&format!("\ndeferred {}\n", mine[chosen]));
            }
            1 | 2 => {
                let id = mine.swap_remove(chosen);
                say(&format!("\nremoving {id}\n"));
                store.commit(vec![Change::Remove(id)]).unwrap();
                say(&format!("\nremoved {id}\n"));
            }
            _ => {}
        }
    }
}

/// What another process runs of this program.
#[test]
#[ignore = "it works until it is killed, on the queue that it is given"]
fn child() {
    let Some(directory) = std::env::var_os(DIRECTORY) else { return };
    let store = open(Path::new(&directory));
    let seed = u64::from(std::process::id());
    std::thread::scope(|scope| {
        for thread in 0..THREADS as u64 {
            let store = &store;
            scope.spawn(move || work(store, seed << 8 | thread));
        }
    });
}

/// What the parent knows of a message.
#[derive(Default)]
struct Known {
    length: usize,
    deferred: bool,
    /// Asked to be removed: it may be there or not.
    may_be_gone: bool,
    removed: bool,
}

#[test]
fn what_was_acknowledged_outlives_its_process() {
    let directory = tempfile::tempdir().unwrap();
    let queue = directory.path().join("queue");
    let mut known: BTreeMap<QueueId, Known> = BTreeMap::new();
    let mut random = Random(u64::from(std::process::id()));
    let (mut acknowledged, mut in_the_middle) = (0, 0);
    for _ in 0..KILLS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["queue_kill::child", "--exact", "--ignored", "--nocapture"])
            .env(DIRECTORY, &queue)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let reader = std::thread::spawn(move || stdout.lines().map_while(Result::ok).collect::<Vec<String>>());
        // From before the queue is open until long after.
        std::thread::sleep(Duration::from_millis(5 + random.below(250) as u64));
        child.kill().unwrap();
        child.wait().unwrap();
        for line in reader.join().unwrap() {
            let mut words = line.split(' ');
            let (Some(verb), Some(Some(id))) = (words.next(), words.next().map(|id| QueueId::parse(id.as_bytes())))
            else {
                continue;
            };
            let message = known.entry(id).or_default();
            match verb {
                "added" => message.length = words.next().unwrap().parse().unwrap(),
                "deferred" => message.deferred = true,
                "removing" => message.may_be_gone = true,
                "removed" => message.removed = true,
                _ => panic!("{line}"),
            }
            acknowledged += usize::from(verb != "removing");
        }
        let store = open(&queue);
        for (&id, message) in &known {
            let Some(seen) = store.summary(id) else {
                assert!(message.may_be_gone, "{id} is lost");
                in_the_middle += usize::from(!message.removed);
                continue;
            };
            assert!(!message.removed, "{id} came back");
            let mut bytes = Vec::new();
            let mut reader = store.content(id).unwrap();
            assert!(reader.verify().unwrap(), "{id} has another content");
            reader.read_to_end(&mut bytes).unwrap();
            assert!(bytes == content(id, message.length), "{id} has another content");
            let envelope = store.envelope(id).unwrap();
            assert_eq!(envelope.sender, b"sender@example.com");
            if message.deferred {
                assert_eq!(seen.facts.queue, Queue::Deferred, "{id}");
                assert_eq!(envelope.recipients[0].result.reason, b"no answer", "{id}");
            }
        }
        // Some stay for the next ones.
        let list = store.list(None, usize::MAX);
        let (stay, go) = list.split_at(list.len().min(40));
        store.commit(go.iter().map(|seen| Change::Remove(seen.id)).collect()).unwrap();
        known.retain(|id, _| stay.iter().any(|seen| seen.id == *id));
    }
    println!("{acknowledged} acknowledged in {KILLS} processes, {in_the_middle} killed in the middle of a removal");
    assert!(acknowledged > 20 * KILLS, "{acknowledged}: this test proves nothing");
}
