//! Keys asked of tables with `postmap -q -`, beside Postfix's own: a million of `lmdb:`, ten thousand of a `pcre:`
//! table of ten thousand rules, fifty thousand of a `cidr:` table of ten thousand networks. Both must find the same.
//!
//! `cargo bench --bench lookup`; with `POSTWRIGHT_SCENARIO=cidr` only those with that in their name. Both programs run
//! inside the oracle's root through `chroot`, in turn, round after round; without an oracle only our own times are
//! measured. What is printed are medians; a goal that is missed is marked, and its least value, when missed too, ends
//! the run with status 1.

// A benchmark that cannot go on says why and stops.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod place;
mod verdict;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

use place::Place;
use support::Random;
use verdict::{median, verdict};

/// Entries of the indexed table, all of them asked once.
const ENTRIES: usize = 1_000_000;
/// Networks in the table, and addresses asked.
const NETWORKS: usize = 10_000;
const ADDRESSES: usize = 50_000;
/// Rules in the table of patterns, and keys asked.
const RULES: usize = 10_000;
const KEYS: usize = 10_000;

/// A table and the keys that it is asked for.
struct Scenario {
    name: &'static str,
    map_type: &'static str,
    /// The source and the keys, a line each.
    make: fn() -> (String, String),
    /// How many times faster than postmap we want to be, and must be.
    goal: (f64, f64),
    rounds: usize,
}

const SCENARIOS: &[Scenario] = &[
    Scenario { name: "lmdb, 1,000,000 keys", map_type: "lmdb", make: entries, goal: (3.0, 2.0), rounds: 7 },
    Scenario { name: "cidr, 10,000 networks", map_type: "cidr", make: networks, goal: (50.0, 20.0), rounds: 5 },
    Scenario { name: "pcre, 10,000 rules", map_type: "pcre", make: rules, goal: (2.0, 1.0), rounds: 3 },
];

/// Addresses and where they go, in two random orders.
fn entries() -> (String, String) {
    let mut random = Random(69);
    let mut numbers: Vec<usize> = (0..ENTRIES).collect();
    let mut lines = |write: fn(&mut String, usize)| {
        random.shuffle(&mut numbers);
        let mut text = String::with_capacity(ENTRIES * 72);
        numbers.iter().for_each(|&number| write(&mut text, number));
        text
    };
    let table = lines(|text, n| {
        let (domain, backend) = (n % 10_000, n % 100);
        writeln!(text, "user{n:07}@example{domain:04}.com mailbox{n:07}@backend{backend:02}.example.net").unwrap();
    });
    let keys = lines(|text, n| writeln!(text, "user{n:07}@example{:04}.com", n % 10_000).unwrap());
    (table, keys)
}

/// Networks of all lengths from 12 to 32, as lists of unwelcome clients have them, and addresses of which some are in
/// one.
fn networks() -> (String, String) {
    let mut random = Random(4711);
    let address = |bits: usize| std::net::Ipv4Addr::from(u32::try_from(bits).expect("32 bits"));
    let (mut table, mut keys) = (String::new(), String::new());
    for number in 0..NETWORKS {
        let length = 12 + random.below(21);
        let network = random.below(1 << length) << (32 - length);
        writeln!(table, "{}/{length} REJECT {number}", address(network)).unwrap();
    }
    for _ in 0..ADDRESSES {
        writeln!(keys, "{}", address(random.below(1 << 32))).unwrap();
    }
    (table, keys)
}

/// Rules as lists of unwelcome senders have them, and addresses of which some meet one, the rest all in vain.
fn rules() -> (String, String) {
    let mut random = Random(1997);
    let (mut table, mut keys) = (String::new(), String::new());
    for number in 0..RULES {
        match number % 4 {
            0 => writeln!(table, "/^user{number}[0-9]*@example\\.com$/ REJECT {number}"),
            1 => writeln!(table, "/@(mail|news)-?{number}\\.example\\.(com|net|org)$/ REJECT {number}"),
            2 => writeln!(table, "/^(.*)-{number}@example\\.net$/ $1@example.org"),
            _ => writeln!(table, "/^bounce\\+.*={number}\\.example\\.org@/ DISCARD"),
        }
        .unwrap();
    }
    for _ in 0..KEYS {
        let number = random.below(2 * RULES);
        match random.below(3) {
            0 => writeln!(keys, "user{number}@example.com"),
            1 => writeln!(keys, "someone@mail-{number}.example.net"),
            _ => writeln!(keys, "list-{number}@example.net"),
        }
        .unwrap();
    }
    (table, keys)
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

fn main() -> ExitCode {
    // `cargo test --all-targets` starts benchmarks too.
    if !std::env::args().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    let place = Place::find();
    place.configure("lmdb");
    println!("{:22} {:>9} {:>9} {:>7}  rounds", "", "postmap", "ours", "ratio");
    let mut good = true;
    let only = std::env::var("POSTWRIGHT_SCENARIO").unwrap_or_default();
    for scenario in SCENARIOS.iter().filter(|scenario| scenario.name.contains(&only)) {
        good &= measure(&place, scenario);
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Measures a scenario and prints its line; whether the least that will do was reached.
fn measure(place: &Place, scenario: &Scenario) -> bool {
    let (table, keys) = (scenario.make)();
    fs::write(place.path(scenario.map_type), table).unwrap();
    fs::write(place.path("keys"), keys).unwrap();
    let keys = place.path("keys");
    if scenario.map_type == "lmdb" {
        let mut command = place.postmap_by(true, &[], "lmdb").expect("ours is there");
        assert!(command.status().unwrap().success(), "{command:?}");
    }
    let (mut ours, mut postmap, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..scenario.rounds {
        let mut command = place.postmap_by(true, &["-q", "-"], scenario.map_type).expect("ours is there");
        let (own, found) = lookups(&mut command, &keys);
        ours.push(own);
        if let Some(mut command) = place.postmap_by(false, &["-q", "-"], scenario.map_type) {
            let (reference, expected) = lookups(&mut command, &keys);
            assert!(found == expected, "{}: the answers differ", scenario.name);
            postmap.push(reference);
            ratios.push(reference / own);
        }
    }
    let reference = if postmap.is_empty() { "-".into() } else { format!("{:.3} s", median(&mut postmap)) };
    let ratio = if ratios.is_empty() { None } else { Some(median(&mut ratios)) };
    let (words, reached) = verdict(ratio, Some(scenario.goal));
    println!(
        "{:22} {reference:>9} {:>9} {:>7}  {:6}  {words}",
        scenario.name,
        format!("{:.3} s", median(&mut ours)),
        ratio.map_or("-".into(), |ratio| format!("{ratio:.1}x")),
        scenario.rounds,
    );
    reached
}
