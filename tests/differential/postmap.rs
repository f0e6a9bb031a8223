//! `postmap`, `postalias` and `newaliases`: ours and Postfix's, on the same command lines.
//!
//! `testdata/postmap/cases` holds the command lines, a file for each subject, and `recorded` what Postfix answered;
//! ours must answer the same, to the byte, on standard output, standard error and by exit status. They run in a copy of
//! `tables` and `sources` (those of types that are not compiled). `differing` holds those on which we differ on
//! purpose, with our answer and the reason; `not-compared-3.12` those of a release that no oracle is of yet;
//! `differences` lists single lines that one side says more. `$TCP`, `$INET` and `$UNIX` name tables whose servers run
//! here (`postmap/server.rs`). Where the oracle is installed, the record is checked against it, and each side reads the
//! tables of the other. `POSTWRIGHT_BLESS=1` writes the records anew, and `POSTWRIGHT_CASE=TEXT` runs only the cases
//! with that text in them.

mod case;
mod place;
mod server;

use std::fs;

use case::{Case, cases_of, fixture, is_blessing, is_wanted, record, subjects};
use place::{Place, scratch};
use postwright::config::catalogue::Version;
use support::{Oracle, Random};

/// Fails with the cases whose answers are not as expected.
fn assert_answers(differing: &[(String, Vec<u8>, Vec<u8>)], count: usize) {
    let show = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(3000)]).into_owned();
        text.lines().map(|line| format!("    {}\n", line.escape_debug())).collect::<String>()
    };
    let first: String = differing
        .iter()
        .take(10)
        .map(|(line, expected, found)| format!("$ {line}\n  expected:\n{}  found:\n{}", show(expected), show(found)))
        .collect();
    assert!(differing.is_empty(), "{} of {count} cases differ:\n{first}", differing.len());
}

#[test]
fn recorded_cases() {
    let scratch = scratch();
    let ours = Place::ours(scratch.path());
    let subjects = subjects();
    let all = subjects.iter().flat_map(|(_, cases)| cases);
    let mut answers = ours.run_all(all.map(|case| case.line.as_str())).into_iter();
    let mut differing = Vec::new();
    let mut count = 0;
    for (name, cases) in &subjects {
        let recorded = record(&format!("recorded/{name}"));
        count += cases.len();
        for (case, found) in cases.iter().zip(&mut answers) {
            let (_, _, expected) = recorded
                .iter()
                .find(|(line, ..)| *line == case.line)
                .unwrap_or_else(|| panic!("not recorded: {} (bless them)", case.line));
            let found = found.without_extras("ours").shown();
            if found != *expected {
                differing.push((case.line.clone(), expected.clone(), found));
            }
        }
    }
    assert_answers(&differing, count);
}

#[test]
fn what_differs_on_purpose() {
    let scratch = scratch();
    let ours = Place::ours(scratch.path());
    let recorded = record("differing");
    assert!(recorded.iter().all(|(_, reason, _)| reason.starts_with('#')), "a reason is missing");
    let mut differing = Vec::new();
    let mut blessed = Vec::new();
    let cases: Vec<Case> = recorded.iter().map(|(line, ..)| cases_of(line).remove(0)).collect();
    let wanted = cases.iter().filter(|case| is_wanted(case));
    let mut answers = ours.run_all(wanted.map(|case| case.line.as_str())).into_iter();
    for ((line, reason, expected), case) in recorded.iter().zip(&cases) {
        let answer = if is_wanted(case) { answers.next() } else { None };
        let found = answer.map_or_else(|| expected.clone(), |answer| answer.shown());
        blessed.extend_from_slice(format!("{reason}$ {line}\n").as_bytes());
        blessed.extend_from_slice(&found);
        blessed.push(b'\n');
        if found != *expected {
            differing.push((line.clone(), expected.clone(), found));
        }
    }
    if is_blessing() {
        fs::write(fixture("differing"), blessed).unwrap();
    }
    assert_answers(&differing, recorded.len());
}

#[test]
fn the_record_is_what_postfix_says() {
    let Some(oracle) = Oracle::find("postmap-record") else { return };
    let theirs = Place::theirs(&oracle);
    let subjects = subjects();
    let intended = record("differing");
    let intended_cases: Vec<Case> = intended.iter().flat_map(|(line, ..)| cases_of(line)).collect();
    let all = subjects.iter().flat_map(|(_, cases)| cases).chain(&intended_cases);
    let mut answers = theirs.run_all(all.map(|case| case.line.as_str())).into_iter();
    let mut differing = Vec::new();
    for (name, cases) in &subjects {
        let name = format!("recorded/{name}");
        let recorded = if is_blessing() { Vec::new() } else { record(&name) };
        let mut blessed = format!("# Postfix {}\n", oracle.version()).into_bytes();
        for (case, found) in cases.iter().zip(&mut answers) {
            let found = found.without_extras("postfix").shown();
            blessed.extend_from_slice(format!("\n$ {}\n", case.line).as_bytes());
            blessed.extend_from_slice(&found);
            let expected = recorded.iter().find(|(line, ..)| *line == case.line).map(|(.., answer)| answer.clone());
            if expected.as_ref() != Some(&found) {
                differing.push((case.line.clone(), expected.unwrap_or_default(), found));
            }
        }
        // A part of the cases is no whole record.
        if is_blessing() && std::env::var_os("POSTWRIGHT_CASE").is_none() {
            fs::write(fixture(&name), blessed).unwrap();
        }
    }
    if is_blessing() {
        return;
    }
    assert_answers(&differing, subjects.iter().map(|(_, cases)| cases.len()).sum());
    for ((case, (.., ours)), found) in intended_cases.iter().zip(&intended).zip(answers) {
        let found = found.without_extras("postfix").shown();
        assert!(!is_wanted(case) || found != *ours, "Postfix says the same, so it is no difference: {}", case.line);
    }
}

/// What 3.12 is said to do with names of aliases that need quotes; an oracle is asked as soon as one is of that
/// release.
#[test]
fn quoted_names_of_aliases() {
    let recorded = record("not-compared-3.12");
    assert_eq!(recorded.len(), 40);
    let lines: Vec<String> =
        recorded.iter().map(|(line, ..)| format!("export POSTWRIGHT_TARGET=3.12; {line}")).collect();
    let compare = |place: &Place| {
        let answers = place.run_all(lines.iter().map(String::as_str));
        let all = recorded.iter().zip(answers).map(|((line, _, expected), found)| {
            (line.clone(), expected.clone(), found.without_extras("ours").without_extras("postfix").shown())
        });
        let differing: Vec<_> = all.filter(|(_, expected, found)| expected != found).collect();
        assert_answers(&differing, recorded.len());
    };
    let scratch = scratch();
    compare(&Place::ours(scratch.path()));
    let Some(oracle) = Oracle::find("postmap-quoted") else { return };
    match Version::parse(&oracle.version()) {
        Some(version) if version >= Version::new(3, 12) => compare(&Place::theirs(&oracle)),
        _ => println!("not compared: Postfix {} is older than 3.12", oracle.version()),
    }
}

/// Postfix takes no lock for this, and tables are lost.
#[test]
fn many_may_insert_at_once() {
    let scratch = scratch();
    let ours = Place::ours(scratch.path());
    ours.prepare();
    let insert = "for w in 1 2 3 4 5 6 7 8; do \
         (for n in 1 2 3 4 5; do echo \"key$w$n value$w$n\" | postmap -i t; postmap -d \"key${w}3\" t; done) & done; \
         wait; postmap -s t";
    let answer = ours.run_here(&format!("postmap -i t </dev/null; {insert}"));
    let entries = (1..=8).flat_map(|w| [1, 2, 4, 5].map(|n| format!("key{w}{n}\tvalue{w}{n}\n")));
    assert_eq!(String::from_utf8_lossy(&answer.stdout), entries.collect::<String>());
    assert_eq!(answer.stderr, b"");
}

/// Each side makes every table, and the other reads all of it, by listing it and key by key.
#[test]
fn each_reads_what_the_other_wrote() {
    let made = [("postmap", "lmdb", ""), ("postmap", "cdb", ""), ("postmap", "lmdb", "-ufn"), ("postalias", "cdb", "")];
    // Postfix sleeps for a second over each table that it refuses.
    std::thread::scope(|scope| {
        for (program, map_type, options) in made {
            for is_ours in [true, false] {
                scope.spawn(move || {
                    let Some(oracle) = Oracle::find("postmap-cross") else { return };
                    let theirs = Place::theirs(&oracle);
                    let ours = Place::ours(&theirs.path.clone());
                    let (writer, reader) = if is_ours { (&ours, &theirs) } else { (&theirs, &ours) };
                    writer.prepare();
                    writer.run_here(&format!("for t in *; do {program} {options} {map_type}:$t; done"));
                    let read = "for t in *; do case $t in *.lmdb|*.cdb) continue;; esac; echo \"== $t\"; \
                         postmap -us TYPE:$t | tee ../list; cut -f1 ../list | postmap -uq - TYPE:$t; done";
                    let read = read.replace("TYPE", map_type);
                    let (by_reader, by_writer) = (reader.run_here(&read), writer.run_here(&read));
                    assert!(by_reader.stdout.len() > 3000);
                    let (by_writer, by_reader) = (by_writer.shown(), by_reader.shown());
                    let differing = (format!("{program} {options} {map_type}:"), by_writer, by_reader);
                    assert_answers(if differing.1 == differing.2 { &[] } else { std::slice::from_ref(&differing) }, 1);
                });
            }
        }
    });
}

/// Changes made by one side in what the other made.
#[test]
fn each_changes_what_the_other_wrote() {
    let Some(oracle) = Oracle::find("postmap-changes") else { return };
    let theirs = Place::theirs(&oracle);
    let ours = Place::ours(&theirs.path.clone());
    let mut random = Random(1982);
    let mut expected = std::collections::BTreeMap::new();
    ours.prepare();
    ours.run_here("postmap empty");
    for round in 0..40 {
        let side = if random.below(2) == 0 { &ours } else { &theirs };
        let deletes = round % 5 == 4;
        let mut input = String::new();
        for _ in 0..random.below(120) {
            let key = format!("{}{}", "k".repeat([1, 20, 300][random.below(3)]), random.below(500));
            let value = "v".repeat([1, 40, 700, 3000][random.below(4)]);
            if deletes {
                input.push_str(&format!("{key}\n"));
                expected.remove(&key);
            } else {
                input.push_str(&format!("{key} {round}{value}\n"));
                expected.insert(key, format!("{round}{value}"));
            }
        }
        fs::write(side.path.join("w/input"), input).unwrap();
        let answer = side.run_here(if deletes { "postmap -d - empty <input" } else { "postmap -ri empty <input" });
        assert_eq!(answer.stderr, b"", "round {round}");
    }
    let listing: String = expected.iter().map(|(key, value)| format!("{key}\t{value}\n")).collect();
    for side in [&ours, &theirs] {
        assert!(side.run_here("postmap -s empty").stdout == listing.as_bytes());
    }
}

/// A million entries, each side reading the other's: all of it, and a thousand keys.
#[test]
fn a_million_entries() {
    let Some(oracle) = Oracle::find("postmap-million") else { return };
    let theirs = Place::theirs(&oracle);
    let ours = Place::ours(&theirs.path.clone());
    ours.prepare();
    let mut random = Random(7);
    let mut source = String::new();
    let mut keys = String::new();
    for number in 0..1_000_000_u64 {
        let shuffled = number * 7919 % 1_000_003;
        source.push_str(&format!("user{shuffled:07}@example.com  mailbox{number}@example.org\n"));
        if random.below(1000) == 0 {
            keys.push_str(&format!("user{:07}@example.com\n", random.below(1_000_003)));
        }
    }
    fs::write(ours.path.join("w/big"), source).unwrap();
    fs::write(ours.path.join("w/sample"), keys).unwrap();
    let read = "postmap -q - big <sample; postmap -s big | cksum";
    ours.run_here("postmap big");
    let from_ours = theirs.run_here(read);
    assert!(from_ours.stdout.len() > 10_000);
    assert!(ours.run_here(read) == from_ours);
    theirs.run_here("rm big.lmdb; postmap big");
    assert!(ours.run_here(read) == from_ours);
    assert!(theirs.run_here(read) == from_ours);
}
