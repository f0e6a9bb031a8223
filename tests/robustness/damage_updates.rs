//! Updates of damaged LMDB files in place: each ends in an error or in a sound file, never in a signal or not at all.
//!
//! The C library trusts every number in a file; what it is handed must have been proved sound. Files are made and
//! damaged at run time, the same way for each seed, at the numbers that the library goes by. Children do the work, a
//! batch each, so that a signal or a loop in one names its seed. `POSTWRIGHT_DAMAGE=N` tries N files instead of a few.

use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use postwright::maps::lmdb::{Damage, Format, LmdbFile, LmdbWriter, UpdateError, refill, update};
use support::Random;
use support::Scratch;

/// Files that are tried when nobody asks for more.
const FEW: usize = 400;
/// Files for each child.
const BATCH: usize = 200;
/// How long one child may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// Tells a child what to do: its first seed, and where to work.
const TASK: &str = "POSTWRIGHT_DAMAGE_TASK";

/// A new file with pages of `page` bytes: as LMDB makes it, empty.
fn create(path: &Path, page: u32) {
    let file = File::create(path).unwrap();
    LmdbWriter::new(&file, Format::V0_9).finish().unwrap();
    let mut bytes = fs::read(path).unwrap();
    if page != 4096 {
        let mut second = bytes.split_off(4096);
        bytes.resize(page as usize, 0);
        second.resize(page as usize, 0);
        for meta in [&mut bytes, &mut second] {
            meta[PAGE_SIZE_AT..PAGE_SIZE_AT + 4].copy_from_slice(&page.to_le_bytes());
        }
        bytes.extend_from_slice(&second);
    }
    fs::write(path, bytes).unwrap();
}

const PAGE_SIZE_AT: usize = 40;

/// Bytes of pages, and the file as several transactions left it: with inner pages, long values and lists of free pages.
fn sound(path: &Path, kind: usize) -> (usize, Vec<u8>) {
    let (page, width, count, value) =
        [(4096, 8, 30, 20), (4096, 8, 3000, 20), (4096, 400, 300, 60), (4096, 20, 60, 5000), (8192, 100, 400, 100)]
            [kind % 5];
    create(path, page);
    let key = |number: usize| format!("{number:0width$}").into_bytes();
    for round in 0..4 {
        update(path, 1, None, |update| {
            for number in (round..count).step_by(round + 1) {
                update.put(&key(number), &vec![b'v'; value * (1 + number % 3)], true)?;
            }
            for number in (0..count).filter(|number| number % 7 == round) {
                update.delete(&key(number))?;
            }
            Ok(())
        })
        .unwrap();
    }
    (page as usize, fs::read(path).unwrap())
}

/// A number that is likely to matter where `old` stands.
fn interesting(random: &mut Random, old: u64, pages: u64, page: u64) -> u64 {
    match random.below(12) {
        0 => 0,
        1 => u64::MAX,
        2 => old.wrapping_add(1),
        3 => old.wrapping_sub(1),
        4 => old ^ 1 << random.below(64),
        5 => pages - 1,
        6 => pages,
        7 => page,
        8 => old.wrapping_mul(2),
        9 => random.below(usize::try_from(page).unwrap()) as u64 & !1,
        10 => 1 << random.below(64),
        _ => random.below(usize::try_from(pages).unwrap()) as u64,
    }
}

/// The number at a place; nothing counts as 0.
fn number(bytes: &[u8], at: usize, size: usize) -> u64 {
    bytes.get(at..at + size).unwrap_or_default().iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

/// Changes the number at a place to an interesting one.
fn change(bytes: &mut [u8], at: usize, size: usize, page: usize, random: &mut Random) {
    if at + size > bytes.len() {
        return;
    }
    let new = interesting(random, number(bytes, at, size), (bytes.len() / page) as u64, page as u64);
    bytes[at..at + size].copy_from_slice(&new.to_le_bytes()[..size]);
}

/// Damages a file at one place or a few.
fn damage(bytes: &mut Vec<u8>, page: usize, random: &mut Random) {
    /// Offsets and sizes of all numbers of a meta page.
    const META: [(usize, usize); 23] = [
        (0, 8),
        (8, 2),
        (10, 2),
        (16, 4),
        (20, 4),
        (24, 8),
        (32, 8),
        (40, 4),
        (44, 2),
        (46, 2),
        (48, 8),
        (56, 8),
        (64, 8),
        (72, 8),
        (80, 8),
        (88, 4),
        (92, 2),
        (94, 2),
        (120, 8),
        (128, 8),
        (136, 8),
        (144, 8),
        (104, 8),
    ];
    for _ in 0..[1, 1, 1, 2, 3][random.below(5)] {
        let pages = bytes.len() / page;
        if pages < 3 {
            return;
        }
        let start = random.below(pages) * page;
        let meta = random.below(2) * page;
        let entries = (number(bytes, start + 12, 2) as usize).saturating_sub(16) / 2;
        let pointer = start + 16 + 2 * random.below(entries.clamp(1, page / 4));
        let node = start + (number(bytes, pointer, 2) as usize).min(page - 8);
        match random.below(10) {
            0 | 1 => {
                let (at, size) = META[random.below(META.len())];
                change(bytes, meta + at, size, page, random);
                // Now and then the same in both.
                if random.below(4) == 0 {
                    let new = bytes[meta + at..meta + at + size].to_vec();
                    bytes[page - meta + at..page - meta + at + size].copy_from_slice(&new);
                }
            }
            2 => {
                let (at, size) = [(0, 8), (8, 2), (10, 2), (12, 2), (14, 2), (12, 4)][random.below(6)];
                change(bytes, start + at, size, page, random);
            }
            3 => change(bytes, pointer, 2, page, random),
            4 => {
                let (at, size) = [(0, 2), (2, 2), (4, 2), (6, 2), (0, 4), (8, 8)][random.below(6)];
                change(bytes, node + at, size, page, random);
            }
            5 => {
                // What stands behind a key: the place of a long value, or the numbers of free pages.
                let behind = node + 8 + number(bytes, node + 6, 2) as usize + 8 * random.below(4);
                change(bytes, behind, 8, page, random);
            }
            6 => change(bytes, start + 8 * random.below(page / 8), 8, page, random),
            7 => {
                let other = random.below(pages) * page;
                let copied = bytes[other..other + page].to_vec();
                bytes[start..start + page].copy_from_slice(&copied);
                if random.below(2) == 0 {
                    bytes[start..start + 8].copy_from_slice(&((start / page) as u64).to_le_bytes());
                }
            }
            8 => {
                // Two entries of one page change places, or become one.
                let other = start + 16 + 2 * random.below(entries.max(1));
                let (a, b) = (number(bytes, pointer, 2) as u16, number(bytes, other, 2) as u16);
                bytes[pointer..pointer + 2].copy_from_slice(&b.to_le_bytes());
                if random.below(2) == 0 {
                    bytes[other..other + 2].copy_from_slice(&a.to_le_bytes());
                }
            }
            _ => {
                let length = if random.below(2) == 0 { start } else { random.below(bytes.len()) };
                bytes.truncate(length);
            }
        }
    }
}

/// Adds to a file, replaces in it and deletes from it; says whether it took that.
fn use_it(path: &Path, random: &mut Random) -> bool {
    let key = |random: &mut Random| format!("{:0width$}", random.below(3000), width = [8, 20, 400][random.below(3)]);
    let keys: Vec<String> = (0..40).map(|_| key(random)).collect();
    let lengths: Vec<usize> = (0..40).map(|_| [3, 900, 2100, 9000][random.below(4)]).collect();
    let stored = update(path, 1, None, |update| {
        for (key, &length) in keys.iter().zip(&lengths) {
            update.put(key.as_bytes(), &vec![b'n'; length], true)?;
        }
        Ok(())
    });
    let deleted = update(path, 1, None, |update| {
        for number in (0..3000).step_by(1 + random.below(3)) {
            update.delete(format!("{number:08}").as_bytes())?;
            update.delete(format!("{number:0400}").as_bytes())?;
        }
        Ok(())
    });
    let file = File::options().read(true).write(true).open(path).unwrap();
    let refilled =
        refill(&file, 1, |update| keys.iter().try_for_each(|key| update.put(key.as_bytes(), b"r", true).map(drop)));
    let (stored, deleted) = (stored.map(drop), deleted.map(drop));
    for outcome in [&stored, &deleted, &refilled] {
        assert!(matches!(outcome, Ok(()) | Err(UpdateError::Damaged(_))), "{outcome:?}");
    }
    let walked = File::open(path).map_err(Damage::from).and_then(LmdbFile::open).and_then(|mut file| {
        for key in &keys {
            file.get(key.as_bytes())?;
        }
        file.walk(|_, _| Ok::<(), Damage>(()))?;
        file.verify()
    });
    if stored.is_ok() {
        walked.unwrap();
    }
    stored.is_ok()
}

/// What a child does; nothing when it is no child.
#[test]
fn child() {
    let Ok(task) = std::env::var(TASK) else { return };
    let (first, directory) = task.split_once(' ').unwrap();
    let first: u64 = first.parse().unwrap();
    let path = Path::new(directory).join("table.lmdb");
    let mut taken = 0;
    let mut whole = None;
    for seed in first..first + BATCH as u64 {
        // All files of a batch but few are damaged forms of one, which takes longer to make.
        if whole.is_none() || seed.is_multiple_of(50) {
            whole = Some(sound(&path, (seed / 50) as usize));
        }
        let (page, mut bytes) = whole.clone().unwrap();
        let mut random = Random(seed);
        damage(&mut bytes, page, &mut random);
        fs::write(&path, bytes).unwrap();
        fs::write(Path::new(directory).join("seed"), seed.to_string()).unwrap();
        taken += usize::from(use_it(&path, &mut random));
    }
    fs::write(Path::new(directory).join("taken"), taken.to_string()).unwrap();
}

#[test]
fn an_update_of_a_damaged_file_ends_in_an_error_or_a_sound_file() {
    let asked = std::env::var("POSTWRIGHT_DAMAGE").map_or(FEW, |count| count.parse().unwrap());
    let offset: u64 = std::env::var("POSTWRIGHT_DAMAGE_FROM").map_or(0, |seed| seed.parse().unwrap());
    let mut taken = 0;
    for first in (0..asked as u64).step_by(BATCH).map(|first| offset + first) {
        let directory = tempfile::tempdir().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "damage_updates::child"])
            .env(TASK, format!("{first} {}", directory.path().display()))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if begun.elapsed() > PATIENCE {
                child.kill().unwrap();
                break child.wait().unwrap();
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        let read = |name: &str| fs::read_to_string(directory.path().join(name)).unwrap_or_default();
        assert!(status.success(), "seed {}: {status} (signal {:?})", read("seed"), status.signal());
        taken += read("taken").parse::<usize>().unwrap();
    }
    // Some damage is to bytes that mean nothing; most is not.
    assert!(taken * 10 > asked && taken * 10 < 9 * asked, "{taken} of {asked} taken");
}

/// The same through the program.
#[test]
fn the_program_never_says_that_all_is_well_with_a_file_that_it_cannot_read() {
    let scratch = Scratch::example();
    let path = scratch.path("site/damaged.lmdb");
    let mut refused = 0;
    for seed in 0..25 {
        let (page, mut bytes) = sound(&path, seed as usize);
        damage(&mut bytes, page, &mut Random(50_000 + seed));
        fs::write(&path, bytes).unwrap();
        let inserted = scratch.run_with_input("postmap -c site -r -i lmdb:site/damaged", b"new value\n");
        let queried = scratch.run("postmap -c site -q new lmdb:site/damaged");
        let listed = scratch.run("postmap -c site -s lmdb:site/damaged");
        let deleted = scratch.run("postmap -c site -d new lmdb:site/damaged");
        for outcome in [&inserted, &queried, &listed, &deleted] {
            assert!(matches!(outcome.status, 0 | 1), "seed {seed}: {} {}", outcome.status, outcome.stderr);
        }
        if inserted.status == 0 {
            assert_eq!((queried.status, queried.stdout.as_str()), (0, "value\n"), "seed {seed}");
            assert_eq!((listed.status, deleted.status), (0, 0), "seed {seed}");
        } else {
            let told = "postmap: fatal: open database site/damaged.lmdb: ";
            assert!(inserted.stderr.starts_with(told), "{}", inserted.stderr);
            refused += 1;
        }
    }
    assert!(refused > 10, "{refused} refused");
}
