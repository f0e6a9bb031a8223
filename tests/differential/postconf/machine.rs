//! Who answers: Postfix in the oracle root, our program beside it there, or our program on this machine.

use std::fs;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::answer::{Answer, Hide};
use super::case::{Case, DIRECTORY, remove, replace, state};
use super::script::CommandLine;
use super::templates::without_built_in;

/// User and group of one who may do nothing.
const NOBODY: u32 = 65534;

/// Directories made so far, which gives each a name of its own.
static DIRECTORIES: AtomicUsize = AtomicUsize::new(0);

/// Who answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Who {
    /// Postfix, in the oracle root.
    Postfix,
    /// Our program, in the oracle root.
    Ours,
    /// Our program, on this machine.
    OursHere,
}

impl Who {
    /// How many command lines to run at once: Postfix sleeps for a second before each fatal error.
    pub fn threads(self) -> usize {
        if self == Self::Postfix { 40 } else { 2 }
    }
}

/// A program to run, and where.
pub struct Machine {
    who: Who,
    /// The oracle root, or `/`.
    root: PathBuf,
    /// The directory of our program, as those in the root know it.
    programs: String,
}

/// A place for copies of cases, for one thread; it goes when this does.
pub struct Place<'machine> {
    machine: &'machine Machine,
    /// The directory of the copy, as those in the root know it.
    inside: String,
}

/// The name of a new directory. All have the same length in every run, since long lines are folded.
fn directory_name() -> String {
    format!("/tmp/pc{:07}{:03}", std::process::id(), DIRECTORIES.fetch_add(1, Ordering::Relaxed))
}

impl Machine {
    /// Puts our program in the root, if it is the one to run.
    pub fn new(who: Who, root: &Path) -> Self {
        let root = if who == Who::OursHere { Path::new("/") } else { root }.to_path_buf();
        let machine = Self { who, root, programs: directory_name() };
        if who != Who::Postfix {
            let directory = machine.outside(&machine.programs);
            fs::create_dir_all(&directory).unwrap();
            // By another process: a program open for writing, here or in a child of another thread, cannot be run.
            let from = env!("CARGO_BIN_EXE_postwright");
            assert!(Command::new("cp").arg(from).arg(directory.join("postconf")).status().unwrap().success());
        }
        machine
    }

    /// A place to run it in.
    pub fn place(&self) -> Place<'_> {
        Place { machine: self, inside: directory_name() }
    }

    fn outside(&self, inside: &str) -> PathBuf {
        self.root.join(inside.trim_start_matches('/'))
    }

    /// Whether it can run this: to become another user takes root.
    pub fn can_run(&self, command: &CommandLine) -> bool {
        !command.nobody || rustix::process::geteuid().is_root()
    }

    /// The program, called `postconf` and found through PATH: it prints the name that it was called by.
    fn program(&self, line: &CommandLine) -> Command {
        let mut command;
        if self.who == Who::OursHere {
            command = Command::new(self.outside(&self.programs).join("postconf"));
            command.arg0("postconf").env_clear().current_dir("/");
            if line.nobody {
                command.uid(NOBODY).gid(NOBODY);
            }
        } else {
            command = Command::new("chroot");
            command.env_clear();
            if line.nobody {
                command.arg(format!("--userspec={NOBODY}:{NOBODY}"));
            }
            let path = if self.who == Who::Ours { &*self.programs } else { "/usr/sbin" };
            command.arg(&self.root).args(["/usr/bin/env", &format!("PATH={path}"), "postconf"]);
        }
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("LC_ALL", "C");
        if self.who != Who::Postfix {
            command.env("POSTWRIGHT_PROFILE", "debian");
        }
        command
    }
}

impl Place<'_> {
    /// Runs a command line in a fresh copy of its case.
    pub fn run(&self, case: &Case, line: &CommandLine) -> Answer {
        let place = |word: &[u8]| replace(word, DIRECTORY.as_bytes(), self.inside.as_bytes());
        let directory = self.machine.outside(&self.inside);
        case.prepare(&directory, &self.inside);
        let before = state(&directory);
        let run = |arguments: &[Vec<u8>]| {
            let mut command = self.machine.program(line);
            command.args(arguments.iter().map(|argument| os(place(argument))));
            for (name, value) in &line.environment {
                command.env(name, os(place(value)));
            }
            command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"))
        };
        let mut output = run(&line.arguments);
        if line.templates {
            output.stdout = without_built_in(&output.stdout, &run(&line.built_in()).stdout);
        }
        let status = match (output.status.code(), output.status.signal()) {
            (Some(code), _) => code.to_string(),
            (None, signal) => format!("signal {}", signal.unwrap_or_default()),
        };
        let stderr = if line.loud { &[] } else { &*output.stderr };
        let hide = Hide { directory: &self.inside, defaults: line.asks_for_defaults() };
        let files = (&before, &state(&directory));
        Answer::new(status, &output.stdout, stderr, files, hide)
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        remove(&self.outside(&self.programs));
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        remove(&self.machine.outside(&self.inside));
    }
}

fn os(bytes: Vec<u8>) -> std::ffi::OsString {
    std::os::unix::ffi::OsStringExt::from_vec(bytes)
}
