//! Indexes whose keys Postfix does not find, or that are none of its tables: what `check` and `build` say and do.

use lmdb::{Environment, EnvironmentFlags, Transaction, WriteFlags};
use support::Scratch;

/// A site with one table, of two entries.
fn site() -> Scratch {
    let scratch = Scratch::example();
    scratch.write("s/main.cf", "compatibility_level = 3.11\nvirtual_alias_maps = lmdb:/etc/postfix/virtual\n");
    scratch.write("s/virtual", "Info@example.com bob@example.com\nsales@example.com bob@example.com\n");
    scratch
}

const CHECK: &str = "check --format concise --select MAP s";

/// Runs postmap on the table, with the entries of standard input.
fn postmap(scratch: &Scratch, options: &str, input: &str) {
    scratch.run_with_input(&format!("postmap -c s {options} lmdb:s/virtual"), input.as_bytes()).is(0, "", "");
}

fn build_mends(scratch: &Scratch) {
    let said = |word: &str| {
        format!("outside  lmdb:/etc/aliases          skipped: --all builds it\n{word}\n2 tables: 1 outside, 1 ")
    };
    scratch.run("build --check s").is(1, &(said("stale    lmdb:/etc/postfix/virtual") + "stale\n"), "");
    scratch.run("build s").is(0, &(said("built    lmdb:/etc/postfix/virtual  2 entries") + "built\n"), "");
    scratch.run(CHECK).is(0, "nothing found\n", "");
}

/// As postmap leaves it where the file outgrows `lmdb_map_size`.
#[test]
fn keys_as_they_were_written() {
    let scratch = site();
    postmap(&scratch, "-f", "");
    let found = "s/main.cf:2:22: error[MAP030] lmdb:/etc/postfix/virtual: $DIR/s/virtual.lmdb: 1 key is not in lower case and \
                 never found: Info@example.com\n1 finding: 1 error\n";
    scratch.run(CHECK).is(1, found, "");
    // What else the source says is another matter.
    scratch.write("s/virtual", "Info@example.com bob@example.com\n");
    let both = format!(
        "s/main.cf:2:22: info[MAP003] lmdb:/etc/postfix/virtual: $DIR/s/virtual.lmdb is not what its source says\n\
         {}2 findings: 1 error, 1 info\n",
        found.replace("1 finding: 1 error\n", "")
    );
    scratch.run(CHECK).is(1, &both, "");
    // No source, and yet the index is in use.
    std::fs::remove_file(scratch.path("s/virtual")).unwrap();
    scratch.run("check --format concise --select MAP030 s").is(1, found, "");
    scratch.write("s/virtual", "Info@example.com bob@example.com\nsales@example.com bob@example.com\n");
    build_mends(&scratch);
}

#[test]
fn keys_with_and_without_a_trailing_nul() {
    let scratch = site();
    postmap(&scratch, "-i", "info@example.com bob@example.com\n");
    postmap(&scratch, "-i -n", "sales@example.com bob@example.com\n");
    let found = "s/main.cf:2:22: warning[MAP003] lmdb:/etc/postfix/virtual: $DIR/s/virtual.lmdb has keys with a trailing NUL \
                 and keys without, 1 and 1\n1 finding: 1 warning\n";
    scratch.run(CHECK).is(1, found, "");
    build_mends(&scratch);
}

#[test]
fn a_file_of_named_databases() {
    let scratch = site();
    let path = scratch.path("s/virtual.lmdb");
    let mut builder = Environment::new();
    let environment = builder.set_flags(EnvironmentFlags::NO_SUB_DIR).set_max_dbs(2).open(&path).unwrap();
    for name in ["users", "groups"] {
        let database = environment.create_db(Some(name), lmdb::DatabaseFlags::empty()).unwrap();
        let mut transaction = environment.begin_rw_txn().unwrap();
        transaction.put(database, b"key", b"value", WriteFlags::empty()).unwrap();
        transaction.commit().unwrap();
    }
    drop(environment);
    let said = "s/main.cf:2:22: error[MAP004] lmdb:/etc/postfix/virtual: $DIR/s/virtual.lmdb: an LMDB file with named databases, \
                which is no table of Postfix's\n1 finding: 1 error\n";
    scratch.run(CHECK).is(1, said, "");
    let found = scratch.run("check --select MAP004 --color never s");
    assert!(found.stdout.contains("help: another program keeps its data there: name another file"), "{}", found.stdout);
}
