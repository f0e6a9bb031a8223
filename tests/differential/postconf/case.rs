//! A case: a configuration directory below `testdata/postconf` with its command lines, copied anew for each of them.

use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::script::Script;

/// Stands for the directory that a case is copied to, in its files and command lines and in what came of them.
pub const DIRECTORY: &str = "@DIR@";

/// Files of a case that are no part of the configuration.
const OURS: [&str; 2] = ["commands", "expected"];

/// A case.
pub struct Case {
    /// The directory's name.
    pub name: String,
    /// The directory.
    pub directory: PathBuf,
    /// What is run in it.
    pub script: Script,
}

/// What a path is: a file with its mode and bytes, and so on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Entry {
    /// Permission bits and contents.
    File(u32, Vec<u8>),
    /// Where it points to.
    Link(PathBuf),
}

/// All files below a directory, by path from there.
pub type State = BTreeMap<String, Entry>;

impl Case {
    /// All cases, by name; `POSTWRIGHT_CASE` chooses those with it in the name.
    pub fn all(testdata: &Path) -> Vec<Self> {
        let chosen = std::env::var("POSTWRIGHT_CASE").unwrap_or_default();
        let mut cases: Vec<Self> = fs::read_dir(testdata)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_dir() && path.to_string_lossy().contains(&chosen))
            .map(|directory| {
                let name = directory.file_name().unwrap().to_string_lossy().into_owned();
                let text = fs::read_to_string(directory.join("commands"));
                let text = text.unwrap_or_else(|error| panic!("{name}/commands: {error}"));
                Self { script: Script::parse(&format!("{name}/commands"), &text), name, directory }
            })
            .collect();
        cases.sort_by(|one, other| one.name.cmp(&other.name));
        cases
    }

    /// Makes a fresh copy at `target`, which those who use it know as `inside`.
    pub fn prepare(&self, target: &Path, inside: &str) {
        remove(target);
        copy(&self.directory, target, inside, &OURS);
        for words in &self.script.setup {
            let words: Vec<&str> = words.iter().map(|word| std::str::from_utf8(word).unwrap()).collect();
            match words[..] {
                ["%mkdir", path] => fs::create_dir_all(target.join(path)).unwrap(),
                ["%chmod", mode, path] => {
                    let mode = u32::from_str_radix(mode, 8).unwrap();
                    fs::set_permissions(target.join(path), Permissions::from_mode(mode)).unwrap();
                }
                ["%link", points_to, path] => symlink(points_to, target.join(path)).unwrap(),
                ["%repeat", path, count, text] => {
                    let path = target.join(path);
                    let mut bytes = fs::read(&path).unwrap_or_default();
                    bytes.extend(text.repeat(count.parse().unwrap()).bytes());
                    fs::write(path, bytes).unwrap();
                }
                _ => panic!("{}: cannot do {words:?}", self.name),
            }
        }
        age(target);
    }
}

/// Removes a directory, also one with parts that its owner may not enter.
pub fn remove(directory: &Path) {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()).filter(|path| path.is_dir() && !path.is_symlink()) {
        let _ = fs::set_permissions(&path, Permissions::from_mode(0o700));
    }
    let _ = fs::remove_dir_all(directory);
}

/// Copies a directory, with its place in the files' text.
fn copy(from: &Path, to: &Path, inside: &str, except: &[&str]) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap();
        if path.is_dir() {
            copy(&path, &to.join(name), inside, &[]);
        } else if !except.iter().any(|except| name == *except) {
            let contents = replace(&fs::read(&path).unwrap(), DIRECTORY.as_bytes(), inside.as_bytes());
            fs::write(to.join(name), contents).unwrap();
            fs::set_permissions(to.join(name), Permissions::from_mode(0o644)).unwrap();
        }
    }
}

/// Makes all files old: Postfix waits, and reads main.cf again, while it is so new that somebody may be writing it.
fn age(directory: &Path) {
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_577_836_800);
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let Ok(metadata) = fs::metadata(&path) else { continue };
        if metadata.is_dir() {
            age(&path);
        } else if let Ok(file) = File::open(&path) {
            file.set_modified(old).unwrap();
        }
    }
}

/// The files below a directory. Not those that end in `.tmp`: Postfix leaves its new copy behind when an edit fails.
pub fn state(directory: &Path) -> State {
    fn add(directory: &Path, prefix: &str, state: &mut State) {
        for entry in fs::read_dir(directory).unwrap() {
            let entry = entry.unwrap();
            let path = entry.path();
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            let metadata = fs::symlink_metadata(&path).unwrap();
            if metadata.is_dir() {
                add(&path, &format!("{name}/"), state);
            } else if metadata.is_symlink() {
                state.insert(name, Entry::Link(fs::read_link(&path).unwrap()));
            } else if !name.ends_with(".tmp") {
                let mode = metadata.permissions().mode() & 0o7777;
                state.insert(name, Entry::File(mode, fs::read(&path).unwrap()));
            }
        }
    }
    let mut state = State::new();
    add(directory, "", &mut state);
    state
}

/// `text` with each `from` as `to`.
pub fn replace(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut replaced = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memmem::find(rest, from) {
        replaced.extend_from_slice(&rest[..at]);
        replaced.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    replaced.extend_from_slice(rest);
    replaced
}
