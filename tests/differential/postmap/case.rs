//! The command lines in `testdata/postmap`, and the records of what was answered.

use std::fs;
use std::path::{Path, PathBuf};

pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/postmap").join(name)
}

/// What a command line came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    pub status: i32,
}

impl Answer {
    /// As it stands in a record: `> ` a line of standard output, `! ` one of standard error, `= ` the status.
    pub fn shown(&self) -> Vec<u8> {
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
    pub fn without_extras(mut self, side: &str) -> Self {
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

pub struct Case {
    /// The shell line.
    pub line: String,
    pub root: bool,
}

/// A line of `cases` or `differing`, as one case or one for each table.
pub fn cases_of(line: &str) -> Vec<Case> {
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

pub fn is_wanted(case: &Case) -> bool {
    let only = std::env::var("POSTWRIGHT_CASE").unwrap_or_default();
    case.line.contains(&only) && (!case.root || rustix::process::geteuid().is_root())
}

/// The subjects, each with its cases.
pub fn subjects() -> Vec<(String, Vec<Case>)> {
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

pub fn names_in(directory: &str) -> Vec<String> {
    let entries = fs::read_dir(fixture(directory)).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// A record: each command line with its answer, and the comment above it.
pub fn record(name: &str) -> Vec<(String, String, Vec<u8>)> {
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

pub fn is_blessing() -> bool {
    std::env::var_os("POSTWRIGHT_BLESS").is_some()
}
