//! `postmap`, `postalias` and `newaliases`: ours and Postfix's, on the same command lines.
//!
//! `testdata/postmap/cases` holds the command lines, a file for each subject, and `recorded` what Postfix answered; ours must
//! answer the same, to the byte, on standard output, standard error and by exit status. They run in a copy of `tables` and
//! `sources` (those of types that are not compiled). `differing` holds those on which we differ on purpose, with our
//! answer and the reason; `differences` lists single lines that one side says more. Where the oracle is installed, the record is
//! checked against it, and each side reads the tables of the other. `POSTWRIGHT_BLESS=1` writes the records anew, and
//! `POSTWRIGHT_CASE=TEXT` runs only the cases with that text in them.

// Clippy's leave for tests does not reach the functions that they share.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod oracle;

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use oracle::{Oracle, Random};

const PROGRAMS: [&str; 3] = ["postmap", "postalias", "newaliases"];

/// What every command line may use.
const PRELUDE: &str = "umask 022; nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups \"$@\"; }; ";

/// Fresh tables and main.cf.
const PREPARE: &str = "rm -rf \"$BASE/w\" \"$BASE/config\"; cp -r \"$PRISTINE/tables\" \"$BASE/w\"; \
     cp -r \"$PRISTINE/config\" \"$BASE/config\"; ";

/// Mounts memory over a directory, if that can be done, and runs the rest: nothing waits for a disk then.
const IN_MEMORY: &str = "mount -t tmpfs -o mode=755 none \"$1\" 2>/dev/null; shift; exec \"$@\"";

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/postmap").join(name)
}

// ---- cases and answers

/// What a command line came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Answer {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    status: i32,
}

impl Answer {
    /// As it stands in a record: `> ` a line of standard output, `! ` one of standard error, `= ` the status.
    fn shown(&self) -> Vec<u8> {
        let mut shown = Vec::new();
        for (mark, text) in [(b"> ", &self.stdout), (b"! ", &self.stderr)] {
            for line in text.split_inclusive(|&byte| byte == b'\n') {
                shown.extend_from_slice(mark);
                shown.extend_from_slice(line);
                if !line.ends_with(b"\n") {
                    shown.extend_from_slice(b"(no newline)\n");
                }
            }
        }
        shown.extend_from_slice(format!("= {}\n", self.status).as_bytes());
        shown
    }

    /// Without the lines that only this side has.
    fn without_extras(mut self, side: &str) -> Self {
        let listed = fs::read_to_string(fixture("differences")).unwrap();
        let extras: Vec<&str> = listed
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| line.split('\t').collect::<Vec<_>>())
            .filter(|fields| fields[0] == side)
            .map(|fields| fields[1])
            .collect();
        let is_extra = |line: &[u8]| extras.iter().any(|extra| memchr::memmem::find(line, extra.as_bytes()).is_some());
        let lines = self.stderr.split_inclusive(|&byte| byte == b'\n');
        self.stderr = lines.filter(|line| !is_extra(line)).flatten().copied().collect();
        self
    }
}

struct Case {
    /// The shell line.
    line: String,
    root: bool,
}

/// A line of `cases` or `differing`, as one case or one for each table.
fn cases_of(line: &str) -> Vec<Case> {
    let (root, line) = match line.strip_prefix("@root ") {
        Some(line) => (true, line),
        None => (false, line),
    };
    match line.strip_prefix("@each ") {
        None => vec![Case { line: line.to_owned(), root }],
        Some(line) => {
            let mut tables = names_in("tables");
            tables.retain(|table| !table.starts_with("refused-") && !table.ends_with(".cdb"));
            tables.sort();
            tables.into_iter().map(|table| Case { line: format!("T={table}; {line}"), root }).collect()
        }
    }
}

fn is_wanted(case: &Case) -> bool {
    let only = std::env::var("POSTWRIGHT_CASE").unwrap_or_default();
    case.line.contains(&only) && (!case.root || rustix::process::geteuid().is_root())
}

/// The subjects, each with its cases.
fn subjects() -> Vec<(String, Vec<Case>)> {
    let mut names = names_in("cases");
    names.sort();
    let subject = |name: String| {
        let text = fs::read_to_string(fixture("cases").join(&name)).unwrap();
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let cases = lines.flat_map(cases_of).filter(is_wanted).collect();
        (name, cases)
    };
    names.into_iter().map(subject).collect()
}

fn names_in(directory: &str) -> Vec<String> {
    let entries = fs::read_dir(fixture(directory)).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// A record: each command line with its answer, and the comment above it.
fn record(name: &str) -> Vec<(String, String, Vec<u8>)> {
    let bytes = fs::read(fixture(name)).unwrap();
    let mut record: Vec<(String, String, Vec<u8>)> = Vec::new();
    let mut comment = String::new();
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        let text = String::from_utf8_lossy(line);
        if let Some(command) = text.strip_prefix("$ ") {
            record.push((command.trim_end_matches('\n').to_owned(), std::mem::take(&mut comment), Vec::new()));
        } else if text.starts_with('#') {
            comment.push_str(&text);
        } else if line != b"\n" {
            record.last_mut().expect("a command line before its answer").2.extend_from_slice(line);
        }
    }
    record
}

fn is_blessing() -> bool {
    std::env::var_os("POSTWRIGHT_BLESS").is_some()
}

// ---- running

/// Where command lines run: a directory `base` as the shell sees it, at `path` as we do.
struct Place {
    base: String,
    path: PathBuf,
    /// The root to change to.
    chroot: Option<PathBuf>,
    /// Directory of the programs as the shell sees it.
    programs: String,
    /// Directory of unused tables and main.cf as the shell sees it.
    pristine: String,
}

impl Place {
    /// Our programs, in a scratch directory.
    fn ours(path: &Path) -> Self {
        let programs = path.join("bin");
        fs::create_dir_all(&programs).unwrap();
        fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
        fs::copy(env!("CARGO_BIN_EXE_postwright"), programs.join("postwright")).unwrap();
        for program in PROGRAMS {
            let _ = std::os::unix::fs::symlink("postwright", programs.join(program));
        }
        let base = path.to_str().unwrap().to_owned();
        copy_fixtures(&path.join("pristine"));
        let pristine = format!("{base}/pristine");
        Self { programs: format!("{base}/bin"), base, path: path.to_path_buf(), chroot: None, pristine }
    }

    /// Postfix's.
    fn theirs(oracle: &Oracle) -> Self {
        let path = oracle.path("");
        let root = path.ancestors().nth(oracle.scratch.matches('/').count()).unwrap().to_path_buf();
        copy_fixtures(&oracle.path("pristine"));
        Self {
            base: oracle.scratch.clone(),
            pristine: format!("{}/pristine", oracle.scratch),
            path,
            chroot: Some(root),
            programs: "/usr/sbin".to_owned(),
        }
    }

    /// The answers to many command lines, in their order. Postfix sleeps a second over each fatal error, so many run at once.
    fn run_all<'a>(&self, lines: impl IntoIterator<Item = &'a str>) -> Vec<Answer> {
        let lines: Vec<&str> = lines.into_iter().collect();
        let next = AtomicUsize::new(0);
        let answers: Mutex<Vec<Option<Answer>>> = Mutex::new(vec![None; lines.len()]);
        std::thread::scope(|scope| {
            for worker in 0..48 {
                let (next, answers, lines) = (&next, &answers, &lines);
                scope.spawn(move || {
                    let name = format!("at-{worker}");
                    let place = Self {
                        base: format!("{}/{name}", self.base),
                        path: self.path.join(name),
                        chroot: self.chroot.clone(),
                        programs: self.programs.clone(),
                        pristine: self.pristine.clone(),
                    };
                    fs::create_dir_all(&place.path).unwrap();
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        let Some(line) = lines.get(number) else { break };
                        let answer = place.run(line);
                        answers.lock().unwrap()[number] = Some(answer);
                    }
                });
            }
        });
        answers.into_inner().unwrap().into_iter().flatten().collect()
    }

    /// Fresh tables and main.cf.
    fn prepare(&self) {
        self.shell(PREPARE, false);
    }

    /// Runs a command line in fresh surroundings, which are lost.
    fn run(&self, line: &str) -> Answer {
        self.shell(&format!("{PREPARE}cd \"$BASE/w\"; {line}"), true)
    }

    /// Runs a command line.
    fn run_here(&self, line: &str) -> Answer {
        self.shell(&format!("cd \"$BASE/w\"; {line}"), false)
    }

    fn shell(&self, line: &str, in_memory: bool) -> Answer {
        let mut words: Vec<OsString> = Vec::new();
        if let Some(root) = &self.chroot {
            if in_memory {
                words.extend(["unshare", "-m", "sh", "-c", IN_MEMORY, "sh"].map(OsString::from));
                words.push(self.path.clone().into());
            }
            words.extend(["chroot".into(), root.into()]);
        }
        words.extend(["sh".into(), "-c".into(), format!("{PRELUDE}{line}").into()]);
        let output = Command::new(&words[0])
            .args(&words[1..])
            .env_clear()
            .env("BASE", &self.base)
            .env("PRISTINE", &self.pristine)
            .env("MAIL_CONFIG", "../config")
            .env("POSTWRIGHT_PROFILE", "debian")
            .env("LC_ALL", "C")
            .env("PATH", format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", self.programs))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let settled = |bytes: Vec<u8>| replaced(&bytes, self.base.as_bytes(), b"BASE");
        Answer {
            stdout: settled(output.stdout),
            stderr: settled(output.stderr),
            status: output.status.code().unwrap_or(-1),
        }
    }
}

/// A directory for our side: in memory where there is such a place.
fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn copy_fixtures(to: &Path) {
    for (name, to) in [("tables", to.join("tables")), ("sources", to.join("tables")), ("config", to.join("config"))] {
        fs::create_dir_all(&to).unwrap();
        for entry in fs::read_dir(fixture(name)).unwrap() {
            let entry = entry.unwrap();
            fs::write(to.join(entry.file_name()), fs::read(entry.path()).unwrap()).unwrap();
        }
    }
}

fn replaced(text: &[u8], what: &[u8], with: &[u8]) -> Vec<u8> {
    let mut result = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memmem::find(rest, what) {
        result.extend_from_slice(&rest[..at]);
        result.extend_from_slice(with);
        rest = &rest[at + what.len()..];
    }
    result.extend_from_slice(rest);
    result
}

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

// ---- the tests

#[test]
fn recorded_cases() {
    let scratch = scratch();
    let ours = Place::ours(scratch.path());
    let mut differing = Vec::new();
    let mut count = 0;
    for (name, cases) in subjects() {
        let recorded = record(&format!("recorded/{name}"));
        count += cases.len();
        for (case, found) in cases.iter().zip(ours.run_all(cases.iter().map(|case| case.line.as_str()))) {
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
    for (line, reason, expected) in &recorded {
        let case = cases_of(line).remove(0);
        let wanted = is_wanted(&case);
        let found = if wanted { ours.run(&case.line).shown() } else { expected.clone() };
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
    let mut answers =
        theirs.run_all(subjects.iter().flat_map(|(_, cases)| cases).map(|case| case.line.as_str())).into_iter();
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
    let differing = record("differing");
    let cases: Vec<Case> = differing.iter().flat_map(|(line, ..)| cases_of(line)).collect();
    for ((case, (.., ours)), found) in
        cases.iter().zip(&differing).zip(theirs.run_all(cases.iter().map(|case| case.line.as_str())))
    {
        let found = found.without_extras("postfix").shown();
        assert!(!is_wanted(case) || found != *ours, "Postfix says the same, so it is no difference: {}", case.line);
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
    let Some(oracle) = Oracle::find("postmap-cross") else { return };
    let theirs = Place::theirs(&oracle);
    let path = theirs.path.clone();
    let ours = Place::ours(&path);
    for (program, map_type, options) in
        [("postmap", "lmdb", ""), ("postmap", "cdb", ""), ("postmap", "lmdb", "-ufn"), ("postalias", "cdb", "")]
    {
        for (writer, reader) in [(&ours, &theirs), (&theirs, &ours)] {
            writer.prepare();
            writer.run_here(&format!("for t in *; do {program} {options} {map_type}:$t; done"));
            let read = "for t in *; do case $t in *.lmdb|*.cdb) continue;; esac; echo \"== $t\"; \
                 postmap -us TYPE:$t | tee ../list; cut -f1 ../list | postmap -uq - TYPE:$t; done";
            let read = read.replace("TYPE", map_type);
            let (by_reader, by_writer) = (reader.run_here(&read), writer.run_here(&read));
            assert!(by_reader.stdout.len() > 3000);
            assert_answers(
                &if by_reader == by_writer {
                    Vec::new()
                } else {
                    vec![(format!("{program} {options} {map_type}:"), by_writer.shown(), by_reader.shown())]
                },
                1,
            );
        }
    }
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
        // Lower case: Postfix folds no key once the file has grown past `lmdb_map_size`.
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
