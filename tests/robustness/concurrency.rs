//! Eight readers of one `lmdb:` table, again and again, while it is rebuilt and changed in place by ours and, in turn
//! with that, by Postfix: nobody sees an error, half a value, or no value for a key that was always there.
//!
//! Postfix's own `postmap -i` has no part in it: it takes no lock, and damages the table for its own readers too.

use postwright::maps::{OpenOptions, TableReference, open};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use support::{Oracle, Random};

/// Keys that are there all the time.
const LASTING: usize = 2_000;
/// Readers in this process; as many again are processes.
const READERS: usize = 4;

/// The value of a key at some time. Its length, from a few bytes to several pages, tells torn values.
fn value(key: usize, time: usize) -> String {
    let length = if key.is_multiple_of(97) { 9_000 } else { (key * 31 + time * 17) % 700 };
    format!("{key}/{time}/{}", "x".repeat(length))
}

/// Whether it is a value that the key had at some time.
fn is_whole(key: usize, found: &str) -> bool {
    let time = found.split('/').nth(1).and_then(|time| time.parse().ok());
    time.is_some_and(|time| found == value(key, time))
}

/// A source with all lasting keys and a few others.
fn source(time: usize) -> String {
    let lasting = (0..LASTING).map(|key| format!("key{key} {}\n", value(key, time)));
    let passing = (0..time % 7 * 40).map(|key| format!("passing{key} {}\n", value(key, time)));
    lasting.chain(passing).collect()
}

/// Runs a command line of ours or of the oracle's with `input`; it must succeed in silence.
fn run(command: &mut Command, input: &str) {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{command:?}");
    assert!(output.status.success(), "{command:?}: {}", output.status);
}

/// `postmap` of ours in the directory of the table.
fn postmap(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_postwright"));
    command.arg("postmap").args(arguments).current_dir(directory).env("MAIL_CONFIG", directory);
    command
}

/// Asks through the library until told to stop.
fn read_inside(directory: &Path, seed: u64, stop: &AtomicBool, asked: &AtomicUsize) {
    let name = directory.join("t").into_os_string().into_encoded_bytes();
    let reference = TableReference { map_type: "lmdb".into(), name: name.into() };
    let mut random = Random(seed);
    let mut table = open(&reference, &OpenOptions::default()).unwrap();
    while !stop.load(Ordering::Relaxed) {
        let key = random.below(LASTING);
        let found = table.lookup(format!("key{key}").as_bytes());
        let found = found.unwrap_or_else(|error| panic!("key{key}: {error}"));
        let found = String::from_utf8(found.unwrap_or_else(|| panic!("key{key} is not there"))).unwrap();
        assert!(is_whole(key, &found), "key{key}: {found}");
        // Whole-file locks have no queue: readers without any gap would keep a writer out for ever, Postfix's too.
        if random.below(10) == 0 {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        if random.below(500) == 0 {
            table = open(&reference, &OpenOptions::default()).unwrap();
        }
        asked.fetch_add(1, Ordering::Relaxed);
    }
}

/// Runs `postmap -q -` with a few hundred keys until told to stop.
fn read_by_program(mut program: impl FnMut() -> Command, seed: u64, stop: &AtomicBool, asked: &AtomicUsize) {
    let mut random = Random(seed);
    while !stop.load(Ordering::Relaxed) {
        let keys: Vec<usize> = (0..300).map(|_| random.below(LASTING)).collect();
        let input: String = keys.iter().map(|key| format!("key{key}\n")).collect();
        let mut child = program().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut pipe = child.stdin.take().unwrap();
        let output = std::thread::scope(|scope| {
            scope.spawn(move || pipe.write_all(input.as_bytes()).unwrap());
            child.wait_with_output().unwrap()
        });
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        let lines: Vec<&str> = std::str::from_utf8(&output.stdout).unwrap().lines().collect();
        assert_eq!(lines.len(), keys.len(), "a key is not there");
        for (key, line) in keys.into_iter().zip(lines) {
            let found = line.strip_prefix(&format!("key{key}\t")).unwrap_or_else(|| panic!("for key{key}: {line}"));
            assert!(is_whole(key, found), "key{key}: {found}");
            asked.fetch_add(1, Ordering::Relaxed);
        }
        // Eight that start one program after the other leave hardly a processor to the writer, and to other tests.
        std::thread::sleep(std::time::Duration::from_millis(random.below(40) as u64));
    }
}

/// Sets the flag when it goes, so that readers end also when a writer fails.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn readers_never_see_a_change_half_done() {
    let Some(oracle) = Oracle::find("concurrency") else { return };
    let directory = oracle.path("");
    let theirs = |arguments: &[&str]| {
        let mut words = vec!["sh", "-c", "cd \"$MAIL_CONFIG\" && exec postmap \"$@\"", "sh"];
        words.extend(arguments);
        let mut command = oracle.command(&words);
        command.env("MAIL_CONFIG", &oracle.scratch);
        command
    };
    fs::write(directory.join("t"), source(0)).unwrap();
    run(&mut postmap(&directory, &["t"]), "");
    let (stop, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    let (stop, asked, directory) = (&stop, &asked, directory.as_path());
    std::thread::scope(|scope| {
        let _stop = Stop(stop);
        for reader in 0..READERS as u64 {
            scope.spawn(move || {
                let _stop = Stop(stop);
                read_inside(directory, reader, stop, asked);
            });
            let theirs = &theirs;
            scope.spawn(move || {
                let _stop = Stop(stop);
                if reader % 2 == 0 {
                    read_by_program(|| postmap(directory, &["-q", "-", "t"]), 100 + reader, stop, asked);
                } else {
                    read_by_program(|| theirs(&["-q", "-", "t"]), 100 + reader, stop, asked);
                }
            });
        }
        let mut random = Random(1997);
        for time in 1..=100 {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            fs::write(directory.join("t"), source(time)).unwrap();
            run(&mut postmap(directory, &["t"]), "");
            for change in 0..10 {
                let passing = format!("passing{}", random.below(300));
                let changed: String = (0..=random.below(30))
                    .map(|_| random.below(LASTING))
                    .map(|key| format!("key{key} {}\n", value(key, time * 100 + change)))
                    .collect();
                match change % 3 {
                    0 => run(&mut postmap(directory, &["-ri", "t"]), &format!("{passing} {}\n", value(1, time))),
                    1 => run(&mut postmap(directory, &["-ri", "t"]), &changed),
                    _ => {
                        // Nothing is there to be deleted as often as not: status 1, and no word.
                        run(&mut postmap(directory, &["-ri", "t"]), &format!("{passing} x\n"));
                        run(&mut postmap(directory, &["-d", &passing, "t"]), "");
                    }
                }
            }
            if time % 4 == 0 {
                fs::write(directory.join("t"), source(time)).unwrap();
                run(&mut theirs(&["t"]), "");
            }
            if time % 2 == 0 {
                run(&mut postmap(directory, &["-ri", "t"]), "gone x\n");
                run(&mut theirs(&["-d", "gone", "t"]), "");
            }
        }
    });
    assert!(asked.load(Ordering::Relaxed) > 10_000, "readers had hardly a chance: {asked:?}");
}
