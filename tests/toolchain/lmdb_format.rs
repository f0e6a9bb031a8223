//! In which format of LMDB tables are written: who decides it, what `build --check` finds, and what updates make of a
//! file.

use postwright::maps::lmdb::{Format, format_of};
use std::fs::File;
use support::Scratch;

/// A site with one table, of one entry.
fn site() -> Scratch {
    let scratch = Scratch::example();
    let main =
        "compatibility_level = 3.11\nalias_maps =\nalias_database =\nvirtual_alias_maps = lmdb:/etc/postfix/virtual\n";
    scratch.write("s/main.cf", main);
    scratch.write("s/virtual", "info@example.com bob@example.com\n");
    scratch
}

/// The format of a file.
fn format(scratch: &Scratch, name: &str) -> Format {
    format_of(&File::open(scratch.path(name)).unwrap()).unwrap()
}

const VIRTUAL: &str = "s/virtual.lmdb";

fn said(word: &str, more: &str) -> String {
    format!("{:8} lmdb:/etc/postfix/virtual{more}\n1 table: 1 {word}\n", word)
}

/// The option, then postwright.toml, then the package, then the file that is there, then 0.9; and what is not in the
/// format that the first three ask for is stale.
#[test]
fn who_decides() {
    let scratch = site();
    let built = said("built", "  1 entry");
    scratch.run("build s").is(0, &built, "");
    assert_eq!(format(&scratch, VIRTUAL), Format::V0_9);
    scratch.run("build s --lmdb-format 0.9").is(0, &said("current", ""), "");
    let stale = said("stale", "  in the format of LMDB 0.9");
    scratch.run("build s --lmdb-format 1.0 --check").is(1, &stale, "");
    assert_eq!(format(&scratch, VIRTUAL), Format::V0_9);
    scratch.run("build s --lmdb-format 1.0").is(0, &built, "");
    assert_eq!(format(&scratch, VIRTUAL), Format::V1_0);
    scratch.run("build s --profile gentoo-testing --check").is(0, &said("current", ""), "");
    let other = said("stale", "  in the format of LMDB 1.0");
    scratch.run("build s --profile debian-14 --check").is(1, &other, "");
    // Nobody asks for another.
    scratch.run("build s --check").is(0, &said("current", ""), "");
    scratch.write("s/virtual", "sales@example.com bob@example.com\n");
    scratch.run("build s").is(0, &built, "");
    assert_eq!(format(&scratch, VIRTUAL), Format::V1_0);
    scratch.write("s/postwright.toml", "lmdb_format = '0.9'\n");
    let stale = said("stale", "  in the format of LMDB 1.0");
    scratch.run("build s --check").is(1, &stale, "");
    scratch.run("build s --profile gentoo-testing --check").is(1, &stale, "");
    scratch.run("build s --check --lmdb-format 1.0").is(0, &said("current", ""), "");
    scratch.run("build s").is(0, &built, "");
    assert_eq!(format(&scratch, VIRTUAL), Format::V0_9);
    let json = scratch.run("build s --check --lmdb-format 1.0 --format json");
    assert!(json.stdout.contains("\"status\":\"stale\""), "{}", json.stdout);
}

/// A damaged file tells nothing.
#[test]
fn what_is_no_sound_file_decides_nothing() {
    let scratch = site();
    scratch.run("build s --lmdb-format 1.0").is(0, &said("built", "  1 entry"), "");
    let sound = scratch.read(VIRTUAL);
    scratch.write(VIRTUAL, &sound[..4100]);
    scratch.run("build s").is(0, &said("built", "  1 entry"), "");
    assert_eq!(format(&scratch, VIRTUAL), Format::V0_9);
}

#[test]
fn drop_ins_decide_alike() {
    let scratch = site();
    let made = |line: &str| {
        scratch.run(line).is(0, "", "");
        format(&scratch, VIRTUAL)
    };
    assert_eq!(made("postmap -c s lmdb:s/virtual"), Format::V0_9);
    assert_eq!(made("postmap -c s --lmdb-format 1.0 lmdb:s/virtual"), Format::V1_0);
    assert_eq!(made("postmap -c s -w lmdb:s/virtual"), Format::V1_0);
    scratch.write("s/postwright.toml", "lmdb_format = '0.9'\n");
    assert_eq!(made("postmap -c s lmdb:s/virtual"), Format::V0_9);
    assert_eq!(made("postmap --lmdb-format=1.0 -c s lmdb:s/virtual"), Format::V1_0);
    scratch.write("s/postwright.toml", "lmdb_format = '1.0'\n");
    std::fs::remove_file(scratch.path(VIRTUAL)).unwrap();
    assert_eq!(made("postmap -c s lmdb:s/virtual"), Format::V1_0);
    // The alias programs.
    scratch.write("s/names", "root: bob@example.com\n");
    let table = format!("lmdb:{}", scratch.path("s/names").display());
    scratch.run(&format!("postalias -c s {table}")).is(0, "", "");
    assert_eq!(format(&scratch, "s/names.lmdb"), Format::V1_0);
    scratch.run(&format!("newaliases -C s -oA{table} --lmdb-format 0.9")).is(0, "", "");
    assert_eq!(format(&scratch, "s/names.lmdb"), Format::V0_9);
    scratch.run(&format!("newaliases -C s -oA{table}")).is(0, "", "");
    assert_eq!(format(&scratch, "s/names.lmdb"), Format::V1_0);
}

#[test]
fn what_is_no_format_is_told() {
    let scratch = site();
    let told = "postmap: fatal: --lmdb-format 1: expected 0.9 or 1.0\n";
    scratch.run("postmap -c s --lmdb-format 1 lmdb:s/virtual").is(1, "", told);
    let usage = "usage: postmap [-bfFhimnNoprsuUvw] [-c config_dir] [-d key] [-q key] [map_type:]file...";
    let told = format!("postmap: option '--lmdb-format' requires an argument\npostmap: fatal: {usage}\n");
    scratch.run("postmap -c s --lmdb-format").is(1, "", &told);
    scratch.write("s/postwright.toml", "lmdb_format = '1.1'\n");
    let told = "s/postwright.toml:1:15: no lmdb_format is called 1.1; did you mean 1.0?\n";
    scratch.run("build s").is(2, "", &format!("postwright: {told}"));
    scratch.run("postmap -c s lmdb:s/virtual").is(1, "", &format!("postmap: fatal: {told}"));
    let refused = scratch.run("build s --lmdb-format 2");
    assert_eq!(refused.status, 2);
    assert!(refused.stderr.contains("invalid value '2' for '--lmdb-format <SERIES>': expected 0.9 or 1.0"));
}

/// Longer than 0.9 takes.
#[test]
fn the_longest_key_goes_by_the_format() {
    let scratch = site();
    let key = "k".repeat(1977);
    scratch.write("s/virtual", format!("{key} bob@example.com\n"));
    scratch.run("build s --lmdb-format 1.0").is(0, &said("built", "  1 entry"), "");
    scratch.run(&format!("postmap -c s -q {key} lmdb:s/virtual")).is(0, "bob@example.com\n", "");
    let told = "  $DIR/s/virtual:1: the key has 1977 bytes and LMDB takes at most 510; the old file stays as it was";
    scratch.run("build s --lmdb-format 0.9").is(1, &said("failed", told), "");
    scratch.write("s/virtual", format!("{key}k bob@example.com\n"));
    let told = "  $DIR/s/virtual:1: the key has 1978 bytes and LMDB takes at most 1977; the old file stays as it was";
    scratch.run("build s").is(1, &said("failed", told), "");
}

/// Answers, warnings and statuses are those of a table of LMDB 0.9.
#[test]
fn updates_speak_alike_in_both_formats() {
    let told = Format::ALL.map(|asked| {
        let scratch = site();
        scratch.run(&format!("postmap -c s --lmdb-format {} lmdb:s/virtual", asked.name())).is(0, "", "");
        scratch.set_mode(VIRTUAL, 0o640);
        let insert = |options: &str, input: &str| {
            let outcome = scratch.run_with_input(&format!("postmap -c s -i{options} lmdb:s/virtual"), input.as_bytes());
            assert_eq!(format(&scratch, VIRTUAL), asked);
            outcome
        };
        let long = format!("{} x\nlater y\n", "k".repeat(asked.longest_key()));
        let runs = [
            insert("", "new one\ninfo@example.com other\n"),
            insert(" -r", "new two\n"),
            insert(" -w", "new three\n"),
            insert(" -n", "bare x\n"),
            insert("", &long),
            scratch.run("postmap -c s -s lmdb:s/virtual"),
            scratch.run("postmap -c s -d new lmdb:s/virtual"),
            scratch.run("postmap -c s -d new lmdb:s/virtual"),
            scratch.run_with_input("postmap -c s -d - lmdb:s/virtual", b"info@example.com\nnone\n"),
            scratch.run("postmap -c s -d later lmdb:s/virtual"),
            scratch.run("postmap -c s -s lmdb:s/virtual"),
        ];
        let status = std::fs::metadata(scratch.path(VIRTUAL)).unwrap();
        let mode = std::os::unix::fs::MetadataExt::mode(&status) & 0o7777;
        assert_eq!(mode, 0o640);
        assert_eq!(scratch.names("s").len(), 3, "something was left over");
        runs
    });
    assert_eq!(told[0], told[1]);
    assert!(told[0][0].stderr.contains("duplicate entry: \"info@example.com\""), "{}", told[0][0].stderr);
    assert_eq!(told[0].each_ref().map(|run| run.status), [0, 0, 0, 0, 1, 0, 0, 1, 0, 1, 0]);
}

#[test]
fn an_update_brings_a_file_to_the_format_that_is_asked_for() {
    let scratch = site();
    scratch.run("postmap -c s lmdb:s/virtual").is(0, "", "");
    std::fs::hard_link(scratch.path(VIRTUAL), scratch.path("s/other.lmdb")).unwrap();
    let said = "postmap: warning: s/virtual.lmdb: the index has 2 names (hard links): only this one leads to the new entries, and \
                the others to the old ones\n";
    scratch.run_with_input("postmap -c s --lmdb-format 1.0 -i lmdb:s/virtual", b"new one\n").is(0, "", said);
    assert_eq!((format(&scratch, VIRTUAL), format(&scratch, "s/other.lmdb")), (Format::V1_0, Format::V0_9));
    scratch.run("postmap -c s -s lmdb:s/virtual").is(0, "info@example.com\tbob@example.com\nnew\tone\n", "");
    scratch.run("postmap -c s -s lmdb:s/other").is(0, "info@example.com\tbob@example.com\n", "");
    scratch.run("postmap -c s --lmdb-format 0.9 -d new lmdb:s/virtual").is(0, "", "");
    assert_eq!(format(&scratch, VIRTUAL), Format::V0_9);
    // A table that is not there yet.
    scratch.run_with_input("postmap -c s --lmdb-format 1.0 -i lmdb:s/made", b"new one\n").is(0, "", "");
    assert_eq!(format(&scratch, "s/made.lmdb"), Format::V1_0);
    // A key that is in the way.
    let long = format!("{} x\n", "k".repeat(600));
    scratch.run_with_input("postmap -c s -i lmdb:s/made", long.as_bytes()).is(0, "", "");
    let told = "postmap: fatal: open database s/made.lmdb: a key has 601 bytes and LMDB 0.9 takes at most 511; it is left as it \
                was\n";
    scratch.run("postmap -c s --lmdb-format 0.9 -d new lmdb:s/made").is(1, "", told);
    assert_eq!(format(&scratch, "s/made.lmdb"), Format::V1_0);
}

/// A file with other names is filled in place only by the library of its format.
#[test]
fn other_names_keep_the_old_file_of_another_format() {
    let scratch = site();
    for (from, to) in [("0.9", "1.0"), ("1.0", "1.0"), ("1.0", "0.9")] {
        scratch.run(&format!("postmap -c s --lmdb-format {from} lmdb:s/virtual")).is(0, "", "");
        std::fs::hard_link(scratch.path(VIRTUAL), scratch.path("s/other.lmdb")).unwrap();
        let said = "postmap: warning: s/virtual.lmdb: the index has 2 names (hard links): only this one leads to the new entries, \
                    and the others to the old ones\n";
        scratch.run(&format!("postmap -c s --lmdb-format {to} lmdb:s/virtual")).is(0, "", said);
        assert_eq!((format(&scratch, VIRTUAL).name(), format(&scratch, "s/other.lmdb").name()), (to, from));
        std::fs::remove_file(scratch.path("s/other.lmdb")).unwrap();
    }
}

/// It is answered from, and said that Postfix would not.
#[test]
fn a_file_that_the_system_does_not_open_is_told_of() {
    let scratch = site();
    scratch.run("postmap -c s --lmdb-format 1.0 lmdb:s/virtual").is(0, "", "");
    scratch.run("postmap -c s -q info@example.com lmdb:s/virtual").is(0, "bob@example.com\n", "");
    scratch.run("check --format concise --select MAP s").is(0, "nothing found\n", "");
    let words = "is in the format of LMDB 1.0 (data version 3), and the system's library reads that of LMDB 0.9 (data version 1)";
    let found = format!(
        "s/main.cf:4:22: warning[MAP019] lmdb:/etc/postfix/virtual: $DIR/s/virtual.lmdb {words}\n1 finding: 1 warning\n"
    );
    scratch.run("check --format concise --select MAP --lmdb-format 0.9 s").is(1, &found, "");
    scratch.run("check --format concise --select MAP --profile debian-14 s").is(1, &found, "");
    scratch.write("s/postwright.toml", "lmdb_format = '0.9'\n");
    scratch.run("check --format concise --select MAP s").is(1, &found, "");
    scratch.run("check --format concise --select MAP --lmdb-format 1.0 s").is(0, "nothing found\n", "");
    let told = format!(
        "postmap: warning: lmdb:s/virtual {words}: Postfix does not open it; make it anew, or use `postwright migrate lmdb`\n"
    );
    scratch.run("postmap -c s -q info@example.com lmdb:s/virtual").is(0, "bob@example.com\n", &told);
    scratch.run("postmap -c s -s lmdb:s/virtual").is(0, "info@example.com\tbob@example.com\n", &told);
    scratch.run("postmap -c s --lmdb-format 1.0 -s lmdb:s/virtual").is(0, "info@example.com\tbob@example.com\n", "");
    // Below a root it is the system's own.
    scratch.write("r/etc/postfix/main.cf", scratch.read("s/main.cf"));
    scratch.write("r/etc/postfix/virtual", scratch.read("s/virtual"));
    scratch.write("r/etc/postfix/virtual.lmdb", scratch.read("s/virtual.lmdb"));
    let outcome = scratch.run("check --format concise --select MAP019 --lmdb-format 0.9 --root r");
    assert!(outcome.stdout.contains(": error[MAP019] lmdb:/etc/postfix/virtual: "), "{}", outcome.stdout);
}
