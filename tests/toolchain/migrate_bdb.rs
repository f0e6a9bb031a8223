//! `postwright migrate bdb` from end to end: its plan, what it changes, and the way back.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use support::{Scratch, fixture, pairs};

const MAIN: &str = "\
compatibility_level = 3.11
# hash: in a comment stays
virtual_alias_maps = hash:/etc/postfix/virtual,
# so does this one: hash:/etc/postfix/none
    proxy:btree:$config_directory/gone
db = hash
relay_domains = ${db}:/etc/postfix/relay, !inline:{a=hash:b}
alias_maps = hash:/etc/postfix/aliases, nis:mail.aliases
alias_database = $alias_maps
default_cache_db_type = lmdb
address_verify_map = btree:$data_directory/verify
postscreen_cache_map =
smtpd_banner = hash:/etc/postfix/banner
";

const MASTER: &str = "\
smtp inet n - n - - smtpd -o smtpd_client_restrictions=check_client_access,hash:/etc/postfix/clients
  -o { smtpd_helo_restrictions = check_helo_access hash:/etc/postfix/clients }
";

/// A site in `s` with tables of all sorts: with a source, and with a .db file alone.
fn site() -> Scratch {
    let scratch = Scratch::example();
    scratch.write("s/main.cf", MAIN);
    scratch.write("s/master.cf", MASTER);
    scratch.write("s/virtual", "info@example.com bob@example.com\nsales@example.com bob@example.com\n");
    scratch.write("s/aliases", "root: bob\n\"big boss\": alice\n");
    scratch.write("s/relay", "example.org x\n");
    scratch.write("s/clients", "192.0.2.1 OK\n");
    copy(&scratch, "btree-one", "s/gone.db");
    scratch.set_mode("s/gone.db", 0o640);
    scratch
}

/// Copies a file of Berkeley DB.
fn copy(scratch: &Scratch, name: &str, to: &str) {
    fs::copy(fixture(&format!("berkeley-db/{name}.db")), scratch.path(to)).unwrap();
}

/// All that is in a directory: kind, mode, owner, where a link leads, contents; without backups.
fn tree(path: &Path) -> BTreeMap<String, (u32, u32, u32, Vec<u8>)> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(path).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let status = entry.metadata().unwrap();
        let contents = if status.is_symlink() {
            fs::read_link(entry.path()).unwrap().into_os_string().into_encoded_bytes()
        } else if status.is_dir() {
            if name.starts_with("postwright-backup-") {
                continue;
            }
            for (inner, what) in tree(&entry.path()) {
                found.insert(format!("{name}/{inner}"), what);
            }
            Vec::new()
        } else {
            fs::read(entry.path()).unwrap()
        };
        found.insert(name, (status.mode(), status.uid(), status.gid(), contents));
    }
    found
}

/// A report without dates and owners.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("postwright-backup-") {
        out += before;
        out += "postwright-backup-DATE";
        rest = &behind["20260102-030405".len()..];
    }
    out += rest;
    let own = format!("{}:{} ", rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    out.replace(&own, "OWNER ")
}

const DIFF: &str = "\
--- s/main.cf
+++ s/main.cf
@@ -1,13 +1,13 @@
 compatibility_level = 3.11
 # hash: in a comment stays
-virtual_alias_maps = hash:/etc/postfix/virtual,
+virtual_alias_maps = lmdb:/etc/postfix/virtual,
 # so does this one: hash:/etc/postfix/none
-    proxy:btree:$config_directory/gone
-db = hash
+    proxy:lmdb:$config_directory/gone
+db = lmdb
 relay_domains = ${db}:/etc/postfix/relay, !inline:{a=hash:b}
-alias_maps = hash:/etc/postfix/aliases, nis:mail.aliases
+alias_maps = lmdb:/etc/postfix/aliases, nis:mail.aliases
 alias_database = $alias_maps
 default_cache_db_type = lmdb
-address_verify_map = btree:$data_directory/verify
+address_verify_map = $default_cache_db_type:$data_directory/verify
 postscreen_cache_map =
 smtpd_banner = hash:/etc/postfix/banner
--- s/master.cf
+++ s/master.cf
@@ -1,2 +1,2 @@
-smtp inet n - n - - smtpd -o smtpd_client_restrictions=check_client_access,hash:/etc/postfix/clients
-  -o { smtpd_helo_restrictions = check_helo_access hash:/etc/postfix/clients }
+smtp inet n - n - - smtpd -o smtpd_client_restrictions=check_client_access,lmdb:/etc/postfix/clients
+  -o { smtpd_helo_restrictions = check_helo_access lmdb:/etc/postfix/clients }
";

const TABLES: &str = "\
build     lmdb:/etc/postfix/aliases          postalias, from its source, 2 entries, OWNER 0644
build     lmdb:/etc/postfix/relay            postmap, from its source, 1 entry, OWNER 0644
build     lmdb:/etc/postfix/virtual          postmap, from its source, 2 entries, OWNER 0644
build     lmdb:/etc/postfix/gone             postmap, from gone.db alone, 1 entry, OWNER 0640; gone is written too
build     lmdb:/etc/postfix/clients          postmap, from its source, 1 entry, OWNER 0644
drop      btree:/var/lib/postfix/verify      a cache, which Postfix makes anew
comment   s/main.cf:4                        # so does this one: hash:/etc/postfix/none
";

#[test]
fn there_and_back() {
    let scratch = site();
    let before = tree(&scratch.path("s"));
    let plan = scratch.run("migrate bdb s");
    assert_eq!((plan.status, plan.stderr.as_str()), (0, ""));
    let told = "2 files and 5 tables to be changed to lmdb; nothing was: --yes does it\n";
    // The columns are as wide as the widest name.
    let narrow = |text: &str| text.lines().map(|line| format!("{}\n", squeezed(line))).collect::<String>();
    assert_eq!(narrow(&plain(&plan.stdout)), narrow(&format!("{DIFF}{TABLES}{told}")));
    assert!(tree(&scratch.path("s")) == before);

    let done = scratch.run("migrate bdb s --yes");
    assert_eq!((done.status, done.stderr.as_str()), (0, ""));
    let built = TABLES.replace("build ", "built ").replace("drop ", "dropped ");
    let told = "left      $DIR/s/gone.db\n2 files and 5 tables changed to lmdb; --rollback brings back what $DIR/s/postwright-backup-DATE keeps\n";
    assert_eq!(narrow(&plain(&done.stdout)), narrow(&format!("{DIFF}{built}{told}")));
    assert_eq!(scratch.entries("lmdb", "s/aliases"), pairs(&[("root", "bob"), ("big boss", "alice")]));
    assert_eq!(scratch.entries("lmdb", "s/gone"), pairs(&[("user@example.com", "mailbox")]));
    let gone = "# Made by postwright from gone.db, which had no source.\nuser@example.com\tmailbox\n";
    assert_eq!(String::from_utf8(scratch.read("s/gone")).unwrap(), gone);
    for name in ["s/gone", "s/gone.lmdb"] {
        assert_eq!(fs::metadata(scratch.path(name)).unwrap().mode() & 0o7777, 0o640, "{name}");
    }
    scratch.run("build --check s -q").is(0, "", "");

    let after = tree(&scratch.path("s"));
    scratch.run("migrate bdb s --yes").is(0, "nothing is to be changed to lmdb\n", "");
    assert!(tree(&scratch.path("s")) == after);

    let back = scratch.run("migrate bdb s --rollback");
    let told = "\
restored  master.cf
restored  main.cf
removed   clients.lmdb
removed   gone.lmdb
removed   gone
removed   virtual.lmdb
removed   relay.lmdb
removed   aliases.lmdb
8 of 8 brought back; --forget removes $DIR/s/postwright-backup-DATE
";
    assert_eq!((back.status, plain(&back.stdout).as_str()), (0, told));
    assert!(tree(&scratch.path("s")) == before);
    scratch.run("migrate bdb s --rollback").is(0, "nothing is to be brought back\n", "");
    let gone = scratch.run("migrate bdb s --forget");
    assert_eq!(plain(&gone.stdout), "removed   $DIR/s/postwright-backup-DATE\n");
    scratch.run("migrate bdb s --forget").is(0, "there are no backups\n", "");
}

fn squeezed(line: &str) -> String {
    match line.starts_with(['+', '-', ' ', '@']) {
        true => line.to_string(),
        false => line.split_whitespace().collect::<Vec<_>>().join(" "),
    }
}

/// The linter does the textual half, in all texts, also where a type comes out of a variable.
#[test]
fn check_writes_other_types() {
    let scratch = site();
    let told = scratch.run("check --unsafe-fixes -q --select MAP008 s");
    assert_eq!((told.status, told.stdout.as_str()), (0, ""));
    let by_linter = [scratch.read("s/main.cf"), scratch.read("s/master.cf")];
    scratch.write("s/main.cf", MAIN);
    scratch.write("s/master.cf", MASTER);
    assert_eq!(scratch.run("migrate bdb s --yes").status, 0);
    let by_migration = [scratch.read("s/main.cf"), scratch.read("s/master.cf")];
    // Of a cache it says nothing: daemons make it where they can.
    let cache = |text: &[u8]| String::from_utf8_lossy(text).replace("btree:$data", "$default_cache_db_type:$data");
    assert_eq!(by_linter.each_ref().map(|text| cache(text)), by_migration.each_ref().map(|text| cache(text)));
}

/// What no migration may change by itself is listed; the rest is done.
#[test]
fn what_is_for_a_person() {
    let scratch = Scratch::example();
    scratch.write(
        "r/etc/postfix/main.cf",
        "compatibility_level = 3.11\ndefault_cache_db_type = lmdb\nalias_maps =\nalias_database =\naddress_verify_map =\n\
         virtual_alias_maps = hash:/etc/postfix/virtual, hash:/etc/postfix/none\npostscreen_cache_map = memcache:/etc/postfix/mc.cf\n\
         multi_instance_directories = /etc/postfix-out /etc/nowhere\n",
    );
    scratch.write("r/etc/postfix/virtual", "a@example.com b\n");
    scratch.write("r/etc/postfix/access", "example.com check_client_access hash:/etc/postfix/virtual\n");
    scratch.write("r/etc/postfix/mc.cf", "backup = btree:/var/lib/postfix/screen\n");
    scratch.write("r/etc/postfix/old/other.cf", "x = a,\n  proxy:btree:/etc/y\n");
    scratch.write(
        "r/etc/postfix/Makefile",
        "# postmap hash:virtual\nall:\n\tpostmap hash:virtual\n\tpostmap lmdb:virtual\n",
    );
    scratch.write(
        "r/etc/postfix/set-up",
        "#!/bin/sh\npostconf -e alias_maps=x 'relay_domains = hash:/etc/postfix/relay'\n",
    );
    scratch.write("r/etc/cron.d/mail", "0 0 * * * root makemap hash /etc/mail/x </etc/mail/y\n");
    scratch.write("r/etc/postfix-out/main.cf", "relay_domains = hash:/etc/postfix/virtual\n");
    let plan = scratch.run("migrate bdb --root r");
    let decided: Vec<&str> = plan.stdout.lines().filter(|line| line.starts_with("decide")).collect();
    let squeezed: Vec<String> = decided.into_iter().map(squeezed).collect();
    let expected = [
        "decide lmdb:/etc/postfix/none there is neither a source nor none.db",
        "decide $DIR/r/etc/postfix-out this instance names 1 table: postwright migrate bdb $DIR/r/etc/postfix-out",
        "decide $DIR/r/etc/nowhere this instance cannot be read: No such file or directory",
        "decide $DIR/r/etc/postfix/Makefile:3 postmap hash:virtual",
        "decide $DIR/r/etc/postfix/access:1 example.com check_client_access hash:/etc/postfix/virtual",
        "decide $DIR/r/etc/postfix/old/other.cf:2 x names btree:/etc/y",
        "decide $DIR/r/etc/postfix/set-up:2 postconf -e alias_maps=x 'relay_domains = hash:/etc/postfix/relay'",
        "decide $DIR/r/etc/cron.d/mail:1 0 0 * * * root makemap hash /etc/mail/x </etc/mail/y",
    ];
    assert_eq!((plan.status, squeezed), (1, expected.map(str::to_string).to_vec()));
    assert_eq!(scratch.run("migrate bdb --root r --yes").status, 1);
    assert_eq!(scratch.read("r/etc/postfix/mc.cf"), b"backup = lmdb:/var/lib/postfix/screen\n");
    assert_eq!(scratch.read("r/etc/postfix-out/main.cf"), b"relay_domains = hash:/etc/postfix/virtual\n");
}

/// Nothing is changed as long as there is a table that cannot be read.
#[test]
fn a_table_that_cannot_be_read_stops_all() {
    let scratch = site();
    scratch.write("s/gone.db", "garbage");
    fs::remove_file(scratch.path("s/relay")).unwrap();
    fs::create_dir(scratch.path("s/relay")).unwrap();
    let before = tree(&scratch.path("s"));
    let told = scratch.run("migrate bdb s --yes -q");
    let squeezed: Vec<String> = told.stdout.lines().map(squeezed).collect();
    let expected = [
        "decide lmdb:/etc/postfix/relay $DIR/s/relay: Is a directory",
        "decide lmdb:/etc/postfix/gone $DIR/s/gone.db: not a usable Berkeley DB file: it is too short",
    ];
    assert_eq!((told.status, squeezed), (1, expected.map(str::to_string).to_vec()));
    assert!(tree(&scratch.path("s")) == before);
}

/// What somebody wrote into a configuration since is not lost.
#[test]
fn what_was_changed_since_is_not_rolled_back() {
    let scratch = site();
    assert_eq!(scratch.run("migrate bdb s --yes -q").status, 0);
    scratch.edit("s/main.cf", "smtpd_banner = ", "smtpd_banner = mail ");
    let before = tree(&scratch.path("s"));
    let back = scratch.run("migrate bdb s --rollback -q");
    let told =
        "decide    main.cf       it was changed since; what it was before is $DIR/s/postwright-backup-DATE/7-main.cf\n";
    assert_eq!((back.status, plain(&back.stdout).as_str()), (1, told));
    assert!(tree(&scratch.path("s")) == before);
    scratch.edit("s/main.cf", "smtpd_banner = mail ", "smtpd_banner = ");
    assert_eq!(scratch.run("migrate bdb s --rollback -q").status, 0);
    assert_eq!(scratch.read("s/main.cf"), MAIN.as_bytes());
}

#[test]
fn the_type_is_that_of_the_package_or_the_one_that_is_asked_for() {
    let cases = [
        ("", "lmdb:/etc/postfix/virtual"),
        (" --profile debian-14", "cdb:/etc/postfix/virtual"),
        (" --profile debian-14 --to lmdb", "lmdb:/etc/postfix/virtual"),
        (" --to cdb", "cdb:/etc/postfix/virtual"),
        (" --style variable", "$default_database_type:/etc/postfix/virtual"),
        (" --profile debian-12 --style variable", "$default_database_type:/etc/postfix/virtual"),
    ];
    for (options, expected) in cases {
        let scratch = site();
        assert_eq!(scratch.run(&format!("migrate bdb s --yes -q{options}")).status, 0, "{options}");
        let main = String::from_utf8(scratch.read("s/main.cf")).unwrap();
        assert!(main.contains(&format!("virtual_alias_maps = {expected},")), "{options}: {main}");
        // Debian 12 has hash: by default, which is written out.
        assert_eq!(
            main.contains("\ndefault_database_type = lmdb\n"),
            options.contains("debian-12"),
            "{options}: {main}"
        );
        assert_eq!(
            scratch
                .run(&format!(
                    "build --check s -q{}",
                    options.split(" --style").next().unwrap().replace(" --to cdb", "").replace(" --to lmdb", "")
                ))
                .status,
            0,
            "{options}"
        );
    }
    let scratch = site();
    let told = "postwright: default_database_type is lmdb and is what --style variable writes: set it to cdb first, or leave --to\n";
    scratch.run("migrate bdb s --style variable --to cdb").is(2, "", told);
}

/// Who may not write there is told, and all stays as it was.
#[test]
fn a_directory_that_may_not_be_written_to_is_left_alone() {
    let scratch = site();
    scratch.set_mode("s", 0o555);
    scratch.set_mode("s/gone.db", 0o644);
    let before = tree(&scratch.path("s"));
    assert_eq!(scratch.run_as_nobody(&["migrate", "bdb", "s"]).status, 0);
    let told = scratch.run_as_nobody(&["migrate", "bdb", "s", "--yes"]);
    let words = "postwright: $DIR/s/postwright-backup-DATE: Permission denied; all is as it was\n";
    assert_eq!((told.status, told.stdout.as_str(), plain(&told.stderr).as_str()), (2, "", words));
    assert!(tree(&scratch.path("s")) == before);
}

/// An index that another instance has come to use stays until that is taken back.
#[test]
fn what_another_instance_uses_does_not_go() {
    let scratch = Scratch::example();
    let main = "compatibility_level = 3.11\nalias_maps =\nalias_database =\naddress_verify_map =\npostscreen_cache_map =\n\
                default_cache_db_type = lmdb\nvirtual_alias_maps = hash:/etc/postfix/virtual\n";
    scratch.write("r/etc/postfix/main.cf", format!("{main}multi_instance_directories = /etc/postfix-out\n"));
    scratch.write("r/etc/postfix-out/main.cf", main);
    scratch.write("r/etc/postfix/virtual", "a@example.com b\n");
    let trees = || ["r/etc/postfix", "r/etc/postfix-out"].map(|name| tree(&scratch.path(name)));
    let before = trees();
    let first = |options: &str| scratch.run(&format!("migrate bdb --root r {options}"));
    let second = |options: &str| scratch.run(&format!("migrate bdb --all --root r -c r/etc/postfix-out {options}"));
    assert_eq!(first("--yes -q").status, 1);
    let done = second("--yes");
    assert!(done.stdout.contains("its index holds what it should"), "{done:?}");
    let told = "postwright: lmdb:/etc/postfix/virtual would go, and $DIR/r/etc/postfix-out names it: take that back first, \
                by postwright migrate bdb $DIR/r/etc/postfix-out --rollback\n";
    first("--rollback").is(2, "", told);
    assert_eq!(second("--rollback -q").status, 0);
    assert_eq!(first("--rollback -q").status, 0);
    assert!(trees() == before);
}
