//! The oracles: Debian roots with Postfix in them, which `tests/oracle/setup` makes, and a scratch directory there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};

/// An oracle, with a scratch directory that goes when this does.
pub struct Oracle {
    root: PathBuf,
    /// What stands in main.cf whatever else does.
    always: &'static str,
    /// The scratch directory as seen from inside.
    pub scratch: String,
}

impl Oracle {
    /// The root named by `POSTWRIGHT_ORACLE`, else the usual one; without it says that the test is skipped, or fails if
    /// `POSTWRIGHT_ORACLE_REQUIRED=1`. `purpose` is a part of the name of the scratch directory.
    pub fn find(purpose: &str) -> Option<Self> {
        Self::at(usual_root(), "compatibility_level = 3.11\ndefault_database_type = lmdb\n", purpose)
    }

    /// The same with a Postfix that is linked with Berkeley DB, Debian 12's.
    pub fn find_berkeley_db(purpose: &str) -> Option<Self> {
        let mut root = usual_root().into_os_string();
        root.push("-bdb");
        Self::at(root.into(), "compatibility_level = 3.6\n", purpose)
    }

    /// A root with Sendmail unpacked in it, Debian 12's.
    pub fn find_sendmail(purpose: &str) -> Option<Self> {
        let mut root = usual_root().into_os_string();
        root.push("-sendmail");
        Self::at(root.into(), "", purpose)
    }

    fn at(root: PathBuf, always: &'static str, purpose: &str) -> Option<Self> {
        if !root.join(".complete").exists() {
            let required = std::env::var_os("POSTWRIGHT_ORACLE_REQUIRED").is_some_and(|value| value == "1");
            assert!(!required, "no oracle at {} (tests/oracle/setup makes it)", root.display());
            println!("skipped: no oracle at {} (tests/oracle/setup makes it)", root.display());
            return None;
        }
        // The tests of a program run side by side.
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let scratch = format!("/tmp/{purpose}-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let oracle = Self { root, always, scratch };
        fs::create_dir(oracle.path("")).unwrap();
        oracle.configure("");
        Some(oracle)
    }

    /// The root itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Writes the scratch directory's main.cf anew, with these lines in it.
    pub fn configure(&self, lines: &str) {
        fs::write(self.path("main.cf"), format!("{}{lines}\n", self.always)).unwrap();
    }

    /// A file of the scratch directory as seen from outside.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(self.scratch.trim_start_matches('/')).join(name)
    }

    /// A command that will run inside.
    pub fn command(&self, command: &[&str]) -> Command {
        let mut chroot = Command::new("chroot");
        chroot.arg(&self.root).args(command);
        chroot
    }

    /// Runs a command inside, which must succeed.
    pub fn run(&self, command: &[&str]) -> Output {
        let output = self.command(command).output().expect("chroot runs");
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        output
    }

    /// Postfix's version.
    pub fn version(&self) -> String {
        String::from_utf8(self.run(&["postconf", "-d", "-h", "mail_version"]).stdout).unwrap().trim().to_owned()
    }
}

fn usual_root() -> PathBuf {
    std::env::var_os("POSTWRIGHT_ORACLE").map_or_else(|| "/var/tmp/postwright-oracle".into(), PathBuf::from)
}

impl Drop for Oracle {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.path(""));
    }
}
