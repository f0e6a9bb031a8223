//! What `postwright check` is told to look for and to leave out: options, `postwright.toml`, comments in the text.

use support::Scratch;

/// A site with MC003 in main.cf, MS002 in master.cf, and MAP005 in the table `virtual`; its indexes are built.
fn faulty() -> Scratch {
    let scratch = Scratch::example();
    scratch.edit("site/virtual", "webmaster ", "INFO@example.net alice\nwebmaster ");
    assert_eq!(scratch.run("build -q site").status, 0);
    scratch.edit("site/main.cf", "myhostname = ", "my_hostname = ");
    scratch.edit("site/master.cf", "-o syslog_name=", "-o syslog_name");
    scratch
}

const MC003: &str = "site/main.cf:4:1: warning[MC003] unknown parameter my_hostname\n";
const MS002: &str = "site/master.cf:4:3: error[MS002] no '=' in the argument of -o\n";
const MAP005: &str = "$DIR/site/virtual:9:1: warning[MAP005] the key info@example.net stands twice\n";

/// Runs `check` on a site and compares with the findings.
#[track_caller]
fn finds(scratch: &Scratch, options: &str, status: i32, findings: &[&str]) {
    let blank = if options.is_empty() { "" } else { " " };
    scratch.run(&format!("check -q --format concise{blank}{options} site")).is(status, &findings.concat(), "");
}

#[test]
fn options_choose_rules() {
    let scratch = faulty();
    let cases: &[(&str, i32, &[&str])] = &[
        ("", 1, &[MAP005, MC003, MS002]),
        ("--select MC", 1, &[MC003]),
        ("--select MC003,MAP005", 1, &[MAP005, MC003]),
        ("--select MC003 --select MS", 1, &[MC003, MS002]),
        ("--select M", 1, &[MAP005, MC003, MS002]),
        ("--select unknown-parameter", 1, &[MC003]),
        ("--ignore MC003", 1, &[MAP005, MS002]),
        ("--ignore MC,MAP,MS", 0, &[]),
        ("--ignore ALL", 0, &[]),
        ("--select MC003 --ignore MC", 1, &[MC003]),
        ("--select MC --ignore MC003", 0, &[]),
        ("--select SEC", 0, &[]),
        ("--ignore MS --fail-on error", 0, &[MAP005, MC003]),
    ];
    for (options, status, findings) in cases {
        finds(&scratch, options, *status, findings);
    }
}

#[test]
fn rules_that_do_not_exist_are_wrong_usage() {
    let scratch = faulty();
    for (options, said) in [
        ("--select mc003", "'mc003' for '--select <CODE>': no rule is called mc003; did you mean MC003?"),
        ("--ignore MAPP", "'MAPP' for '--ignore <CODE>': no rule is called MAPP; did you mean MAP?"),
        ("--select MC,", "'' for '--select <CODE>': no rule is called "),
        ("--fail-on errors", "'errors' for '--fail-on <SEVERITY>': expected error, warning, info, never"),
    ] {
        let outcome = scratch.run(&format!("check {options} site"));
        assert_eq!((outcome.status, outcome.stdout.as_str()), (2, ""), "{options}");
        assert!(outcome.stderr.contains(said), "{options}: {}", outcome.stderr);
    }
}

#[test]
fn settings_beside_main_cf_or_above_it() {
    let scratch = faulty();
    scratch.write("postwright.toml", "[check]\nselect = [\"MC\"]\n");
    finds(&scratch, "", 1, &[MC003]);
    // The nearest one counts, alone.
    scratch.write("site/postwright.toml", "target = \"3.11\"\n[check]\nignore = [\"MC003\"]\nfail-on = \"error\"\n");
    finds(&scratch, "", 1, &[MAP005, MS002]);
    finds(&scratch, "--ignore MS", 0, &[MAP005]);
    finds(&scratch, "--ignore MS --fail-on warning", 1, &[MAP005]);
    finds(&scratch, "--select MC003", 0, &[MC003]);
    scratch.write("site/postwright.toml", "[check.severities]\nMS002 = \"info\"\nMC003 = \"error\"\n");
    let (error, info) = (MC003.replace("warning", "error"), MS002.replace("error", "info"));
    finds(&scratch, "", 1, &[MAP005, &error, &info]);
    finds(&scratch, "--fail-on error --ignore MC003", 0, &[MAP005, &info]);
    scratch.write("site/postwright.toml", "[check.per-file-ignores]\n\"virtual\" = [\"MAP\"]\n\"*.cf\" = [\"MC\"]\n");
    finds(&scratch, "", 1, &[MS002]);
}

#[test]
fn settings_that_mean_nothing() {
    let scratch = faulty();
    scratch.write("site/postwright.toml", "[check]\nignore = [\n  \"MC04\",\n]\n");
    let said = "postwright: site/postwright.toml:3:3: no rule is called MC04; did you mean MC004?\n";
    scratch.run("check site").is(2, "", said);
    scratch.write("site/postwright.toml", "[check]\nfailon = \"error\"\n");
    let said = "postwright: site/postwright.toml:2:1: no key in [check] is called failon; did you mean fail-on?\n";
    scratch.run("check site").is(2, "", said);
    // A file by itself has the settings of its directory.
    scratch.run("check site/main.cf").is(2, "", said);
}

#[test]
fn comments_silence_the_next_line() {
    let scratch = faulty();
    scratch.edit("site/main.cf", "my_hostname", "# postwright: ignore MC003 read by a script of ours\nmy_hostname");
    scratch.edit("site/virtual", "INFO@", "# postwright: ignore duplicate-key kept for the record\nINFO@");
    finds(&scratch, "", 1, &[MS002]);
    scratch.edit("site/master.cf", "submission inet", "# postwright: ignore MS002, MS001 a test\nsubmission inet");
    finds(&scratch, "", 1, &["site/master.cf:3:29: warning[PW002] nothing here is MS001 malformed-service\n"]);
    // What is not looked for is not missed.
    finds(&scratch, "--ignore MS001", 0, &[]);
    finds(&scratch, "--ignore PW", 0, &[]);
    finds(
        &scratch,
        "--select PW,MS",
        1,
        &["site/master.cf:3:29: warning[PW002] nothing here is MS001 malformed-service\n"],
    );
}

#[test]
fn a_comment_hides_nothing_that_it_does_not_name() {
    let scratch = faulty();
    let with = |comment: &str| scratch.edit("site/main.cf", "my_hostname", &format!("{comment}\nmy_hostname"));
    let moved = MC003.replace(":4:", ":5:");
    with("# postwright: ignore MC004 another rule");
    let idle = "site/main.cf:4:22: warning[PW002] nothing here is MC004 undefined-name\n";
    finds(&scratch, "--select MC,PW", 1, &[idle, &moved]);
    // A family is no code, a wrong code names nothing, and neither does a comment that means another line.
    for (from, to, said) in [
        ("ignore MC004 another", "ignore MC another", "4:22: warning[PW001] no rule is called MC"),
        ("ignore MC another", "ignore mc003 another", "4:22: warning[PW001] no rule is called mc003"),
        (
            "ignore mc003 another",
            "ignores MC003 another",
            "4:15: warning[PW001] not what a comment for postwright can say",
        ),
        ("ignores MC003 another rule", "ignore", "4:1: warning[PW001] this names no rule to ignore"),
    ] {
        scratch.edit("site/main.cf", from, to);
        finds(&scratch, "--select MC,PW", 1, &[&format!("site/main.cf:{said}\n"), &moved]);
    }
    scratch.edit("site/main.cf", "ignore\nmy_hostname", "ignore MC003 why\nmail_name = Ours\nmy_hostname");
    let idle = "site/main.cf:4:22: warning[PW002] nothing here is MC003 unknown-parameter\n";
    finds(&scratch, "--select MC,PW", 1, &[idle, &MC003.replace(":4:", ":6:")]);
    // It works without a reason, and the missing reason is told.
    scratch.edit("site/main.cf", "why\nmail_name = Ours\n", "\n");
    finds(&scratch, "--select MC,PW", 1, &["site/main.cf:4:1: warning[PW001] no reason is given\n"]);
}

/// Rules whose findings depend on what lies on this disk, and files looked at alone: nothing is idle there.
#[test]
fn what_cannot_be_judged_is_not_idle() {
    let scratch = faulty();
    let comment = "# postwright: ignore MAP002,MC004 built by the package\nvirtual_alias_maps =";
    scratch.edit("site/main.cf", "virtual_alias_maps =", comment);
    let idle = "site/main.cf:19:29: warning[PW002] nothing here is MC004 undefined-name\n";
    finds(&scratch, "--select PW,MC004", 1, &[idle]);
    scratch.run("check -q --format concise --select PW,MC004 site/main.cf").is(0, "", "");
}

#[test]
fn a_baseline_holds_back_what_it_knows() {
    let scratch = faulty();
    scratch.run("check --write-baseline known.json site").is(0, "3 findings written to known.json\n", "");
    let summary = "nothing new found; 3 in the baseline\n";
    scratch.run("check --baseline known.json site").is(0, summary, "");
    // Lines move, and the order of findings too.
    scratch.edit("site/main.cf", "# A small", "# More\n\n# A small");
    scratch.run("check --baseline known.json site").is(0, summary, "");
    // The same line once more, and another fault on a line that is known.
    scratch.edit("site/main.cf", "mydomain =", "my_hostname = mail.example.com\nmydomain =");
    scratch.edit("site/main.cf", "myorigin = $mydomain", "myorigin = $nothing.example.com");
    let found = "\
site/main.cf:7:1: warning[MC003] unknown parameter my_hostname
site/main.cf:9:13: warning[MC004] $nothing is defined nowhere and expands to nothing
2 findings: 2 warnings; 3 more in the baseline
";
    let outcome = scratch.run("check --format concise --ignore MC008 --baseline known.json site");
    assert!(outcome.stdout.starts_with(found), "{}", outcome.stdout);
    // An absolute path to the same files is the same to it.
    let site = scratch.path("site").display().to_string();
    assert_eq!(
        scratch
            .run(&format!("check -q --format concise --ignore MC008 --baseline known.json {site}"))
            .stdout
            .lines()
            .count(),
        2
    );
    // What it knows is not mended either.
    let before = scratch.read("site/virtual");
    assert_eq!(scratch.run("check -q --fix --baseline known.json --select MAP site").status, 0);
    assert_eq!(scratch.read("site/virtual"), before);
}

#[test]
fn baselines_that_cannot_be_read_or_written() {
    let scratch = faulty();
    scratch.write("known.json", "{\"version\": 2, \"findings\": []}");
    let said = "postwright: known.json: version 2 of baselines is not known, only 1\n";
    scratch.run("check --baseline known.json site").is(2, "", said);
    scratch.run("check --baseline none.json site").is(2, "", "postwright: none.json: No such file or directory\n");
    let said = "postwright: none/known.json: No such file or directory\n";
    scratch.run("check --write-baseline none/known.json site").is(2, "", said);
    assert_eq!(scratch.run("check --baseline a --write-baseline b site").status, 2);
}

/// `map-types` tells what the Postfix has that will run the site; what is part of every Postfix need not be told.
#[test]
fn map_types_of_the_target() {
    let scratch = Scratch::copy_of(&support::fixture("rules/MAP008"));
    scratch.write(
        "site/main.cf",
        "virtual_alias_maps = hash:/etc/postfix/virtual\n\
         smtp_tls_session_cache_database = btree:/var/lib/postfix/smtp_scache\n\
         canonical_maps = pcre:/etc/postfix/canonical, inline:{a=b}, regexp:/etc/postfix/canonical\n",
    );
    scratch.write("site/virtual", "joe@example.com joe\n");
    scratch.write("site/canonical", "/^joe$/ joe@example.com\n");
    let bdb = |severity: &str, place: &str, words: &str| format!("site/main.cf:{place}: {severity}[MAP008] {words}\n");
    let choose = "--select MAP008,MAP013";
    let unsaid = bdb("warning", "1:22", "hash:/etc/postfix/virtual cannot be compiled without Berkeley DB");
    finds(&scratch, choose, 1, &[&unsaid]);
    scratch.write("site/postwright.toml", "[check]\nmap-types = [\"hash\", \"btree\", \"pcre\"]\n");
    finds(&scratch, choose, 0, &[]);
    scratch.write("site/postwright.toml", "[check]\nmap-types = [\"lmdb\"]\n");
    let hash = bdb("error", "1:22", "hash:/etc/postfix/virtual: the Postfix that will run this has no hash");
    let btree = bdb("error", "2:35", "btree:/var/lib/postfix/smtp_scache: the Postfix that will run this has no btree");
    let pcre = "site/main.cf:3:18: error[MAP013] the Postfix that will run this has no map type pcre\n";
    finds(&scratch, choose, 1, &[&hash, &btree, pcre]);
}

/// Each finding stands at the element that is at fault, and a comment above the line of that element silences it.
#[test]
fn findings_stand_at_elements() {
    let scratch = Scratch::example();
    scratch.write("s/a", "");
    let text = "compatibility_level = 3.11\nalias_maps =\nvirtual_alias_maps = texthash:/etc/postfix/a,\n  texthash:/etc/postfix/no1,\n\
                # postwright: ignore MAP001 comes later\n  texthash:/etc/postfix/no2\n  hash:/etc/postfix/a\n\
                mydestination = foo:bar2 foo:bar foo:bar\n\
                smtpd_sender_restrictions = permit_mynetworks,\n  check_sender_access lmdb:/etc/postfix/no3\n";
    scratch.write("s/main.cf", text);
    let said = "\
s/main.cf:4:3: error[MAP001] texthash:/etc/postfix/no1: $DIR/s/no1: No such file or directory
s/main.cf:7:3: warning[MAP008] hash:/etc/postfix/a cannot be compiled without Berkeley DB
s/main.cf:8:17: error[MAP013] no map type is called foo
s/main.cf:8:26: error[MAP013] no map type is called foo
s/main.cf:8:34: error[MAP013] no map type is called foo
s/main.cf:10:23: error[MAP001] lmdb:/etc/postfix/no3: $DIR/s/no3: No such file or directory
6 findings: 5 errors, 1 warning
1 can be fixed by --unsafe-fixes
";
    scratch.run("check --format concise --select MAP,PW s").is(1, said, "");
    // A comment above the whole entry is for each of its lines, whatever stands within it.
    let above =
        text.replacen("virtual_alias_maps", "# postwright: ignore MAP001,MAP008 not ours\nvirtual_alias_maps", 1);
    scratch.write("s/main.cf", above);
    let said = "\
s/main.cf:9:17: error[MAP013] no map type is called foo
s/main.cf:9:26: error[MAP013] no map type is called foo
s/main.cf:9:34: error[MAP013] no map type is called foo
s/main.cf:11:23: error[MAP001] lmdb:/etc/postfix/no3: $DIR/s/no3: No such file or directory
4 findings: 4 errors
";
    scratch.run("check --format concise --select MAP,PW s").is(1, said, "");
}

/// What a service sets itself is at fault before what main.cf says for all.
#[test]
fn an_override_that_takes_relay_control_away() {
    let scratch = Scratch::example();
    let main = "compatibility_level = 3.11\nsmtpd_relay_restrictions = permit_mynetworks\n\
                smtpd_recipient_restrictions = permit_mynetworks, reject_unauth_destination\n";
    scratch.write("s/main.cf", main);
    let said = "error[SEC002] submission/inet refuses to start: nothing here keeps strangers from relaying\n1 finding: 1 error\n";
    for (overrides, place) in [
        ("smtpd_recipient_restrictions=", "s/master.cf:3:35"),
        ("smtpd_recipient_restrictions=permit", "s/master.cf:3:35"),
        ("smtpd_relay_restrictions=\n  -o smtpd_recipient_restrictions=permit", "s/master.cf:3:31"),
    ] {
        let master = format!("smtp inet n - n - - smtpd\nsubmission inet n - n - - smtpd\n  -o {overrides}\n");
        scratch.write("s/master.cf", master);
        scratch.run("check --format concise --select SEC002 s").is(1, &format!("{place}: {said}"), "");
    }
}
