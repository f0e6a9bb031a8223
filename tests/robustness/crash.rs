//! What `postwright build` leaves behind when it cannot finish: killed at any moment, or on a full disk.
//!
//! Readers then still find the old index, to the byte, or the new one, whole; a temporary file that a killed build left
//! goes with the next one.

use std::fmt::Write as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use support::Random;
use support::{Pairs, Scratch};

const ENTRIES: usize = 200_000;

/// A table whose values tell its version.
fn table(version: &str) -> String {
    let mut numbers: Vec<usize> = (0..ENTRIES).collect();
    Random(ENTRIES as u64).shuffle(&mut numbers);
    let mut text = String::new();
    for number in numbers {
        writeln!(text, "user{number:06}@example.com box{number}.{version}@example.net").unwrap();
    }
    text
}

fn stored(version: &str) -> Pairs {
    let pair = |number| (format!("user{number:06}@example.com"), format!("box{number}.{version}@example.net"));
    (0..ENTRIES).map(pair).map(|(key, value)| (key.into_bytes(), value.into_bytes())).collect()
}

fn start(scratch: &Scratch) -> Child {
    scratch.command(&["build", "site"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// When a build is killed.
enum Moment {
    /// So long after its start.
    After(Duration),
    /// So long after its temporary file was there.
    IntoWriting(Duration),
}

/// The names beside what a build leaves when all went well.
fn left_over(scratch: &Scratch, usual: &[String]) -> Vec<String> {
    scratch.names("site").into_iter().filter(|name| !usual.contains(name)).collect()
}

#[test]
fn a_killed_build_leaves_the_old_index_or_the_new_one() {
    for (map_type, index) in [("lmdb", "site/virtual.lmdb"), ("cdb", "site/virtual.cdb")] {
        let scratch = Scratch::example();
        if map_type == "cdb" {
            scratch.edit("site/main.cf", "${default_database_type}:/etc/postfix/virtual", "cdb:/etc/postfix/virtual");
        }
        scratch.write("site/virtual", table("old"));
        assert_eq!(scratch.run("build site").status, 0);
        let (old, usual) = (scratch.read(index), scratch.names("site"));
        scratch.write("site/virtual", table("new"));
        let new = stored("new");

        // How long it takes here, undisturbed.
        let started = Instant::now();
        assert!(start(&scratch).wait().unwrap().success());
        let whole = started.elapsed();
        assert_eq!(scratch.entries(map_type, "site/virtual"), new);

        let mut random = Random(whole.subsec_nanos().into());
        let mut part = |of: Duration| of.mul_f64(random.below(1000) as f64 / 1000.0);
        let mut moments: Vec<Moment> = (0..5).map(|_| Moment::After(part(whole.mul_f64(1.1)))).collect();
        moments.push(Moment::IntoWriting(Duration::ZERO));
        moments.extend((0..4).map(|_| Moment::IntoWriting(part(whole / 3))));
        let mut temporaries = 0;
        for moment in moments {
            scratch.write(index, &old);
            let mut child = start(&scratch);
            match moment {
                Moment::After(time) => std::thread::sleep(time),
                Moment::IntoWriting(time) => {
                    while left_over(&scratch, &usual).is_empty() && child.try_wait().unwrap().is_none() {}
                    std::thread::sleep(time);
                }
            }
            // SIGKILL; it may have ended before.
            let _ = child.kill();
            child.wait().unwrap();
            let is_old = scratch.read(index) == old;
            assert!(
                is_old || scratch.entries(map_type, "site/virtual") == new,
                "neither the old index nor the new one"
            );
            for name in left_over(&scratch, &usual) {
                let ours = format!(".virtual.{map_type}.postwright.{}.", child.id());
                let number = name.strip_prefix(&ours).and_then(|number| number.parse::<u32>().ok());
                assert!(is_old && number.is_some(), "{name} was left");
                temporaries += 1;
            }
            assert_eq!(scratch.run("build -q site").status, 0);
            assert_eq!(scratch.entries(map_type, "site/virtual"), new);
            // A build that had nothing to write had nothing to remove either.
            if is_old {
                assert_eq!(left_over(&scratch, &usual), [""; 0], "the next build did not remove it");
            }
        }
        assert!(temporaries > 0, "no build was killed while it wrote: this test proves nothing");
    }
}

/// Mounts a small file system where nobody else sees it, runs a build on it and shows what is left. Arguments:
/// directory, size, program, big source, index.
const ON_A_SMALL_DISK: &str = r#"
mount -t tmpfs -o "size=$2" tmpfs "$1/disk" || exit 99
cp -R "$1/site" "$1/disk/site"
cp "$4" "$1/disk/site/virtual"
cd "$1/disk"
"$3" build site 2>&1
echo "status $?"
ls -A site
cmp -s "site/$5" "$1/site/$5" && echo same
"#;

#[test]
fn a_full_disk_keeps_the_old_index() {
    let namespace = if rustix::process::geteuid().is_root() { &["-m"][..] } else { &["-r", "-m"] };
    for map_type in ["lmdb", "cdb"] {
        let scratch = Scratch::example();
        scratch.edit(
            "site/main.cf",
            "${default_database_type}:/etc/postfix/virtual",
            &format!("{map_type}:/etc/postfix/virtual"),
        );
        assert_eq!(scratch.run("build site").status, 0);
        let source = table("new");
        scratch.write("big", &source);
        std::fs::create_dir(scratch.path("disk")).unwrap();
        let listing = |word: &str, more: &str, status: i32| {
            let line = format!("{word:8} {:27}  {more}", format!("{map_type}:/etc/postfix/virtual"));
            format!(
                "current  lmdb:/etc/postfix/transport\ncurrent  lmdb:/etc/postfix/aliases\n\
                 current  cdb:/etc/postfix/access\n{line}\n4 tables: 3 current, 1 {word}\nstatus {status}\n{}\n",
                scratch.names("site").join("\n")
            )
        };
        let full = format!("$DIR/disk/site/virtual.{map_type}: No space left on device; the old file stays as it was");
        let failed = format!("{}same\n", listing("failed", &full, 1));
        let built = listing("built", &format!("{ENTRIES} entries"), 0);
        // So many bytes beside the source: nothing is left, a part fits, almost all fits, all fits.
        let cases = [(200_000, &failed), (1_000_000, &failed), (source.len(), &failed), (4 * source.len(), &built)];
        for (room, expected) in cases {
            let mut command = Command::new("unshare");
            command.args(namespace).args(["sh", "-c", ON_A_SMALL_DISK, "sh"]);
            command.arg(scratch.path("")).arg((source.len() + room).to_string()).arg(env!("CARGO_BIN_EXE_postwright"));
            command.arg(scratch.path("big")).arg(format!("virtual.{map_type}")).env("LC_ALL", "C");
            let Ok(output) = command.output() else {
                println!("skipped: a full disk needs unshare");
                return;
            };
            let stdout = String::from_utf8(output.stdout).unwrap();
            if !stdout.contains("status ") {
                println!("skipped: no private mount here: {}", String::from_utf8_lossy(&output.stderr));
                return;
            }
            let directory = scratch.path("");
            let stdout = stdout.replace(directory.to_str().unwrap().trim_end_matches('/'), "$DIR");
            assert!(stdout == *expected, "{room} bytes of room: got\n{stdout}wanted\n{expected}");
        }
    }
}
