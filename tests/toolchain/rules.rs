//! Each rule on two small sites: `fires`, where it finds what it is for, and `near`, which looks much like that and is
//! fine.
//!
//! `testdata/rules/CODE/` holds both sites, and what `postwright check --select CODE --color never` says:
//! `fires.human`, `fires.json` (with `--format json`), `near.human`. `modes` may hold lines `0640 fires/secret`, since
//! git keeps no modes, or `0640:65534 fires/secret` with an owner, which only root can give; others pass over such a
//! rule. With `POSTWRIGHT_BLESS=1` the answers are recorded anew.

use postwright::lint::declarations;
use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;
use support::{Scratch, fixture, is_root};

/// A copy of a rule's directory, with the modes and owners that it asks for; nothing where they cannot be given.
fn laid_out(directory: &Path) -> Option<Scratch> {
    let scratch = Scratch::copy_of(directory);
    let modes = fs::read_to_string(directory.join("modes")).unwrap_or_default();
    for line in modes.lines() {
        let (mode, name) = line.split_once(' ').unwrap_or_else(|| panic!("{}: modes: {line}", directory.display()));
        let (mode, owner) = mode.split_once(':').unwrap_or((mode, ""));
        if !owner.is_empty() {
            if !is_root("giving files away") {
                return None;
            }
            chown(scratch.path(name), Some(owner.parse().unwrap()), None).unwrap();
        }
        scratch.set_mode(name, u32::from_str_radix(mode, 8).unwrap());
    }
    Some(scratch)
}

/// Compares an answer with the recorded one, or records it.
fn compare(path: &Path, answer: &str, wrong: &mut Vec<String>) {
    if std::env::var_os("POSTWRIGHT_BLESS").is_some() {
        fs::write(path, answer).unwrap();
        return;
    }
    let recorded = fs::read_to_string(path).unwrap_or_default();
    if recorded != answer {
        wrong.push(format!("{}: recorded:\n{recorded}got:\n{answer}", path.display()));
    }
}

#[test]
fn each_rule_fires_where_it_should_and_not_nearby() {
    let root = fixture("rules");
    let mut wrong = Vec::new();
    for rule in declarations() {
        let directory = root.join(rule.code);
        // That both sites are there is for the tidy test to say.
        if !directory.join("fires").is_dir() || !directory.join("near").is_dir() {
            continue;
        }
        let Some(scratch) = laid_out(&directory) else { continue };
        // A comment is idle only if the rule that it silences was looked for.
        let also = if rule.code == "PW002" { ",MC003" } else { "" };
        let run = |rest: &str| scratch.run(&format!("check --select {}{also} --color never {rest}", rule.code));
        let (human, json, near) = (run("fires"), run("--format json fires"), run("near"));
        let found = format!("\"code\":\"{}\"", rule.code);
        for outcome in [&human, &json, &near] {
            if outcome.status == 2 || !outcome.stderr.is_empty() {
                wrong.push(format!("{}: status {}: {}", rule.code, outcome.status, outcome.stderr));
            }
        }
        if !json.stdout.contains(&found) {
            wrong.push(format!("{}: not found in fires", rule.code));
        }
        if near.stdout != "nothing found\n" {
            wrong.push(format!("{}: found in near:\n{}", rule.code, near.stdout));
        }
        compare(&directory.join("fires.human"), &human.stdout, &mut wrong);
        compare(&directory.join("fires.json"), &json.stdout, &mut wrong);
        compare(&directory.join("near.human"), &near.stdout, &mut wrong);
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
