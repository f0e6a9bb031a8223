//! `postwright migrate bdb` killed at any moment, and on a full disk: afterwards all is old, or all is new.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;
use support::{Random, Scratch, fixture};

/// How often it is killed.
const KILLS: usize = 30;

/// A site in which much is to be changed: tables with and without a source, an index that is there already, other
/// texts.
fn site() -> Scratch {
    let scratch = Scratch::example();
    let mut main = "compatibility_level = 3.11\ndefault_cache_db_type = lmdb\nalias_maps = hash:/etc/postfix/aliases\n\
                    alias_database =\naddress_verify_map = btree:$data_directory/verify\npostscreen_cache_map =\n\
                    relay_domains = /etc/postfix/relayed\nvirtual_alias_maps ="
        .to_string();
    for number in 0..6 {
        main += &format!("\n  hash:/etc/postfix/table{number}");
        let entry = |n: usize| format!("user{n}@example.com box{n}.{number}\n");
        scratch.write(&format!("s/table{number}"), (0..500).map(entry).collect::<String>());
    }
    for (name, file) in [("gone", "btree-thousand"), ("lost", "hash-thousand")] {
        main += &format!(" btree:/etc/postfix/{name}");
        fs::copy(fixture(&format!("berkeley-db/{file}.db")), scratch.path(&format!("s/{name}.db"))).unwrap();
    }
    scratch.write("s/main.cf", main + "\n");
    scratch.write(
        "s/master.cf",
        "smtp inet n - n - - smtpd -o smtpd_client_restrictions=check_client_access,hash:/etc/postfix/table0\n",
    );
    scratch.write("s/aliases", "root: bob\n");
    scratch.write("s/relayed", "example.org\n# hash:/x\nhash:/etc/postfix/table1\n");
    scratch.run("postmap -c s lmdb:s/table3").is(0, "", "");
    scratch.write("s/table3", "user@example.com other\n");
    // Elsewhere: what names a table below the directory is told of, and left to a person.
    fs::hard_link(scratch.path("s/main.cf"), scratch.path("main.second")).unwrap();
    scratch
}

type Tree = BTreeMap<String, (u32, u64, Vec<u8>)>;

/// All that is in the directory: kind and mode, how many names, contents. Backups of what is done do not count.
fn tree(path: &Path) -> Tree {
    let mut found = Tree::new();
    for entry in fs::read_dir(path).unwrap() {
        let entry = entry.unwrap();
        let (name, status) = (entry.file_name().into_string().unwrap(), entry.metadata().unwrap());
        if !name.starts_with("postwright-backup-") {
            // Aliases have the time in them.
            let contents = if name == "aliases.lmdb" { Vec::new() } else { fs::read(entry.path()).unwrap() };
            found.insert(name, (status.mode(), status.nlink(), contents));
        }
    }
    found
}

fn backups(scratch: &Scratch) -> usize {
    scratch.names("s").iter().filter(|name| name.starts_with("postwright-backup-")).count()
}

#[test]
fn a_killed_migration_is_undone_or_done_by_the_next_run() {
    let scratch = site();
    let old = tree(&scratch.path("s"));
    let started = Instant::now();
    assert_eq!(scratch.run("migrate bdb s --yes").status, 0);
    let whole = started.elapsed();
    let kept = tree(&scratch.path("s"));
    assert_eq!(scratch.run("migrate bdb s --forget").status, 0);
    // The second name of the old main.cf is its only one then.
    let new = tree(&scratch.path("s"));
    let mut random = Random(u64::from(whole.subsec_nanos()));
    let mut halfway = 0;
    for kill in 0..KILLS {
        let scratch = site();
        let mut child = scratch.command(&["migrate", "bdb", "s", "--yes"]);
        let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(whole.mul_f64(random.below(1000) as f64 / 1000.0));
        // SIGKILL; it may have ended before.
        let _ = child.kill();
        let is_done = child.wait().unwrap().success();
        let now = tree(&scratch.path("s"));
        halfway += usize::from(now != old && !is_done);
        if kill % 2 == 0 {
            let back = scratch.run("migrate bdb s --rollback");
            assert_eq!(back.status, 0, "{back:?}");
            let now = tree(&scratch.path("s"));
            assert!(now == old, "killed, rolled back, and not as it was: {:?}", differing(&now, &old));
        } else {
            assert_eq!(scratch.run("migrate bdb s --yes -q").status, 0);
            let now = tree(&scratch.path("s"));
            assert!(now == kept || now == new, "killed, run again, and not done: {:?}", differing(&now, &kept));
            assert_eq!(backups(&scratch), 1);
            assert_eq!(scratch.run("migrate bdb s --rollback").status, 0);
            assert!(tree(&scratch.path("s")) == old, "killed, run again, rolled back, and not as it was");
        }
    }
    assert!(halfway > 0, "it was never killed halfway: this test proves nothing");
}

fn differing(now: &Tree, wanted: &Tree) -> Vec<String> {
    let names = now.keys().chain(wanted.keys()).filter(|name| now.get(*name) != wanted.get(*name));
    names
        .map(|name| format!("{name} {:?}", now.get(name).map(|(mode, names, bytes)| (mode, names, bytes.len()))))
        .collect()
}

/// Mounts a small file system where nobody else sees it and runs a migration there. Arguments: directory, size,
/// program.
const ON_A_SMALL_DISK: &str = r#"
mount -t tmpfs -o "size=$2" tmpfs "$1/disk" || exit 99
cp -a "$1/s" "$1/disk/s"
cd "$1/disk"
"$3" migrate bdb s --yes -q 2>&1
echo "status $?"
ls -A s
diff -r s "$1/s" && echo same
"#;

#[test]
fn a_full_disk_leaves_all_as_it_was() {
    let namespace = if rustix::process::geteuid().is_root() { &["-m"][..] } else { &["-r", "-m"] };
    let scratch = site();
    fs::create_dir(scratch.path("disk")).unwrap();
    let used: u64 =
        tree(&scratch.path("s")).values().map(|(_, _, bytes)| (bytes.len() as u64).div_ceil(4096) * 4096).sum();
    let mut failures = 0;
    let mut is_done = false;
    // A little more each time, until it fits.
    for room in (1..200).map(|pages| pages * 32 * 1024) {
        let mut command = Command::new("unshare");
        command.args(namespace).args(["sh", "-c", ON_A_SMALL_DISK, "sh"]);
        command.arg(scratch.path("")).arg((used + room).to_string()).arg(env!("CARGO_BIN_EXE_postwright"));
        let Ok(output) = command.env("LC_ALL", "C").output() else {
            println!("skipped: a full disk needs unshare");
            return;
        };
        let stdout = String::from_utf8(output.stdout).unwrap();
        if !stdout.contains("status ") {
            println!("skipped: no private mount here: {}", String::from_utf8_lossy(&output.stderr));
            return;
        }
        if stdout.contains("status 0") {
            is_done = true;
            break;
        }
        failures += 1;
        assert!(stdout.contains("No space left on device; all is as it was\nstatus 2\n"), "{room}: {stdout}");
        assert!(stdout.ends_with("same\n"), "{room}: {stdout}");
    }
    assert!(is_done && failures > 3, "{failures} failures");
}
