//! Directories in which ours and Postfix's programs run a command line each, many at once.

use super::case::{Answer, fixture};
use super::server;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use support::Oracle;

pub const PROGRAMS: [&str; 3] = ["postmap", "postalias", "newaliases"];

/// What every command line may use.
pub const PRELUDE: &str = "umask 022; nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups \"$@\"; }; ";

/// Fresh tables and main.cf.
pub const PREPARE: &str = "rm -rf \"$BASE/w\" \"$BASE/config\"; cp -r \"$PRISTINE/w\" \"$PRISTINE/config\" \"$BASE\"; ";

/// Mounts memory over a directory, if that can be done, and runs the rest: nothing waits for a disk then.
pub const IN_MEMORY: &str = "mount -t tmpfs -o mode=755 none \"$1\" 2>/dev/null; shift; exec \"$@\"";

/// Where command lines run: a directory `base` as the shell sees it, at `path` as we do.
pub struct Place {
    pub base: String,
    pub path: PathBuf,
    /// The root to change to.
    pub chroot: Option<PathBuf>,
    /// Directory of the programs as the shell sees it.
    pub programs: String,
    /// Directory of unused tables and main.cf as the shell sees it.
    pub pristine: String,
}

/// How many command lines run at once: they wait much and work little, for Postfix's sleeps and for file systems to be
/// unmounted.
const WORKERS: usize = 120;

impl Place {
    /// Our programs, in a scratch directory.
    pub fn ours(path: &Path) -> Self {
        let programs = path.join("bin");
        fs::create_dir_all(&programs).unwrap();
        fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
        // By another process: a program open for writing, here or in a child of another thread, cannot be run.
        let from = env!("CARGO_BIN_EXE_postwright");
        assert!(Command::new("cp").arg(from).arg(programs.join("postwright")).status().unwrap().success());
        for program in PROGRAMS {
            let _ = std::os::unix::fs::symlink("postwright", programs.join(program));
        }
        let base = path.to_str().unwrap().to_owned();
        copy_fixtures(&path.join("pristine"));
        let pristine = format!("{base}/pristine");
        server::listen_at(&path.join("pristine/socket"));
        Self { programs: format!("{base}/bin"), base, path: path.to_path_buf(), chroot: None, pristine }
    }

    /// Postfix's.
    pub fn theirs(oracle: &Oracle) -> Self {
        let path = oracle.path("");
        let root = path.ancestors().nth(oracle.scratch.matches('/').count()).unwrap().to_path_buf();
        copy_fixtures(&oracle.path("pristine"));
        server::listen_at(&oracle.path("pristine/socket"));
        Self {
            base: oracle.scratch.clone(),
            pristine: format!("{}/pristine", oracle.scratch),
            path,
            chroot: Some(root),
            programs: "/usr/sbin".to_owned(),
        }
    }

    /// The answers to many command lines, in their order. Postfix sleeps a second over each fatal error, so many run at
    /// once.
    pub fn run_all<'a>(&self, lines: impl IntoIterator<Item = &'a str>) -> Vec<Answer> {
        let lines: Vec<&str> = lines.into_iter().collect();
        let next = AtomicUsize::new(0);
        let answers: Mutex<Vec<Option<Answer>>> = Mutex::new(vec![None; lines.len()]);
        std::thread::scope(|scope| {
            for worker in 0..WORKERS {
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
    pub fn prepare(&self) {
        self.shell(PREPARE, false);
    }

    /// Runs a command line in fresh surroundings, which are lost.
    pub fn run(&self, line: &str) -> Answer {
        self.shell(&format!("{PREPARE}cd \"$BASE/w\"; {line}"), true)
    }

    /// Runs a command line.
    pub fn run_here(&self, line: &str) -> Answer {
        self.shell(&format!("cd \"$BASE/w\"; {line}"), false)
    }

    pub fn shell(&self, line: &str, in_memory: bool) -> Answer {
        let mut words: Vec<OsString> = Vec::new();
        if let Some(root) = &self.chroot {
            if in_memory {
                words.extend(["unshare", "-m", "sh", "-c", IN_MEMORY, "sh"].map(OsString::from));
                words.push(self.path.clone().into());
            }
            words.extend(["chroot".into(), root.into()]);
        }
        words.extend(["sh".into(), "-c".into(), format!("{PRELUDE}{line}").into()]);
        let (tcp, socketmap) = server::ports();
        let output = Command::new(&words[0])
            .args(&words[1..])
            .env_clear()
            .env("BASE", &self.base)
            .env("PRISTINE", &self.pristine)
            .env("TCP", format!("tcp:127.0.0.1:{tcp}"))
            .env("INET", format!("socketmap:inet:127.0.0.1:{socketmap}"))
            .env("UNIX", format!("socketmap:unix:{}/socket", self.pristine))
            .env("MAIL_CONFIG", "../config")
            .env("POSTWRIGHT_PROFILE", "debian")
            .env("LC_ALL", "C")
            .env("PATH", format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", self.programs))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let settled = |bytes: Vec<u8>| {
            let bytes = replaced(&bytes, self.pristine.as_bytes(), b"PRISTINE");
            let bytes = replaced(&bytes, format!("127.0.0.1:{tcp}").as_bytes(), b"TCP");
            let bytes = replaced(&bytes, format!("127.0.0.1:{socketmap}").as_bytes(), b"INET");
            replaced(&bytes, self.base.as_bytes(), b"BASE")
        };
        Answer {
            stdout: settled(output.stdout),
            stderr: settled(output.stderr),
            status: output.status.code().unwrap_or(-1),
        }
    }
}

/// A directory for our side: in memory where there is such a place.
pub fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

pub fn copy_fixtures(to: &Path) {
    for (name, to) in [("tables", to.join("w")), ("sources", to.join("w")), ("config", to.join("config"))] {
        fs::create_dir_all(&to).unwrap();
        for entry in fs::read_dir(fixture(name)).unwrap() {
            let entry = entry.unwrap();
            fs::write(to.join(entry.file_name()), fs::read(entry.path()).unwrap()).unwrap();
        }
    }
}

pub fn replaced(text: &[u8], what: &[u8], with: &[u8]) -> Vec<u8> {
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
