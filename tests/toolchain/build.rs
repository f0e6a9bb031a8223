//! `postwright build` from end to end: which tables it builds and which it leaves alone, what it says, and its exit
//! status.
//!
//! Each case is a copy of the example site that something is done to; standard output, standard error and the status
//! are asserted in full.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime};

use support::{Scratch, pairs};

const ALL_BUILT: &str = "\
built    lmdb:/etc/postfix/transport  3 entries
built    lmdb:/etc/postfix/aliases    14 entries
built    cdb:/etc/postfix/access      2 entries
built    lmdb:/etc/postfix/virtual    5 entries
4 tables: 4 built
";

const ALL_CURRENT: &str = "\
current  lmdb:/etc/postfix/transport
current  lmdb:/etc/postfix/aliases
current  cdb:/etc/postfix/access
current  lmdb:/etc/postfix/virtual
4 tables: 4 current
";

/// What is said when all but `virtual` are current.
fn only_virtual(word: &str, more: &str) -> String {
    let line = format!("{word:8} lmdb:/etc/postfix/virtual    {more}");
    format!(
        "current  lmdb:/etc/postfix/transport\ncurrent  lmdb:/etc/postfix/aliases\ncurrent  cdb:/etc/postfix/access\n\
         {}\n4 tables: 3 current, 1 {word}\n",
        line.trim_end()
    )
}

/// A copy of the example site with all indexes.
fn built() -> Scratch {
    let scratch = Scratch::example();
    scratch.run("build site").is(0, ALL_BUILT, "");
    scratch
}

#[test]
fn the_first_run_builds_all_and_the_second_nothing() {
    let scratch = built();
    let names = "access access.cdb aliases aliases.lmdb main.cf master.cf relay-domains staff.list transport \
                 transport.lmdb virtual virtual.lmdb";
    assert_eq!(scratch.names("site").join(" "), names);
    scratch.run("build site").is(0, ALL_CURRENT, "");
    scratch.run("build --check site").is(0, ALL_CURRENT, "");
    scratch.run("build -q site").is(0, "", "");
    scratch.run("build -c site").is(0, ALL_CURRENT, "");
    let with_environment =
        scratch.outcome(scratch.command(&["build", "site", "--force"]).env("POSTWRIGHT_TARGET", "3.4"));
    with_environment.is(0, ALL_BUILT, "");
    let mut stored = pairs(&[("info@example.net", "alice"), ("sales@example.net", "alice, bob")]);
    stored.extend(pairs(&[("\"first last\"@example.net", "carol"), ("@example.org", "info@example.net")]));
    stored.extend(pairs(&[("webmaster", "postmaster")]));
    assert_eq!(scratch.entries("lmdb", "site/virtual"), stored);
    let access = [("spam@example.com", "REJECT"), ("junk.example.com", "550 5.7.1 No mail from this domain")];
    assert_eq!(scratch.entries("cdb", "site/access"), pairs(&access));
    let aliases = scratch.entries("lmdb", "site/aliases");
    assert_eq!(aliases.get("sales team".as_bytes()).unwrap(), b"alice, bob@example.net");
    assert_eq!(aliases.get("archive".as_bytes()).unwrap(), b"/var/mail/archive, bob");
    assert_eq!(aliases.len(), 11);
}

#[test]
fn times_do_not_matter() {
    let scratch = built();
    let hour = Duration::from_secs(3600);
    for time in [SystemTime::now() + hour, SystemTime::now() - hour] {
        for name in scratch.names("site") {
            File::open(scratch.path("site").join(name)).unwrap().set_modified(time).unwrap();
            scratch.run("build --check site").is(0, ALL_CURRENT, "");
        }
        scratch.run("build site").is(0, ALL_CURRENT, "");
    }
}

#[test]
fn a_changed_entry_makes_its_table_stale_and_no_other() {
    let scratch = built();
    let indexes = ["access.cdb", "aliases.lmdb", "transport.lmdb", "virtual.lmdb"];
    let files = || indexes.map(|name| fs::metadata(scratch.path("site").join(name)).unwrap().ino());
    let before = (files(), scratch.read("site/virtual.lmdb"));
    let changes = [
        ("info@example.net        alice", "info@example.net        alicf", "5 entries"),
        ("webmaster ", "webmistress ", "5 entries"),
        ("Sales@", "#Sales@", "4 entries"),
        ("# Users\n", "postmaster@example.net carol\n", "5 entries"),
    ];
    for (from, to, entries) in changes {
        scratch.edit("site/virtual", from, to);
        let before = (files(), scratch.read("site/virtual.lmdb"));
        scratch.run("build --check site").is(1, &only_virtual("stale", ""), "");
        scratch.run("build --check -q site").is(1, "stale    lmdb:/etc/postfix/virtual\n", "");
        assert_eq!((files(), scratch.read("site/virtual.lmdb")), before, "--check wrote");
        scratch.run("build site").is(0, &only_virtual("built", entries), "");
        assert_eq!(files()[..3], before.0[..3], "what was current was written");
        scratch.run("build --check site").is(0, ALL_CURRENT, "");
    }
    assert_ne!(scratch.read("site/virtual.lmdb"), before.1);
    fs::remove_file(scratch.path("site/virtual.lmdb")).unwrap();
    scratch.run("build --check site").is(1, &only_virtual("missing", ""), "");
    assert!(!scratch.path("site/virtual.lmdb").exists());
    scratch.run("build site").is(0, &only_virtual("built", "5 entries"), "");
}

#[test]
fn text_that_stores_the_same_entries_is_current() {
    let scratch = built();
    scratch.edit("site/virtual", "# Users\n", "# People\n\n");
    scratch.edit("site/virtual", "Sales@Example.NET", "sales@example.net");
    scratch.edit("site/virtual", "webmaster               postmaster", "webmaster\n# here\n\tpostmaster");
    let mut lines: Vec<String> =
        String::from_utf8(scratch.read("site/access")).unwrap().lines().map(String::from).collect();
    lines.reverse();
    scratch.write("site/access", lines.join("\n"));
    scratch.edit("site/aliases", "alice, bob@example.net", "alice,bob@example.net");
    scratch.run("build --check site").is(0, ALL_CURRENT, "");
}

#[test]
fn crlf_stores_what_lf_stores() {
    let scratch = built();
    let tables = [("lmdb", "virtual"), ("lmdb", "aliases"), ("lmdb", "transport"), ("cdb", "access")];
    for name in scratch.names("site").into_iter().filter(|name| !name.ends_with("db")) {
        scratch.edit(&format!("site/{name}"), "\n", "\r\n");
    }
    scratch.run("build site").is(0, ALL_CURRENT, "");
    let before = tables.map(|(map_type, name)| scratch.entries(map_type, &format!("site/{name}")));
    scratch.run("build --force site").is(0, ALL_BUILT, "");
    assert_eq!(tables.map(|(map_type, name)| scratch.entries(map_type, &format!("site/{name}"))), before);
}

#[test]
fn json_says_the_same() {
    let scratch = Scratch::example();
    scratch.edit("site/main.cf", "cdb:/etc/postfix/access", "hash:/etc/postfix/access");
    scratch.write("elsewhere/aliases", "a: b\n");
    let elsewhere = scratch.path("elsewhere").to_str().unwrap().to_string();
    scratch.edit("site/main.cf", "lmdb:/etc/postfix/aliases", &format!("lmdb:{elsewhere}/aliases"));
    let json = |transport: &str, entries: &str| {
        format!(
            "{{\"version\":1,\"tables\":[{{\"table\":\"lmdb:/etc/postfix/transport\",\"index\":\"$DIR/site/transport.lmdb\",\
             \"status\":\"{transport}\",\"entries\":{entries},\"error\":null}},\
             {{\"table\":\"lmdb:$DIR/elsewhere/aliases\",\"index\":\"$DIR/elsewhere/aliases.lmdb\",\"status\":\"outside\",\
             \"entries\":null,\"error\":null}},\
             {{\"table\":\"hash:/etc/postfix/access\",\"index\":\"$DIR/site/access\",\"status\":\"failed\",\"entries\":null,\
             \"error\":\"hash: tables cannot be built; use lmdb: or cdb: (--type builds them beside)\"}},\
             {{\"table\":\"lmdb:/etc/postfix/virtual\",\"index\":\"$DIR/site/virtual.lmdb\",\"status\":\"failed\",\
             \"entries\":null,\"error\":\"$DIR/site/virtual: No such file or directory\"}}]}}\n"
        )
    };
    fs::remove_file(scratch.path("site/virtual")).unwrap();
    scratch.run("build --check --format json site").is(1, &json("missing", "null"), "");
    scratch.run("build --format json site").is(1, &json("built", "3"), "");
    scratch.run("build --format json site").is(1, &json("current", "null"), "");
    scratch.edit("site/transport", "10.0.0.25", "10.0.0.26");
    scratch.run("build --check --format json site").is(1, &json("stale", "null"), "");
}

#[test]
fn tables_outside_the_directory_are_left_alone() {
    let scratch = built();
    scratch.write("elsewhere/aliases", "a: b\n");
    let elsewhere = scratch.path("elsewhere").to_str().unwrap().to_string();
    scratch.edit("site/main.cf", "lmdb:/etc/postfix/aliases", &format!("lmdb:{elsewhere}/aliases"));
    let said = |line: &str, count: &str| {
        format!(
            "current  lmdb:/etc/postfix/transport\n{line}\ncurrent  cdb:/etc/postfix/access\n\
             current  lmdb:/etc/postfix/virtual\n4 tables: 3 current, 1 {count}\n"
        )
    };
    let skipped = said("outside  lmdb:$DIR/elsewhere/aliases  skipped: --all builds it", "outside");
    for arguments in ["build site", "build --check site"] {
        scratch.run(arguments).is(0, &skipped, "");
    }
    assert_eq!(scratch.names("elsewhere"), ["aliases"]);
    scratch.run("build --all site").is(0, &said("built    lmdb:$DIR/elsewhere/aliases  4 entries", "built"), "");
    assert_eq!(scratch.names("elsewhere"), ["aliases", "aliases.lmdb"]);
    // An alias file that nobody named is the system's own, and a checkout is not the system.
    scratch.edit("site/main.cf", "\nalias_maps =", "\n#");
    scratch.edit("site/main.cf", "\nalias_database =", "\n#");
    let unset = scratch.run("build site");
    assert_eq!((unset.status, unset.stderr.as_str()), (0, ""));
    assert!(unset.stdout.contains("outside  lmdb:/etc/aliases"), "{}", unset.stdout);
}

#[test]
fn a_source_that_cannot_be_read_fails_alone() {
    let scratch = built();
    let old = scratch.read("site/virtual.lmdb");
    fs::remove_file(scratch.path("site/virtual")).unwrap();
    let failed = only_virtual("failed", "$DIR/site/virtual: No such file or directory");
    scratch.run("build site").is(1, &failed, "");
    scratch.run("build --check site").is(1, &failed, "");
    fs::create_dir(scratch.path("site/virtual")).unwrap();
    scratch.run("build site").is(1, &only_virtual("failed", "$DIR/site/virtual: Is a directory"), "");
    assert_eq!(scratch.read("site/virtual.lmdb"), old);
}

#[test]
fn a_key_that_is_too_long_keeps_the_old_file() {
    let scratch = built();
    let old = scratch.read("site/virtual.lmdb");
    let key = "k".repeat(511);
    scratch.write("site/virtual", format!("# one\na@example.net b\n\n{key} c\n{key}k d\n"));
    let said = "$DIR/site/virtual:4: the key has 511 bytes and LMDB takes at most 510; the old file stays as it was";
    scratch.run("build site").is(1, &only_virtual("failed", said), "");
    assert_eq!(scratch.read("site/virtual.lmdb"), old);
    assert_eq!(scratch.names("site").len(), 12, "something was left over");
    scratch.write("site/virtual", format!("{} c\n", &key[1..]));
    scratch.run("build site").is(0, &only_virtual("built", "1 entry"), "");
    // cdb knows no such limit.
    scratch.write("site/access", format!("{key} OK\n"));
    assert_eq!(scratch.run("build site").status, 0);
    assert_eq!(scratch.entries("cdb", "site/access"), pairs(&[(&key, "OK")]));
}

#[test]
fn an_empty_source_is_an_empty_table() {
    let scratch = Scratch::example();
    for text in ["", "\n", "# nothing\n  \n"] {
        for name in ["virtual", "access", "aliases"] {
            scratch.write(&format!("site/{name}"), text);
        }
        let built = "\
built    lmdb:/etc/postfix/transport  3 entries
built    lmdb:/etc/postfix/aliases    3 entries
built    cdb:/etc/postfix/access      0 entries
built    lmdb:/etc/postfix/virtual    0 entries
4 tables: 4 built
";
        scratch.run("build --force site").is(0, built, "");
        scratch.run("build site").is(0, ALL_CURRENT, "");
        for (map_type, name) in [("lmdb", "site/virtual"), ("cdb", "site/access"), ("lmdb", "site/aliases")] {
            assert_eq!(scratch.entries(map_type, name), pairs(&[]), "{name}");
        }
    }
}

#[test]
fn warnings_name_both_lines_and_the_rest_is_built() {
    let scratch = built();
    scratch.write("site/virtual", "a x\nb y\nA z\n# c\nb q\na w\n");
    scratch.write("site/aliases", "a: b\nthis is no alias\na@example.com: c\n");
    scratch.write("site/access", " begins with white space\nkey\n\"open quote\n");
    let said = "\
current  lmdb:/etc/postfix/transport
built    lmdb:/etc/postfix/aliases    4 entries
built    cdb:/etc/postfix/access      0 entries
built    lmdb:/etc/postfix/virtual    2 entries
4 tables: 1 current, 3 built
";
    let warned = "\
$DIR/site/aliases:2:1: warning[MAP006] not `name: value`: dropped: expected `name: value`
$DIR/site/aliases:3:1: warning[MAP006] the name has a domain: dropped: aliases are local names
$DIR/site/access:1:1: warning[MAP006] this line continues nothing: dropped: begins with white space
$DIR/site/access:2:1: warning[MAP006] a key without a value: dropped: expected `key value`
$DIR/site/access:3:1: warning[MAP006] a quote without its partner: dropped
$DIR/site/virtual:3:1: warning[MAP005] the key a stands on line 1 already, and that entry is kept
$DIR/site/virtual:5:1: warning[MAP005] the key b stands on line 2 already, and that entry is kept
$DIR/site/virtual:6:1: warning[MAP005] the key a stands on line 1 already, and that entry is kept
";
    scratch.run("build site").is(0, said, warned);
    assert_eq!(scratch.entries("lmdb", "site/virtual"), pairs(&[("a", "x"), ("b", "y")]));
    scratch.run("build site").is(0, ALL_CURRENT, "");
    scratch.run("build --force -q site").is(0, "", "");
}

#[test]
fn wrong_usage_is_status_2() {
    let scratch = Scratch::example();
    let cases = [
        (
            "--bogus",
            "unexpected argument '--bogus' found\n\n  tip: to pass '--bogus' as a value, use '-- --bogus'\n\n\
             Usage: postwright build [OPTIONS] [DIR]",
        ),
        ("--type hash", "invalid value 'hash' for '--type <TYPE>'\n  [possible values: lmdb, cdb]"),
        ("--format xml", "invalid value 'xml' for '--format <FORMAT>'\n  [possible values: human, json]"),
        ("--profile bsd", &format!("invalid value 'bsd' for '--profile <NAME>': {}", super::packages::EXPECTED)),
        ("--map-path x=y", "invalid value 'x=y' for '--map-path <FROM=TO>': expected FROM=TO with an absolute FROM"),
        (
            "--target 4.0",
            "invalid value '4.0' for '--target <VERSION>': \"4.0\" is not a Postfix release from 2.11 to 3.11, nor 3.12 (snapshot of 2026-08-21); write it such as 3.11",
        ),
    ];
    for (flags, said) in cases {
        let said = format!("error: {said}\n\nFor more information, try '--help'.\n");
        scratch.run(&format!("build {flags} site")).is(2, "", &said);
    }
    scratch.run("build nowhere").is(2, "", "postwright: nowhere/main.cf: No such file or directory\n");
    scratch.run("build site/main.cf").is(
        2,
        "",
        "postwright: site/main.cf is a file; give the directory of the configuration: site\n",
    );
    let outcome = scratch.outcome(scratch.command(&["build", "site"]).env("POSTWRIGHT_PROFILE", "bsd"));
    outcome.is(2, "", &format!("postwright: POSTWRIGHT_PROFILE=bsd: {}\n", super::packages::EXPECTED));
    assert_eq!(scratch.names("site").len(), 8, "something was written");
}

#[test]
fn berkeley_db_tables_fail_with_advice_and_are_built_beside() {
    let scratch = Scratch::example();
    scratch.edit("site/main.cf", "lmdb:/etc/postfix/aliases", "hash:/etc/postfix/aliases");
    scratch.edit("site/main.cf", "cdb:/etc", "btree:/etc");
    let advice = "tables cannot be built; use lmdb: or cdb: (--type builds them beside)";
    let said = format!(
        "built    lmdb:/etc/postfix/transport  3 entries\nfailed   hash:/etc/postfix/aliases    hash: {advice}\n\
         failed   btree:/etc/postfix/access    btree: {advice}\nbuilt    lmdb:/etc/postfix/virtual    5 entries\n\
         4 tables: 2 built, 2 failed\n"
    );
    scratch.run("build site").is(1, &said, "");
    assert_eq!(scratch.names("site").len(), 10);
    let beside = "\
current  lmdb:/etc/postfix/transport
built    hash:/etc/postfix/aliases    14 entries
built    btree:/etc/postfix/access    2 entries
current  lmdb:/etc/postfix/virtual
4 tables: 2 current, 2 built
";
    for index_type in ["lmdb", "cdb"] {
        scratch.run(&format!("build site --type {index_type}")).is(0, beside, "");
        assert_eq!(scratch.run(&format!("build --check site --type {index_type}")).status, 0);
        assert_eq!(scratch.entries(index_type, "site/aliases").len(), 11);
    }
    assert_eq!(scratch.run("build --check site").status, 1);
    scratch.edit("site/main.cf", "compatibility_level", "non_bdb_migration_level = enable-redirect\n#");
    scratch.edit("site/main.cf", "btree:/etc", "hash:/etc");
    let redirected = scratch.run("build site");
    assert_eq!(redirected.status, 0, "{}", redirected.stdout);
}
