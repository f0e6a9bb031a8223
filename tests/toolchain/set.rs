//! `postwright set`: what it says of names that nothing reads. What it writes is the property of `tests/differential/edit_properties.rs`.

use support::Scratch;

#[test]
fn names_that_nothing_reads_are_written_and_told() {
    let scratch = Scratch::example();
    scratch.write("main.cf", "myhostname = a.example.com\n");
    scratch.write("master.cf", "smtp inet n - n - - smtpd\n");
    let written =
        |line: &str| format!("--- ./main.cf\n+++ ./main.cf\n@@ -1 +1,2 @@\n myhostname = a.example.com\n+{line}\n");
    scratch.run("set -n -c . smtpd_timout=5").is(
        0,
        &written("smtpd_timout = 5"),
        "postwright: warning: Postfix has no parameter smtpd_timout; did you mean smtpd_timeout?\n",
    );
    scratch.run("set -n -c . my_own=5").is(
        0,
        &written("my_own = 5"),
        "postwright: warning: Postfix has no parameter my_own\n",
    );
    // Known to Postfix, used by another value, or taken away.
    scratch.run("set -n -c . smtpd_timeout=5").is(0, &written("smtpd_timeout = 5"), "");
    assert_eq!(scratch.run("set -n -c . nets=10.0.0.0/8 mynetworks=$nets").stderr, "");
    assert_eq!(scratch.run("set -n -c . nosuch-=5").stderr, "");
    scratch.run("set -q -c . smtpd_timout=5").is(
        0,
        "",
        "postwright: warning: Postfix has no parameter smtpd_timout; did you mean smtpd_timeout?\n",
    );
    assert_eq!(scratch.read("main.cf"), b"myhostname = a.example.com\nsmtpd_timout = 5\n");
}
