//! `postwright set`: what it says of names that nothing reads, where its lists begin, and what it refuses. What it
//! writes is the property of `tests/differential/edit_properties.rs`.

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

#[test]
fn lists_that_are_not_set_begin_as_the_default() {
    let scratch = Scratch::example();
    scratch.write("main.cf", "compatibility_level = 3.6\n");
    scratch.write("master.cf", "smtp inet n - n - - smtpd\n");
    let sets = |change: &str, default: &str, line: &str| {
        let name = change.split(['+', '-']).next().unwrap();
        scratch.run(&format!("set -n -c . {change}")).is(
            0,
            &format!("--- ./main.cf\n+++ ./main.cf\n@@ -1 +1,2 @@\n compatibility_level = 3.6\n+{line}\n"),
            &format!("postwright: {name} was not set; its list begins as the default: {default}\n"),
        );
    };
    // The defaults are those of `postconf -d` and, of the condition, `postconf -x` of Postfix 3.11.7.
    let destinations = "$myhostname, localhost.$mydomain, localhost";
    sets("mydestination+=example.org", destinations, &format!("mydestination = {destinations}, example.org"));
    sets("mydestination-=localhost", destinations, "mydestination = $myhostname, localhost.$mydomain");
    let relay = "permit_mynetworks, permit_sasl_authenticated, defer_unauth_destination";
    let without = "permit_mynetworks, defer_unauth_destination";
    sets("smtpd_relay_restrictions+=permit", relay, &format!("smtpd_relay_restrictions = {relay}, permit"));
    sets(
        "smtpd_relay_restrictions-=permit_sasl_authenticated",
        relay,
        &format!("smtpd_relay_restrictions = {without}"),
    );
    let locals = "proxy:unix:passwd.byname $alias_maps";
    sets("local_recipient_maps+=lmdb:/x", locals, &format!("local_recipient_maps = {locals} lmdb:/x"));
    // The networks are those of the machine.
    let networks = scratch.run("set -n -c . mynetworks+=192.0.2.99");
    assert_eq!(networks.status, 0, "{networks:?}");
    assert!(
        networks.stderr.starts_with("postwright: mynetworks was not set; its list begins as the default: 127.0.0.")
    );
    assert!(networks.stdout.contains("\n+mynetworks = 127.0.0.") && networks.stdout.ends_with(" 192.0.2.99\n"));
    // What is there, or comes from a name.
    scratch.run("set -n -c . mydestination+=localhost").is(0, "nothing to change\n", "");
    scratch.run("set -n -c . mydestination-=localhost.localdomain -q").is(
        2,
        "",
        "postwright: mydestination: localhost.localdomain does not stand in the list but comes from localhost.$mydomain; \
         take localhost.$mydomain out and add what else it stands for, or set the whole list\n",
    );
}

/// `postconf -e` of Postfix 3.11.7 writes all of these, and then its programs end with a fatal error.
#[test]
fn what_check_calls_an_error_is_refused() {
    let scratch = Scratch::example();
    let before = "compatibility_level = 3.6\nmaximal_backoff_time = 1 day\n";
    scratch.write("main.cf", before);
    scratch.write("master.cf", "smtp inet n - n - - smtpd\n");
    let refused = |changes: &[&str], why: &str| {
        let mut command = scratch.command(&["set", "-c", "."]);
        scratch.outcome(command.args(changes)).is(2, "", &format!("postwright: {why}\n"));
        assert_eq!(scratch.read("main.cf"), before.as_bytes(), "{changes:?}");
    };
    let not_written = "nothing was written (--force writes it)";
    refused(
        &["mydomain="],
        &format!("mydomain is empty: MC006; write a value, or take the parameter out; {not_written}"),
    );
    let time = "write a whole number and one letter: s, m, h, d or w, as in 5m";
    refused(
        &["smtpd_timeout=5 minutes"],
        &format!("smtpd_timeout cannot be \"5 minutes\": MC006; {time}; {not_written}"),
    );
    refused(
        &["my_time=5 minutes", "smtpd_timeout=$my_time"],
        &format!("smtpd_timeout cannot be \"5 minutes\": MC006; {time}; {not_written}"),
    );
    refused(
        &["--service", "smtp/inet", "smtpd_timeout=5 m"],
        &format!("smtpd_timeout cannot be \"5 m\": MC006; {time}; {not_written}"),
    );
    let no_list = "write smtpd_helo_required=VALUE (--force writes it)";
    refused(
        &["smtpd_helo_required+=no"],
        &format!("smtpd_helo_required+=: smtpd_helo_required is no list but yes or no; {no_list}"),
    );
    scratch.run("set -q -c . mydomain= smtpd_helo_required+=no,yes --force").is(0, "", "");
    assert_eq!(
        String::from_utf8_lossy(&scratch.read("main.cf")),
        format!("{before}mydomain =\nsmtpd_helo_required = no, yes\n")
    );
    // An error that was there before does not stand in the way.
    scratch.run("set -q -c . mailq_path=/usr/bin/mailq").is(0, "", "");
}
