//! A scratch copy of the example site, the program run beside it, and what came of that.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::fixture;

/// Somebody without any rights.
pub const NOBODY: u32 = 65534;

/// Entries by key.
pub type Pairs = BTreeMap<Vec<u8>, Vec<u8>>;

/// A directory that goes when this does; in it `site`, a copy of `testdata/example`.
pub struct Scratch {
    directory: tempfile::TempDir,
}

impl Scratch {
    /// A fresh copy.
    pub fn example() -> Self {
        let scratch = Self { directory: tempfile::tempdir().unwrap() };
        // Other users must get in where a test becomes one.
        scratch.set_mode("", 0o755);
        fs::create_dir(scratch.path("site")).unwrap();
        for entry in fs::read_dir(fixture("example")).unwrap() {
            let path = entry.unwrap().path();
            // Whoever followed the README has built the indexes there.
            if !path.extension().is_some_and(|suffix| suffix == "lmdb" || suffix == "cdb") {
                fs::write(scratch.path("site").join(path.file_name().unwrap()), fs::read(&path).unwrap()).unwrap();
            }
        }
        scratch
    }

    /// A fresh copy of all that is in a directory, instead of `site`.
    pub fn copy_of(directory: &Path) -> Self {
        fn copy(from: &Path, to: &Path) {
            for entry in fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
                let path = entry.unwrap().path();
                let to = to.join(path.file_name().unwrap());
                if path.is_dir() {
                    fs::create_dir(&to).unwrap();
                    copy(&path, &to);
                } else {
                    fs::write(&to, fs::read(&path).unwrap()).unwrap();
                }
            }
        }
        let scratch = Self { directory: tempfile::tempdir().unwrap() };
        copy(directory, scratch.directory.path());
        scratch
    }

    /// A file or directory here.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The bytes of a file.
    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Makes a file, with the directories above it.
    pub fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
    }

    /// Changes every `from` in a file, which must be there, to `to`.
    pub fn edit(&self, name: &str, from: &str, to: &str) {
        let text = String::from_utf8(self.read(name)).unwrap();
        assert!(text.contains(from), "{name} holds no {from:?}");
        self.write(name, text.replace(from, to));
    }

    /// Sets permission bits.
    pub fn set_mode(&self, name: &str, mode: u32) {
        let permissions = std::os::unix::fs::PermissionsExt::from_mode(mode);
        fs::set_permissions(self.path(name), permissions).unwrap();
    }

    /// The names in a directory here, in order.
    pub fn names(&self, name: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(name)).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().expect("fixtures have plain names")).collect();
        names.sort();
        names
    }

    /// The program with arguments, to be run in this directory and with nothing of the tester's environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.args(arguments).current_dir(self.directory.path()).env_clear();
        command
    }

    /// Runs the program; arguments are separated by blanks.
    pub fn run(&self, arguments: &str) -> Outcome {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        self.outcome(&mut self.command(&arguments))
    }

    /// Runs the program as somebody without any rights; as the tester, if that is not root.
    pub fn run_as_nobody(&self, arguments: &[&str]) -> Outcome {
        if !rustix::process::geteuid().is_root() {
            return self.outcome(&mut self.command(arguments));
        }
        // The checkout may lie where nobody else can look. Not copied by this process: another thread's child could
        // hold the copy open for writing, and it would be "busy".
        let copy = self.path("program");
        assert!(Command::new("cp").arg(program()).arg(&copy).status().expect("cp runs").success());
        let mut command = Command::new(copy);
        command.args(arguments).current_dir(self.directory.path()).env_clear().uid(NOBODY).gid(NOBODY);
        self.outcome(&mut command)
    }

    /// Runs the program with something on its standard input.
    pub fn run_with_input(&self, arguments: &str, input: &[u8]) -> Outcome {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        let mut file = tempfile::tempfile().unwrap();
        std::io::Write::write_all(&mut file, input).unwrap();
        std::io::Seek::rewind(&mut file).unwrap();
        self.outcome(self.command(&arguments).stdin(file))
    }

    /// Runs a command. Where its output names this directory it becomes `$DIR`.
    pub fn outcome(&self, command: &mut Command) -> Outcome {
        let Output { status, stdout, stderr } = command.output().expect("the program runs");
        let directory = self.directory.path().to_str().expect("scratch paths are plain");
        let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8").replace(directory, "$DIR");
        let status = status.code().unwrap_or_else(|| panic!("ended by a signal: {status}"));
        Outcome { status, stdout: text(stdout), stderr: text(stderr) }
    }

    /// All entries of an indexed file, as `postmap -s` lists them, without what postalias adds.
    pub fn entries(&self, map_type: &str, name: &str) -> Pairs {
        let configuration = tempfile::tempdir().unwrap();
        fs::write(configuration.path().join("main.cf"), "").unwrap();
        let table = format!("{map_type}:{}", self.path(name).display());
        let output = self
            .command(&["postmap", "-s", &table])
            .env("MAIL_CONFIG", configuration.path())
            .output()
            .expect("the program runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{table}: {}, {said}", output.status);
        let mut pairs = Pairs::new();
        for line in output.stdout.split_inclusive(|&byte| byte == b'\n') {
            let line = line.strip_suffix(b"\n").expect("a line ends");
            let tab = line.iter().position(|&byte| byte == b'\t').expect("a tab behind the key");
            let (key, value) = (&line[..tab], &line[tab + 1..]);
            if !key.starts_with(b"YP_") && key != b"@" {
                assert!(pairs.insert(key.to_vec(), value.to_vec()).is_none(), "a key stands twice");
            }
        }
        pairs
    }
}

/// The program under test. Cargo says where it is from 1.94 on; before that it is beside the directory of the test
/// programs.
fn program() -> PathBuf {
    let beside = || std::env::current_exe().ok()?.ancestors().nth(2).map(|directory| directory.join("postwright"));
    let named = std::env::var_os("CARGO_BIN_EXE_postwright").map(PathBuf::from);
    named.or_else(beside).expect("a program knows where it is")
}

/// Entries from text, for comparing.
pub fn pairs(entries: &[(&str, &str)]) -> Pairs {
    entries.iter().map(|(key, value)| (key.as_bytes().to_vec(), value.as_bytes().to_vec())).collect()
}

/// What a run of the program gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Outcome {
    /// Asserts status and output, all of it.
    #[track_caller]
    pub fn is(&self, status: i32, stdout: &str, stderr: &str) {
        let got = format!("status {}\n{}--\n{}", self.status, self.stdout, self.stderr);
        let wanted = format!("status {status}\n{stdout}--\n{stderr}");
        assert!(got == wanted, "got:\n{got}\nwanted:\n{wanted}");
    }
}

/// Whether the tests run as root; where they do not, says what is left out.
pub fn is_root(what: &str) -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        println!("skipped: {what} needs root");
    }
    root
}
