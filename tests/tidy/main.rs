//! The house itself: floors, sizes, headers, documentation, and nothing that was forgotten.
//!
//! `src/lib.rs` has the map of the floors, and it is the truth here; config uses no maps although it names tables.

// Clippy's leave for tests does not reach functions that they share.
#![allow(clippy::unwrap_used, clippy::panic)]

mod imports;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use imports::{circles, imports, inner_circles};
use support::repository;

/// Lines after which a file usually holds two ideas.
const MOST_LINES: usize = 500;
/// Columns of a comment at most, as rustfmt.toml says of code.
const WIDTH: usize = 120;

/// All files below a directory of the repository, named from there, in order.
fn files(directory: &str) -> Vec<PathBuf> {
    fn add(directory: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() { add(&path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    add(&repository().join(directory), &mut found);
    found.sort();
    found.into_iter().map(|path| path.strip_prefix(repository()).unwrap().to_path_buf()).collect()
}

/// The Rust files below a directory, with their text.
fn rust_files(directory: &str) -> Vec<(PathBuf, String)> {
    let sources = files(directory).into_iter().filter(|path| path.extension().is_some_and(|suffix| suffix == "rs"));
    sources.map(|path| (path.clone(), text(&path))).collect()
}

fn text(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(repository().join(path)).unwrap()).into_owned()
}

/// Fails with all that is wrong, not with the first of it.
#[track_caller]
fn none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The floor of each room, as the table in `src/lib.rs` has it.
fn floors() -> BTreeMap<String, u32> {
    let map = text(Path::new("src/lib.rs"));
    let mut floors = BTreeMap::new();
    for row in map.lines().filter_map(|line| line.strip_prefix("//! | ")) {
        let mut cells = row.split(" | ");
        let (Some(Ok(floor)), Some(rooms)) = (cells.next().map(str::parse), cells.next()) else { continue };
        for room in rooms.split(", ") {
            floors.insert(room.trim_matches(['[', ']', '`']).to_string(), floor);
        }
    }
    floors
}

/// The rooms that a line of code goes to: what follows `crate::`.
fn rooms_used(line: &str) -> impl Iterator<Item = &str> {
    let code = if line.trim_start().starts_with("//") { "" } else { line };
    let starts = code.match_indices("crate::").map(|(at, found)| &code[at + found.len()..]);
    starts.map(|rest| rest.split(|char: char| !char.is_alphanumeric() && char != '_').next().unwrap_or_default())
}

#[test]
fn a_floor_uses_only_the_floors_below_it() {
    let floors = floors();
    let rooms: Vec<String> = fs::read_dir(repository().join("src"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    let mut wrong: Vec<String> = Vec::new();
    for room in &rooms {
        if !floors.contains_key(room) {
            wrong.push(format!("src/{room} is not on the map in src/lib.rs"));
        }
    }
    wrong.extend(floors.keys().filter(|room| !rooms.contains(room)).map(|room| format!("the map shows no src/{room}")));
    let build_script = text(Path::new("build.rs"));
    for (path, text) in rust_files("src") {
        let room = path.iter().nth(1).unwrap().to_string_lossy().into_owned();
        let Some(floor) = floors.get(&room) else { continue };
        for (number, line) in (1..).zip(text.lines()) {
            for used in rooms_used(line).filter(|used| *used != room) {
                // What the build script shares has another crate around it.
                let elsewhere = !floors.contains_key(used) && build_script.contains(&*path.to_string_lossy());
                if !elsewhere && floors.get(used).is_none_or(|below| below >= floor) {
                    wrong.push(format!("{}:{number}: {room} may not use {used}", path.display()));
                }
            }
        }
    }
    none(&wrong);
}

/// What lies side by side in a room, files and rooms in it, and imports each other, and why that may be. A part of them
/// may too: it is a step on the way.
const INNER_CIRCLES: &[Circle] = &[(
    &["lint/hops", "lint/policy", "lint/registry", "lint/rules", "lint/selection", "lint/settings", "lint/suppression"],
    "to be dissolved",
)];

type Circle = (&'static [&'static str], &'static str);

/// What is wrong with circles: that one is new, or that one may be and is not there.
fn unexpected(found: &[BTreeSet<PathBuf>], may_be: &[Circle]) -> Vec<String> {
    let may_be: Vec<BTreeSet<PathBuf>> =
        may_be.iter().map(|(paths, _)| paths.iter().map(|path| Path::new("src").join(path)).collect()).collect();
    let shown = |circle: &BTreeSet<PathBuf>| {
        let paths = circle.iter().map(|path| path.to_string_lossy().into_owned());
        paths.collect::<Vec<_>>().join(", ")
    };
    let new = found.iter().filter(|circle| !may_be.iter().any(|all| circle.is_subset(all)));
    let gone = may_be.iter().filter(|all| !found.iter().any(|circle| circle.is_subset(all)));
    let new = new.map(|circle| format!("these import each other: {}", shown(circle)));
    new.chain(gone.map(|circle| format!("no circle any more, take it from the list: {}", shown(circle)))).collect()
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    none(&unexpected(&circles(&imports(&rust_files("src"))), &[]));
}

/// As between rooms, so within one: what lies side by side there, files and rooms in it, has an order too.
#[test]
fn inner_floors_point_one_way() {
    none(&unexpected(&inner_circles(&imports(&rust_files("src"))), INNER_CIRCLES));
}

#[test]
fn files_are_small_and_say_what_they_are() {
    let mut wrong = Vec::new();
    for directory in ["src", "tests", "benches"] {
        for (path, text) in rust_files(directory) {
            let lines = text.lines().count();
            if lines > MOST_LINES {
                wrong.push(format!("{}: {lines} lines are more than {MOST_LINES}", path.display()));
            }
            if !text.starts_with("//! ") {
                wrong.push(format!("{}: does not begin with //! and what it is", path.display()));
            }
        }
    }
    none(&wrong);
}

/// Comments are as wide as the code at most; rustfmt leaves them alone. A row of a table cannot be broken.
#[test]
fn comments_are_as_wide_as_the_code() {
    let mut wrong = Vec::new();
    for (path, text) in ["src", "tests", "benches"].into_iter().flat_map(rust_files) {
        for (number, line) in text.lines().enumerate() {
            let comment = line.trim_start();
            let is_row = comment.trim_start_matches(['/', '!', ' ']).starts_with('|');
            if comment.starts_with("//") && !is_row && line.chars().count() > WIDTH {
                wrong.push(format!("{}:{}: a comment of more than {WIDTH} columns", path.display(), number + 1));
            }
        }
    }
    none(&wrong);
}

#[test]
fn no_room_is_for_odds_and_ends() {
    let odd = ["util", "utils", "helper", "helpers", "common", "misc"];
    let mut wrong = Vec::new();
    for (path, _) in rust_files("src") {
        let names = path.iter().map(|name| name.to_string_lossy().trim_end_matches(".rs").to_string());
        let is_types = path.file_name().is_some_and(|name| name == "types.rs");
        if is_types || names.into_iter().any(|name| odd.contains(&name.as_str())) {
            wrong.push(format!("{}: name it for the idea that it serves", path.display()));
        }
    }
    none(&wrong);
}

#[test]
fn every_rule_is_documented_and_tested() {
    let fixtures = files("testdata/rules");
    let mut wrong = Vec::new();
    for rule in postwright::lint::declarations() {
        for (what, text) in
            [("summary", rule.summary), ("why", rule.why), ("example", rule.example), ("remedy", rule.remedy)]
        {
            if text.trim().is_empty() {
                wrong.push(format!("{} {} has no {what}", rule.code, rule.name));
            }
        }
        if !rule.why.ends_with('.') || !rule.remedy.ends_with('.') {
            wrong.push(format!("{} {}: reasons and remedies are sentences", rule.code, rule.name));
        }
        // tests/toolchain/rules.rs says what they show.
        for part in ["fires/main.cf", "fires.human", "fires.json", "near/main.cf", "near.human"] {
            let path = Path::new("testdata/rules").join(rule.code).join(part);
            if !fixtures.contains(&path) {
                wrong.push(format!("{} {} has no fixture {}", rule.code, rule.name, path.display()));
            }
        }
    }
    // A fixture of a rule that is no more.
    let codes: Vec<&str> = postwright::lint::declarations().map(|rule| rule.code).collect();
    for path in &fixtures {
        let code = path.iter().nth(2).unwrap().to_string_lossy();
        if !codes.contains(&code.as_ref()) {
            wrong.push(format!("{} is for no rule", path.display()));
        }
    }
    none(&wrong);
}

/// What git knows; nothing in a copy without git.
fn tracked() -> Option<Vec<PathBuf>> {
    let listed = Command::new("git").arg("-C").arg(repository()).args(["ls-files", "-z"]).output().ok()?;
    let names = String::from_utf8(listed.stdout).ok()?;
    let names: Vec<PathBuf> = names.split('\0').filter(|name| !name.is_empty()).map(PathBuf::from).collect();
    (listed.status.success() && !names.is_empty()).then_some(names)
}

/// Where threads cannot be started Rayon panics, unless it was told before how many there are.
#[test]
fn who_shares_work_out_says_so_first() {
    let told = |text: &str| text.contains("threads::share_out();");
    let uses = |text: &str| text.contains("rayon::prelude") || text.contains("rayon::join");
    let files = rust_files("src").into_iter().filter(|(_, text)| uses(text) && !told(text));
    none(&files.map(|(path, _)| format!("{}: no threads::share_out()", path.display())).collect::<Vec<_>>());
}

#[test]
fn no_file_names_a_directory_of_its_writer() {
    let Some(tracked) = tracked() else {
        println!("skipped: no git here");
        return;
    };
    // In two pieces, so that this file names none either.
    let directories = [["/wo", "rk/"], ["/ro", "ot/"], ["/ho", "me/"]].map(|pieces| pieces.concat());
    let mut wrong = Vec::new();
    for path in tracked.iter().filter(|path| repository().join(path).is_file()) {
        for (number, line) in (1..).zip(text(path).lines()) {
            if directories.iter().any(|directory| line.contains(directory.as_str())) {
                wrong.push(format!("{}:{number}: {}", path.display(), line.trim()));
            }
        }
    }
    none(&wrong);
}

/// What a test reads whole, whatever the names there.
const READ_WHOLE: &[&str] = &[
    "testdata/berkeley-db",
    "testdata/expand",
    "testdata/postmap/cases",
    "testdata/postmap/recorded",
    "testdata/route/forward/homes",
    "testdata/smtp",
];

/// The words of a text that may be names of files.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|char: char| !char.is_ascii_alphanumeric() && !"_.+-".contains(char)).map(|word| word.trim_matches('.'))
}

/// Each directory below `testdata/` is named by something that uses it; and each file there is named in tests, with or
/// without its suffix, or by a file of the same directory: a main.cf, a list of cases.
#[test]
fn no_fixture_is_forgotten() {
    let mut sources: Vec<_> = ["src", "tests"].iter().flat_map(|room| rust_files(room)).collect();
    sources.retain(|(path, _)| !path.starts_with("tests/tidy"));
    let mut texts: Vec<String> = sources.into_iter().map(|(_, text)| text).collect();
    texts.push(text(Path::new("README.md")));
    let in_tests: HashSet<&str> = texts.iter().flat_map(|text| words(text)).collect();
    let all_tests = texts.concat();
    let mut known: HashMap<PathBuf, bool> = HashMap::new();
    let mut is_named = |path: &Path| {
        let name = path.to_string_lossy();
        // A test may leave out "testdata".
        let short = format!("fixture(\"{}\")", path.strip_prefix("testdata").unwrap().display());
        let is_there = || all_tests.contains(name.as_ref()) || all_tests.contains(&short);
        *known.entry(path.to_path_buf()).or_insert_with(is_there)
    };
    let ignored = |path: &PathBuf| path.extension().is_some_and(|suffix| suffix == "lmdb" || suffix == "cdb");
    let mut directories: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    for path in files("testdata").into_iter().filter(|path| !ignored(path)) {
        directories.entry(path.iter().take(2).collect()).or_default().push(path);
    }
    let mut wrong = Vec::new();
    for fixtures in directories.values() {
        let texts: Vec<String> = fixtures.iter().map(|path| text(path)).collect();
        let beside: HashSet<&str> = texts.iter().flat_map(|text| words(text)).collect();
        for path in fixtures {
            let name = path.file_name().unwrap().to_string_lossy();
            let name = name.trim_matches('.');
            let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
            let is_read = READ_WHOLE.iter().any(|whole| path.starts_with(whole));
            // The whole directory, as a rule.
            let depth = path.iter().count();
            if !(2..=depth).any(|depth| is_named(&path.iter().take(depth).collect::<PathBuf>())) {
                wrong.push(format!("{} is named by no test and not by the README", path.display()));
            } else if !is_read && !in_tests.contains(name) && !in_tests.contains(stem) && !beside.contains(name) {
                wrong.push(format!("{}: nothing that uses its directory names the file", path.display()));
            }
        }
    }
    none(&wrong);
}

#[test]
fn the_manual_pages_are_current() {
    let mut wrong = Vec::new();
    let pages = postwright::commands::cli::manual_pages();
    for (name, page) in &pages {
        let path = Path::new("man").join(name);
        if fs::read_to_string(repository().join(&path)).ok().as_deref() != Some(page) {
            wrong.push(format!("{} is not what `cargo run -- man man` writes", path.display()));
        }
    }
    for path in files("man") {
        if !pages.iter().any(|(name, _)| path.ends_with(name)) {
            wrong.push(format!("{} is no page of a command", path.display()));
        }
    }
    none(&wrong);
}
