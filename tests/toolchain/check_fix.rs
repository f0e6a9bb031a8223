//! `postwright check --fix`: what is mended, what is left alone, what is shown; and that a fix never makes a finding.

use postwright::base::Source;
use postwright::config::Platform;
use postwright::diagnostic::{Finding, Safety};
use postwright::lint::fixes::apply_fixes;
use postwright::lint::{LoadedSite, Policy, declarations, lint_by};
use postwright::syntax::FileKind;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use support::{Scratch, repository};

/// A site with a safe fix in a table and in main.cf, and an unsafe one in main.cf.
fn fixable() -> Scratch {
    let scratch = Scratch::example();
    scratch.edit("site/virtual", "webmaster ", "INFO@example.net\n# why\n  alice\nwebmaster ");
    scratch.edit("site/main.cf", "myhostname = ", "# postwright: ignore MC002 no longer\nmy_hostname = ");
    scratch
}

const DIFF: &str = "\
--- site/virtual
+++ site/virtual
@@ -6,7 +6,5 @@
 # A whole domain, and everybody else of another
 @example.org            info@example.net
 # A local part in every domain of ours
-INFO@example.net
 # why
-  alice
 webmaster               postmaster
--- site/main.cf
+++ site/main.cf
@@ -1,7 +1,6 @@
 # A small site: local users, two virtual domains, one domain relayed to an inner server.
 compatibility_level = 3.11
 
-# postwright: ignore MC002 no longer
 my_hostname = mail.example.com
 mydomain = example.com
 myorigin = $mydomain
";

#[test]
fn the_difference_is_shown_and_nothing_written() {
    let scratch = fixable();
    let before = ["site/main.cf", "site/virtual"].map(|name| scratch.read(name));
    let names = scratch.names("site");
    scratch.run("check --diff site").is(1, DIFF, "would fix 2\n");
    scratch.run("check --fix --diff -q site").is(1, DIFF, "");
    assert_eq!(["site/main.cf", "site/virtual"].map(|name| scratch.read(name)), before);
    assert_eq!(scratch.names("site"), names);
    // Nothing is left of the failing findings, but nothing was written either.
    scratch.run("check --diff -q --select PW,MC002,MAP005 site").is(1, DIFF, "");
    scratch.run("check --diff --select MS site").is(0, "", "would fix 0\n");
}

#[test]
fn safe_fixes_are_made_once() {
    let scratch = fixable();
    scratch.set_mode("site/main.cf", 0o640);
    let left = "site/main.cf:4:1: warning[MC003] unknown parameter my_hostname\n";
    let run = || scratch.run("check --fix --format concise --ignore MAP002 site");
    run().is(1, &format!("{left}fixed 2\n1 finding: 1 warning\n"), "");
    let text = String::from_utf8(scratch.read("site/virtual")).unwrap();
    assert!(text.contains(" of ours\n# why\nwebmaster"), "{text}");
    let mode = fs::metadata(scratch.path("site/main.cf")).unwrap();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode.permissions()) & 0o7777, 0o640);
    let before = ["site/main.cf", "site/virtual"].map(|name| scratch.read(name));
    run().is(1, &format!("{left}fixed 0\n1 finding: 1 warning\n"), "");
    assert_eq!(["site/main.cf", "site/virtual"].map(|name| scratch.read(name)), before);
    assert!(!scratch.names("site").iter().any(|name| name.ends_with(".tmp")));
}

#[test]
fn unsafe_fixes_are_asked_for_by_name() {
    let scratch = fixable();
    let outcome = scratch.run("check --unsafe-fixes --format concise --ignore MAP002 site");
    outcome.is(0, "fixed 3\nnothing found\n", "");
    assert!(String::from_utf8(scratch.read("site/main.cf")).unwrap().contains("\n\nmyhostname = mail.example.com\n"));
    // Formats for programs are one document; the sum goes elsewhere.
    let scratch = fixable();
    let outcome = scratch.run("check --unsafe-fixes --format json --ignore MAP002 site");
    outcome.is(0, "{\"version\":1,\"findings\":[]}\n", "fixed 3\n");
}

#[test]
fn what_is_not_asked_for_stays() {
    let scratch = fixable();
    let before = ["site/main.cf", "site/virtual"].map(|name| scratch.read(name));
    let outcome = scratch.run("check --fix -q --select MC003 site");
    assert_eq!(outcome.status, 1);
    // A table outside the directory is somebody else's.
    scratch.write("outside", "a b\na c\n");
    let outside = scratch.path("outside");
    assert_eq!(["site/main.cf", "site/virtual"].map(|name| scratch.read(name)), before);
    scratch.edit("site/main.cf", "/etc/postfix/virtual", outside.to_str().unwrap());
    scratch.run("check --fix -q --format concise --select MAP005 site").is(
        1,
        "$DIR/outside:2:1: warning[MAP005] the key a stands twice\n",
        "",
    );
    assert_eq!(scratch.read("outside"), b"a b\na c\n");
    // Named by itself it is meant.
    scratch.run("check --fix --as table outside").is(0, "fixed 1\nnothing found\n", "");
    assert_eq!(scratch.read("outside"), b"a b\n");
}

#[test]
fn codes_of_a_comment_are_removed_one_by_one() {
    let scratch = Scratch::example();
    let cases = [
        ("MC003,MC002 why", "MC003 why"),
        ("MC001, MC003 , MC002 why", "MC003 why"),
        ("MC003 , MC002,MC001 why", "MC003 why"),
        ("MC001,MC003,MC002,MC003 why", "MC003,MC003 why"),
    ];
    for (codes, left) in cases {
        scratch.write("main.cf", format!("# postwright: ignore {codes}\nx_y = z\n"));
        // One file alone cannot tell what is idle; a directory can.
        scratch.write("one/main.cf", scratch.read("main.cf"));
        let outcome = scratch.run("check --fix -q --select MC,PW --fail-on never one");
        assert_eq!(outcome.status, 0, "{}", outcome.stderr);
        let text = String::from_utf8(scratch.read("one/main.cf")).unwrap();
        let wanted = if codes.matches("MC003").count() > 1 { "MC003" } else { left.trim_end_matches(" why") };
        assert!(text.starts_with(&format!("# postwright: ignore {wanted}")), "{codes}: {text}");
        assert!(text.ends_with(" why\nx_y = z\n"), "{codes}: {text}");
    }
}

fn all_files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { all_files(&path, found) } else { found.push(path) }
    }
}

/// How often each rule finds something, but for MAP009: it judges by the share of odd lines, which grows when others
/// go.
fn counts(findings: &[Finding]) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.rule.code != "MAP009") {
        *counts.entry(finding.rule.code).or_default() += 1;
    }
    counts
}

/// Mends a text until nothing is left that may be, and says which rules' fixes were made.
fn mend(name: &str, kind: FileKind, mut findings: Vec<Finding>, all: bool) -> BTreeSet<&'static str> {
    let mut fixed = BTreeSet::new();
    let mut rounds = 0;
    loop {
        let mended = apply_fixes(&findings, |fix| all || fix.safety == Safety::Safe);
        let Some(mended) = mended.first() else { return fixed };
        fixed.extend(findings.iter().filter(|one| one.fix.is_some()).map(|one| one.rule.code));
        rounds += 1;
        assert!(rounds < 10, "{name} as {}: no end", kind.name());
        let (before, after) = (counts(&findings), look(kind, &mended.source));
        for (code, count) in counts(&after) {
            let earlier = before.get(code).copied().unwrap_or(0);
            assert!(count <= earlier, "{name} as {}: {code}: {earlier} became {count}", kind.name());
        }
        let (few, many) = (counts(&after).values().sum::<usize>(), before.values().sum());
        assert!(few < many, "{name} as {}: nothing was gained", kind.name());
        findings = after;
    }
}

fn look(kind: FileKind, source: &Arc<Source>) -> Vec<Finding> {
    let site = LoadedSite::single(kind, Path::new("."), source, Platform::default()).unwrap();
    lint_by(&site, &Policy::default())
}

/// Every fixture and every rule's example, read as each kind of file, with safe fixes alone and with all.
#[test]
fn a_fix_never_makes_a_finding_and_ends() {
    let mut files = Vec::new();
    all_files(&repository().join("testdata"), &mut files);
    let mut texts: Vec<(String, Vec<u8>)> =
        files.iter().map(|path| (path.display().to_string(), fs::read(path).unwrap())).collect();
    texts.extend(declarations().map(|rule| (rule.code.to_string(), rule.example.as_bytes().to_vec())));
    texts.retain(|(_, text)| text.len() < 100_000);
    let fixed = texts.into_par_iter().map(|(name, text)| {
        let source = Arc::new(Source::new("text", text));
        let mut fixed = BTreeSet::new();
        for kind in [FileKind::MainCf, FileKind::MasterCf, FileKind::Aliases, FileKind::Table] {
            let findings = look(kind, &source);
            fixed.extend(mend(&name, kind, findings.clone(), false));
            fixed.extend(mend(&name, kind, findings, true));
        }
        fixed
    });
    let fixed: BTreeSet<&str> = fixed.flatten_iter().collect();
    // Every rule that says it can fix was seen to, but for those that need a whole site.
    for rule in declarations().filter(|rule| rule.fix.is_some() && !["PW002", "MAP008"].contains(&rule.code)) {
        assert!(fixed.contains(rule.code), "{} fixed nothing", rule.code);
    }
}
