//! What is no regular file is not waited for and not read without end, whatever it stands for and whoever reads it; and
//! what a pipe that was handed over holds is read.

use rustix::fs::{CWD, FileType, makedev, mknodat};
use std::fs;
use std::process::Command;
use support::{Scratch, is_root};

/// A command, its status, and the line that tells what is odd (ODD).
type Told = (&'static str, i32, &'static str);

/// Files of a site, and what is said where one of them is odd.
const READERS: &[(&str, &[Told])] = &[
    (
        "main.cf",
        &[
            ("check site", 2, "postwright: site/main.cf: ODD"),
            ("build site", 2, "postwright: site/main.cf: ODD"),
            ("expand -c site", 2, "postwright: site/main.cf: ODD"),
            ("route -c site a@example.com", 2, "postwright: site/main.cf: ODD"),
            ("graph -c site", 2, "postwright: site/main.cf: ODD"),
            ("diff site site", 2, "postwright: site/main.cf: ODD"),
            ("set -c site x=y", 2, "postwright: site/main.cf: ODD"),
            ("postconf -c site -n", 1, "postconf: fatal: open site/main.cf: ODD"),
            ("postmap -c site -q a lmdb:site/virtual", 1, "postmap: fatal: open site/main.cf: ODD"),
        ],
    ),
    (
        "master.cf",
        &[
            ("check site", 2, "postwright: site/master.cf: ODD"),
            ("set -c site --service smtp/inet x=y", 2, "postwright: site/master.cf: ODD"),
            ("postconf -c site -M", 1, "postconf: fatal: open site/master.cf: ODD"),
            ("postconf -c site -n", 0, "postconf: warning: open site/master.cf: ODD"),
        ],
    ),
    (
        "postwright.toml",
        &[
            ("check site", 2, "postwright: site/postwright.toml: ODD"),
            ("postconf -c site -n", 1, "postconf: fatal: site/postwright.toml: ODD"),
        ],
    ),
    ("expected.toml", &[("route -c site --expect site/expected.toml", 2, "postwright: site/expected.toml: ODD")]),
    ("accepted", &[("check --baseline site/accepted site", 2, "postwright: site/accepted: ODD")]),
    ("bounce", &[("postconf -c site -b site/bounce", 1, "postfix/bounce: fatal: open site/bounce: ODD")]),
    (
        "virtual",
        &[
            (
                "check --format concise site",
                1,
                "site/main.cf:19:22: error[MAP001] lmdb:/etc/postfix/virtual: $DIR/site/virtual: ODD",
            ),
            ("build site", 1, "failed   lmdb:/etc/postfix/virtual    $DIR/site/virtual: ODD"),
            ("postmap -c site lmdb:site/virtual", 1, "postmap: fatal: open site/virtual: ODD"),
            ("postmap -c site -q a texthash:site/virtual", 1, "postmap: fatal: open database site/virtual: ODD"),
            ("postmap -c site -q a regexp:site/virtual", 1, "postmap: fatal: open site/virtual: ODD"),
            ("postmap -c site -q a pcre:site/virtual", 1, "postmap: fatal: open site/virtual: ODD"),
            ("postmap -c site -q a cidr:site/virtual", 1, "postmap: fatal: open site/virtual: ODD"),
            ("check site/virtual", 2, "postwright: site/virtual: ODD"),
            ("diff site/virtual site/virtual", 2, "postwright: site/virtual: ODD"),
        ],
    ),
    (
        "virtual.lmdb",
        &[
            ("postmap -c site -q a lmdb:site/virtual", 1, "postmap: fatal: open database site/virtual.lmdb: ODD"),
            ("postmap -c site -s lmdb:site/virtual", 1, "postmap: fatal: open database site/virtual.lmdb: ODD"),
        ],
    ),
    (
        "access.cdb",
        &[("postmap -c site -q a cdb:site/access", 1, "postmap: fatal: open database site/access.cdb: ODD")],
    ),
    (
        "staff.list",
        &[("route -c site staff@example.com", 1, "    └ unable to open :include: file /etc/postfix/staff.list: ODD")],
    ),
    ("relay-domains", &[("graph -c site", 0, "postwright: open $DIR/site/relay-domains: ODD")]),
];

#[test]
fn nobody_waits_for_a_fifo_or_reads_a_device_without_end() {
    for &(name, commands) in READERS {
        for (words, kind, device) in [
            ("a FIFO", FileType::Fifo, 0),
            // That of /dev/zero.
            ("a device", FileType::CharacterDevice, makedev(1, 5)),
        ] {
            if device != 0 && !is_root("making a device") {
                continue;
            }
            let scratch = Scratch::example();
            let path = scratch.path(&format!("site/{name}"));
            let _ = fs::remove_file(&path);
            mknodat(CWD, &path, kind, 0o600.into(), device).unwrap();
            for &(command, status, line) in commands {
                let outcome = scratch.run(command);
                let line = line.replace("ODD", &format!("not a regular file but {words}"));
                let told = [&*outcome.stderr, &outcome.stdout].concat();
                assert!(told.lines().any(|told| told == line), "{command}: {line}\n{told}");
                assert_eq!(outcome.status, status, "{command}");
            }
        }
    }
}

/// `postwright check <(…)` and kin.
#[test]
fn what_a_shell_hands_over_as_a_pipe_is_read() {
    let scratch = Scratch::example();
    let program = scratch.command(&[]).get_program().to_os_string();
    let run = |line: &str| {
        let mut command = Command::new("bash");
        command.args(["-c", line]).env("P", &program).current_dir(scratch.path(""));
        scratch.outcome(&mut command)
    };
    let line = "\"$P\" check -q --format concise --as main.cf <(printf 'relayhost = a\\nrelayhost = b\\n') | sed 's,/dev/fd/[0-9]*,PIPE,g'";
    run(line).is(0, "PIPE:1:1: warning[MC008] relayhost is set again on line 2\n", "");
    run("\"$P\" postmap -c site -q k texthash:<(echo k v)").is(0, "v\n", "");
}
