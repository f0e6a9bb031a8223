//! What came of a command line, without what depends on the machine or on the patch release.

use std::collections::{BTreeMap, BTreeSet};

use super::case::{DIRECTORY, Entry, State, replace};

/// What came of a command line.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Answer {
    /// `0`, or `signal 11`.
    pub status: String,
    /// Standard output.
    pub stdout: Text,
    /// The lines on standard error: Postfix walks its tables in random order.
    pub stderr: BTreeSet<Vec<u8>>,
    /// Files that are not as they were before.
    pub files: BTreeMap<String, Change>,
}

/// Bytes, or only their number and hash.
#[derive(Clone, Debug)]
pub enum Text {
    /// The bytes.
    Whole(Vec<u8>),
    /// How many there are, and their hash.
    Hash(usize, u64),
}

/// What became of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// It is gone.
    Gone,
    /// Permission bits and contents.
    File(u32, Text),
    /// A symbolic link.
    Link(String),
}

impl Default for Text {
    fn default() -> Self {
        Self::Whole(Vec::new())
    }
}

impl Text {
    /// Number of bytes and hash (FNV-1a).
    pub fn hash(&self) -> (usize, u64) {
        match self {
            Self::Hash(length, hash) => (*length, *hash),
            Self::Whole(bytes) => {
                let mix = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
                (bytes.len(), bytes.iter().fold(0xcbf2_9ce4_8422_2325, mix))
            }
        }
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.hash() == other.hash()
    }
}

impl Eq for Text {}

impl Answer {
    /// The answer, given what a run left.
    pub fn new(status: String, stdout: &[u8], stderr: &[u8], files: (&State, &State), hide: Hide<'_>) -> Self {
        let (before, after) = files;
        let place = |text: &[u8]| replace(text, hide.directory.as_bytes(), DIRECTORY.as_bytes());
        let mut changes = BTreeMap::new();
        for (name, entry) in after.iter().filter(|(name, entry)| before.get(*name) != Some(entry)) {
            let change = match entry {
                Entry::File(mode, bytes) => Change::File(*mode, Text::Whole(place(bytes))),
                Entry::Link(target) => Change::Link(target.to_string_lossy().into_owned()),
            };
            changes.insert(name.clone(), change);
        }
        for name in before.keys().filter(|name| !after.contains_key(*name)) {
            changes.insert(name.clone(), Change::Gone);
        }
        let stderr = without_patch_release(&place(stderr));
        let lines = stderr.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        Self {
            status,
            stdout: Text::Whole(hide.values(&place(stdout))),
            stderr: lines.map(<[u8]>::to_vec).collect(),
            files: changes,
        }
    }

    /// In what two answers differ.
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        let aspects = [
            ("status", self.status == other.status),
            ("stdout", self.stdout == other.stdout),
            ("stderr", self.stderr == other.stderr),
            ("files", self.files == other.files),
        ];
        aspects.into_iter().filter(|(_, same)| !same).map(|(name, _)| name).collect()
    }
}

/// What is not the same everywhere.
#[derive(Clone, Copy)]
pub struct Hide<'run> {
    /// The directory as the program knew it.
    pub directory: &'run str,
    /// Defaults are asked for: some come from the machine.
    pub defaults: bool,
}

/// Parameters whose values come from the run or the patch release.
const FROM_RUN: [&str; 2] = ["mail_release_date", "process_id"];

/// Parameters whose defaults come from the machine.
const FROM_MACHINE: [&str; 3] = ["mydomain", "myhostname", "mynetworks"];

impl Hide<'_> {
    /// Standard output without such values.
    fn values(self, text: &[u8]) -> Vec<u8> {
        let mut hidden = Vec::with_capacity(text.len());
        let mut is_hidden = false;
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            // A long value may be folded.
            if is_hidden && line.starts_with(b" ") {
                continue;
            }
            is_hidden = false;
            match value_start(line) {
                Some((name, start)) if FROM_RUN.contains(&name) || self.defaults && FROM_MACHINE.contains(&name) => {
                    hidden.extend_from_slice(&line[..start]);
                    hidden.extend_from_slice(b"@HOST@\n");
                    is_hidden = true;
                }
                _ => hidden.extend(without_patch_release(line)),
            }
        }
        hidden
    }
}

/// The parameter in a line, and where its value begins, in any of the forms in which they are printed.
fn value_start(line: &[u8]) -> Option<(&str, usize)> {
    let json = line.starts_with(b"{\"");
    let name_end = memchr::memmem::find(line, if json { b"\": \"" } else { b" = " })?;
    let name = std::str::from_utf8(&line[if json { 2 } else { 0 }..name_end]).ok()?;
    // With -P the service and its type stand before the name.
    Some((name.rsplit('/').next()?, name_end + if json { 4 } else { 3 }))
}

/// `3.11.7` as `3.11.@`.
fn without_patch_release(line: &[u8]) -> Vec<u8> {
    const SERIES: &[u8] = b"3.11.";
    let mut hidden = Vec::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = memchr::memmem::find(rest, SERIES) {
        let after = at + SERIES.len();
        let digits = rest[after..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        hidden.extend_from_slice(&rest[..after]);
        hidden.extend_from_slice(if digits > 0 { b"@" } else { b"" });
        rest = &rest[after + digits..];
    }
    hidden.extend_from_slice(rest);
    hidden
}
