//! Files of LMDB 1.0, which the library of 0.9 does not open: read and changed like those of 0.9, and damaged ones end
//! in words.

use postwright::maps::lmdb::anew::{Changes, write_anew};
use postwright::maps::lmdb::{Damage, Format, LmdbFile, Put, update};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use support::{Random, Scratch};

pub type Pairs = BTreeMap<Vec<u8>, Vec<u8>>;

/// What `testdata/lmdb-1.0/make` puts into changed.lmdb.
fn expected() -> Pairs {
    let mut pairs = Pairs::new();
    for number in (0..400).filter(|number| number % 7 != 0) {
        pairs.insert(format!("key{number:05}\0").into(), format!("{}\0", "v".repeat(number % 40)).into());
    }
    pairs.insert(b"key00001\0".to_vec(), b"changed\0".to_vec());
    pairs.insert(b"long\0".to_vec(), format!("{}\0", "L".repeat(9000)).into());
    pairs.insert(format!("{}\0", "k".repeat(1500)).into(), b"of a long key\0".to_vec());
    pairs.insert(b"zz\0".to_vec(), format!("{}\0", "Z".repeat(3000)).into());
    pairs
}

fn fixture(name: &str) -> Vec<u8> {
    fs::read(support::fixture(&format!("lmdb-1.0/{name}"))).unwrap()
}

/// A file with these bytes, open and without a name.
fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

/// All that is in a file.
pub fn walked(file: &mut LmdbFile) -> Result<Pairs, Damage> {
    let mut pairs = Pairs::new();
    file.walk(|key, value| {
        pairs.insert(key.to_vec(), value.to_vec());
        Ok::<(), Damage>(())
    })?;
    Ok(pairs)
}

#[test]
fn what_the_library_wrote_is_read() {
    let mut empty = LmdbFile::open(file(&fixture("empty.lmdb"))).unwrap();
    assert_eq!((empty.format(), empty.entries()), (Format::V1_0, 0));
    empty.verify().unwrap();
    let mut changed = LmdbFile::open(file(&fixture("changed.lmdb"))).unwrap();
    changed.verify().unwrap();
    let pairs = expected();
    assert_eq!(walked(&mut changed).unwrap(), pairs);
    for (key, value) in &pairs {
        assert_eq!(changed.get(key).unwrap().as_ref(), Some(value));
    }
    assert_eq!(changed.get(b"key00007\0").unwrap(), None);
}

#[test]
fn the_program_reads_and_changes_it() {
    let scratch = Scratch::example();
    scratch.write("site/old.lmdb", fixture("changed.lmdb"));
    scratch.run("postmap -c site -q key00001 lmdb:site/old").is(0, "changed\n", "");
    let listed = scratch.run("postmap -c site -s lmdb:site/old");
    assert_eq!((listed.status, listed.stdout.lines().count()), (0, expected().len()));
    scratch.run_with_input("postmap -c site -i lmdb:site/old", b"new entry\n").is(0, "", "");
    scratch.run("postmap -c site -d key00001 lmdb:site/old").is(0, "", "");
    let mut changed = LmdbFile::open(File::open(scratch.path("site/old.lmdb")).unwrap()).unwrap();
    changed.verify().unwrap();
    let mut pairs = expected();
    pairs.insert(b"new\0".to_vec(), b"entry\0".to_vec());
    pairs.remove(&b"key00001\0"[..]);
    assert_eq!((changed.format(), walked(&mut changed).unwrap()), (Format::V1_0, pairs));
    // Those of the development branch are named; only their first bytes are looked at.
    let mut development = fixture("empty.lmdb");
    for page in [0, 4096] {
        development[page + 28] = 2;
    }
    scratch.write("site/old.lmdb", development);
    let words = "an LMDB file of data version 2, which a development branch of LMDB writes (that of npm's lmdb) and no Postfix \
                 reads: build it anew with postmap, or name another file";
    let told = format!("postmap: fatal: open database site/old.lmdb: {words}\n");
    scratch.run("postmap -c site -q key00001 lmdb:site/old").is(1, "", &told);
    scratch.run("postmap -c site -s lmdb:site/old").is(1, "", &told);
    let not_changed =
        told.replace("another file\n", "another file; it is left as it was: rebuild it from its source\n");
    scratch.run("postmap -c site -d key00001 lmdb:site/old").is(1, "", &not_changed);
}

/// Opens, looks up and walks: a damaged file may give anything but a panic, a loop, or more than was there.
fn read_all(bytes: &[u8]) -> Result<Pairs, Damage> {
    let mut opened = LmdbFile::open(file(bytes))?;
    let _ = opened.verify();
    for key in [&b"key00001\0"[..], b"long\0", b"zz\0", b"none\0"] {
        let _ = opened.get(key);
    }
    walked(&mut opened)
}

#[test]
fn a_file_that_is_cut_short_is_an_error() {
    let bytes = fixture("changed.lmdb");
    for length in (0..bytes.len()).step_by(509).chain((0..bytes.len()).step_by(4096)) {
        // The last pages may be free.
        match read_all(&bytes[..length]) {
            Ok(pairs) => assert_eq!(pairs, expected(), "{length} bytes"),
            Err(damage) => drop(damage.to_string()),
        }
    }
}

/// A file that we wrote: inner pages, leaves and long values.
fn ours(entries: usize) -> (tempfile::NamedTempFile, Vec<u8>, Pairs) {
    let mut pairs: Pairs = (0..entries).map(|n| (format!("key{n:05}\0").into(), vec![b'v'; n % 70])).collect();
    pairs.insert(b"long\0".to_vec(), vec![b'L'; 5000]);
    pairs.insert(vec![b'k'; 1500], b"of a long key\0".to_vec());
    let file = tempfile::NamedTempFile::new().unwrap();
    let all: Changes = pairs.iter().map(|(key, value)| (key.clone(), Some(value.clone()))).collect();
    write_anew(None, all, Format::V1_0, file.as_file()).unwrap();
    let bytes = fs::read(file.path()).unwrap();
    (file, bytes, pairs)
}

#[test]
fn ours_that_is_cut_short_is_an_error() {
    let (_, bytes, pairs) = ours(150);
    let whole = file(&bytes);
    for length in (0..bytes.len()).rev() {
        whole.set_len(length as u64).unwrap();
        let opened = LmdbFile::open(whole.try_clone().unwrap());
        let failed = opened.and_then(|mut opened| walked(&mut opened).map(|found| found == pairs));
        assert!(failed.is_err(), "{length} bytes");
    }
}

/// Updates of damaged files: an error, and the file as it was; or what was meant, in a sound file.
#[test]
fn damaged_files_are_not_changed_or_well() {
    let (scratch, sound, _) = ours(3000);
    let (mut told, mut changed) = (0, 0);
    for seed in 0..400 {
        let mut random = Random(seed);
        let mut bytes = sound.clone();
        for _ in 0..=random.below(3) {
            damage(&mut bytes, &mut random);
        }
        fs::write(scratch.path(), &bytes).unwrap();
        let updated = update(scratch.path(), 1, None, |update| {
            let stored = update.put(b"new\0", b"entry", false)?;
            update.delete(b"key00007\0")?;
            Ok(stored)
        });
        match updated {
            Ok(updated) => {
                let mut file = LmdbFile::open(File::open(scratch.path()).unwrap()).unwrap();
                file.verify().unwrap_or_else(|damage| panic!("seed {seed}: {damage}"));
                assert_eq!((updated.outcome, file.get(b"new\0").unwrap()), (Put::Stored, Some(b"entry".to_vec())));
                assert_eq!(file.get(b"key00007\0").unwrap(), None);
                changed += 1;
            }
            Err(error) => {
                assert!(fs::read(scratch.path()).unwrap() == bytes, "seed {seed}: {error}");
                told += 1;
            }
        }
        let _ = read_all(&bytes);
    }
    assert!(told > 100 && changed > 50, "{told} told, {changed} changed");
}

/// Changes a byte, mostly where the pages tell how they are laid out.
fn damage(bytes: &mut [u8], random: &mut Random) {
    let page = random.below(bytes.len() / 4096) * 4096;
    let at = page + if random.below(4) == 0 { random.below(4096) } else { random.below(200) };
    bytes[at] = random.byte();
}

#[test]
fn damages_end_in_words_or_answers() {
    let mut random = Random(10);
    let (mut told, mut read) = (0, 0);
    for sound in [fixture("changed.lmdb"), ours(3000).1] {
        for _ in 0..1000 {
            let mut bytes = sound.clone();
            for _ in 0..=random.below(3) {
                damage(&mut bytes, &mut random);
            }
            match read_all(&bytes) {
                Ok(_) => read += 1,
                Err(_) => told += 1,
            }
        }
    }
    assert!(told > 200 && read > 200, "{told} told, {read} read");
}

/// Each writes the table anew from what it read: under the lock, so that nothing of another's is lost.
#[test]
fn writers_at_the_same_time_lose_nothing() {
    let scratch = Scratch::example();
    scratch.write("site/t", "first one\n");
    scratch.run("postmap -c site --lmdb-format 1.0 lmdb:site/t").is(0, "", "");
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let scratch = &scratch;
            scope.spawn(move || {
                for number in 0..15 {
                    let entry = format!("w{writer}n{number} x\nw{writer}gone x\n");
                    scratch.run_with_input("postmap -c site -i lmdb:site/t", entry.as_bytes()).is(0, "", "");
                    scratch.run(&format!("postmap -c site -d w{writer}gone lmdb:site/t")).is(0, "", "");
                }
            });
        }
    });
    let mut file = LmdbFile::open(File::open(scratch.path("site/t.lmdb")).unwrap()).unwrap();
    file.verify().unwrap();
    let mut expected = Pairs::from([(b"first\0".to_vec(), b"one\0".to_vec())]);
    expected.extend((0..60).map(|n| (format!("w{}n{}\0", n / 15, n % 15).into(), b"x\0".to_vec())));
    assert_eq!((file.format(), walked(&mut file).unwrap()), (Format::V1_0, expected));
    assert!(scratch.names("site").iter().all(|name| !name.contains("postwright")), "something was left over");
}
