//! `postconf` beside Postfix's: each command line in `testdata/postconf/*/commands`, and what both make of it.
//!
//! Standard output, exit status and the files left behind must be the same, standard error as a set of lines; what we
//! want otherwise is in `testdata/postconf/differences.toml`. What Postfix answers is recorded in
//! `testdata/postconf/*/expected` (`POSTWRIGHT_BLESS=1` does it anew), and we are compared with that where there is no
//! oracle. `POSTWRIGHT_CASE=NAME` runs the cases with that in their name.

mod answer;
mod case;
mod differences;
mod machine;
mod record;
mod script;
mod templates;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use answer::{Answer, Change, Text};
use case::Case;
use differences::Difference;
use machine::{Machine, Who};
use script::CommandLine;
use support::Oracle;

/// Whether ours is compared. Else Postfix is compared with itself, which tries the comparison.
const HAVE_OURS: bool = true;

/// As many differences are shown in full.
const SHOWN: usize = 20;

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/postconf")
}

/// The answers to all command lines that it can run, by case.
fn answers(who: Who, root: &Path, cases: &[Case]) -> BTreeMap<String, record::Record> {
    let machine = Machine::new(who, root);
    let all: Vec<(&Case, &CommandLine)> = cases
        .iter()
        .flat_map(|case| case.script.commands.iter().map(move |command| (case, command)))
        .filter(|(_, command)| machine.can_run(command))
        .collect();
    let next = AtomicUsize::new(0);
    let found: Mutex<BTreeMap<usize, Answer>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..who.threads() {
            scope.spawn(|| {
                let place = machine.place();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some((case, command)) = all.get(number) else { break };
                    let answer = place.run(case, command);
                    found.lock().unwrap().insert(number, answer);
                }
            });
        }
    });
    let mut records: BTreeMap<String, record::Record> = BTreeMap::new();
    for ((case, command), answer) in all.iter().zip(found.into_inner().unwrap().into_values()) {
        records.entry(case.name.clone()).or_default().push((command.text.clone(), answer));
    }
    records
}

/// Compares all answers, and fails with what differs without being listed, or is listed and does not differ.
fn compare(cases: &[Case], theirs: &BTreeMap<String, record::Record>, ours: &BTreeMap<String, record::Record>) {
    let mut listed = Vec::new();
    if HAVE_OURS {
        // A line that no longer differs must go.
        listed.extend(differences::read(&testdata().join("differences.toml")));
    }
    let mut wrong = Vec::new();
    let mut compared = 0;
    for (name, answers) in ours {
        let expected: BTreeMap<&String, &Answer> =
            theirs[name].iter().map(|(command, answer)| (command, answer)).collect();
        for (command, answer) in answers {
            compared += 1;
            let Some(expected) = expected.get(command) else {
                wrong.push(format!("{name}: no record of: {command}"));
                continue;
            };
            wrong.extend(difference(name, command, expected, answer, &listed));
        }
    }
    // A part of the cases tells nothing about what is listed for others.
    if std::env::var_os("POSTWRIGHT_CASE").is_none() {
        let is_used = |listed: &&Difference| {
            let about = |case: &Case| case.script.commands.iter().any(|line| listed.is_about(&case.name, &line.text));
            cases.iter().any(about)
        };
        let stale = listed.iter().filter(|listed| !is_used(listed));
        wrong
            .extend(stale.map(|listed| format!("{}: listed, but no command line is: {}", listed.case, listed.command)));
    }
    println!("{compared} command lines in {} configurations", ours.len());
    let shown: Vec<&String> = wrong.iter().take(SHOWN).collect();
    let text: String = shown.iter().map(|wrong| format!("\n{wrong}\n")).collect();
    assert!(wrong.is_empty(), "{} of {compared} differ; the first {}:\n{text}", wrong.len(), shown.len());
}

/// What is wrong about an answer, if anything.
fn difference(case: &str, command: &str, theirs: &Answer, ours: &Answer, listed: &[Difference]) -> Option<String> {
    let differ = theirs.differences(ours);
    let about = listed.iter().filter(|listed| listed.is_about(case, command));
    let mut wanted: Vec<&str> = about.flat_map(|listed| listed.what.iter().map(String::as_str)).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let unwanted: Vec<_> = differ.iter().filter(|what| !wanted.contains(what)).collect();
    let missing: Vec<_> = wanted.iter().filter(|what| !differ.contains(what)).collect();
    if unwanted.is_empty() && missing.is_empty() {
        return None;
    }
    let mut text = format!("{case}: {command}\n");
    if !missing.is_empty() {
        text += &format!("  listed as different, but the same: {missing:?}\n");
    }
    if unwanted.is_empty() {
        return Some(text);
    }
    if std::env::var_os("POSTWRIGHT_LIST").is_some() {
        println!("DIFFERS\t{case}\t{command}\t{}", differ.join(" "));
    }
    text += &format!("  differs: {differ:?}\n");
    let (theirs, ours) = (shown(theirs), shown(ours));
    let diff = similar::TextDiff::from_lines(&theirs, &ours);
    let diff = diff.unified_diff().context_radius(3).header("Postfix", "ours").to_string();
    text += &diff.lines().take(40).map(|line| format!("  {line}\n")).collect::<String>();
    Some(text)
}

/// An answer as a text of lines.
fn shown(answer: &Answer) -> String {
    let body = |text: &Text| match text {
        Text::Whole(bytes) => bytes.escape_ascii().to_string().replace("\\n", "\n"),
        Text::Hash(length, hash) => format!("({length} bytes, hash {hash:016x})\n"),
    };
    let mut text = format!("status {}\n{}", answer.status, body(&answer.stdout));
    for line in &answer.stderr {
        text += &format!("stderr: {}\n", line.escape_ascii());
    }
    for (name, change) in &answer.files {
        text += &match change {
            Change::Gone => format!("gone: {name}\n"),
            Change::Link(target) => format!("link: {name} -> {target}\n"),
            Change::File(mode, contents) => format!("file: {name} {mode:o}\n{}", body(contents)),
        };
    }
    text
}

/// Says that ours is not compared yet.
fn say_without_ours() {
    if !HAVE_OURS {
        println!("not compared with ours: HAVE_OURS is false");
    }
}

#[test]
fn answers_are_those_of_postfix() {
    let Some(oracle) = Oracle::find("postconf") else { return };
    let root = oracle.root();
    let cases = Case::all(&testdata());
    let theirs = answers(Who::Postfix, root, &cases);
    if std::env::var_os("POSTWRIGHT_BLESS").is_some_and(|value| value == "1") {
        for case in &cases {
            let text = record::render(&oracle.version(), &theirs[&case.name]);
            assert_eq!(record::render(&oracle.version(), &record::parse(&case.name, &text)), text, "{}", case.name);
            std::fs::write(case.directory.join("expected"), text).unwrap();
        }
    }
    say_without_ours();
    let ours = answers(if HAVE_OURS { Who::Ours } else { Who::Postfix }, root, &cases);
    compare(&cases, &theirs, &ours);
}

#[test]
fn answers_are_those_recorded() {
    let cases = Case::all(&testdata());
    let recorded = |case: &Case| {
        let text = std::fs::read_to_string(case.directory.join("expected"));
        let text = text.unwrap_or_else(|error| panic!("{}/expected: {error}", case.name));
        (case.name.clone(), record::parse(&case.name, &text))
    };
    let theirs: BTreeMap<_, _> = cases.iter().map(recorded).collect();
    say_without_ours();
    let ours = if HAVE_OURS {
        answers(Who::OursHere, Path::new("/"), &cases)
    } else {
        let Some(oracle) = Oracle::find("postconf-record") else { return };
        answers(Who::Postfix, oracle.root(), &cases)
    };
    compare(&cases, &theirs, &ours);
}

#[test]
fn the_corpus_is_large() {
    let cases = Case::all(&testdata());
    if std::env::var_os("POSTWRIGHT_CASE").is_none() {
        let commands: usize = cases.iter().map(|case| case.script.commands.len()).sum();
        assert!(cases.len() >= 45 && commands >= 280, "{} cases, {commands} command lines", cases.len());
    }
}
