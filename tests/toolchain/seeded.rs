//! Small sites with one real mistake each: what `check` finds first must be that mistake.
//!
//! `testdata/seeded/NN-mistake/` holds the site, and `expected`: the rule's code and the place (`MC003 main.cf:5`).
//! More lines there may say `without indexes`, which are built for all others, or `mode 0666 file`, since git keeps no
//! modes. What lies in `before` stands in the place of the site's own files while indexes are built.

use std::fs;
use std::path::{Path, PathBuf};
use support::{Scratch, fixture};

fn sites() -> Vec<PathBuf> {
    let mut sites: Vec<PathBuf> = fs::read_dir(fixture("seeded")).unwrap().map(|entry| entry.unwrap().path()).collect();
    sites.sort();
    sites
}

/// A copy of a site as its `expected` wants it, and what that expects.
fn laid_out(site: &Path) -> (Scratch, String) {
    let scratch = Scratch::copy_of(site);
    let text = fs::read_to_string(site.join("expected")).unwrap();
    let mut lines = text.lines();
    let expected = lines.next().unwrap().to_string();
    let wishes: Vec<&str> = lines.collect();
    let before = if site.join("before").is_dir() { scratch.names("before") } else { Vec::new() };
    for name in &before {
        scratch.write(name, scratch.read(&format!("before/{name}")));
    }
    // What is faulty cannot be built, which is not what is looked at here.
    if !wishes.contains(&"without indexes") {
        scratch.run("build -q .");
    }
    for name in &before {
        scratch.write(name, fs::read(site.join(name)).unwrap());
    }
    for wish in wishes.iter().filter(|wish| **wish != "without indexes") {
        let words: Vec<&str> = wish.split(' ').collect();
        let ["mode", mode, name] = words[..] else { panic!("{}: {wish}", site.display()) };
        scratch.set_mode(name, u32::from_str_radix(mode, 8).unwrap());
    }
    (scratch, expected)
}

#[test]
fn each_mistake_is_found_first() {
    let mut wrong = Vec::new();
    let sites = sites();
    for site in &sites {
        let (scratch, expected) = laid_out(site);
        let outcome = scratch.run("check --format json .");
        let document: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap_or_default();
        let first = &document["findings"][0];
        let span = &first["labels"][0]["span"];
        let file = span["file"].as_str().unwrap_or_default().trim_start_matches("$DIR/").trim_start_matches("./");
        let found = format!("{} {file}:{}", first["code"].as_str().unwrap_or_default(), span["line"]);
        if found != expected {
            let all = scratch.run("check --format concise .");
            let name = site.file_name().unwrap().to_string_lossy();
            wrong.push(format!("{name}: expected {expected}\n{}{}", all.stdout, all.stderr));
        }
    }
    assert!(sites.len() >= 40, "only {} sites", sites.len());
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
