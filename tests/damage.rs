//! Damaged indexes: whatever happened to the file, opening it, looking up and walking end soon, in a value or an error.
//!
//! One LMDB file, with inner pages and values on pages of their own, and one cdb file are damaged in all sorts of ways, the same
//! on every run. A panic, a signal, a loop or a file cut short that passes for whole fails the test.

// Clippy's leave for tests does not reach functions that they share.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use postwright::maps::compile::index::index_access;
use postwright::maps::compile::{IndexType, Recipe, read_entries, write_index};
use postwright::maps::{LookupError, OpenOptions, TableReference, open};
use postwright::syntax::table_line::TableForm;
use support::Scratch;
use support::random::Random;

/// How long one damaged file may keep us.
const PATIENCE: Duration = Duration::from_secs(20);

/// Long keys make for inner pages over inner pages in a small file, which can then be cut at every byte.
fn key(number: usize) -> String {
    format!("{number:04}.{}@example.com", "long-name.".repeat(15))
}

fn value(number: usize) -> String {
    "v".repeat(if number.is_multiple_of(50) { 2000 + number * 20 } else { number % 90 })
}

const ENTRIES: usize = 600;

/// A table of the type with its index, and the bytes of that.
fn sound(directory: &Path, index_type: IndexType) -> (TableReference, PathBuf, Vec<u8>) {
    let table = directory.join("table");
    let source: String = (0..ENTRIES).map(|number| format!("{} x{}\n", key(number), value(number))).collect();
    fs::write(&table, &source).unwrap();
    let recipe = Recipe::standard(TableForm::KeyValue);
    let index = index_type.path(&table);
    let access = index_access(index_type, &table, &index).unwrap();
    let outcome = write_index(&read_entries(source.into(), &recipe), &recipe, index_type, &index, access).unwrap();
    assert_eq!(outcome.entries, ENTRIES);
    let name = table.as_os_str().as_encoded_bytes().to_vec();
    let bytes = fs::read(&index).unwrap();
    (TableReference { map_type: index_type.name().into(), name }, index, bytes)
}

/// What lookups of every tenth key give.
type Found = Vec<Result<Option<Vec<u8>>, LookupError>>;

/// What all entries together give, in order.
type Walked = Result<Vec<(Vec<u8>, Vec<u8>)>, LookupError>;

fn use_it(reference: &TableReference) -> (Found, Walked) {
    let mut table = match open(reference, &OpenOptions::default()) {
        Ok(table) => table,
        Err(error) => return (Vec::new(), Err(error)),
    };
    let found = (0..ENTRIES).step_by(10).map(|number| table.lookup(key(number).as_bytes())).collect();
    let mut visited = Vec::new();
    let walked = table.walk(&mut |key, value| visited.push((key.to_vec(), value.to_vec())));
    (found, walked.map(|()| visited))
}

/// Damages a file; the length that pages have in it is 4096 for LMDB and means nothing for cdb.
fn damage(bytes: &mut Vec<u8>, random: &mut Random) -> String {
    let length = bytes.len();
    // Half of all damage goes where the structure is: at the start of the file or of a page.
    let place = |random: &mut Random| match random.below(4) {
        0 => random.below(length.min(4096)),
        1 => (random.below(length) & !4095) + random.below(32.min(length & 4095 | 16)),
        _ => random.below(length),
    };
    match random.below(6) {
        0 | 1 => {
            let places: Vec<usize> = (0..=random.below(8)).map(|_| place(random)).collect();
            for &at in &places {
                bytes[at] = if random.below(2) == 0 { random.byte() } else { bytes[at] ^ 1 << random.below(8) };
            }
            format!("bytes changed at {places:?}")
        }
        2 => {
            let start = place(random);
            let end = (start + 1 + random.below(8192)).min(length);
            let fill = [0, 0xff][random.below(2)];
            bytes[start..end].fill(fill);
            format!("{start}..{end} filled with {fill}")
        }
        3 => {
            let end = random.below(length);
            bytes.truncate(end);
            format!("cut at {end}")
        }
        4 => {
            let garbage: Vec<u8> = (0..1 + random.below(10_000)).map(|_| random.byte()).collect();
            let cut = if random.below(2) == 0 { length } else { random.below(length) };
            bytes.truncate(cut);
            bytes.extend(&garbage);
            format!("cut at {cut} and {} bytes of garbage", garbage.len())
        }
        _ => {
            let page = [256, 4096][random.below(2)];
            let pages = length / page;
            let (a, b) = (random.below(pages) * page, random.below(pages) * page);
            for at in 0..page {
                bytes.swap(a + at, b + at);
            }
            format!("{page} bytes at {a} and {b} swapped")
        }
    }
}

/// Runs `work` on a thread of its own, which must end in time and without a panic.
fn in_time<T: Send + 'static>(what: &str, work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(work()));
    match receiver.recv_timeout(PATIENCE) {
        Ok(done) => done,
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("{what}: no end after {PATIENCE:?}"),
        Err(mpsc::RecvTimeoutError::Disconnected) => panic!("{what}: a panic"),
    }
}

fn survives_damage(index_type: IndexType, seed: u64) {
    let directory = tempfile::tempdir().unwrap();
    let (reference, index, bytes) = sound(directory.path(), index_type);
    let (sound_found, sound_walked) = use_it(&reference);
    for (at, found) in sound_found.iter().enumerate() {
        assert_eq!(found, &Ok(Some(format!("x{}", value(at * 10)).into_bytes())));
    }
    assert_eq!(sound_walked.as_ref().map(Vec::len), Ok(ENTRIES));

    let (mut refused, mut read) = (0, 0);
    for number in 0..200 {
        let mut random = Random(seed + number);
        let mut damaged = bytes.clone();
        let what = format!("damage {number} of {}: {}", index_type.name(), damage(&mut damaged, &mut random));
        fs::write(&index, damaged).unwrap();
        let reference = reference.clone();
        let (found, walked) = in_time(&what, move || use_it(&reference));
        // A file that passes for current must serve its keys: nothing would rebuild it.
        assert!(
            walked != sound_walked || found == sound_found,
            "{what}: lookups fail in a file that passes for current"
        );
        let errors = found.into_iter().filter_map(Result::err).chain(walked.as_ref().err().cloned());
        for error in errors {
            // Not for later: nothing mends a damaged file but a rebuild.
            let LookupError::Config(message) = error else { panic!("{what}: {error}") };
            assert!(message.contains(index.to_str().unwrap()), "{what}: names no file: {message}");
        }
        if walked.is_ok() { read += 1 } else { refused += 1 }
    }
    // Damage to the text of a value is nobody's to find; damage to the structure is.
    assert!(refused > 60 && read > 10, "{refused} refused, {read} read");
}

#[test]
fn a_damaged_lmdb_file_is_an_error() {
    survives_damage(IndexType::Lmdb, 1_000);
}

#[test]
fn a_damaged_cdb_file_is_an_error() {
    survives_damage(IndexType::Cdb, 2_000);
}

/// A file that lacks its last byte, or any more of its end, is never taken for whole.
#[test]
fn every_truncation_is_an_error() {
    for index_type in [IndexType::Lmdb, IndexType::Cdb] {
        let directory = tempfile::tempdir().unwrap();
        let (reference, index, bytes) = sound(directory.path(), index_type);
        let file = File::options().write(true).open(&index).unwrap();
        for length in (0..bytes.len()).rev() {
            file.set_len(length as u64).unwrap();
            let walked = open(&reference, &OpenOptions::default()).and_then(|mut table| table.walk(&mut |_, _| {}));
            assert!(walked.is_err(), "{}: {length} of {} bytes", index_type.name(), bytes.len());
        }
    }
}

/// The program on damaged indexes: `check` tells, `build` mends.
#[test]
fn the_program_tells_and_rebuilds() {
    type Damage = fn(&mut Vec<u8>);
    let cases: &[(&str, Damage)] = &[
        ("empty", Vec::clear),
        ("text", |bytes| *bytes = b"this is no index\n".repeat(1000)),
        ("short", |bytes| bytes.truncate(bytes.len() - 1)),
        ("zeroed", |bytes| bytes.fill(0)),
        ("without its start", |bytes| drop(bytes.drain(..512))),
        ("doubled in the middle", |bytes| {
            let middle = bytes.len() / 2;
            bytes.extend_from_within(..middle);
            bytes.drain(middle..middle + 16);
        }),
    ];
    let scratch = Scratch::example();
    for (map_type, name) in [("lmdb", "virtual"), ("cdb", "access")] {
        assert_eq!(scratch.run("build site").status, 0);
        let index = format!("site/{name}.{map_type}");
        let (sound, stored) = (scratch.read(&index), scratch.entries(map_type, &format!("site/{name}")));
        for (what, damage) in cases {
            let mut bytes = sound.clone();
            damage(&mut bytes);
            scratch.write(&index, bytes);
            let outcome = scratch.run("check --format concise site");
            let place = format!("error[MAP004] {map_type}:/etc/postfix/{name}: $DIR/{index}: ");
            assert_eq!((outcome.status, outcome.stderr.as_str()), (1, ""), "{name} {what}: {}", outcome.stdout);
            assert!(outcome.stdout.contains(&place), "{name} {what}: {}", outcome.stdout);
            assert!(outcome.stdout.ends_with("\n1 finding: 1 error\n"), "{name} {what}: {}", outcome.stdout);
            assert_eq!(scratch.run("build --check site").status, 1, "{name} {what}");
            assert_eq!(scratch.run("build site").status, 0, "{name} {what}");
            assert_eq!(scratch.entries(map_type, &format!("site/{name}")), stored, "{name} {what}");
            scratch.run("check site").is(0, "nothing found\n", "");
        }
    }
}

/// Random damage, through the program: one build makes all well again.
#[test]
fn one_build_mends_everything() {
    let scratch = Scratch::example();
    assert_eq!(scratch.run("build site").status, 0);
    let indexes = ["virtual.lmdb", "aliases.lmdb", "transport.lmdb", "access.cdb"].map(|name| format!("site/{name}"));
    let sound = indexes.each_ref().map(|name| scratch.read(name));
    for seed in 0..20 {
        let mut random = Random(3_000 + seed);
        for (name, bytes) in indexes.iter().zip(&sound) {
            let mut damaged = bytes.clone();
            damage(&mut damaged, &mut random);
            scratch.write(name, damaged);
        }
        let outcome = scratch.run("build site");
        assert_eq!((outcome.status, outcome.stderr.as_str()), (0, ""), "{seed}: {}", outcome.stdout);
        scratch.run("check site").is(0, "nothing found\n", "");
        assert_eq!(scratch.run("build --check site").status, 0, "{seed}");
    }
}
