//! `postwright diff`: that it finds each change and nothing else, and the text that it prints.

use std::fs;
use support::Scratch;

/// Two copies of the example, `site` and `other`; with a service and a table of patterns more.
fn sites() -> Scratch {
    let scratch = Scratch::example();
    let master = String::from_utf8(scratch.read("site/master.cf")).unwrap();
    scratch.write(
        "site/master.cf",
        master
            + "587 inet n - n - - smtpd\n  -o smtpd_tls_security_level=may\n  \
               -o smtpd_relay_restrictions=permit_sasl_authenticated,reject\n",
    );
    let main = String::from_utf8(scratch.read("site/main.cf")).unwrap();
    scratch.write("site/main.cf", main + "header_checks = regexp:/etc/postfix/headers\nqueue_run_delay = 300s\n");
    scratch.write("site/headers", "/^Subject: a/ REJECT\n/^Subject: b/ WARN\nif /^X/\n/^X-A/ IGNORE\nendif\n");
    for name in scratch.names("site") {
        scratch.write(&format!("other/{name}"), fs::read(scratch.path("site").join(&name)).unwrap());
    }
    scratch
}

const DIFF: &str = "diff site other --color never";

#[test]
fn a_site_means_the_same_as_itself() {
    let scratch = sites();
    scratch.run("diff site site").is(0, "same meaning\n", "");
    scratch.run(DIFF).is(0, "same meaning\n", "");
    scratch.run("-q diff site other").is(0, "", "");
}

/// Words apart by one blank, comments gone, each element of a list on a line of its own, entries in the other order.
#[test]
fn a_site_means_the_same_as_a_reformatted_copy() {
    let scratch = sites();
    let text = |name: &str| String::from_utf8(scratch.read(name)).unwrap();
    let logical = |name: &str| -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for line in text(name).lines().filter(|line| !line.trim().is_empty() && !line.trim().starts_with('#')) {
            match lines.last_mut() {
                Some(last) if line.starts_with([' ', '\t']) => last.push_str(line),
                _ => lines.push(line.to_string()),
            }
        }
        lines
    };
    let mut main = logical("other/main.cf");
    main.reverse();
    let main: String = main
        .iter()
        .map(|line| {
            let (name, value) = line.split_once('=').unwrap();
            let is_list = !matches!(name.trim(), "smtpd_banner");
            let value = if is_list { value.trim().replace(", ", ",\n\n# next\n\t") } else { value.trim().to_string() };
            format!("{}={value}\n", name.trim())
        })
        .collect();
    scratch.write("other/main.cf", main);
    let master: Vec<String> = logical("other/master.cf")
        .iter()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join("\t").replace("\t-o\t", "\n    # more\n    -o "))
        .collect();
    scratch.write("other/master.cf", master.join("\n"));
    for table in ["virtual", "transport", "access", "aliases", "relay-domains"] {
        let mut lines = logical(&format!("other/{table}"));
        lines.reverse();
        let wider = |line: &String| match line.starts_with('"') || table == "aliases" {
            true => line.replacen(": ", ":\t \t", 1),
            false => line.replacen(' ', "\t \t", 1),
        };
        let lines: String = lines.iter().map(|line| wider(line) + "\n# comment\n").collect();
        scratch.write(&format!("other/{table}"), lines);
    }
    scratch.run(DIFF).is(0, "same meaning\n", "");
}

/// Each change in one of the files of `other`, and what is said of it: `testdata/diff/changes`.
#[test]
fn each_change_is_reported_and_nothing_else() {
    let changes: &[(&str, &str, &str)] = &[
        ("main.cf", "myhostname = mail.example.com\n", "myhostname = mx.example.com\n"),
        ("main.cf", "192.0.2.0/24", "198.51.100.0/24"),
        ("main.cf", "queue_run_delay = 300s", "queue_run_delay = 5m"),
        ("main.cf", "queue_run_delay = 300s", "queue_run_delay = 10m"),
        ("main.cf", "queue_run_delay = 300s", "soft_bounce = yes"),
        ("main.cf", "queue_run_delay = 300s", "soft_bounce = no"),
        ("main.cf", "queue_run_delay = 300s", "own_name = 1"),
        ("main.cf", "queue_run_delay = 300s", "smtpd_banner = $none ${x"),
        ("main.cf", "myorigin = $mydomain", "myorigin = example.com"),
        ("main.cf", "myorigin = $mydomain", "myorigin = /etc/mailname"),
        (
            "main.cf",
            "virtual_alias_domains = example.net example.org",
            "virtual_alias_domains = example.org, example.net",
        ),
        ("main.cf", "virtual_alias_domains = example.net example.org", "virtual_alias_domains = example.net"),
        ("main.cf", "virtual_alias_domains = example.net example.org", "virtual_alias_domains = $virtual_alias_maps"),
        ("main.cf", "header_checks = regexp:/etc/postfix/headers\n", ""),
        ("main.cf", "regexp:/etc/postfix/headers", "pcre:/etc/postfix/headers"),
        ("main.cf", "permit_mynetworks,\n", "permit_mynetworks, defer,\n"),
        (
            "main.cf",
            "permit_mynetworks,\n    permit_sasl_authenticated,",
            "permit_sasl_authenticated,\n    permit_mynetworks,",
        ),
        ("master.cf", "587 inet n - n", "587 inet n - y"),
        ("master.cf", "587 inet n - n", "587 inet n y n"),
        ("master.cf", "- - smtpd\n  -o smtpd_tls", "- 7 smtpd\n  -o smtpd_tls"),
        ("master.cf", "level=may", "level=encrypt"),
        ("master.cf", "  -o smtpd_tls_security_level=may\n", ""),
        ("master.cf", "  -o smtpd_tls_security_level=may\n", "  -o { smtpd_tls_security_level = may }\n"),
        ("master.cf", "=permit_sasl_authenticated,reject", "=permit_sasl_authenticated,permit_mynetworks,reject"),
        ("master.cf", "587 inet n - n - - smtpd", "587 inet n - n - - smtpd -v"),
        ("master.cf", "587 inet", "465 inet"),
        ("virtual", "info@example.net", "hello@example.net"),
        ("virtual", "info@example.net", "INFO@Example.NET"),
        ("aliases", "postmaster:", "# nobody\npostmistress:"),
        ("relay-domains", "example", "relay.example"),
        ("headers", "/^Subject: b/ WARN\n", "/^Subject: b/   REJECT\n"),
        ("headers", "/^Subject: b/ WARN\n", "/^Subject: b/\n   WARN\n# comment\n"),
        ("headers", "/^Subject: a/ REJECT\n/^Subject: b/ WARN\n", "/^Subject: b/ WARN\n/^Subject: a/ REJECT\n"),
    ];
    let mut said = String::new();
    for (file, from, to) in changes {
        let scratch = sites();
        scratch.edit(&format!("other/{file}"), from, to);
        let outcome = scratch.run(DIFF);
        let status = i32::from(outcome.stdout != "same meaning\n");
        outcome.is(status, &outcome.stdout.clone(), "");
        said.push_str(&format!("== {file}: {from:?} became {to:?}\n{}\n", outcome.stdout));
    }
    let golden = support::fixture("diff/changes");
    if std::env::var_os("POSTWRIGHT_BLESS").is_some() {
        fs::write(&golden, &said).unwrap();
    }
    let expected = fs::read_to_string(&golden).unwrap();
    for (said, expected) in said.split("== ").zip(expected.split("== ")) {
        assert_eq!(said, expected);
    }
    assert_eq!(said.len(), expected.len());
}

#[test]
fn what_another_release_makes_of_it() {
    let scratch = Scratch::example();
    scratch
        .write("site/main.cf", "compatibility_level = 3.11\nsmtpd_relay_restrictions = reject\nmaillog_file = /log\n");
    scratch.run("diff site --target-a 3.3 --target-b 3.4 --color never").is(
        1,
        "main.cf\n  ~ import_environment  (default)\n      + POSTLOG_SERVICE\n      + POSTLOG_HOSTNAME\n  \
         ~ maillog_file is set, and only one of the two releases knows it\n2 differences\n",
        "",
    );
    scratch.run("diff site").is(
        2,
        "",
        "postwright: one operand is compared with itself: give another, or --target-a and --target-b\n",
    );
}

#[test]
fn single_files_and_indexes() {
    let scratch = sites();
    scratch.run("-q build site");
    scratch.run("diff lmdb:site/virtual site/virtual").is(0, "same meaning\n", "");
    scratch.edit("site/virtual", "info@example.net", "hello@example.net");
    let changes = "  ~ @example.org: info@example.net → hello@example.net\n  + hello@example.net  alice\n  \
                   - info@example.net  alice\n1 difference\n";
    scratch.run("diff lmdb:site/virtual site/virtual --color never").is(1, &format!("site/virtual\n{changes}"), "");
    scratch.run("diff other/aliases site/aliases").is(0, "same meaning\n", "");
    scratch.run("diff other/relay-domains site/relay-domains").is(0, "same meaning\n", "");
    scratch.run("diff site/main.cf other/main.cf").is(0, "same meaning\n", "");
    scratch.write("site/x", "a b\n");
    scratch.run("diff site/x site/x").is(
        2,
        "",
        "postwright: site/x: its name does not say what it is; give --as KIND\n",
    );
    scratch.run("diff --as table site/x site/x").is(0, "same meaning\n", "");
    scratch.run("diff site site/x").is(2, "", "postwright: site is a directory and site/x is not\n");
    scratch.run("diff site none").is(2, "", "postwright: site is a directory and none is not\n");
    scratch.run("diff none/main.cf site/main.cf").is(2, "", "postwright: none/main.cf: No such file or directory\n");
    scratch.run("diff other other --format json").is(
        0,
        "{\"version\":1,\"same\":true,\"parameters\":[],\"services\":[],\"tables\":[]}\n",
        "",
    );
}
