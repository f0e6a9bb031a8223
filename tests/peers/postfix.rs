//! A Postfix that is linked with LMDB 1.0: the oracle's, with another library in a copy of it.

use std::fs;
use std::path::Path;
use std::process::Command;

use postwright::maps::lmdb::Format;
use support::{Oracle, Scratch};

use crate::library::{run, sources};

/// A copy of the oracle's root in which liblmdb is that of a format.
fn linked_with(format: Format, oracle: &Oracle) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    run(Command::new("cp").args(["-a", "--reflink=auto"]).arg(oracle.root().join(".")).arg(root.path()));
    let library = fs::read_dir(root.path().join("usr/lib/x86_64-linux-gnu"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.file_name().unwrap().to_str().unwrap().starts_with("liblmdb.so"))
        .unwrap();
    let library = fs::canonicalize(library).unwrap();
    let source = sources(format);
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O2", "-w", "-pthread", "-Wl,-soname,liblmdb.so.0", "-o"]).arg(&library);
    run(compiler.arg(source.join("mdb.c")).arg(source.join("midl.c")));
    root
}

fn postmap(root: &Path, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new("chroot");
    let output = command.arg(root).args(["postmap", "-c", "/tmp/conf"]).args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.success(), if output.stdout.is_empty() { said } else { String::from_utf8(output.stdout).unwrap() })
}

#[test]
fn it_reads_and_changes_ours_and_no_other() {
    let Some(oracle) = Oracle::find("peers") else { return };
    for format in Format::ALL {
        let root = linked_with(format, &oracle);
        let scratch = Scratch::copy_of(&support::fixture("postmap/tables"));
        scratch.write("conf/main.cf", "compatibility_level = 3.11\ndefault_database_type = lmdb\n");
        let long = format!("long {}\nkey value\n{} x\n", "v".repeat(30_000), "k".repeat(500));
        scratch.write("table", long);
        let many: String = (0..50_000).map(|n| format!("user{n}@example.com mailbox{n}@example.net\n")).collect();
        scratch.write("many", many);
        for name in ["table", "many"] {
            for made in Format::ALL {
                let line = format!("postmap -c conf --lmdb-format {} lmdb:{name}", made.name());
                scratch.run(&line).is(0, "", "");
                let there = root.path().join("tmp").join(name);
                fs::copy(scratch.path(&format!("{name}.lmdb")), there.with_extension("lmdb")).unwrap();
                fs::create_dir_all(root.path().join("tmp/conf")).unwrap();
                fs::copy(scratch.path("conf/main.cf"), root.path().join("tmp/conf/main.cf")).unwrap();
                let table = format!("lmdb:/tmp/{name}");
                let (read, listed) = postmap(root.path(), &["-s", &table]);
                if made != format {
                    assert!(!read && listed.contains("MDB_"), "{format} reads {made}: {listed}");
                    continue;
                }
                let ours = scratch.run(&format!("postmap -c conf -s lmdb:{name}"));
                assert_eq!((read, listed), (true, ours.stdout), "{name}");
                // Changed in place by it, and read by us.
                assert_eq!(postmap(root.path(), &["-d", "key", &table]).0, name == "table");
                assert_eq!(postmap(root.path(), &["-q", "new", &table]), (false, String::new()));
                let input = scratch.path("input");
                fs::write(&input, "new entry\n").unwrap();
                let mut insert = Command::new("chroot");
                insert.arg(root.path()).args(["postmap", "-c", "/tmp/conf", "-i", &table]);
                run(insert.stdin(fs::File::open(input).unwrap()));
                let (_, listed) = postmap(root.path(), &["-s", &table]);
                fs::copy(there.with_extension("lmdb"), scratch.path(&format!("{name}.lmdb"))).unwrap();
                scratch.run(&format!("postmap -c conf -s lmdb:{name}")).is(0, &listed, "");
                assert!(listed.contains("new\tentry\n") && !listed.contains("key\tvalue\n"));
            }
        }
    }
}
