//! Texts that go deep or wide, and a system that gives no threads: no signal, no panic, and an end.
//!
//! The texts are made at run time; the program has the ordinary stack of 8 MiB.

use std::os::unix::process::CommandExt;
use std::process::Command;

use support::Scratch;

/// `p0 = $p1`, `p1 = $p2` and so on.
fn chain(length: usize) -> String {
    let links: String = (0..length).map(|number| format!("p{number} = $p{}\n", number + 1)).collect();
    format!("compatibility_level = 3.11\nsmtpd_banner = $p0\n{links}p{length} = mail.example.com\n")
}

/// What Postfix 3.11.7 says, which follows 100 references, and looks for tables in all values whatever it prints.
#[test]
fn parameters_that_lead_to_parameters() {
    let scratch = Scratch::example();
    scratch.write("site/main.cf", chain(25_000));
    let told =
        "postconf: warning: unreasonable macro call nesting: \"p101\"\npostconf: fatal: macro processing error\n";
    for arguments in ["p0", "-n", "-x smtpd_banner"] {
        scratch.run(&format!("postconf -c site {arguments}")).is(1, "", told);
    }
    scratch.write("site/main.cf", chain(1000));
    let outcome = scratch.run("check --format concise site");
    assert_eq!((outcome.status, outcome.stderr.as_str()), (1, ""), "{}", outcome.stdout);
    assert!(outcome.stdout.ends_with("\n901 findings: 901 errors\n"), "{}", outcome.stdout);
}

/// Classes of which each names the next one five times: 5^50 ways.
#[test]
fn restriction_classes_that_fan_out() {
    let scratch = Scratch::example();
    let names: Vec<String> = (0..50).map(|number| format!("class{number}")).collect();
    let classes: String =
        names.windows(2).map(|pair| format!("{} = {}\n", pair[0], [pair[1].as_str(); 5].join(" "))).collect();
    let lists =
        ["smtpd_relay_restrictions", "smtpd_recipient_restrictions"].map(|list| format!("{list} = class0\n")).concat();
    let main = format!(
        "compatibility_level = 3.11\nsmtpd_restriction_classes = {}\n{lists}{classes}class49 = reject_unauth_destination\n",
        names.join(" ")
    );
    scratch.write("site/main.cf", main);
    let outcome = scratch.run("check --format concise site");
    assert_eq!((outcome.status, outcome.stderr.as_str()), (0, ""), "{}", outcome.stdout);
}

/// Tables in tables, and groups in groups of an expression.
#[test]
fn tables_and_expressions_that_nest() {
    let scratch = Scratch::example();
    let nested =
        |before: &str, after: &str, count: usize| format!("{}hash:/a{}", before.repeat(count), after.repeat(count));
    for table in [nested("proxy:", "", 100_000), nested("unionmap:{", "}", 3000)] {
        scratch.write("site/main.cf", format!("compatibility_level = 3.11\nvirtual_alias_maps = {table}\n"));
        let outcome = scratch.run("check --format concise site");
        assert!(matches!(outcome.status, 0 | 1) && outcome.stderr.is_empty(), "{}", outcome.stderr);
    }
    scratch.write("site/deep", format!("/{}a{}/ OK\n/b/ fine\n", "(".repeat(100_000), ")".repeat(100_000)));
    let outcome = scratch.run("postmap -c site -q b regexp:site/deep");
    assert_eq!((outcome.status, outcome.stdout.as_str()), (0, "fine\n"), "{}", outcome.stderr);
    assert_eq!(outcome.stderr.lines().count(), 1, "{}", outcome.stderr);
}

/// Two keys that differ behind 200 kB, for everything that sorts.
#[test]
fn keys_with_a_long_common_beginning() {
    let scratch = Scratch::example();
    let long = "k".repeat(200_000);
    scratch.write("site/access", format!("{long}b OK\n{long}a OK\n{long}b REJECT\n"));
    scratch.run("postmap -c site cdb:site/access").is(
        0,
        "",
        &format!("postmap: warning: site/access: duplicate entry: \"{long}b\"\n"),
    );
    let asked = scratch.run_with_input("postmap -c site -q - cdb:site/access", format!("{long}a\n").as_bytes());
    asked.is(0, &format!("{long}a\tOK\n"), "");
    for arguments in ["build site", "check site", "diff site site"] {
        let outcome = scratch.run(arguments);
        assert!(matches!(outcome.status, 0 | 1), "{arguments}: {}", outcome.stderr);
    }
}

/// A user who may have no further process, and so no further thread.
#[test]
fn where_no_thread_can_be_started_one_does_all() {
    const NOBODY: u32 = 65534;
    let scratch = Scratch::example();
    let many: String = (0..60_000)
        .map(|number| format!("user{number:06}@example.com a{number}@elsewhere.example.org\n"))
        .rev()
        .collect();
    scratch.write("site/virtual", many);
    let root = rustix::process::geteuid().is_root();
    if root {
        assert!(Command::new("chown").args(["-R", "65534"]).arg(scratch.path("")).status().unwrap().success());
    }
    let limited = |arguments: &str, input: &str| {
        scratch.write("input", input);
        let program = Command::new("prlimit");
        let mut command = program;
        command.args(["--nproc=1", env!("CARGO_BIN_EXE_postwright")]).args(arguments.split(' '));
        command.current_dir(scratch.path("")).stdin(std::fs::File::open(scratch.path("input")).unwrap());
        if root {
            command.uid(NOBODY).gid(NOBODY);
        }
        scratch.outcome(&mut command)
    };
    let built = limited("build site", "");
    assert_eq!((built.status, built.stderr.as_str()), (0, ""), "{}", built.stdout);
    limited("build --check site", "").is(0, &scratch.run("build --check site").stdout, "");
    limited("check site", "").is(0, &scratch.run("check site").stdout, "");
    limited("postmap -c site -q - lmdb:site/virtual", "user000007@example.com\n").is(
        0,
        "user000007@example.com\ta7@elsewhere.example.org\n",
        "",
    );
    limited("postmap -c site cdb:site/virtual", "").is(0, "", "");
    assert_eq!(scratch.entries("cdb", "site/virtual").len(), 60_000);
}
