//! A million entries: how long building their table takes, beside Postfix's own postmap, and how much memory; and how
//! long checking the site that they are in takes beside that.
//!
//! `cargo bench --bench compile`; with `POSTWRIGHT_SCENARIO=cdb` only those with that in their name. Both programs run
//! inside the oracle's root through `chroot`, in turn, round after round, on the same file; without an oracle only our
//! own times are measured. What is printed are medians; a goal that is missed is marked, and its least value, when
//! missed too, ends the run with status 1.

// A benchmark that cannot go on says why and stops.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod place;
mod verdict;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use place::Place;
use support::Random;
use verdict::{median, verdict};

const ENTRIES: usize = 1_000_000;
const ROUNDS: usize = 5;

/// Something that both sides do.
struct Scenario {
    name: &'static str,
    /// The map type that main.cf and postmap name.
    map_type: &'static str,
    job: Job,
    /// How many times faster than postmap we want to be, and must be.
    goal: Option<(f64, f64)>,
}

/// What a scenario does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Job {
    /// Makes an index that is not there.
    Build,
    /// The same for LMDB 1.0; beside our own for LMDB 0.9, in place of postmap.
    BuildNewer,
    /// Finds that an index is current.
    Find,
    /// Lints the site that the table is in, with a long main.cf; beside postmap making the index.
    Lint,
}

const SCENARIOS: &[Scenario] = &[
    Scenario { name: "lmdb, built", map_type: "lmdb", job: Job::Build, goal: Some((8.0, 6.0)) },
    // At most 5 % slower.
    Scenario { name: "lmdb 1.0 by 0.9", map_type: "lmdb", job: Job::BuildNewer, goal: Some((0.95, 0.95)) },
    Scenario { name: "lmdb, unchanged", map_type: "lmdb", job: Job::Find, goal: Some((20.0, 10.0)) },
    Scenario { name: "cdb, built", map_type: "cdb", job: Job::Build, goal: Some((6.0, 6.0)) },
    Scenario { name: "cdb, unchanged", map_type: "cdb", job: Job::Find, goal: None },
    Scenario { name: "lmdb, checked", map_type: "lmdb", job: Job::Lint, goal: Some((4.0, 3.0)) },
];

/// Most memory that a build may take, as a multiple of the source's size; and a check.
const MEMORY_GOAL: f64 = 3.0;
const LINT_MEMORY_GOAL: f64 = 4.0;

/// The table: in a random order, the same in every run.
fn source() -> String {
    let mut numbers: Vec<usize> = (0..ENTRIES).collect();
    Random(69).shuffle(&mut numbers);
    let mut text = String::with_capacity(ENTRIES * 72);
    for n in numbers {
        let (domain, backend) = (n % 10_000, n % 100);
        writeln!(text, "user{n:07}@example{domain:04}.com      mailbox{n:07}@backend{backend:02}.example.net").unwrap();
    }
    text
}

/// Runs a command to its end, which must be a good one and say `expected`.
fn seconds(command: &mut Command, expected: &str) -> f64 {
    let started = Instant::now();
    let output = command.stdin(Stdio::null()).output().expect("the program runs");
    let elapsed = started.elapsed();
    let said = String::from_utf8_lossy(&output.stdout);
    let good = output.status.success() && said.contains(expected);
    assert!(good, "{command:?}: {} {said}{}", output.status, String::from_utf8_lossy(&output.stderr));
    elapsed.as_secs_f64()
}

/// The most memory that a command has in use at any time, in bytes: what the system last says of it before it ends.
fn peak(command: &mut Command) -> u64 {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("the program runs");
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        // A highest value only grows, so little is missed between two looks.
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kibibytes = line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok());
        peak = peak.max(kibibytes.unwrap_or(0) * 1024);
        std::thread::sleep(Duration::from_micros(200));
    }
    peak
}

/// What came of a scenario.
struct Measured {
    ours: f64,
    postmap: Option<f64>,
    /// The median of the rounds' ratios.
    ratio: Option<f64>,
    /// Peak memory as a multiple of the source's size.
    memory: f64,
}

fn of(values: &mut [f64]) -> Option<f64> {
    if values.is_empty() { None } else { Some(median(values)) }
}

/// A main.cf of two thousand lines that declares the table's ten thousand domains.
fn configure_for_lint(place: &Place) {
    place.configure("lmdb");
    let main_cf = place.path("main.cf");
    let mut text = fs::read_to_string(&main_cf).unwrap();
    writeln!(text, "virtual_alias_domains = lmdb:{}/domains", place.directory()).unwrap();
    let classes: Vec<String> = (0..500).map(|number| format!("class{number}")).collect();
    writeln!(text, "smtpd_restriction_classes = {}", classes.join(" ")).unwrap();
    for class in classes {
        writeln!(text, "# Those who chose {class}.\n{class} =\n    reject_unauth_destination,\n    permit").unwrap();
    }
    fs::write(main_cf, text).unwrap();
    let domains: String = (0..10_000).map(|number| format!("example{number:04}.com x\n")).collect();
    fs::write(place.path("domains"), domains).unwrap();
    assert!(place.ours(&["build"]).output().unwrap().status.success(), "the tables are built");
}

fn measure(place: &Place, scenario: &Scenario, source_size: u64) -> Measured {
    place.configure(scenario.map_type);
    let index = place.path(&format!("virtual.{}", scenario.map_type));
    let prepare = || {
        if matches!(scenario.job, Job::Build | Job::BuildNewer) {
            let _ = fs::remove_file(&index);
        }
    };
    let (command, expected): (&[&str], _) = match scenario.job {
        Job::Build => (&["build"], "1 built"),
        Job::BuildNewer => (&["build", "--lmdb-format", "1.0"], "1 built"),
        Job::Find => (&["build"], "1 current"),
        Job::Lint => (&["check"], "nothing found"),
    };
    let reference = || match scenario.job {
        Job::BuildNewer => Some(place.ours(&["build", "--lmdb-format", "0.9"])),
        _ => place.postmap(scenario.map_type),
    };
    if scenario.job == Job::Lint {
        configure_for_lint(place);
    }
    let (mut ours, mut postmap, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let reference = reference().map(|mut command| {
            prepare();
            seconds(&mut command, "")
        });
        if reference.is_none() && !index.exists() {
            seconds(&mut place.ours(&["build"]), "1 built");
        }
        prepare();
        let own = seconds(&mut place.ours(command), expected);
        ours.push(own);
        postmap.extend(reference);
        ratios.extend(reference.map(|reference| reference / own));
    }
    prepare();
    #[allow(clippy::cast_precision_loss)] // Some hundred megabytes.
    let memory = peak(&mut place.ours(command)) as f64 / source_size as f64;
    Measured { ours: median(&mut ours), postmap: of(&mut postmap), ratio: of(&mut ratios), memory }
}

/// Programs do not run from one machine's libraries on another's without luck: said before anything is measured.
fn check_that_ours_runs(place: &Place) {
    let mut command = place.ours(&["--help"]);
    let output = command.output().expect("chroot runs");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn main() -> ExitCode {
    // `cargo test --all-targets` starts benchmarks too.
    if !std::env::args().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    let place = Place::find();
    check_that_ours_runs(&place);
    let table: &Path = &place.path("virtual");
    fs::write(table, source()).unwrap();
    let size = fs::metadata(table).unwrap().len();
    println!("{ENTRIES} entries, {} MB; medians of {ROUNDS} rounds", size / 1_000_000);
    println!("{:16} {:>9} {:>9} {:>7}  {:24} {:>7}", "", "postmap", "ours", "ratio", "", "memory");
    let mut good = true;
    let only = std::env::var("POSTWRIGHT_SCENARIO").unwrap_or_default();
    for scenario in SCENARIOS.iter().filter(|scenario| scenario.name.contains(&only)) {
        let measured = measure(&place, scenario, size);
        let (words, reached) = verdict(measured.ratio, scenario.goal);
        let most = if scenario.job == Job::Lint { LINT_MEMORY_GOAL } else { MEMORY_GOAL };
        let small = measured.memory <= most;
        let memory = format!("{:.2}x of the source", measured.memory);
        let time = |seconds: Option<f64>| seconds.map_or("-".into(), |seconds| format!("{seconds:.3} s"));
        let ratio = measured.ratio.map_or("-".into(), |ratio| format!("{ratio:.1}x"));
        println!(
            "{:16} {:>9} {:>9} {:>7}  {:24} {memory}{}",
            scenario.name,
            time(measured.postmap),
            time(Some(measured.ours)),
            ratio,
            words,
            if small { String::new() } else { format!(": MISSED, {most} is the most") },
        );
        good &= reached && small;
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
