//! Addresses followed to their ends in one process: 100,000 of them against a table of 100,000 entries, without a trail
//! and with one, and a tenth of both, to see that the time for an address does not grow with the table.
//!
//! `cargo bench --bench route`. What is printed is the fastest of some rounds, since others share the machine; a goal
//! that is missed is marked and ends the run with status 1.

// A benchmark that cannot go on says why and stops.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fmt::Write as _;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::Instant;

use postwright::base::Source;
use postwright::config::paths::PathMap;
use postwright::config::{ConfigFiles, Configuration, Platform, Site};
use postwright::maps::NoCaller;
use postwright::routing::fate::Fate;
use postwright::routing::{Recording, Router};

/// Entries of the table, and addresses that are followed, each of which is in it.
const ENTRIES: usize = 100_000;
/// The same for the comparison.
const FEW: usize = 10_000;
const ROUNDS: usize = 5;
/// Most seconds for all addresses, without a trail and with one.
const MOST: [f64; 2] = [1.0, 3.0];
/// How much longer one address may take where there are ten times as many.
const MOST_GROWTH: f64 = 1.3;

/// A site whose virtual aliases lead to other hosts.
fn write_site(directory: &Path, entries: usize) {
    let mut table = String::with_capacity(entries * 72);
    for number in 0..entries {
        let (domain, backend) = (number % 100, number % 10);
        writeln!(table, "user{number:07}@example{domain:02}.com mailbox{number:07}@backend{backend}.example.net")
            .unwrap();
    }
    fs::write(directory.join("virtual"), table).unwrap();
    let domains: Vec<String> = (0..100).map(|number| format!("example{number:02}.com")).collect();
    let main = format!(
        "myhostname = mail.example.com\nmydestination = $myhostname, localhost\nalias_maps =\n\
         virtual_alias_domains = {}\nvirtual_alias_maps = lmdb:/etc/postfix/virtual\n",
        domains.join(" ")
    );
    fs::write(directory.join("main.cf"), main).unwrap();
}

/// Compiles the table, as `postmap` does.
fn index(table: &Path) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_postwright"));
    command.arg0("postmap").arg(format!("lmdb:{}", table.display())).env("MAIL_CONFIG", table.parent().unwrap());
    assert!(command.status().unwrap().success(), "{command:?}");
}

/// Seconds for following all addresses, the table opened anew.
fn seconds(directory: &Path, entries: usize, recording: Recording) -> f64 {
    let main = Source::read(&directory.join("main.cf")).unwrap();
    let files = ConfigFiles::from_sources(directory, &main, None);
    let site = Site::new(Configuration::new(files, Platform::default()), PathMap::directory(directory, None));
    // In an order that is not that of the table.
    let addresses: Vec<String> = (0..entries)
        .map(|at| at * 7919 % entries)
        .map(|number| format!("user{number:07}@example{:02}.com", number % 100))
        .collect();
    let started = Instant::now();
    let mut router = Router::new(&site, Arc::new(NoCaller)).with_recording(recording);
    for address in &addresses {
        let route = router.route(b"someone@example.org", address.as_bytes());
        assert!(matches!(route.ends[0].fate, Fate::Relayed { .. }), "{route:?}");
        assert_eq!(route.steps.is_empty(), recording == Recording::Nothing);
    }
    started.elapsed().as_secs_f64()
}

fn main() -> ExitCode {
    // `cargo test --all-targets` starts benchmarks too.
    if !std::env::args().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    let mut is_good = true;
    println!("{:14} {:10} {:>10} {:>10} {:>8}", "", "", FEW, ENTRIES, "growth");
    for is_indexed in [false, true] {
        let scratch = [FEW, ENTRIES].map(|entries| {
            let scratch = tempfile::tempdir().unwrap();
            write_site(scratch.path(), entries);
            if is_indexed {
                index(&scratch.path().join("virtual"));
            }
            scratch
        });
        for (recording, most) in [Recording::Nothing, Recording::Lines].into_iter().zip(MOST) {
            let [few, all] = [(0, FEW), (1, ENTRIES)].map(|(at, entries)| {
                let rounds = (0..ROUNDS).map(|_| seconds(scratch[at].path(), entries, recording));
                rounds.fold(f64::INFINITY, f64::min)
            });
            let growth = all / few * FEW as f64 / ENTRIES as f64;
            let missed = all > most || growth > MOST_GROWTH;
            is_good &= !missed;
            println!(
                "{:14} {:10} {few:8.3} s {all:8.3} s {growth:7.2}x  {}",
                if is_indexed { "from the index" } else { "from source" },
                if recording == Recording::Nothing { "no trail" } else { "trail" },
                if missed { format!("MISSED: at most {most} s and {MOST_GROWTH}x") } else { "goal reached".into() },
            );
        }
    }
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
