//! Files of both formats: what we write the library of the format reads, and what it writes we read; whoever changed
//! them last.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

use postwright::maps::lmdb::anew::{Changes as Changed, write_anew};
use postwright::maps::lmdb::{Damage, Format, LmdbFile, update};
use support::{Random, Scratch, repository};

use crate::library::{Changes, Pairs, changed, read};

/// What we read in a file.
pub fn ours(path: &Path) -> Pairs {
    let mut file = LmdbFile::open(File::open(path).unwrap()).unwrap();
    file.verify().unwrap();
    let mut pairs = Pairs::new();
    file.walk(|key, value| {
        pairs.insert(key.to_vec(), value.to_vec());
        Ok::<(), Damage>(())
    })
    .unwrap();
    let keys: Vec<&[u8]> = pairs.keys().map(Vec::as_slice).collect();
    assert!(file.get_all(&keys).unwrap().into_iter().map(Option::unwrap).eq(pairs.values().cloned()));
    pairs
}

/// Writes a file, and has the library read it.
fn written_and_read(format: Format, pairs: &Pairs) {
    let file = tempfile::NamedTempFile::new().unwrap();
    let all: Changed = pairs.iter().map(|(key, value)| (key.clone(), Some(value.clone()))).collect();
    write_anew(None, all, format, file.as_file()).unwrap();
    assert!(read(format, file.path()) == *pairs, "{format}, {} entries", pairs.len());
}

/// Has the library write a file, and reads it.
fn read_what_is_written(format: Format, pairs: &Pairs) {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("theirs");
    let all: Changes = pairs.iter().map(|(key, value)| (key.clone(), Some(value.clone()))).collect();
    assert!(changed(format, &path, &all) == *pairs);
    assert!(ours(&path) == *pairs, "{format}, {} entries", pairs.len());
}

/// Lengths of values around those at which a value goes to pages of its own, and at which these become more.
const LENGTHS: [usize; 14] = [0, 1, 7, 40, 2000, 2015, 2016, 2023, 4072, 4073, 4080, 4081, 9000, 100_000];

fn some(format: Format, count: usize, random: &mut Random) -> Pairs {
    let mut pairs = Pairs::new();
    while pairs.len() < count {
        let length = match random.below(10) {
            0 => 1 + random.below(format.longest_key()),
            _ => 12 + random.below(30),
        };
        let mut key = format!("{}-", random.below(count * 10)).into_bytes();
        key.resize(length, b'k');
        let value = match random.below(if count > 1000 { 1000 } else { 10 }) {
            0 => LENGTHS[random.below(LENGTHS.len())] + random.below(12),
            _ => random.below(60),
        };
        pairs.insert(key, vec![b'v'; value]);
    }
    pairs
}

#[test]
fn files_of_every_size() {
    let mut random = Random(14);
    for format in Format::ALL {
        for count in [0, 1, 2, 10, 100, 1000, 100_000] {
            let pairs = some(format, count, &mut random);
            written_and_read(format, &pairs);
            if count > 0 {
                read_what_is_written(format, &pairs);
            }
        }
    }
}

/// Of every length that the newer format takes and the older does not, so that inner pages hold few and many.
#[test]
fn long_keys() {
    let longest = Format::V1_0.longest_key();
    for step in [1, 7, 100] {
        let keys = (511..=longest).step_by(step).chain([longest]);
        let pairs: Pairs = keys.map(|length| (vec![b'k'; length], vec![b'v'; length % 50])).collect();
        written_and_read(Format::V1_0, &pairs);
        read_what_is_written(Format::V1_0, &pairs);
    }
    let of_one_length = |length: usize| (0..3000).map(move |n| (format!("{n:0length$}").into_bytes(), Vec::new()));
    for length in [511, 512, 1000, 1001, longest - 1, longest] {
        written_and_read(Format::V1_0, &of_one_length(length).collect());
    }
}

#[test]
fn values_over_pages() {
    for format in Format::ALL {
        let lengths = (2000..2040).chain(4060..4090).chain([8168, 8169, 8176, 8177, 1_000_000, 20_000_000]);
        let pairs: Pairs = lengths.map(|length| (format!("{length}\0").into_bytes(), vec![b'v'; length])).collect();
        written_and_read(format, &pairs);
        read_what_is_written(format, &pairs);
    }
}

#[test]
fn a_million_entries() {
    let pairs: Pairs =
        (0..1_000_000).map(|n| (format!("user{n:07}@example.com\0").into(), format!("mailbox{n}\0").into())).collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    let all: Changed = pairs.iter().map(|(key, value)| (key.clone(), Some(value.clone()))).collect();
    write_anew(None, all, Format::V1_0, file.as_file()).unwrap();
    // The package's verifier takes a minute for it, and has seen all that is in it.
    assert!(changed(Format::V1_0, file.path(), &Changes::new()) == pairs);
}

/// Changed by us, then by the library, then by us; and so on, with everything that a free page can be used for.
#[test]
fn changed_in_turn() {
    for format in Format::ALL {
        let mut random = Random(format.data_version().into());
        let file = tempfile::NamedTempFile::new().unwrap();
        write_anew(None, Changed::new(), format, file.as_file()).unwrap();
        let mut expected = Pairs::new();
        for round in 0..200 {
            let mut changes = Changes::new();
            let used: BTreeSet<Vec<u8>> = expected.keys().cloned().collect();
            for key in used.into_iter().filter(|_| random.below(4) == 0) {
                changes.push((key, None));
            }
            let count = random.below(400);
            changes.extend(some(format, count, &mut random).into_iter().map(|(key, value)| (key, Some(value))));
            for (key, value) in &changes {
                match value {
                    Some(value) => expected.insert(key.clone(), value.clone()),
                    None => expected.remove(key),
                };
            }
            if round % 2 == 0 {
                let updated = update(file.path(), 1, None, |update| {
                    for (key, value) in &changes {
                        match value {
                            Some(value) => drop(update.put(key, value, true)?),
                            None => assert!(update.delete(key)?, "there is one"),
                        }
                    }
                    Ok(())
                });
                updated.unwrap();
                assert!(read(format, file.path()) == expected, "{format}, round {round}");
            } else {
                assert!(changed(format, file.path(), &changes) == expected, "{format}, round {round}");
            }
            assert!(ours(file.path()) == expected, "{format}, round {round}");
        }
    }
}

/// The tables that postmap's cases are about, as the program compiles them.
#[test]
fn the_corpus() {
    let sources = repository().join("testdata/postmap/sources");
    let mut compiled = 0;
    for format in Format::ALL {
        let scratch = Scratch::copy_of(&sources);
        scratch.write("conf/main.cf", "");
        for name in scratch.names("").iter().filter(|name| *name != "conf") {
            let line = format!("postmap -c conf --lmdb-format {} lmdb:{name}", format.name());
            if scratch.run(&line).status == 0 {
                let path = scratch.path(&format!("{name}.lmdb"));
                assert!(read(format, &path) == ours(&path), "{name}");
                compiled += 1;
            }
        }
    }
    assert!(compiled > 20, "{compiled}");
}
