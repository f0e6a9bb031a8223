//! Our defaults beside those of Debian's Postfix: what `postconf -d` prints in the oracle root.
//!
//! The root is `$POSTWRIGHT_ORACLE`, else the one that `tests/oracle/setup` makes. Without it the test says that it was
//! skipped; with `POSTWRIGHT_ORACLE_REQUIRED=1` that is a failure.

use postwright::config::catalogue::{Profile, Version, default_value, parameter, parameters};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// Listed by `postconf -d`, but not the same on every machine or in every run, so that we give no default.
const COMPUTED: [&str; 5] = ["mydomain", "myhostname", "mynetworks", "process_id", "process_name"];

/// Differ with the patch release that the package happens to have.
const PATCH_RELEASE: [&str; 2] = ["mail_release_date", "mail_version"];

fn oracle() -> Option<PathBuf> {
    let root =
        env::var_os("POSTWRIGHT_ORACLE").map_or_else(|| PathBuf::from("/var/tmp/postwright-oracle"), PathBuf::from);
    if root.join(".complete").exists() {
        return Some(root);
    }
    assert!(
        env::var_os("POSTWRIGHT_ORACLE_REQUIRED").is_none_or(|value| value != "1"),
        "no oracle in {} (tests/oracle/setup makes it)",
        root.display()
    );
    println!("skipped: no oracle (tests/oracle/setup makes it)");
    None
}

/// Every line of `postconf -d` in a configuration directory without settings or services.
fn oracle_defaults(root: &Path) -> BTreeMap<String, String> {
    let scratch =
        tempfile::Builder::new().prefix("catalogue-").tempdir_in(root.join("tmp")).expect("a scratch directory");
    for file in ["main.cf", "master.cf"] {
        fs::write(scratch.path().join(file), "").expect("an empty file");
    }
    let inside = Path::new("/tmp").join(scratch.path().file_name().expect("a temporary directory has a name"));
    let output =
        Command::new("chroot").arg(root).args(["postconf", "-d", "-c"]).arg(inside).output().expect("chroot runs");
    assert!(output.status.success(), "postconf: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("defaults are ASCII");
    let pair = |line: &str| {
        let (name, value) = line.split_once(" =").expect("postconf prints name = value");
        (name.to_owned(), value.strip_prefix(' ').unwrap_or(value).to_owned())
    };
    text.lines().map(pair).collect()
}

#[test]
fn debian_defaults_are_those_of_postconf() {
    let Some(root) = oracle() else { return };
    let theirs = oracle_defaults(&root);
    let target = Version::parse(&theirs["mail_version"]).expect("mail_version is a version");
    assert_eq!(target, Version::NEWEST, "the oracle is of another series than the catalogue");
    let mut differences = Vec::new();
    for (name, value) in &theirs {
        let Some(found) = parameter(name) else {
            differences.push(format!("{name}: unknown to us, {value:?} in Postfix"));
            continue;
        };
        let ours = default_value(found, target, Profile::DEBIAN);
        let expected = if COMPUTED.contains(&name.as_str()) { None } else { Some(value.as_str()) };
        if ours != expected && !PATCH_RELEASE.contains(&name.as_str()) {
            differences.push(format!("{name}: {ours:?} here, {expected:?} in Postfix"));
        }
    }
    for known in parameters().iter().filter(|known| known.listed_in(target) && !theirs.contains_key(known.name)) {
        differences.push(format!("{}: not in Postfix", known.name));
    }
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
}
