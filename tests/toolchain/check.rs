//! `postwright check` from end to end: each rule finds what it is for, at its place, and nothing else is found.
//!
//! Each case changes one thing in a copy of the example site, whose indexes are built.

use support::Scratch;

fn built() -> Scratch {
    let scratch = Scratch::example();
    assert_eq!(scratch.run("build site").status, 0);
    scratch.run("check site").is(0, "nothing found\n", "");
    scratch
}

/// What is changed (a file, a text in it, the text that takes its place), the exit status, and the findings.
type Case<'a> = (&'a str, &'a str, &'a str, i32, &'a [&'a str]);

const CASES: &[Case] = &[
    (
        "main.cf",
        "# A small",
        " # indented = comment\n stray = x\n# A small",
        1,
        &["site/main.cf:2:1: error[MC001] this line continues nothing: Postfix drops it"],
    ),
    (
        "main.cf",
        "myorigin = $mydomain",
        "myorigin $mydomain",
        1,
        &["site/main.cf:6:1: error[MC002] no '=' behind the name"],
    ),
    ("main.cf", "myorigin = $mydomain", "= $mydomain", 1, &["site/main.cf:6:1: error[MC002] no name before '='"]),
    (
        "main.cf",
        "myhostname = ",
        "my_hostname = ",
        1,
        &["site/main.cf:4:1: warning[MC003] unknown parameter my_hostname"],
    ),
    (
        "main.cf",
        "default_database_type = lmdb",
        "default_database_type = lmdb\nreject_unauth_destination = yes",
        1,
        &["site/main.cf:11:1: warning[MC003] unknown parameter reject_unauth_destination"],
    ),
    (
        "main.cf",
        "myorigin = $mydomain",
        "myorigin = $bar.example.com",
        1,
        &["site/main.cf:6:13: warning[MC004] $bar is defined nowhere and expands to nothing"],
    ),
    (
        "main.cf",
        "myorigin = $mydomain",
        "myorigin = $myhostnam",
        1,
        &[
            "site/main.cf:6:12: error[MC006] myorigin is empty",
            "site/main.cf:6:13: warning[MC004] $myhostnam is defined nowhere and expands to nothing",
        ],
    ),
    (
        "main.cf",
        "myorigin = $mydomain",
        "myorigin = ${mydomain",
        1,
        &["site/main.cf:6:12: error[MC005] truncated macro reference: \"${mydomain\""],
    ),
    (
        "main.cf",
        "mydomain = example.com",
        "mydomain = $myorigin",
        1,
        &[
            "site/main.cf:5:12: error[MC005] parameter refers to itself: myorigin -> mydomain -> myorigin",
            "site/main.cf:6:12: error[MC005] parameter refers to itself: mydomain -> myorigin -> mydomain",
        ],
    ),
    (
        "master.cf",
        "pickup    unix  n       -       n       60      1       pickup",
        "pickup    unix  n       -       n       60",
        1,
        &["site/master.cf:7:1: error[MS001] a service needs eight fields"],
    ),
    (
        "master.cf",
        "  -o syslog_name=postfix/submission",
        "  -o syslog_name",
        1,
        &["site/master.cf:4:3: error[MS002] no '=' in the argument of -o"],
    ),
    (
        "master.cf",
        "  -o { smtpd",
        "  -o =x -o { smtpd",
        1,
        &["site/master.cf:6:3: error[MS002] no name before the '=' of -o"],
    ),
    (
        "master.cf",
        "permit_sasl_authenticated, reject }",
        "permit_sasl_authenticated, reject",
        1,
        &["site/master.cf:6:6: error[MS001] a '{' without its '}'"],
    ),
    (
        "main.cf",
        "/etc/postfix/virtual",
        "/etc/postfix/virtuel",
        1,
        &["site/main.cf:19:22: error[MAP001] lmdb:/etc/postfix/virtuel: $DIR/site/virtuel: No such file or directory"],
    ),
    (
        "virtual",
        "info@example.net        alice",
        "info@example.net        bob",
        0,
        &[
            "site/main.cf:19:22: info[MAP003] lmdb:/etc/postfix/virtual: $DIR/site/virtual.lmdb is not what its source says",
        ],
    ),
    (
        "virtual",
        "webmaster ",
        "INFO@example.net alice\nwebmaster ",
        1,
        &["$DIR/site/virtual:9:1: warning[MAP005] the key info@example.net stands twice"],
    ),
    (
        "virtual",
        "webmaster               postmaster",
        "webmaster",
        1,
        &[
            "$DIR/site/virtual:9:1: warning[MAP006] a key without a value",
            "site/main.cf:19:22: info[MAP003] lmdb:/etc/postfix/virtual: $DIR/site/virtual.lmdb is not what its source says",
        ],
    ),
    (
        "aliases",
        "owner-owner: ",
        "owner@example.com: ",
        1,
        &[
            "$DIR/site/aliases:13:1: warning[MAP006] the name has a domain",
            "site/main.cf:16:18: info[MAP003] lmdb:/etc/postfix/aliases: $DIR/site/aliases.lmdb is not what its source says",
        ],
    ),
    (
        "main.cf",
        "virtual_alias_maps =",
        "virtual_mailbox_maps = lmdb:/etc/postfix/aliases\nvirtual_alias_maps =",
        1,
        &[
            "site/main.cf:16:18: warning[MAP007] lmdb:/etc/postfix/aliases is compiled for alias_database and cannot serve virtual_mailbox_domains too",
        ],
    ),
    (
        "main.cf",
        "cdb:/etc",
        "hash:/etc",
        1,
        &["site/main.cf:28:49: warning[MAP008] hash:/etc/postfix/access cannot be compiled without Berkeley DB"],
    ),
];

#[test]
fn each_rule_finds_what_it_is_for() {
    for (file, from, to, status, findings) in CASES {
        let scratch = built();
        scratch.edit(&format!("site/{file}"), from, to);
        let said: String = findings.iter().map(|finding| format!("{finding}\n")).collect();
        scratch.run("check -q --format concise site").is(*status, &said, "");
    }
}

/// In a checkout, which holds no indexes, that they are missing is only worth knowing.
#[test]
fn missing_indexes() {
    let scratch = Scratch::example();
    let missing = "\
site/main.cf:16:18: info[MAP002] lmdb:/etc/postfix/aliases: $DIR/site/aliases.lmdb does not exist
site/main.cf:19:22: info[MAP002] lmdb:/etc/postfix/virtual: $DIR/site/virtual.lmdb does not exist
site/main.cf:22:5: info[MAP002] lmdb:/etc/postfix/transport: $DIR/site/transport.lmdb does not exist
site/main.cf:28:49: info[MAP002] cdb:/etc/postfix/access: $DIR/site/access.cdb does not exist
4 findings: 4 info
";
    scratch.run("check --format concise site").is(0, missing, "");
    assert_eq!(scratch.run("check --fail-on info site").status, 1);
}

#[test]
fn for_people_and_for_programs() {
    let scratch = built();
    scratch.edit("site/main.cf", "myhostname = ", "my_hostname = ");
    let people = "\
MC003 unknown-parameter

  ⚠ unknown parameter my_hostname
   ╭─[site/main.cf:4:1]
 3 │ 
 4 │ my_hostname = mail.example.com
   · ─────┬─────
   ·      ╰── Postfix ignores this
 5 │ mydomain = example.com
   ╰────
  help: did you mean myhostname?

1 finding: 1 warning
1 can be fixed by --unsafe-fixes
";
    scratch.run("check site").is(1, people, "");
    let json = concat!(
        r#"{"version":1,"findings":[{"code":"MC003","name":"unknown-parameter","severity":"warning","#,
        r#""message":"unknown parameter my_hostname","labels":[{"span":{"file":"site/main.cf","line":4,"column":1,"#,
        r#""end_line":4,"end_column":12,"start":117,"end":128},"text":"Postfix ignores this"}],"#,
        r#""help":"did you mean myhostname?","fix":{"title":"rename to myhostname","safety":"unsafe","#,
        r#""edits":[{"span":{"file":"site/main.cf","line":4,"column":1,"end_line":4,"end_column":12,"start":117,"end":128},"#,
        r#""text":"myhostname"}]}}]}"#,
        "\n"
    );
    scratch.run("check --format json site").is(1, json, "");
}

#[test]
fn the_status_is_that_of_the_worst_finding() {
    let scratch = built();
    scratch.edit("site/main.cf", "myhostname = ", "my_hostname = ");
    for (least, status) in [("error", 0), ("warning", 1), ("info", 1), ("never", 0)] {
        assert_eq!(scratch.run(&format!("check --fail-on {least} site")).status, status, "{least}");
    }
    scratch.edit("site/main.cf", "myorigin =", "myorigin");
    for (least, status) in [("error", 1), ("never", 0)] {
        assert_eq!(scratch.run(&format!("check --fail-on {least} site")).status, status, "{least}");
    }
    scratch.run("check nowhere").is(2, "", "postwright: nowhere: No such file or directory\n");
}

#[test]
fn single_files() {
    let scratch = Scratch::example();
    scratch.run("check site/main.cf site/master.cf").is(0, "nothing found\n", "");
    scratch.edit("site/main.cf", "myhostname = ", "my_hostname = ");
    scratch.edit("site/master.cf", "-o syslog_name=", "-o syslog_name");
    let said = "\
site/main.cf:4:1: warning[MC003] unknown parameter my_hostname
site/master.cf:4:3: error[MS002] no '=' in the argument of -o
";
    scratch.run("check -q --format concise site/main.cf site/master.cf").is(1, said, "");
    scratch.edit("site/virtual", "webmaster ", "INFO@example.net alice\nwebmaster ");
    let said = "site/virtual:9:1: warning[MAP005] the key info@example.net stands twice\n";
    scratch.run("check -q --format concise site/virtual").is(1, said, "");
    scratch.run("check -q --format concise site/aliases site/transport site/access").is(0, "", "");
    scratch.write("site/names.pcre", "/a(/ OK\n");
    scratch.write("site/clients.cidr", "10.0.0.1/8 OK\nhost.example REJECT\n192.0.2.0/24 OK\n");
    scratch.write("site/mysql-virtual.cf", "user = postfix\nhosts = db.example.com\n");
    let said = "\
site/names.pcre:1:3: warning[MAP010] no regular expression: missing closing parenthesis
site/clients.cidr:1:1: warning[MAP010] non-null host address bits in \"10.0.0.1/8\", perhaps you should use \"10.0.0.0/8\" instead
site/clients.cidr:2:1: warning[MAP010] bad address pattern: \"host.example\"
";
    scratch.run("check -q --format concise site/names.pcre site/clients.cidr site/mysql-virtual.cf").is(1, said, "");
    let other = "postwright: site/relay-domains: files of the kind match-list cannot be checked by themselves yet\n";
    scratch.run("check --as match-list site/relay-domains").is(2, "", other);
    scratch.run("check -q site/nothing").is(2, "", "postwright: site/nothing: No such file or directory\n");
}

/// What the other file defines is not known: only what is wrong by itself is told.
#[test]
fn one_of_two_files() {
    let scratch = Scratch::example();
    scratch.write(
        "main.cf",
        "compatibility_level = 3.11\ndovecot_destination_recipient_limit = 1\n\
         mua_sender_restrictions = permit_sasl_authenticated, reject\nmy_hostname = mail.example.com\n",
    );
    scratch.write(
        "master.cf",
        "submission inet n - n - - smtpd\n  -o smtpd_sender_restrictions=$mua_sender_restrictions\n  \
         -o smtpd_relay_restrictions=$mua_relay_restrictions\n  -o smtpd_recipient_restrictions=strangers\n\
         smtps inet n - n - - smtpd\n  -o smtpd_relay_restrictions=permit -o smtpd_recipient_restrictions=\n",
    );
    scratch.run("check -q --format concise main.cf").is(
        1,
        "main.cf:4:1: warning[MC003] unknown parameter my_hostname\n",
        "",
    );
    let refuses = "smtps/inet refuses to start: nothing here keeps strangers from relaying";
    scratch.run("check -q --format concise master.cf").is(1, &format!("master.cf:6:31: error[SEC002] {refuses}\n"), "");
}

/// Ansible's `validate: postwright check %s` gives a file whose name says nothing.
#[test]
fn the_kind_of_a_file_without_a_name_is_guessed_and_said() {
    let scratch = Scratch::example();
    scratch.edit("site/main.cf", "myhostname = ", "my_hostname = ");
    scratch.edit("site/master.cf", "-o syslog_name=", "-o syslog_name");
    let cases = [
        ("main.cf", "main.cf", 1, "tmp/source:4:1: warning[MC003] unknown parameter my_hostname\n"),
        ("master.cf", "master.cf", 1, "tmp/source:4:3: error[MS002] no '=' in the argument of -o\n"),
        ("aliases", "aliases", 0, ""),
        ("virtual", "table", 0, ""),
    ];
    for (name, kind, status, findings) in cases {
        scratch.write("tmp/source", scratch.read(&format!("site/{name}")));
        let said = format!("postwright: tmp/source: taken for {kind} by its content (--as KIND says otherwise)\n");
        let summary = match (status, kind) {
            (0, _) => "nothing found\n",
            (_, "main.cf") => "1 finding: 1 warning\n1 can be fixed by --unsafe-fixes\n",
            _ => "1 finding: 1 error\n",
        };
        scratch.run("check --format concise tmp/source").is(status, &format!("{findings}{summary}"), &said);
        scratch.run(&format!("check -q --format concise --as {kind} tmp/source")).is(status, findings, "");
    }
}

#[test]
fn standard_input() {
    let scratch = Scratch::example();
    let text = b"my_hostname = mail.example.com\n";
    let run = |arguments: &str| scratch.run_with_input(arguments, text);
    let said = "<stdin>:1:1: warning[MC003] unknown parameter my_hostname\n";
    run("check -q --format concise --as main.cf -").is(1, said, "");
    let guess = "postwright: standard input: taken for main.cf by its content (--as KIND says otherwise)\n";
    let sums = "1 finding: 1 warning\n1 can be fixed by --unsafe-fixes\n";
    run("check --format concise -").is(1, &format!("{said}{sums}"), guess);
    run("check -q --as table --format concise -").is(0, "", "");
    let diff =
        "--- <stdin>\n+++ <stdin>\n@@ -1 +1 @@\n-my_hostname = mail.example.com\n+myhostname = mail.example.com\n";
    run("check --as main.cf --unsafe-fixes --diff -").is(1, diff, "would fix 1\n");
    let cannot = "postwright: what standard input holds cannot be written; --diff shows the changes\n";
    run("check --as main.cf --fix -").is(2, "", cannot);
    assert_eq!(run("check --as main -").status, 2);
}

/// The hooks for pre-commit run as they are declared: on files of a commit, or on a site given as an argument.
#[test]
fn hooks_of_pre_commit() {
    let hooks = std::fs::read_to_string(support::repository().join(".pre-commit-hooks.yaml")).unwrap();
    let entries: Vec<&str> = hooks.lines().filter_map(|line| line.trim().strip_prefix("entry: postwright ")).collect();
    assert_eq!(entries.len(), hooks.matches("- id: ").count());
    let scratch = built();
    for (entry, operands) in entries.iter().zip(["site/main.cf site/master.cf site/aliases", "site"]) {
        scratch.run(&format!("{entry} {operands}")).is(0, "nothing found\n", "");
    }
    scratch.edit("site/main.cf", "myhostname = ", "my_hostname = ");
    assert_eq!(scratch.run(&format!("{} site/main.cf", entries[0])).status, 1);
}

/// A text that is read as it is is never read as aliases, not even in `alias_maps`.
#[test]
fn aliases_in_a_text_that_is_not_compiled() {
    let scratch = Scratch::example();
    scratch.write("texts/main.cf", "compatibility_level = 3.11\nalias_maps = texthash:/etc/postfix/aliases\n");
    scratch.write("texts/aliases", "root: alice\nbin alice\nsys: bob\n");
    let out = scratch.run("check texts --color never --select MAP006,MAP009");
    assert!(
        out.stdout.contains("this table is written as an aliases file: no lookup finds its keys"),
        "{}",
        out.stdout
    );
    assert!(!out.stdout.contains("postalias"), "{}", out.stdout);
    scratch.write("texts/aliases", "root alice\nbin alice\n");
    let out = scratch.run("check texts --color never --select MAP006,MAP009");
    assert!(!out.stdout.contains("MAP00"), "{}", out.stdout);
}
