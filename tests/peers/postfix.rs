//! A Postfix that is linked with LMDB 1.0: the oracle's, with another library in a copy of it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

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
    fs::create_dir_all(root.path().join("tmp/conf")).unwrap();
    fs::write(root.path().join("tmp/conf/main.cf"), MAIN).unwrap();
    root
}

const MAIN: &str = "compatibility_level = 3.11\ndefault_database_type = lmdb\n";

/// What a command printed: its result, else what it said.
type Said = (bool, Vec<u8>);

fn said(mut command: Command, input: &Path) -> Said {
    let input = if input.as_os_str().is_empty() { Stdio::null() } else { fs::File::open(input).unwrap().into() };
    let output = command.stdin(input).output().unwrap();
    (output.status.success(), if output.stdout.is_empty() { output.stderr } else { output.stdout })
}

/// Postfix's postmap in a root, with something on its standard input.
fn theirs(root: &Path, arguments: &[&str], input: &Path) -> Said {
    let mut command = Command::new("chroot");
    command.arg(root).args(["postmap", "-c", "/tmp/conf"]).args(arguments);
    said(command, input)
}

/// A directory with our indexes in a format, of every table in it that can be compiled.
fn built(format: Format, scratch: Scratch) -> (Scratch, Vec<String>) {
    scratch.write("conf/main.cf", MAIN);
    let mut names = scratch.names("");
    names.retain(|name| {
        let line = format!("postmap -c conf --lmdb-format {} lmdb:{name}", format.name());
        name != "conf" && !name.contains('.') && scratch.run(&line).status == 0
    });
    (scratch, names)
}

/// Copies the index of a table to where a Postfix sees it, and names the table there.
fn put(scratch: &Scratch, name: &str, root: &Path) -> String {
    fs::copy(scratch.path(&format!("{name}.lmdb")), root.join(format!("tmp/{name}.lmdb"))).unwrap();
    format!("lmdb:/tmp/{name}")
}

/// Every table of the corpus: listed, and asked for every key in it.
fn answers_from_the_corpus(format: Format, root: &Path) {
    let (scratch, names) = built(format, Scratch::copy_of(&support::fixture("postmap/tables")));
    assert!(names.len() > 25, "{names:?}");
    for name in &names {
        let table = put(&scratch, name, root);
        let ours = |arguments: &[&str], input: &Path| {
            let own = format!("lmdb:{name}");
            let line = [&["postmap", "-c", "conf"], arguments, &[&*own]].concat();
            said(scratch.command(&line), input)
        };
        let listed = ours(&["-s"], Path::new(""));
        assert_eq!(theirs(root, &["-s", &table], Path::new("")), listed, "{format}, {name}");
        let keys = scratch.path("conf/keys");
        let lines = listed.1.split(|&byte| byte == b'\n');
        let text: Vec<&[u8]> = lines.map(|line| line.split(|&byte| byte == b'\t').next().unwrap()).collect();
        fs::write(&keys, text.join(&b'\n')).unwrap();
        let asked = ours(&["-q", "-"], &keys);
        assert_eq!(theirs(root, &["-q", "-", &table], &keys), asked, "{format}, {name}");
    }
}

/// A large table and one with a long value: changed in place, and read by us.
fn changes_ours(format: Format, root: &Path) {
    let scratch = Scratch::example();
    let long = format!("long {}\nkey value\n{} x\n", "v".repeat(30_000), "k".repeat(format.longest_key() - 1));
    scratch.write("t/table", long);
    scratch
        .write("t/many", (0..50_000).map(|n| format!("user{n}@example.com box{n}@example.net\n")).collect::<String>());
    let (scratch, names) = built(format, Scratch::copy_of(&scratch.path("t")));
    assert_eq!(names, ["many", "table"]);
    for name in &names {
        let table = put(&scratch, name, root);
        assert_eq!(theirs(root, &["-d", "key", &table], Path::new("")).0, name == "table");
        let input = scratch.path("conf/input");
        fs::write(&input, "new entry\n").unwrap();
        assert_eq!(theirs(root, &["-i", &table], &input), (true, Vec::new()));
        let (_, listed) = theirs(root, &["-s", &table], Path::new(""));
        fs::copy(root.join(format!("tmp/{name}.lmdb")), scratch.path(&format!("{name}.lmdb"))).unwrap();
        let listed = String::from_utf8(listed).unwrap();
        scratch.run(&format!("postmap -c conf -s lmdb:{name}")).is(0, &listed, "");
        assert!(listed.contains("new\tentry\n") && !listed.contains("key\tvalue\n"));
    }
}

#[test]
fn it_reads_and_changes_ours_of_its_format_and_no_other() {
    let Some(oracle) = Oracle::find("peers") else { return };
    for format in Format::ALL {
        let root = linked_with(format, &oracle);
        answers_from_the_corpus(format, root.path());
        changes_ours(format, root.path());
        // What `explain MAP019` says that it says.
        let other = Format::ALL.into_iter().find(|&other| other != format).unwrap();
        let scratch = Scratch::example();
        scratch.write("t/one", "a b\n");
        let (scratch, _) = built(other, Scratch::copy_of(&scratch.path("t")));
        let table = put(&scratch, "one", root.path());
        let (read, told) = theirs(root.path(), &["-q", "a", &table], Path::new(""));
        let told = String::from_utf8(told).unwrap();
        assert!(!read && told.contains("MDB_INVALID: File is not an LMDB file"), "{told}");
    }
}
