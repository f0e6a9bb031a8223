//! Where a site is merely big, no command takes more than its share: at most 15 times the processor time for ten times
//! the input.

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
type Case = (&'static str, fn(usize) -> Vec<File>, &'static [&'static str]);
/// A file of the site, below it, and its text.
type File = (&'static str, String);

fn main_cf(text: String) -> Vec<File> {
    vec![("main.cf", format!("compatibility_level = 3.11\nmyhostname = h.example.com\n{text}"))]
}

fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).fold(String::new(), |text, number| text + &line(number) + "\n")
}

fn list(name: &str, count: usize, element: impl Fn(usize) -> String) -> String {
    let elements: Vec<String> = (0..count).map(element).collect();
    format!("{name} = {}\n", elements.join(" "))
}

const CASES: &[Case] = &[
    (
        "local domains",
        |count| main_cf(list("mydestination", count, |number| format!("d{number}.example"))),
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
        |count| main_cf(list("mynetworks", count, address)),
        &["check site", "diff site site", "route -c site a@d7.example"],
    ),
    (
        "elements that match nothing",
        |count| main_cf(list("relay_domains", count, |number| format!("user{number}@d.example"))),
        &["check site", "check --format json site"],
    ),
    (
        "names that nobody knows",
        |count| main_cf(lines(count, |number| format!("nobody_knows_{number} = x"))),
        &["check site", "diff site site"],
    ),
    (
        "restriction classes",
        |count| {
            let classes = list("smtpd_restriction_classes", count, |number| format!("class{number}"));
            main_cf(classes + &lines(count, |number| format!("class{number} = reject")))
        },
        &["check site", "diff site site"],
    ),
    (
        "parameters that name the next one",
        // Each is followed a hundred names deep.
        |count| main_cf(lines(count / 10, |number| format!("p{number} = $p{}", number + 1))),
        &["check --format json site", "diff site site"],
    ),
    (
        "entries of an inline table",
        |count| {
            let entries: Vec<String> = (0..count).map(|number| format!("u{number}@v.example=x@y.example")).collect();
            let table = format!("virtual_alias_maps = inline:{{ {} }}\n", entries.join(", "));
            main_cf(format!("virtual_alias_domains = v.example\n{table}"))
        },
        &["check site", "route -c site u7@v.example"],
    ),
    (
        "entries of two inline tables, one of which differs",
        |count| {
            let table = |first: &str| {
                let entries = (0..count).map(|number| format!("u{number}@v.example=x@y.example"));
                let entries: Vec<String> = std::iter::once(first.to_string()).chain(entries).collect();
                format!("virtual_alias_domains = v.example\nvirtual_alias_maps = inline:{{ {} }}\n", entries.join(", "))
            };
            let mut files = main_cf(table("a@v.example=b@y.example"));
            let [(_, other)] = main_cf(table("a@v.example=c@y.example")).try_into().expect("one file");
            files.push(("../other/main.cf", other));
            files
        },
        &["diff --routes site other"],
    ),
    (
        "services and their options",
        |count| {
            let services = lines(count / 10, |number| format!("s{number} unix - - n - - smtp"));
            let options = lines(count, |number| format!("  -o nobody_knows_{number}=x"));
            let mut files = main_cf(String::new());
            files.push(("master.cf", services + "big unix - - n - - smtp\n" + &options));
            files
        },
        &["check --format json site", "diff site site", "graph -c site"],
    ),
    (
        "networks of a cidr table",
        |count| {
            let mut files = main_cf("smtpd_client_restrictions = check_client_access cidr:/etc/postfix/rules\n".into());
            files.push(("rules", lines(count, |number| format!("{}/32 REJECT", address(number)))));
            files
        },
        &["check site", "route -c site --client 10.0.0.7 a@d7.example"],
    ),
    (
        "domains in a file",
        |count| {
            let mut files = main_cf("relay_domains = /etc/postfix/relay\n".into());
            files.push(("relay", lines(count, |number| format!("r{number}.example"))));
            files
        },
        &["check site", "graph -c site", "diff site site"],
    ),
];

fn address(number: usize) -> String {
    format!("10.{}.{}.{}", number >> 16, number >> 8 & 255, number & 255)
}

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
    for &(what, files, commands) in CASES {
        let mut times = vec![Vec::new(); commands.len()];
        for size in SIZES {
            let _ = std::fs::remove_dir_all(scratch.path("site"));
            for (name, text) in files(size) {
                scratch.write(&format!("site/{name}"), text);
            }
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
