//! PyPI's lmdb, which holds the libraries of LMDB 0.9 and 1.0, and their sources.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use postwright::maps::lmdb::Format;
use support::repository;

/// The release of the package.
const RELEASE: &str = "lmdb==3.0.0";

/// Entries by key.
pub type Pairs = BTreeMap<Vec<u8>, Vec<u8>>;
/// What becomes of single keys: a value, or none.
pub type Changes = Vec<(Vec<u8>, Option<Vec<u8>>)>;

/// Runs a command, which must succeed.
#[track_caller]
pub fn run(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Where what is fetched is kept for the next time.
fn kept() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

/// A Python that has the package.
fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let directory = kept().join("python");
        let python = directory.join("bin/python");
        let has = Command::new(&python).args(["-c", "import lmdb; assert lmdb.__version__ == '3.0.0'"]).output();
        if !has.is_ok_and(|output| output.status.success()) {
            run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&directory));
            run(Command::new(&python).args(["-m", "pip", "install", "-q", "--disable-pip-version-check", RELEASE]));
        }
        python
    })
}

/// The directory with the library's sources of a format.
pub fn sources(format: Format) -> PathBuf {
    static SOURCES: OnceLock<PathBuf> = OnceLock::new();
    let all = SOURCES.get_or_init(|| {
        let directory = kept().join("lmdb-sources");
        let unpacked = directory.join("lmdb-3.0.0");
        if !unpacked.join("lib1/midl.c").exists() {
            fs::create_dir_all(&directory).unwrap();
            let download = ["-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", RELEASE, "-d"];
            run(Command::new(python()).args(download).arg(&directory));
            run(Command::new("tar").arg("-C").arg(&directory).arg("-xzf").arg(directory.join("lmdb-3.0.0.tar.gz")));
        }
        unpacked
    });
    all.join(match format {
        Format::V0_9 => "lib",
        Format::V1_0 => "lib1",
    })
}

/// What the library of a format reads in a file, after it made changes there.
pub fn changed(format: Format, path: &Path, changes: &Changes) -> Pairs {
    ask(format, path, changes, false)
}

/// The same of a file that the package finds nothing wrong with.
pub fn read(format: Format, path: &Path) -> Pairs {
    ask(format, path, &Changes::new(), true)
}

fn ask(format: Format, path: &Path, changes: &Changes, verifies: bool) -> Pairs {
    let mut command = Command::new(python());
    command.arg(repository().join("tests/peers/lmdb_peer.py")).arg(format.name()).arg(path);
    command.env("POSTWRIGHT_VERIFY", if verifies { "1" } else { "0" });
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut text = Vec::new();
    for (key, value) in changes {
        text.push(u8::from(value.is_none()));
        let value = value.as_deref().unwrap_or_default();
        for length in [key.len(), value.len()] {
            text.extend(u32::try_from(length).unwrap().to_le_bytes());
        }
        text.extend([key, value].concat());
    }
    // It reads all before it writes.
    input.write_all(&text).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}: {}", path.display(), String::from_utf8_lossy(&output.stderr));
    pairs(&output.stdout)
}

fn pairs(mut bytes: &[u8]) -> Pairs {
    let mut pairs = Pairs::new();
    let mut take = |length: usize| {
        let (taken, rest) = bytes.split_at(length);
        bytes = rest;
        (taken, rest.is_empty())
    };
    if take(0).1 {
        return pairs;
    }
    loop {
        let length = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().unwrap()) as usize;
        let lengths = take(8).0;
        let (key, value) = (length(&lengths[..4]), length(&lengths[4..]));
        let key = take(key).0.to_vec();
        let (value, is_last) = take(value);
        pairs.insert(key, value.to_vec());
        if is_last {
            return pairs;
        }
    }
}
