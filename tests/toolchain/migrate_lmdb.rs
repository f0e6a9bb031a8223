//! `postwright migrate lmdb` from end to end: its plan, what it changes, and the way back.

use postwright::maps::lmdb::{Format, format_of};
use std::fs::{self, File};
use support::Scratch;

/// A site with two tables, one of them with its source, and two caches below a root; all of LMDB 0.9 but what is not
/// there.
fn site() -> Scratch {
    let scratch = Scratch::example();
    scratch.write(
        "r/etc/postfix/main.cf",
        "compatibility_level = 3.11\ndata_directory = /var/lib/postfix\nalias_maps =\nalias_database =\n\
         virtual_alias_maps = lmdb:/etc/postfix/virtual\ntransport_maps = lmdb:/etc/postfix/transport, lmdb:/etc/postfix/none\n\
         address_verify_map = lmdb:$data_directory/verify\npostscreen_cache_map = lmdb:$data_directory/postscreen\n",
    );
    scratch.write("r/etc/postfix/virtual", "info@example.com bob@example.com\nsales@example.com bob@example.com\n");
    scratch.write("r/etc/postfix/transport", "example.com smtp:[192.0.2.1]\n");
    scratch.write("r/var/lib/postfix/verify", "a b\n");
    scratch.write("r/var/lib/postfix/postscreen", "a b\n");
    for name in ["etc/postfix/virtual", "etc/postfix/transport", "var/lib/postfix/verify", "var/lib/postfix/postscreen"]
    {
        scratch.run(&format!("postmap -c r/etc/postfix lmdb:r/{name}")).is(0, "", "");
    }
    fs::remove_file(scratch.path("r/etc/postfix/virtual")).unwrap();
    for name in ["verify", "postscreen"] {
        fs::remove_file(scratch.path(&format!("r/var/lib/postfix/{name}"))).unwrap();
    }
    scratch
}

fn format(scratch: &Scratch, name: &str) -> Format {
    format_of(&File::open(scratch.path(name)).unwrap()).unwrap()
}

const VIRTUAL: &str = "r/etc/postfix/virtual.lmdb";

const PLAN: &str = "\
delete    lmdb:/var/lib/postfix/verify      a cache of LMDB 0.9, which Postfix makes anew
convert   lmdb:/etc/postfix/transport       1 entry, from LMDB 0.9
skip      lmdb:/etc/postfix/none            there is no index
delete    lmdb:/var/lib/postfix/postscreen  a cache of LMDB 0.9, which Postfix makes anew
convert   lmdb:/etc/postfix/virtual         2 entries, from LMDB 0.9
4 of 5 to be changed for LMDB 1.0; nothing was: --yes does it
";

const DONE: &str = "\
deleted   lmdb:/var/lib/postfix/verify      a cache of LMDB 0.9, which Postfix makes anew; the old file is verify.lmdb.before-migration
converted lmdb:/etc/postfix/transport       1 entry, from LMDB 0.9; the old file is transport.lmdb.before-migration
skip      lmdb:/etc/postfix/none            there is no index
deleted   lmdb:/var/lib/postfix/postscreen  a cache of LMDB 0.9, which Postfix makes anew; the old file is postscreen.lmdb.before-migration
converted lmdb:/etc/postfix/virtual         2 entries, from LMDB 0.9; the old file is virtual.lmdb.before-migration
4 of 5 changed for LMDB 1.0
";

const BACK: &str = "\
restored  /etc/postfix/virtual.lmdb
restored  /var/lib/postfix/postscreen.lmdb
restored  /etc/postfix/transport.lmdb
restored  /var/lib/postfix/verify.lmdb
4 of 4 brought back
";

/// All files below the root, with what is in them.
fn all(scratch: &Scratch) -> Vec<(String, Vec<u8>)> {
    let below = |directory: &str| {
        let names = scratch.names(directory).into_iter().map(|name| format!("{directory}/{name}"));
        names.map(|name| (name.clone(), scratch.read(&name))).collect::<Vec<_>>()
    };
    [below("r/etc/postfix"), below("r/var/lib/postfix")].concat()
}

#[test]
fn there_and_back() {
    let scratch = site();
    scratch.set_mode(VIRTUAL, 0o640);
    let before = all(&scratch);
    scratch.run("migrate lmdb --root r --to 1.0").is(0, PLAN, "");
    assert!(all(&scratch) == before);
    scratch.run("migrate lmdb --root r --to 1.0 --yes").is(0, DONE, "");
    assert_eq!(format(&scratch, VIRTUAL), Format::V1_0);
    let listed = "info@example.com\tbob@example.com\nsales@example.com\tbob@example.com\n";
    scratch.run("postmap -c r/etc/postfix -s lmdb:r/etc/postfix/virtual").is(0, listed, "");
    let mode = std::os::unix::fs::MetadataExt::mode(&fs::metadata(scratch.path(VIRTUAL)).unwrap());
    assert_eq!(mode & 0o7777, 0o640);
    assert_eq!(
        scratch.names("r/var/lib/postfix"),
        ["postscreen.lmdb.before-migration", "verify.lmdb.before-migration"]
    );
    let again = scratch.run("migrate lmdb --root r --to 1.0 --yes");
    let nothing = "\
skip      lmdb:/var/lib/postfix/verify      there is no index
skip      lmdb:/etc/postfix/transport       of LMDB 1.0 already
skip      lmdb:/etc/postfix/none            there is no index
skip      lmdb:/var/lib/postfix/postscreen  there is no index
skip      lmdb:/etc/postfix/virtual         of LMDB 1.0 already
nothing is to be changed for LMDB 1.0
";
    again.is(0, nothing, "");
    scratch.run("migrate lmdb --root r --rollback").is(0, BACK, "");
    assert!(all(&scratch) == before);
    scratch.run("migrate lmdb --root r --rollback").is(0, "nothing is to be brought back\n", "");
}

/// Twice, and the second from what the first made.
#[test]
fn all_of_it_is_rolled_back() {
    let scratch = site();
    let before = all(&scratch);
    assert_eq!(scratch.run("migrate lmdb --root r --to 1.0 --yes").status, 0);
    assert_eq!(scratch.run("migrate lmdb --root r --to 0.9 --yes").status, 0);
    assert_eq!(format(&scratch, VIRTUAL), Format::V0_9);
    assert!(scratch.names("r/etc/postfix").contains(&"virtual.lmdb.before-migration.2".to_string()));
    let back = scratch.run("migrate lmdb --root r --rollback");
    assert_eq!((back.status, back.stdout.lines().last()), (0, Some("6 of 6 brought back")));
    assert!(all(&scratch) == before);
}

/// Somebody changed one table, and a daemon made a cache anew.
#[test]
fn what_was_changed_since_stays() {
    let scratch = site();
    let cache = scratch.read("r/var/lib/postfix/verify.lmdb");
    assert_eq!(scratch.run("migrate lmdb --root r --to 1.0 --yes").status, 0);
    scratch.run_with_input("postmap -c r/etc/postfix -i lmdb:r/etc/postfix/virtual", b"new one\n").is(0, "", "");
    scratch.run_with_input("postmap -c r/etc/postfix -i lmdb:r/var/lib/postfix/verify", b"new one\n").is(0, "", "");
    let told = BACK
        .replace(
            "restored  /etc/postfix/virtual.lmdb\n",
            "decide    /etc/postfix/virtual.lmdb         it was changed since, and stays; what it was before is \
             /etc/postfix/virtual.lmdb.before-migration: put it in place or remove it\n",
        )
        .replace("4 of 4", "3 of 4");
    scratch.run("migrate lmdb --root r --rollback").is(1, &told, "");
    assert_eq!(format(&scratch, VIRTUAL), Format::V1_0);
    assert!(scratch.read("r/var/lib/postfix/verify.lmdb") == cache);
    // The decision: the old one.
    fs::copy(scratch.path(&format!("{VIRTUAL}.before-migration")), scratch.path(VIRTUAL)).unwrap();
    let told = "unchanged /etc/postfix/virtual.lmdb\n0 of 1 brought back\n";
    scratch.run("migrate lmdb --root r --rollback").is(0, told, "");
    assert!(!scratch.names("r/etc/postfix").iter().any(|name| name.contains("migration")));
}

#[test]
fn what_somebody_must_decide() {
    let scratch = site();
    let long = format!("{} x\n", "k".repeat(600));
    assert_eq!(scratch.run("migrate lmdb --root r --to 1.0 --yes").status, 0);
    scratch.run_with_input("postmap -c r/etc/postfix -i lmdb:r/etc/postfix/virtual", long.as_bytes()).is(0, "", "");
    let sound = scratch.read("r/etc/postfix/transport.lmdb");
    scratch.write("r/etc/postfix/transport.lmdb", &sound[..sound.len() - 1000]);
    let before = all(&scratch);
    let told = "\
decide    lmdb:/etc/postfix/transport       damaged LMDB file: page 2: the file ends before it does: build it from its source, or remove it
decide    lmdb:/etc/postfix/virtual         a key has 601 bytes and LMDB 0.9 takes at most 511
";
    scratch.run("migrate lmdb --root r --to 0.9 --yes -q").is(1, told, "");
    assert!(all(&scratch) == before);
}

#[test]
fn to_which_format_must_be_told() {
    let scratch = site();
    let told = "postwright: neither postwright.toml nor the profile tells which LMDB the system reads: say --to 0.9 or --to 1.0\n";
    scratch.run("migrate lmdb --root r").is(2, "", told);
    scratch.run("migrate lmdb --root r --profile gentoo-testing").is(0, PLAN, "");
    scratch.write("r/etc/postfix/postwright.toml", "lmdb_format = '1.0'\n");
    scratch.run("migrate lmdb --root r").is(0, PLAN, "");
    let plan = scratch.run("migrate lmdb --root r --to 0.9");
    assert_eq!((plan.status, plan.stdout.lines().last()), (0, Some("nothing is to be changed for LMDB 0.9")));
    let both = scratch.run("migrate lmdb --root r --to 0.9 --rollback");
    assert_eq!(both.status, 2);
    assert!(both.stderr.contains("the argument '--to <SERIES>' cannot be used with '--rollback'"), "{}", both.stderr);
}

/// Of a directory alone only what lies in it is changed.
#[test]
fn what_lies_elsewhere_is_left() {
    let scratch = site();
    let there = scratch.path("r/etc/postfix");
    scratch.edit("r/etc/postfix/main.cf", "lmdb:$data_directory", &format!("lmdb:{}", scratch.path("r/var").display()));
    fs::rename(scratch.path("r/var/lib/postfix/verify.lmdb"), scratch.path("r/var/verify.lmdb")).unwrap();
    let line = ["migrate", "lmdb", there.to_str().unwrap(), "--to", "1.0", "--format", "json"];
    let plan: serde_json::Value = serde_json::from_str(&scratch.outcome(&mut scratch.command(&line)).stdout).unwrap();
    assert_eq!((&plan["version"], &plan["to"], &plan["done"]), (&1.into(), &"1.0".into(), &false.into()));
    let tables = plan["tables"].as_array().unwrap().iter();
    let shown = tables.map(|table| {
        let text = |name: &str| table[name].as_str().unwrap_or("-").to_string();
        let file = text("index").rsplit('/').next().unwrap().to_string();
        [file, text("action"), text("from"), text("reason"), table["entries"].to_string()].join(" ")
    });
    let expected = [
        "verify.lmdb skip - outside null",
        "transport.lmdb convert 0.9 - 1",
        "none.lmdb skip - missing null",
        "postscreen.lmdb skip - outside null",
        "virtual.lmdb convert 0.9 - 2",
    ];
    assert_eq!(shown.collect::<Vec<_>>(), expected);
    let all = scratch.run(&format!("migrate lmdb {} --to 1.0 --all", there.display()));
    assert!(
        all.stdout.contains("/r/var/verify      a cache of LMDB 0.9, which Postfix makes anew\n"),
        "{}",
        all.stdout
    );
}

/// A directory in which nothing can be written stops the table, and the others go on.
#[test]
fn a_table_that_cannot_be_written_stays() {
    if rustix::process::geteuid().is_root() {
        println!("skipped: root may write everywhere");
        return;
    }
    let scratch = site();
    scratch.set_mode("r/var/lib/postfix", 0o555);
    let outcome = scratch.run("migrate lmdb --root r --to 1.0 --yes");
    scratch.set_mode("r/var/lib/postfix", 0o755);
    assert_eq!(outcome.status, 1);
    assert!(outcome.stdout.contains("Permission denied; it stays as it was"), "{}", outcome.stdout);
}
