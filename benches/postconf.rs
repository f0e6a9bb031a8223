//! How long postconf takes to start, read and print, beside Postfix's own.
//!
//! `cargo bench --bench postconf`. Both programs run inside the oracle's root through `chroot`, in turn, many times;
//! without an oracle there is nothing to compare with. What is printed are medians; a goal that is missed is marked,
//! and being slower than Postfix ends the run with status 1. What `chroot` itself takes is measured with a program that
//! does nothing, and counts for both.

// A benchmark that cannot go on says why and stops.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod verdict;

use std::fmt::Write as _;
use std::fs;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant, SystemTime};

use postwright::config::catalogue::{NameKind, Profile, Version, default_value, deprecation, parameters};
use support::Oracle;
use verdict::{median, verdict};

const ROUNDS: usize = 300;

/// Lines of main.cf.
const LINES: usize = 200;

/// How many times faster than Postfix we want to be, and must be.
const GOAL: (f64, f64) = (2.0, 1.0);

/// What postconf is asked.
const SCENARIOS: &[(&str, &[&str])] =
    &[("-h myhostname", &["-h", "myhostname"]), ("-n, 200 lines", &["-n"]), ("-d", &["-d"])];

/// A main.cf that says what holds anyhow, in [`LINES`] lines.
fn main_cf() -> String {
    let mut text = String::from("compatibility_level = 3.11\nmyhostname = mail.example.com\n");
    let known = parameters().iter().filter(|known| known.name.starts_with("smtp"));
    let current = known.filter(|known| deprecation(NameKind::Parameter, known.name).is_none());
    let set = current.filter_map(|known| Some((known, default_value(known, Version::NEWEST, Profile::DEBIAN)?)));
    for (known, value) in set.take(LINES - 2) {
        writeln!(text, "{} = {value}", known.name).unwrap();
    }
    assert_eq!(text.lines().count(), LINES);
    text
}

/// Runs a command to its end, which must be a good one.
fn milliseconds(command: &mut Command) -> f64 {
    let started = Instant::now();
    let output = command.stdin(Stdio::null()).output().expect("chroot runs");
    let elapsed = started.elapsed();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    elapsed.as_secs_f64() * 1000.0
}

fn main() -> ExitCode {
    // `cargo test --all-targets` starts benchmarks too.
    if !std::env::args().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    let Some(oracle) = Oracle::find("bench-postconf") else { return ExitCode::SUCCESS };
    fs::copy(env!("CARGO_BIN_EXE_postwright"), oracle.path("postconf")).unwrap();
    fs::write(oracle.path("main.cf"), main_cf()).unwrap();
    fs::copy(oracle.root().join("etc/postfix/master.cf"), oracle.path("master.cf")).unwrap();
    // Postfix reads a file again and again until it is older than a second.
    let old = SystemTime::now() - Duration::from_secs(3600);
    for name in ["main.cf", "master.cf"] {
        fs::File::options().write(true).open(oracle.path(name)).unwrap().set_modified(old).unwrap();
    }
    let command = |program: &str, arguments: &[&str]| {
        let mut command = oracle.command(&[program]);
        command.args(arguments).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("POSTWRIGHT_PROFILE", "debian");
        command
    };
    let ours = format!("{}/postconf", oracle.scratch);
    let nothing = median(&mut [(); ROUNDS].map(|()| milliseconds(&mut command("true", &[]))));
    println!("medians of {ROUNDS} rounds; chroot alone takes {nothing:.2} ms of each");
    println!("{:16} {:>9} {:>9} {:>7}", "", "Postfix", "ours", "ratio");
    let mut good = true;
    for (name, arguments) in SCENARIOS {
        let arguments = [&["-c", oracle.scratch.as_str()], *arguments].concat();
        let (mut theirs, mut own, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            theirs.push(milliseconds(&mut command("postconf", &arguments)));
            own.push(milliseconds(&mut command(&ours, &arguments)));
            ratios.extend(theirs.last().zip(own.last()).map(|(theirs, own)| theirs / own));
        }
        let ratio = median(&mut ratios);
        let (words, reached) = verdict(Some(ratio), Some(GOAL));
        let (theirs, own) = (median(&mut theirs), median(&mut own));
        println!("{name:16} {theirs:>6.2} ms {own:>6.2} ms {ratio:>6.1}x  {words}");
        good &= reached;
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
