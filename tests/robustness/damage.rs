//! Damaged indexes: whatever happened to the file, opening it, looking up and walking end soon, in a value or an error.
//!
//! One LMDB file, with inner pages and values on pages of their own, one cdb file, and Berkeley DB files that Postfix
//! made are damaged in all sorts of ways, the same on every run. A panic, a signal, a loop or a file cut short that
//! passes for whole fails the test.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use postwright::base::atomic_file::Access;
use postwright::maps::compile::{IndexType, Recipe, read_entries, write_index};
use postwright::maps::{LookupError, OpenOptions, TableReference, open};
use postwright::syntax::table_line::TableForm;
use support::Random;
use support::Scratch;

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

/// A table in order.
struct Sound {
    reference: TableReference,
    index: PathBuf,
    /// What the index holds.
    bytes: Vec<u8>,
    entries: usize,
    /// Some keys, and what they must give.
    some: Vec<(Vec<u8>, Vec<u8>)>,
}

/// A table of a type that we write, with its index.
fn sound(directory: &Path, index_type: IndexType) -> Sound {
    let table = directory.join("table");
    let source: String = (0..ENTRIES).map(|number| format!("{} x{}\n", key(number), value(number))).collect();
    fs::write(&table, &source).unwrap();
    let recipe = Recipe::standard(TableForm::KeyValue);
    let index = index_type.path(&table);
    let access = Access::from(&fs::metadata(&table).unwrap());
    let outcome = write_index(&read_entries(source.into(), &recipe), &recipe, index_type, &index, access).unwrap();
    assert_eq!(outcome.entries, ENTRIES);
    let name = table.as_os_str().as_encoded_bytes().to_vec();
    let bytes = fs::read(&index).unwrap();
    let some = (0..ENTRIES).step_by(10).map(|number| (key(number).into(), format!("x{}", value(number)).into()));
    let reference = TableReference { map_type: index_type.name().into(), name: name.into() };
    Sound { reference, index, bytes, entries: ENTRIES, some: some.collect() }
}

/// A copy of a file of `testdata/berkeley-db`.
fn sound_berkeley_db(directory: &Path, fixture: &str) -> Sound {
    let at = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/berkeley-db").join(fixture);
    let bytes = fs::read(at.with_extension("db")).unwrap();
    let list = fs::read_to_string(at.with_extension("list")).unwrap();
    let entries: Vec<(&str, &str)> = list.lines().filter_map(|line| line.split_once('\t')).collect();
    // Of the values of one key, lookups give the first.
    let is_first = |at: &usize| *at == 0 || entries[at - 1].0 != entries[*at].0;
    let some = (0..entries.len()).filter(is_first).step_by(3);
    let some = some.map(|at| (entries[at].0.into(), entries[at].1.into())).collect();
    let index = directory.join("table.db");
    fs::write(&index, &bytes).unwrap();
    let name = directory.join("table").into_os_string().into_encoded_bytes();
    let map_type = fixture.split('-').next().unwrap().to_owned();
    Sound { reference: TableReference { map_type, name: name.into() }, index, bytes, entries: entries.len(), some }
}

/// What lookups of some keys give.
type Found = Vec<Result<Option<Vec<u8>>, LookupError>>;

/// What all entries together give, in order.
type Walked = Result<Vec<(Vec<u8>, Vec<u8>)>, LookupError>;

fn use_it(reference: &TableReference, keys: &[Vec<u8>]) -> (Found, Walked) {
    let mut table = match open(reference, &OpenOptions::default()) {
        Ok(table) => table,
        Err(error) => return (Vec::new(), Err(error)),
    };
    let found = keys.iter().map(|key| table.lookup(key)).collect();
    let mut visited = Vec::new();
    let walked = table.walk(&mut |key, value| visited.push((key.to_vec(), value.to_vec())));
    (found, walked.map(|()| visited))
}

/// Damages a file; the length that pages have in it is 4096 for LMDB, 512 for Berkeley DB, and means nothing for cdb.
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
            let page = [512, 4096][random.below(2)];
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

fn survives_damage(what: &str, seed: u64, sound: impl Fn(&Path) -> Sound) {
    let directory = tempfile::tempdir().unwrap();
    let Sound { reference, index, bytes, entries, some } = sound(directory.path());
    let (keys, values): (Vec<_>, Vec<_>) = some.into_iter().unzip();
    let (sound_found, sound_walked) = use_it(&reference, &keys);
    assert_eq!(sound_found, values.into_iter().map(|value| Ok(Some(value))).collect::<Vec<_>>());
    assert_eq!(sound_walked.as_ref().map(Vec::len), Ok(entries));

    let (mut refused, mut read) = (0, 0);
    for number in 0..200 {
        let mut random = Random(seed + number);
        let mut damaged = bytes.clone();
        let what = format!("damage {number} of {what}: {}", damage(&mut damaged, &mut random));
        fs::write(&index, damaged).unwrap();
        let (reference, keys) = (reference.clone(), keys.clone());
        let (found, walked) = in_time(&what, move || use_it(&reference, &keys));
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
    assert!(refused > 60 && read > 10, "{what}: {refused} refused, {read} read");
}

#[test]
fn a_damaged_lmdb_file_is_an_error() {
    survives_damage("lmdb", 1_000, |directory| sound(directory, IndexType::Lmdb));
}

#[test]
fn a_damaged_cdb_file_is_an_error() {
    survives_damage("cdb", 2_000, |directory| sound(directory, IndexType::Cdb));
}

/// Pages of 512 bytes, with values on pages and in trees of their own.
const BERKELEY_DB: [&str; 5] =
    ["hash-little", "hash-big-duplicates", "hash-duplicates", "btree-little", "btree-big-duplicates"];

#[test]
fn a_damaged_berkeley_db_file_is_an_error() {
    for (fixture, seed) in BERKELEY_DB.into_iter().zip((4_000..).step_by(1_000)) {
        survives_damage(fixture, seed, |directory| sound_berkeley_db(directory, fixture));
    }
}

/// A file that lacks its last byte, or any more of its end, is never taken for whole.
#[test]
fn every_truncation_is_an_error() {
    let of_ours = [IndexType::Lmdb, IndexType::Cdb];
    let of_ours = of_ours
        .map(|index_type| -> Box<dyn Fn(&Path) -> Sound> { Box::new(move |directory| sound(directory, index_type)) });
    let of_postfix = BERKELEY_DB.map(|fixture| -> Box<dyn Fn(&Path) -> Sound> {
        Box::new(move |directory| sound_berkeley_db(directory, fixture))
    });
    for sound in of_ours.into_iter().chain(of_postfix) {
        let directory = tempfile::tempdir().unwrap();
        let Sound { reference, index, bytes, .. } = sound(directory.path());
        let file = File::options().write(true).open(&index).unwrap();
        for length in (0..bytes.len()).rev() {
            file.set_len(length as u64).unwrap();
            let walked = open(&reference, &OpenOptions::default()).and_then(|mut table| table.walk(&mut |_, _| {}));
            assert!(walked.is_err(), "{}: {length} of {} bytes", reference.map_type, bytes.len());
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
