//! What `check` and `build` say to files that are none, or that nobody can read: a finding or an error with the file's
//! name, at once, and never a panic.

use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::{Duration, Instant};
use support::{Outcome, Scratch};

/// Runs the program, which must end soon: what waits for a FIFO waits forever.
#[track_caller]
fn run(scratch: &Scratch, arguments: &str) -> Outcome {
    let words: Vec<&str> = arguments.split(' ').collect();
    let mut command = Command::new("timeout");
    command.arg("20").arg(env!("CARGO_BIN_EXE_postwright")).args(words);
    command.current_dir(scratch.path("")).env_clear().env("PATH", "/usr/bin:/bin");
    let start = Instant::now();
    let outcome = scratch.outcome(&mut command);
    assert!(start.elapsed() < Duration::from_secs(20) && outcome.status <= 2, "{arguments}: {}", outcome.status);
    outcome
}

fn fifo(scratch: &Scratch, name: &str) {
    assert!(Command::new("mkfifo").arg(scratch.path(name)).status().unwrap().success());
}

/// A FIFO or a directory in the place of a file: each rule and program that reads it must say so.
#[test]
fn sources_that_are_no_files() {
    for (map_type, ending) in [("lmdb", "virtual"), ("cdb", "virtual"), ("texthash", "virtual"), ("regexp", "virtual")]
    {
        for is_fifo in [true, false] {
            let scratch = Scratch::example();
            scratch.edit(
                "site/main.cf",
                "${default_database_type}:/etc/postfix/virtual",
                &format!("{map_type}:/etc/postfix/{ending}"),
            );
            std::fs::remove_file(scratch.path("site/virtual")).unwrap();
            if is_fifo {
                fifo(&scratch, "site/virtual");
            } else {
                std::fs::create_dir(scratch.path("site/virtual")).unwrap();
            }
            let why = if is_fifo { "not a regular file but a FIFO" } else { "Is a directory" };
            let said = run(&scratch, "check -q --select MAP001 --format concise site");
            let expected = format!(
                "site/main.cf:19:22: error[MAP001] {map_type}:/etc/postfix/virtual: $DIR/site/virtual: {why}\n"
            );
            said.is(1, &expected, "");
            let built = run(&scratch, "build -q site");
            let is_compiled = matches!(map_type, "lmdb" | "cdb");
            assert_eq!(built.status, i32::from(is_compiled), "{map_type}: {}", built.stderr);
            let all = format!("{}{}", built.stdout, built.stderr);
            assert_eq!(all.contains("site/virtual"), is_compiled, "{map_type}: {all}");
        }
    }
}

#[test]
fn lists_and_includes_that_are_no_files() {
    let scratch = Scratch::example();
    for name in ["relay-domains", "staff.list"] {
        std::fs::remove_file(scratch.path(&format!("site/{name}"))).unwrap();
        fifo(&scratch, &format!("site/{name}"));
    }
    fifo(&scratch, "site/smtpd.cf");
    let said = run(&scratch, "check -q --format concise --ignore MAP site");
    assert!(said.stdout.contains("AL003") && said.stdout.contains("not a regular file"), "{}", said.stdout);
}

#[test]
fn main_cf_that_is_none() {
    let scratch = Scratch::example();
    std::fs::remove_file(scratch.path("site/main.cf")).unwrap();
    run(&scratch, "check site").is(2, "", "postwright: site/main.cf: No such file or directory\n");
    std::fs::create_dir(scratch.path("site/main.cf")).unwrap();
    run(&scratch, "check site").is(2, "", "postwright: site/main.cf: Is a directory\n");
    std::fs::remove_dir(scratch.path("site/main.cf")).unwrap();
    std::fs::File::create(scratch.path("site/main.cf")).unwrap().set_len(1 << 30).unwrap();
    run(&scratch, "check site").is(
        2,
        "",
        "postwright: site/main.cf: larger than 64 MiB, the most that is read of such a file\n",
    );
    std::fs::remove_file(scratch.path("site/main.cf")).unwrap();
    fifo(&scratch, "site/main.cf");
    run(&scratch, "check site").is(2, "", "postwright: site/main.cf: not a regular file but a FIFO\n");
    run(&scratch, "build site").is(2, "", "postwright: site/main.cf: not a regular file but a FIFO\n");
}

#[test]
fn main_cf_that_nobody_may_read() {
    let scratch = Scratch::example();
    scratch.set_mode("site/main.cf", 0);
    let mut command = scratch.command(&["check", "site"]);
    // Root reads everything; others need not become somebody else.
    if std::fs::read(scratch.path("site/main.cf")).is_ok() {
        command.uid(65534).gid(65534);
    }
    scratch.outcome(&mut command).is(2, "", "postwright: site/main.cf: Permission denied\n");
}

#[test]
fn binary_texts() {
    let scratch = Scratch::example();
    let bytes: Vec<u8> =
        (0..200_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0]).collect();
    for name in ["main.cf", "master.cf", "aliases", "virtual", "relay-domains"] {
        scratch.write(&format!("site/{name}"), &bytes);
    }
    for format in ["human", "json", "sarif"] {
        let said = run(&scratch, &format!("check --color never --format {format} site"));
        assert_eq!((said.status, said.stderr.as_str()), (1, ""), "{format}");
        assert!(said.stdout.contains("main.cf"), "{format}");
    }
    run(&scratch, "build -q site");
}

/// An aliases file whose list includes itself: the include is a file, and nothing follows it here.
#[test]
fn aliases_that_include_themselves() {
    let scratch = Scratch::example();
    scratch.edit("site/aliases", "owner-owner: ", "round: :include:/etc/postfix/aliases\nowner-owner: ");
    run(&scratch, "build -q site");
    run(&scratch, "check --format concise site").is(0, "nothing found\n", "");
}
