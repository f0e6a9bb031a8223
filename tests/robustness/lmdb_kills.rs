//! What changes LMDB files of both formats, killed at any moment: each file is the old one or the new one, whole, and
//! the way on and the way back are open.

use crate::lmdb_formats::{Pairs, walked};
use postwright::maps::lmdb::{Format, LmdbFile};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use support::{Random, Scratch};

/// How often each is killed.
const KILLS: usize = 20;

/// How many tables there are, and entries in each.
const TABLES: usize = 5;
const ENTRIES: usize = 5_000;

/// A file's format and all that is in it; it must be sound.
fn whole(path: &Path) -> (Format, Pairs) {
    let mut file = LmdbFile::open(File::open(path).unwrap()).unwrap();
    file.verify().unwrap();
    let pairs = walked(&mut file).unwrap();
    (file.format(), pairs)
}

fn site() -> Scratch {
    let scratch = Scratch::example();
    let named: String = (0..TABLES).map(|number| format!(" lmdb:/etc/postfix/table{number}")).collect();
    let main = format!("compatibility_level = 3.11\nalias_maps =\nalias_database =\nvirtual_alias_maps ={named}\n");
    scratch.write("r/etc/postfix/main.cf", main);
    for number in 0..TABLES {
        let entry = |n: usize| format!("user{n}@example.com box{n}.{number}\n");
        scratch.write(&format!("r/etc/postfix/table{number}"), (0..ENTRIES).map(entry).collect::<String>());
        scratch.run(&format!("postmap -c r/etc/postfix lmdb:r/etc/postfix/table{number}")).is(0, "", "");
    }
    scratch
}

/// The names and bytes of a directory.
fn tree(scratch: &Scratch) -> BTreeMap<String, Vec<u8>> {
    let name = |name: String| (name.clone(), scratch.read(&format!("r/etc/postfix/{name}")));
    scratch.names("r/etc/postfix").into_iter().map(name).collect()
}

/// Runs a command for a while and kills it, if it has not ended before: whether it had.
fn killed(scratch: &Scratch, command: &str, input: Option<&str>, after: Duration) -> bool {
    let words: Vec<&str> = command.split(' ').collect();
    let mut child = scratch.command(&words);
    child.stdin(match input {
        Some(name) => Stdio::from(File::open(scratch.path(name)).unwrap()),
        None => Stdio::null(),
    });
    let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(after);
    let _ = child.kill();
    child.wait().unwrap().success()
}

#[test]
fn a_conversion() {
    let scratch = site();
    let old = tree(&scratch);
    let pairs: Vec<Pairs> =
        (0..TABLES).map(|number| whole(&scratch.path(&format!("r/etc/postfix/table{number}.lmdb"))).1).collect();
    let started = Instant::now();
    assert_eq!(scratch.run("migrate lmdb --root r --to 1.0 --yes").status, 0);
    let time = started.elapsed();
    let mut random = Random(u64::from(time.subsec_nanos()));
    let mut halfway = 0;
    for kill in 0..KILLS {
        let was: Vec<_> = tree(&scratch).into_keys().collect();
        let back = scratch.run("migrate lmdb --root r --rollback");
        assert_eq!(back.status, 0, "{back:?}");
        let mut now = tree(&scratch);
        now.retain(|name, _| !name.contains(".postwright."));
        let names: Vec<&String> = now.keys().collect();
        assert!(now == old, "not as it was: {was:?}, {names:?}, {}", back.stdout);
        let after = time.mul_f64(random.below(1000) as f64 / 1000.0);
        let is_done = killed(&scratch, "migrate lmdb --root r --to 1.0 --yes", None, after);
        let mut new = 0;
        for (number, pairs) in pairs.iter().enumerate() {
            let (format, found) = whole(&scratch.path(&format!("r/etc/postfix/table{number}.lmdb")));
            assert!(found == *pairs, "table{number} holds something else");
            new += usize::from(format == Format::V1_0);
        }
        halfway += usize::from(!is_done && (1..TABLES).contains(&new));
        if kill % 2 == 0 {
            assert_eq!(scratch.run("migrate lmdb --root r --to 1.0 --yes").status, 0);
            let formats =
                (0..TABLES).map(|number| whole(&scratch.path(&format!("r/etc/postfix/table{number}.lmdb"))).0);
            assert!(formats.into_iter().all(|format| format == Format::V1_0));
        }
    }
    assert!(halfway > 0, "it was never killed halfway: this test proves nothing");
}

/// `postmap -i` in either format: all of its entries are there, or none.
#[test]
fn an_update() {
    for format in ["0.9", "1.0"] {
        let scratch = Scratch::example();
        let entry = |what: &'static str| move |n: usize| format!("user{n}@example.com {what}{n}\n");
        scratch.write("s/main.cf", "compatibility_level = 3.11\n");
        scratch.write("s/t", (0..ENTRIES).map(entry("old")).collect::<String>());
        scratch.write("more", (0..2 * ENTRIES).map(entry("new")).collect::<String>());
        scratch.run(&format!("postmap -c s --lmdb-format {format} lmdb:s/t")).is(0, "", "");
        let path = scratch.path("s/t.lmdb");
        let before = fs::read(&path).unwrap();
        let (_, old) = whole(&path);
        let started = Instant::now();
        let more = fs::read(scratch.path("more")).unwrap();
        assert_eq!(scratch.run_with_input("postmap -c s -r -i lmdb:s/t", &more).status, 0);
        let time = started.elapsed();
        let (kind, new) = whole(&path);
        assert_eq!(new.len(), 2 * ENTRIES);
        let mut random = Random(u64::from(time.subsec_nanos()));
        let mut kept = 0;
        for _ in 0..KILLS {
            fs::write(&path, &before).unwrap();
            let after = time.mul_f64(random.below(1000) as f64 / 1000.0);
            let is_done = killed(&scratch, "postmap -c s -r -i lmdb:s/t", Some("more"), after);
            let (kind_now, found) = whole(&path);
            assert_eq!(kind_now, kind);
            assert!(found == old || found == new, "format {format}: half of the entries");
            assert!(!is_done || found == new);
            kept += usize::from(!is_done && found == old);
            // The next one is not in its way.
            scratch.run("postmap -c s -q user1@example.com lmdb:s/t");
            scratch.run_with_input("postmap -c s -i lmdb:s/t", b"last one\n").is(0, "", "");
        }
        assert!(kept > 0, "it was never killed before its end: this test proves nothing");
    }
}
