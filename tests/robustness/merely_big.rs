//! Where a site is merely big, no command takes more than its share: at most 15 times the processor time for ten times the input.

use std::fmt::Write as _;
use std::process::Command;
use support::Scratch;

/// Elements, lines or settings of the three sizes.
const SIZES: [usize; 3] = [500, 5_000, 50_000];
/// What the processor may take for ten times as much.
const MOST_GROWTH: f64 = 15.0;
/// Below this many seconds a program's start counts for more than its input.
const FLOOR: f64 = 0.1;

/// What is many, and the commands that are run on it.
type Case = (&'static str, fn(usize) -> String, &'static [&'static str]);

fn list(name: &str, count: usize, element: impl Fn(usize) -> String) -> String {
    let elements: Vec<String> = (0..count).map(element).collect();
    format!("{name} = {}\n", elements.join(" "))
}

const CASES: &[Case] = &[
    (
        "local domains",
        |count| list("mydestination", count, |number| format!("d{number}.example")),
        &[
            "check site",
            "expand -c site mydestination",
            "diff site site",
            "route -c site a@d7.example",
            "set -n -c site a=b",
        ],
    ),
    (
        "networks",
        |count| {
            list("mynetworks", count, |number| format!("10.{}.{}.{}", number >> 16, number >> 8 & 255, number & 255))
        },
        &["check site", "diff site site", "route -c site a@d7.example"],
    ),
    (
        "elements that match nothing",
        |count| list("relay_domains", count, |number| format!("user{number}@d.example")),
        &["check site", "check --format json site"],
    ),
    (
        "names that nobody knows",
        |count| {
            (0..count).fold(String::new(), |mut text, number| {
                let _ = writeln!(text, "nobody_knows_{number} = x");
                text
            })
        },
        &["check site", "diff site site"],
    ),
];

/// The processor time of a command line, in seconds, as the shell counts that of its children.
fn seconds(scratch: &Scratch, arguments: &str) -> f64 {
    let program = scratch.command(&[]).get_program().to_os_string();
    let line = format!("\"$P\" {arguments} >/dev/null 2>&1; times");
    let mut command = Command::new("bash");
    command.args(["-c", &line]).env("P", program).env("LC_ALL", "C").current_dir(scratch.path(""));
    let outcome = scratch.outcome(&mut command);
    let children = outcome.stdout.lines().last().expect("two lines");
    let parts = children.split_whitespace().map(|part| {
        let (minutes, seconds) = part.trim_end_matches('s').split_once('m').expect("0m0.000s");
        minutes.parse::<f64>().unwrap() * 60.0 + seconds.parse::<f64>().unwrap()
    });
    parts.sum()
}

#[test]
fn ten_times_as_much_takes_about_ten_times_as_long() {
    let scratch = Scratch::example();
    let mut slow = String::new();
    for &(what, text, commands) in CASES {
        let mut times = vec![Vec::new(); commands.len()];
        for size in SIZES {
            scratch.write(
                "site/main.cf",
                format!("compatibility_level = 3.11\nmyhostname = h.example.com\n{}", text(size)),
            );
            for (command, times) in commands.iter().zip(&mut times) {
                times.push(seconds(&scratch, command));
            }
        }
        for (command, times) in commands.iter().zip(times) {
            if times.windows(2).any(|pair| pair[1] > pair[0].max(FLOOR) * MOST_GROWTH) {
                let _ = writeln!(slow, "{command}, {what}: {times:.2?} s");
            }
        }
    }
    assert!(slow.is_empty(), "\n{slow}");
}
