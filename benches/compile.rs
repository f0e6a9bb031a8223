//! A million entries: how long building their table takes, beside Postfix's own postmap, and how much memory; and how long
//! keys take in tables that are not built.
//!
//! `cargo bench --bench compile`; with `POSTWRIGHT_SCENARIO=cidr` only those with that in their name. Both programs run inside
//! the oracle's root through `chroot`, in turn, round after round, on the same file; without an oracle only our own times are
//! measured. What is printed are medians; a goal that is missed is marked, and its least value, when missed too, ends the run
//! with status 1.

// A benchmark that cannot go on says why and stops.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../tests/oracle/mod.rs"]
mod oracle;
mod verdict;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use oracle::{Oracle, Random};
use verdict::{median, verdict};

const ENTRIES: usize = 1_000_000;
const ROUNDS: usize = 5;

/// Networks in the table that is asked, and keys on standard input.
const NETWORKS: usize = 10_000;
const KEYS: usize = 50_000;

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
    /// Finds that an index is current.
    Check,
    /// Looks up keys from standard input, as `postmap -q -` on both sides.
    Query,
}

const SCENARIOS: &[Scenario] = &[
    Scenario { name: "lmdb, built", map_type: "lmdb", job: Job::Build, goal: Some((8.0, 6.0)) },
    Scenario { name: "lmdb, unchanged", map_type: "lmdb", job: Job::Check, goal: Some((20.0, 10.0)) },
    Scenario { name: "cdb, built", map_type: "cdb", job: Job::Build, goal: Some((6.0, 6.0)) },
    Scenario { name: "cdb, unchanged", map_type: "cdb", job: Job::Check, goal: None },
    Scenario { name: "cidr, asked", map_type: "cidr", job: Job::Query, goal: Some((50.0, 20.0)) },
];

/// Most memory that we may take, as a multiple of the source's size.
const MEMORY_GOAL: f64 = 3.0;

/// Where the programs run and the table is.
struct Place {
    oracle: Option<Oracle>,
    /// Without an oracle.
    own: Option<tempfile::TempDir>,
}

impl Place {
    fn find() -> Self {
        let oracle = Oracle::find("bench");
        let own = if oracle.is_none() { Some(tempfile::tempdir().unwrap()) } else { None };
        let place = Self { oracle, own };
        fs::copy(env!("CARGO_BIN_EXE_postwright"), place.path("postwright")).unwrap();
        let _ = std::os::unix::fs::symlink("postwright", place.path("postmap"));
        place
    }

    /// A file of the scratch directory, as we see it.
    fn path(&self, name: &str) -> PathBuf {
        match (&self.oracle, &self.own) {
            (Some(oracle), _) => oracle.path(name),
            (None, Some(own)) => own.path().join(name),
            (None, None) => unreachable!("one of them is there"),
        }
    }

    /// The scratch directory, as the programs see it.
    fn directory(&self) -> String {
        match &self.oracle {
            Some(oracle) => oracle.scratch.clone(),
            None => self.path("").to_str().expect("scratch paths are plain").trim_end_matches('/').to_string(),
        }
    }

    /// main.cf names the table as this type.
    fn configure(&self, map_type: &str) {
        let table = format!("{map_type}:{}/virtual", self.directory());
        let text = format!(
            "compatibility_level = 3.11\nalias_maps =\nalias_database =\ntransport_maps =\nvirtual_alias_maps = {table}\n"
        );
        fs::write(self.path("main.cf"), text).unwrap();
    }

    fn ours(&self) -> Command {
        let directory = self.directory();
        let program = format!("{directory}/postwright");
        let mut command = match &self.oracle {
            Some(oracle) => oracle.command(&[&program, "build", &directory]),
            None => {
                let mut command = Command::new(program);
                command.args(["build", &directory]);
                command
            }
        };
        without_settings(&mut command);
        command
    }

    /// `postmap -q -`, ours or Postfix's, with the keys on standard input.
    fn query(&self, map_type: &str, ours: bool) -> Option<Command> {
        let directory = self.directory();
        let program = if ours { format!("{directory}/postmap") } else { "postmap".to_owned() };
        let table = format!("{map_type}:{directory}/{map_type}");
        let arguments = [&*program, "-c", &directory, "-q", "-", &table];
        let mut command = match &self.oracle {
            Some(oracle) => oracle.command(&arguments),
            None if ours => {
                let mut command = Command::new(&program);
                command.args(&arguments[1..]);
                command
            }
            None => return None,
        };
        without_settings(&mut command);
        Some(command)
    }

    fn postmap(&self, map_type: &str) -> Option<Command> {
        let directory = self.directory();
        let table = format!("{map_type}:{directory}/virtual");
        Some(self.oracle.as_ref()?.command(&["postmap", "-c", &directory, &table]))
    }
}

fn without_settings(command: &mut Command) {
    for name in ["MAIL_CONFIG", "POSTWRIGHT_TARGET", "POSTWRIGHT_PROFILE"] {
        command.env_remove(name);
    }
}

/// Networks of all lengths from 12 to 32, as a list of unwelcome clients has them, and addresses of which some are in one.
fn networks_and_keys() -> (String, String) {
    let mut random = Random(4711);
    let address = |bits: usize| std::net::Ipv4Addr::from(u32::try_from(bits).expect("32 bits"));
    let (mut table, mut keys) = (String::new(), String::new());
    for number in 0..NETWORKS {
        let length = 12 + random.below(21);
        let network = random.below(1 << length) << (32 - length);
        writeln!(table, "{}/{length} REJECT {number}", address(network)).unwrap();
    }
    for _ in 0..KEYS {
        writeln!(keys, "{}", address(random.below(1 << 32))).unwrap();
    }
    (table, keys)
}

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

/// Runs a lookup of all keys; gives the time, and what was found.
fn lookups(command: &mut Command, keys: &Path) -> (f64, Vec<u8>) {
    let input = fs::File::open(keys).unwrap();
    let started = Instant::now();
    let output = command.stdin(input).output().expect("the program runs");
    let elapsed = started.elapsed();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    (elapsed.as_secs_f64(), output.stdout)
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
    /// Peak memory of a build as a multiple of the source's size.
    memory: Option<f64>,
}

fn of(values: &mut [f64]) -> Option<f64> {
    if values.is_empty() { None } else { Some(median(values)) }
}

fn measure_query(place: &Place, scenario: &Scenario) -> Measured {
    let (table, keys) = networks_and_keys();
    fs::write(place.path(scenario.map_type), table).unwrap();
    fs::write(place.path("keys"), keys).unwrap();
    let keys = place.path("keys");
    let (mut ours, mut postmap, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let mut command = place.query(scenario.map_type, true).expect("ours is there");
        let (own, found) = lookups(&mut command, &keys);
        ours.push(own);
        if let Some(mut command) = place.query(scenario.map_type, false) {
            let (reference, expected) = lookups(&mut command, &keys);
            assert!(found == expected, "{}: the answers differ", scenario.name);
            postmap.push(reference);
            ratios.push(reference / own);
        }
    }
    Measured { ours: median(&mut ours), postmap: of(&mut postmap), ratio: of(&mut ratios), memory: None }
}

fn measure(place: &Place, scenario: &Scenario, source_size: u64) -> Measured {
    if scenario.job == Job::Query {
        return measure_query(place, scenario);
    }
    place.configure(scenario.map_type);
    let index = place.path(&format!("virtual.{}", scenario.map_type));
    let prepare = || {
        if scenario.job == Job::Build {
            let _ = fs::remove_file(&index);
        }
    };
    let expected = if scenario.job == Job::Build { "1 built" } else { "1 current" };
    let (mut ours, mut postmap, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let reference = place.postmap(scenario.map_type).map(|mut command| {
            prepare();
            seconds(&mut command, "")
        });
        if reference.is_none() && !index.exists() {
            seconds(&mut place.ours(), "1 built");
        }
        prepare();
        let own = seconds(&mut place.ours(), expected);
        ours.push(own);
        postmap.extend(reference);
        ratios.extend(reference.map(|reference| reference / own));
    }
    prepare();
    #[allow(clippy::cast_precision_loss)] // Some hundred megabytes.
    let memory = peak(&mut place.ours()) as f64 / source_size as f64;
    Measured { ours: median(&mut ours), postmap: of(&mut postmap), ratio: of(&mut ratios), memory: Some(memory) }
}

/// Programs do not run from one machine's libraries on another's without luck: said before anything is measured.
fn check_that_ours_runs(place: &Place) {
    let mut command = place.ours();
    let output = command.arg("--help").output().expect("chroot runs");
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
    println!("({NETWORKS} networks and {KEYS} keys where keys are asked)");
    println!("{:16} {:>9} {:>9} {:>7}  {:24} {:>7}", "", "postmap", "ours", "ratio", "", "memory");
    let mut good = true;
    let only = std::env::var("POSTWRIGHT_SCENARIO").unwrap_or_default();
    for scenario in SCENARIOS.iter().filter(|scenario| scenario.name.contains(&only)) {
        let measured = measure(&place, scenario, size);
        let (words, reached) = verdict(measured.ratio, scenario.goal);
        let small = measured.memory.is_none_or(|memory| memory <= MEMORY_GOAL);
        let memory = measured.memory.map_or(String::new(), |memory| format!("{memory:.2}x of the source"));
        let time = |seconds: Option<f64>| seconds.map_or("-".into(), |seconds| format!("{seconds:.3} s"));
        let ratio = measured.ratio.map_or("-".into(), |ratio| format!("{ratio:.1}x"));
        println!(
            "{:16} {:>9} {:>9} {:>7}  {:24} {memory}{}",
            scenario.name,
            time(measured.postmap),
            time(Some(measured.ours)),
            ratio,
            words,
            if small { String::new() } else { format!(": MISSED, {MEMORY_GOAL} is the most") },
        );
        good &= reached && small;
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
