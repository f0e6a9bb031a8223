//! What is written takes the place of regular files alone, loses nothing that somebody else wrote or that the old file
//! carried, and ends with words where the system allows no more.
//!
//! Words of Postfix 3.11.7: an LMDB index that is a FIFO is "Illegal seek", a device "No such device", a socket "No
//! such device or address"; a main.cf that is a socket the last one. In the place of a cdb index, and of a main.cf that
//! is a device, it puts a file; at a FIFO in the place of main.cf or main.cf.tmp it waits. We do neither.

use rustix::fs::{CWD, FileType, XattrFlags, getxattr, makedev, mknodat, setxattr};
use std::fs;
use std::os::unix::fs::{FileTypeExt, chown, symlink};
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use support::{Outcome, Scratch, is_root};

/// What can stand where a file is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Fifo,
    Socket,
    Device,
}

impl Kind {
    fn all() -> Vec<Self> {
        let mut all = vec![Self::Fifo, Self::Socket];
        if is_root("making a device") {
            all.push(Self::Device);
        }
        all
    }

    /// Puts it in the place of whatever has the name. The device takes all, gives nothing, and is nobody else's.
    fn put(self, scratch: &Scratch, name: &str) {
        let path = scratch.path(name);
        let _ = fs::remove_file(&path);
        match self {
            Self::Fifo => mknodat(CWD, &path, FileType::Fifo, 0o600.into(), 0).unwrap(),
            Self::Socket => drop(UnixListener::bind(&path).unwrap()),
            Self::Device => mknodat(CWD, &path, FileType::CharacterDevice, 0o600.into(), makedev(1, 3)).unwrap(),
        }
    }

    #[track_caller]
    fn is_still_there(self, scratch: &Scratch, name: &str) {
        let found = fs::symlink_metadata(scratch.path(name)).unwrap().file_type();
        let same = match self {
            Self::Fifo => found.is_fifo(),
            Self::Socket => found.is_socket(),
            Self::Device => found.is_char_device(),
        };
        assert!(same, "{name} was {self:?} and is {found:?}");
    }

    fn words(self) -> &'static str {
        match self {
            Self::Fifo => "not a regular file but a FIFO",
            Self::Socket => "not a regular file but a socket",
            Self::Device => "not a regular file but a device",
        }
    }
}

/// Runs each command on a site in which a name is something else, and looks whether it still is.
#[track_caller]
fn refused(name: &str, commands: &[&str], told: impl Fn(Kind) -> String) {
    for kind in Kind::all() {
        for link in [false, true] {
            let scratch = Scratch::example();
            kind.put(&scratch, if link { "site/behind" } else { name });
            if link {
                let _ = fs::remove_file(scratch.path(name));
                symlink("behind", scratch.path(name)).unwrap();
            }
            let names = scratch.names("site");
            for command in commands {
                let outcome = scratch.run_with_input(command, b"new entry\n");
                let told = told(kind);
                assert_eq!((outcome.stdout.as_str(), &outcome.stderr), ("", &told), "{kind:?}, link {link}: {command}");
                assert_ne!(outcome.status, 0, "{command}");
                kind.is_still_there(&scratch, if link { "site/behind" } else { name });
                assert_eq!(scratch.names("site"), names, "{command}");
            }
        }
    }
}

#[test]
fn a_configuration_file_that_is_no_file_is_not_replaced() {
    refused("site/main.cf", &["set -c site a=b", "set -n -c site a=b"], |kind| {
        format!("postwright: site/main.cf: {}\n", kind.words())
    });
    refused("site/master.cf", &["set -c site --service smtp/inet a=b"], |kind| {
        format!("postwright: site/master.cf: {}\n", kind.words())
    });
    let open = |file: &'static str| {
        move |kind: Kind| {
            let words = if kind == Kind::Socket { "No such device or address" } else { kind.words() };
            format!("postconf: fatal: open site/{file} for reading: {words}\n")
        }
    };
    let main = ["postconf -c site -e a=b", "postconf -c site -X a", "postconf -c site -# a"];
    refused("site/main.cf", &main, open("main.cf"));
    let master = [
        "postconf -c site -M -X smtp/inet",
        "postconf -c site -M -# smtp/inet",
        "postconf -c site -F -e smtp/inet/chroot=n",
        "postconf -c site -P -e smtp/inet/a=b",
        "postconf -c site -P -X smtp/inet/a",
    ];
    refused("site/master.cf", &master, open("master.cf"));
}

#[test]
fn a_baseline_that_is_no_file_is_not_replaced() {
    refused("site/baseline", &["check --write-baseline site/baseline site"], |kind| {
        format!("postwright: site/baseline: {}\n", kind.words())
    });
}

#[test]
fn a_manual_page_that_is_no_file_is_not_replaced() {
    refused("site/postwright.1", &["man site"], |kind| format!("postwright: site/postwright.1: {}\n", kind.words()));
}

#[test]
fn an_index_that_is_no_file_is_not_replaced() {
    let lmdb = |kind: Kind| {
        let words = match kind {
            Kind::Fifo => "Illegal seek",
            Kind::Socket => "No such device or address",
            Kind::Device => "No such device",
        };
        format!("postmap: fatal: open database site/virtual.lmdb: {words}\n")
    };
    let commands = [
        "postmap -c site lmdb:site/virtual",
        "postmap -c site -i lmdb:site/virtual",
        "postmap -c site -d key lmdb:site/virtual",
    ];
    refused("site/virtual.lmdb", &commands, lmdb);
    refused("site/virtual.cdb", &["postmap -c site cdb:site/virtual"], |kind| {
        format!("postmap: fatal: open database site/virtual.cdb: {}\n", kind.words())
    });
    refused("site/aliases.cdb", &["postalias -c site cdb:site/aliases"], |kind| {
        format!("postalias: fatal: open database site/aliases.cdb: {}\n", kind.words())
    });
    for kind in Kind::all() {
        let scratch = Scratch::example();
        for name in ["site/virtual.lmdb", "site/access.cdb"] {
            kind.put(&scratch, name);
        }
        let told = |table: &str, file: &str| {
            let words = kind.words();
            format!("failed   {table}  $DIR/{file}: {words}; the old file stays as it was\n").replace("$DIR/", "")
        };
        let wanted = [
            told("lmdb:/etc/postfix/virtual", "site/virtual.lmdb"),
            told("cdb:/etc/postfix/access", "site/access.cdb"),
        ];
        for command in ["build -q site", "build -q --all site", "build -q --force site"] {
            let outcome = scratch.run(command);
            let got = outcome.stdout.replace("$DIR/", "").replace("virtual    ", "virtual  ");
            for line in &wanted {
                let (table, rest) = line.split_once("  site").unwrap();
                assert!(got.contains(table) && got.contains(rest), "{command}: {got}");
            }
            assert_eq!(outcome.status, 1, "{command}");
            kind.is_still_there(&scratch, "site/virtual.lmdb");
            kind.is_still_there(&scratch, "site/access.cdb");
        }
    }
}

/// The name of the lock belongs to whoever has it.
#[test]
fn what_has_the_name_of_the_lock_stays() {
    for kind in Kind::all() {
        let scratch = Scratch::example();
        for name in ["site/main.cf.tmp", "site/virtual.tmp"] {
            kind.put(&scratch, name);
        }
        let told = format!("postwright: site/main.cf.tmp: the lock for editing: {}\n", kind.words());
        scratch.run("set -c site a=b").is(2, "", &told);
        let words = if kind == Kind::Socket { "No such device or address" } else { kind.words() };
        let told = format!("postconf: fatal: open site/main.cf.tmp: {words}\n");
        scratch.run("postconf -c site -e a=b").is(1, "", &told);
        scratch.edit("site/virtual", "webmaster ", "INFO@example.net alice\nwebmaster ");
        let told = format!("postwright: $DIR/site/virtual.tmp: the lock for editing: {}\n", kind.words());
        scratch.run("check --fix -q site").is(2, "", &told);
        kind.is_still_there(&scratch, "site/main.cf.tmp");
        kind.is_still_there(&scratch, "site/virtual.tmp");
    }
    let scratch = Scratch::example();
    symlink("elsewhere", scratch.path("site/main.cf.tmp")).unwrap();
    let words = "not a regular file but a symbolic link";
    scratch.run("set -c site a=b").is(2, "", &format!("postwright: site/main.cf.tmp: the lock for editing: {words}\n"));
    let told = format!("postconf: fatal: open site/main.cf.tmp: {words}\n");
    scratch.run("postconf -c site -e a=b").is(1, "", &told);
    assert!(!scratch.path("site/elsewhere").exists());
    fs::remove_file(scratch.path("site/main.cf.tmp")).unwrap();
    scratch.write("site/main.cf.tmp", "of a user");
    for command in ["set -q -c site a=b", "postconf -c site -e a=c", "postconf -c site -X a"] {
        scratch.run(command).is(0, "", if command.starts_with("set") { UNKNOWN } else { "" });
        assert_eq!(scratch.read("site/main.cf.tmp"), b"of a user", "{command}");
    }
}

const UNKNOWN: &str = "postwright: warning: Postfix has no parameter a\n";

/// The fix waits for a lock, and an editor saves meanwhile: all is looked at anew, and both changes are there in the
/// end.
#[test]
fn a_fix_begins_anew_with_what_an_editor_saved() {
    let scratch = Scratch::example();
    scratch.edit("site/virtual", "webmaster ", "INFO@example.net alice\nwebmaster ");
    scratch.edit("site/main.cf", "myhostname = ", "# postwright: ignore MC002 no longer\nmyhostname = ");
    scratch.write("site/virtual.tmp", "");
    let lock = fs::File::options().write(true).open(scratch.path("site/virtual.tmp")).unwrap();
    lock.lock().unwrap();
    let arguments = ["check", "--fix", "--format", "concise", "--select", "PW,MC002,MAP005", "site"];
    let mut child = scratch.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let waits = format!(" {} ", child.id());
    while !fs::read_to_string("/proc/locks").unwrap().lines().any(|line| line.contains("->") && line.contains(&waits)) {
        assert!(child.try_wait().unwrap().is_none(), "it does not wait for the lock");
        std::thread::yield_now();
    }
    let text = String::from_utf8(scratch.read("site/virtual")).unwrap();
    scratch.write("site/saved", format!("{text}new@example.net bob\nNEW@example.net carol\n"));
    fs::rename(scratch.path("site/saved"), scratch.path("site/virtual")).unwrap();
    drop(lock);
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!((told.as_str(), output.stderr.as_slice()), ("fixed 3\nnothing found\n", &b""[..]));
    assert_eq!(
        scratch.read("site/virtual"),
        text.replace("INFO@example.net alice\n", "")
            .into_bytes()
            .into_iter()
            .chain(*b"new@example.net bob\n")
            .collect::<Vec<_>>()
    );
    assert!(!String::from_utf8(scratch.read("site/main.cf")).unwrap().contains("MC002"));
}

/// Owner rw, user 7 r, group r, mask r, others r.
fn access_list() -> Vec<u8> {
    let entries = [(1_u16, 6_u16, u32::MAX), (2, 4, 7), (4, 4, u32::MAX), (0x10, 4, u32::MAX), (0x20, 4, u32::MAX)];
    let entry =
        |(tag, may, id): (u16, u16, u32)| [&tag.to_le_bytes()[..], &may.to_le_bytes(), &id.to_le_bytes()].concat();
    [2_u32.to_le_bytes().to_vec(), entries.map(entry).concat()].concat()
}

fn attribute(scratch: &Scratch, file: &str, name: &str) -> Option<Vec<u8>> {
    let mut value = [0; 200];
    getxattr(scratch.path(file), name, &mut value[..]).ok().map(|length| value[..length].to_vec())
}

#[test]
fn attributes_and_access_lists_are_kept() {
    let scratch = Scratch::example();
    scratch.run("build -q site").is(0, "", "");
    let set = |file: &str| {
        let set = |name: &str, value: &[u8]| setxattr(scratch.path(file), name, value, XattrFlags::empty()).is_ok();
        set("user.origin", b"here") && set("system.posix_acl_access", &access_list())
    };
    let files = ["site/main.cf", "site/master.cf", "site/virtual", "site/virtual.lmdb", "site/access.cdb"];
    if !files.iter().all(|file| set(file)) {
        println!("skipped: the file system of the scratch directory keeps no attributes");
        return;
    }
    scratch.edit("site/virtual", "webmaster ", "INFO@example.net alice\nwebmaster ");
    let commands = [
        ("site/main.cf", "set -q -c site mydomain=example.net"),
        ("site/main.cf", "postconf -c site -e mydomain=example.org"),
        ("site/master.cf", "postconf -c site -M -X smtp/inet"),
        ("site/virtual", "check -q --fix --select MAP005 site"),
        ("site/virtual.lmdb", "build -q --force site"),
        ("site/access.cdb", "build -q --force site"),
        ("site/virtual.lmdb", "postmap -c site lmdb:site/virtual"),
        ("site/access.cdb", "postmap -c site cdb:site/access"),
    ];
    for (file, command) in commands {
        let before = fs::metadata(scratch.path(file)).unwrap();
        scratch.run(command).is(0, "", "");
        let after = fs::metadata(scratch.path(file)).unwrap();
        use std::os::unix::fs::MetadataExt;
        assert_ne!(before.ino(), after.ino(), "{command}");
        assert_eq!(after.mode(), before.mode(), "{command}");
        assert_eq!(attribute(&scratch, file, "user.origin").as_deref(), Some(&b"here"[..]), "{command}");
        assert_eq!(attribute(&scratch, file, "system.posix_acl_access"), Some(access_list()), "{command}");
    }
}

/// Runs the program as somebody without any rights, to whom the site belongs.
fn as_nobody(scratch: &Scratch, arguments: &str) -> Outcome {
    const NOBODY: u32 = 65534;
    let program = scratch.path("program");
    // Not copied by this process: another thread's child could hold the copy open for writing, and it would be "busy".
    if !program.exists() {
        let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_postwright")).arg(&program).status();
        assert!(copied.unwrap().success());
    }
    for name in scratch.names("site").iter().map(|name| format!("site/{name}")).chain(["site".into()]) {
        chown(scratch.path(&name), Some(NOBODY), Some(NOBODY)).unwrap();
    }
    let mut command = Command::new(program);
    command.args(arguments.split(' ')).current_dir(scratch.path("")).env_clear().uid(NOBODY).gid(NOBODY);
    scratch.outcome(&mut command)
}

#[test]
fn what_cannot_be_kept_is_told() {
    if !is_root("an attribute that others may not set") {
        return;
    }
    let scratch = Scratch::example();
    scratch.run("build -q site").is(0, "", "");
    for file in ["site/main.cf", "site/virtual.lmdb"] {
        if setxattr(scratch.path(file), "security.example", b"1", XattrFlags::empty()).is_err() {
            println!("skipped: the file system of the scratch directory keeps no attributes");
            return;
        }
    }
    let lost = |file: &str| {
        format!("{file}: the extended attribute security.example could not be kept: Operation not permitted")
    };
    let set = |file: &str| setxattr(scratch.path(file), "security.example", b"1", XattrFlags::empty()).unwrap();
    let told = format!("postwright: warning: {}\n", lost("site/main.cf"));
    as_nobody(&scratch, "set -q -c site mydomain=example.net").is(0, "", &told);
    set("site/main.cf");
    let told = format!("postconf: warning: {}\n", lost("site/main.cf"));
    as_nobody(&scratch, "postconf -c site -e mydomain=example.com").is(0, "", &told);
    let told = format!("postmap: warning: {}\n", lost("site/virtual.lmdb"));
    as_nobody(&scratch, "postmap -c site lmdb:site/virtual").is(0, "", &told);
    set("site/virtual.lmdb");
    let told = format!("postwright: warning: $DIR/{}\n", lost("site/virtual.lmdb"));
    as_nobody(&scratch, "build -q --force site").is(0, "", &told);
}

/// Runs the program with a limit on the size of files, in blocks of 512 bytes.
fn limited(scratch: &Scratch, blocks: usize, arguments: &str, input: &str) -> Outcome {
    let mut command = Command::new("/bin/sh");
    let script = format!("ulimit -f {blocks}; exec {} {arguments} <{input}", env!("CARGO_BIN_EXE_postwright"));
    command.args(["-c", &script]).current_dir(scratch.path("")).env_clear();
    scratch.outcome(&mut command)
}

#[test]
fn a_limit_on_the_size_of_files_is_an_error_and_loses_nothing() {
    let scratch = Scratch::example();
    scratch.run("postmap -c site lmdb:site/virtual").is(0, "", "");
    let lines: String = (0..500).map(|number| format!("key{number} {}\n", "v".repeat(100))).collect();
    scratch.write("site/big", &lines);
    scratch.write("lines", &lines);
    let before: Vec<_> = scratch.names("site").iter().map(|name| scratch.read(&format!("site/{name}"))).collect();
    let cases = [
        (1, "set -c site a=b", 2, "postwright: site/main.cf: File too large\n"),
        (1, "postconf -c site -e a=b", 1, "postconf: fatal: close site/main.cf.tmp: File too large\n"),
        (8, "postmap -c site lmdb:site/big", 1, "postmap: fatal: write database site/big.lmdb: File too large\n"),
        (8, "postmap -c site cdb:site/big", 1, "postmap: fatal: write database site/big.cdb: File too large\n"),
    ];
    for (blocks, command, status, told) in cases {
        limited(&scratch, blocks, command, "lines").is(status, "", told);
        let after: Vec<_> = scratch.names("site").iter().map(|name| scratch.read(&format!("site/{name}"))).collect();
        assert!(after == before, "{command}: {:?}", scratch.names("site"));
    }
    // A page was written in part: the library knows no better words. What it holds is what it held, and can be changed
    // again.
    let told = "postmap: fatal: open database site/virtual.lmdb: Input/output error\n";
    let entries = scratch.entries("lmdb", "site/virtual");
    limited(&scratch, 32, "postmap -c site -i lmdb:site/virtual", "lines").is(1, "", told);
    assert_eq!(scratch.entries("lmdb", "site/virtual"), entries);
    scratch.run_with_input("postmap -c site -i lmdb:site/virtual", lines.as_bytes()).is(0, "", "");
    assert_eq!(scratch.entries("lmdb", "site/virtual").len(), entries.len() + 500);
    let told = limited(&scratch, 1, "explain MAP005 >site/out", "/dev/null");
    assert_eq!(told.status, 0, "{}", told.stderr);
    limited(&scratch, 1, "postconf -c site -d >site/out", "/dev/null").is(
        1,
        "",
        "postconf: fatal: write to standard output: File too large\n",
    );
}
