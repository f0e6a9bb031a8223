//! What goes on around a build: links that are put in its way, sources that are being rewritten, and indexes with
//! several names.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, chown, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use support::{Outcome, Scratch, is_root};

/// Standard output of a build of the example without the lines of tables that were up to date.
fn told(outcome: &Outcome) -> String {
    outcome.stdout.lines().filter(|line| !line.starts_with("current ")).map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_dangling_link_makes_no_file_outside() {
    let scratch = Scratch::example();
    assert_eq!(scratch.run("build site").status, 0);
    fs::create_dir(scratch.path("outside")).unwrap();
    for target in [scratch.path("outside/new.lmdb").as_path(), Path::new("../outside/new.lmdb")] {
        fs::remove_file(scratch.path("site/virtual.lmdb")).unwrap();
        symlink(target, scratch.path("site/virtual.lmdb")).unwrap();
        let outcome = scratch.run("build --force site");
        let line = "outside  lmdb:/etc/postfix/virtual    skipped: --all builds it\n";
        assert!(told(&outcome).contains(line), "{}", outcome.stdout);
        assert_eq!(scratch.names("outside"), [""; 0]);
    }
    // One that leads to a place inside by an absolute path is followed.
    fs::remove_file(scratch.path("site/virtual.lmdb")).unwrap();
    symlink(scratch.path("site/new.lmdb"), scratch.path("site/virtual.lmdb")).unwrap();
    let line = "built    lmdb:/etc/postfix/virtual    5 entries\n4 tables: 3 current, 1 built\n";
    assert_eq!(told(&scratch.run("build site")), line);
    assert!(scratch.path("site/new.lmdb").exists());
}

/// More links than anybody follows, at whose end a file outside of the root waits.
#[test]
fn a_long_chain_of_links_does_not_leave_the_root() {
    let scratch = Scratch::example();
    fs::create_dir_all(scratch.path("image/etc")).unwrap();
    fs::rename(scratch.path("site"), scratch.path("image/etc/postfix")).unwrap();
    assert_eq!(scratch.run("build --root image").status, 0);
    scratch.write("outside", "secret: x\n");
    for (name, outside) in [("virtual", "outside"), ("access.cdb", "outside.cdb")] {
        fs::remove_file(scratch.path("image/etc/postfix").join(name)).unwrap();
        symlink(scratch.path(outside), scratch.path(&format!("image/{name}0"))).unwrap();
        for number in 1..60 {
            let target = format!("/{name}{}", number - 1);
            symlink(target, scratch.path(&format!("image/{name}{number}"))).unwrap();
        }
        symlink(format!("/{name}59"), scratch.path("image/etc/postfix").join(name)).unwrap();
    }
    let many = "Too many levels of symbolic links";
    let expected = format!(
        "failed   cdb:/etc/postfix/access      $DIR/image/etc/postfix/access.cdb: {many}; nothing was written\n\
         failed   lmdb:/etc/postfix/virtual    $DIR/image/etc/postfix/virtual: {many}\n\
         4 tables: 2 current, 2 failed\n"
    );
    assert_eq!(told(&scratch.run("build --root image")), expected);
    let seen = scratch.run("check --root image");
    assert!(!seen.stdout.contains("secret"), "{}", seen.stdout);
    assert!(!scratch.path("outside.cdb").exists());
}

/// The directory of a table becomes a link, and a directory again, for as long as builds go on.
#[test]
fn a_directory_that_is_swapped_for_a_link_leads_no_build_outside() {
    for root in [true, false] {
        let scratch = Scratch::example();
        scratch.edit("site/main.cf", "lmdb:/etc/postfix/aliases", "lmdb:/etc/postfix/maps/aliases");
        fs::create_dir(scratch.path("site/maps")).unwrap();
        fs::rename(scratch.path("site/aliases"), scratch.path("site/maps/aliases")).unwrap();
        scratch.write("outside/aliases", "outside: nobody\n");
        scratch.write("outside/aliases.lmdb", "not to be touched");
        let mut base = scratch.path("site");
        if root {
            fs::create_dir_all(scratch.path("root/etc")).unwrap();
            fs::rename(&base, scratch.path("root/etc/postfix")).unwrap();
            base = scratch.path("root/etc/postfix");
        }
        let (maps, link, aside) = (base.join("maps"), base.join("link"), base.join("aside"));
        symlink(scratch.path("outside"), &link).unwrap();
        let before = fs::metadata(scratch.path("outside/aliases.lmdb")).unwrap();
        let done = AtomicBool::new(false);
        let line = if root { "build --force --root root" } else { "build --force site" };
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    fs::rename(&maps, &aside).unwrap();
                    fs::rename(&link, &maps).unwrap();
                    fs::rename(&maps, &link).unwrap();
                    fs::rename(&aside, &maps).unwrap();
                }
            });
            (0..50).for_each(|_| drop(scratch.run(line)));
            done.store(true, Ordering::Relaxed);
        });
        let after = fs::metadata(scratch.path("outside/aliases.lmdb")).unwrap();
        assert_eq!(scratch.read("outside/aliases.lmdb"), b"not to be touched");
        assert_eq!((before.ino(), before.ctime_nsec()), (after.ino(), after.ctime_nsec()));
        assert_eq!(scratch.names("outside"), ["aliases", "aliases.lmdb"]);
        // Where nobody disturbs it, the same build comes through: it was the swapping that stopped the others.
        let outcome = scratch.run(line);
        assert!(outcome.stdout.contains("built    lmdb:/etc/postfix/maps/aliases"), "{}", outcome.stdout);
    }
}

/// A source with a version of its own on every line.
fn version(number: usize) -> String {
    (0..2000).map(|key| format!("key{key} {number}\n")).collect()
}

/// A source is written in two halves, in place, again and again, while it is compiled.
#[test]
fn half_a_source_is_never_compiled() {
    for map_type in ["lmdb", "cdb"] {
        let scratch = Scratch::example();
        let config = format!("compatibility_level = 3.6\nvirtual_alias_maps = {map_type}:/etc/postfix/virtual\n");
        scratch.write("site/main.cf", config);
        let versions: Vec<String> = (0..40).map(version).collect();
        for round in 0..10 {
            scratch.write("site/virtual", &versions[0]);
            let (outcome, took) = std::thread::scope(|scope| {
                let writer = scope.spawn(|| {
                    let write = |text: &String| {
                        let (first, second) = text.as_bytes().split_at(text.len() / 2);
                        let start = Instant::now();
                        let mut file = fs::File::create(scratch.path("site/virtual")).unwrap();
                        file.write_all(first).unwrap();
                        std::thread::sleep(Duration::from_millis(2));
                        file.write_all(second).unwrap();
                        start.elapsed()
                    };
                    versions.iter().map(write).collect::<Vec<Duration>>()
                });
                let outcome = match round % 2 {
                    0 => scratch.run("build --force site"),
                    _ => scratch.run(&format!("postmap -c site {map_type}:site/virtual")),
                };
                (outcome, writer.join().unwrap())
            });
            assert_eq!(outcome.status, 0, "{outcome:?}");
            let pairs = scratch.entries(map_type, "site/virtual");
            let number = pairs.get(&b"key0"[..]).map(|value| String::from_utf8_lossy(value).parse::<usize>().unwrap());
            let whole = pairs.len() == 2000 && pairs.values().all(|value| *value == pairs[&b"key0"[..]]);
            // Where the writer was kept waiting on the way, half a source looked like a whole one.
            let took = number.map_or_else(|| took.iter().max().copied().unwrap(), |number| took[number]);
            assert!(whole || took > Duration::from_millis(5), "{map_type}: {} of version {number:?}", pairs.len());
        }
    }
}

#[test]
fn an_index_with_several_names_is_written_in_place_where_that_is_allowed() {
    let scratch = Scratch::example();
    assert_eq!(scratch.run("build site").status, 0);
    for (name, other) in [("virtual.lmdb", "other.lmdb"), ("access.cdb", "other.cdb")] {
        fs::hard_link(scratch.path("site").join(name), scratch.path(other)).unwrap();
    }
    scratch.edit("site/virtual", "alice", "alicia");
    scratch.edit("site/access", "REJECT", "DISCARD");
    let names = "the index has 2 names (hard links)";
    let in_place = format!("{names}: written in place, so that all of them lead to the new entries");
    let only = format!("{names}: only this one leads to the new entries, and the others to the old ones");
    let old = scratch.read("other.cdb");
    let outcome = scratch.run("build --all site");
    let said = format!("postwright: $DIR/site/access.cdb: {only}\npostwright: $DIR/site/virtual.lmdb: {in_place}\n");
    assert_eq!((outcome.status, outcome.stderr), (0, said));
    assert_eq!(scratch.entries("lmdb", "other"), scratch.entries("lmdb", "site/virtual"));
    assert!(scratch.entries("lmdb", "other").values().any(|value| value.starts_with(b"alicia")));
    assert_eq!(scratch.read("other.cdb"), old);
    assert_eq!(scratch.run("build --check site").status, 0);

    scratch.edit("site/virtual", "alicia", "alina");
    let outcome = scratch.run("postmap -c site lmdb:site/virtual");
    outcome.is(0, "", &format!("postmap: warning: site/virtual.lmdb: {in_place}\n"));
    assert!(scratch.entries("lmdb", "other").values().any(|value| value.starts_with(b"alina")));

    // What else leads to it may lie outside of the directory that was given.
    scratch.edit("site/virtual", "alina", "aline");
    let outcome = scratch.run("build site");
    assert_eq!((outcome.status, outcome.stderr), (0, format!("postwright: $DIR/site/virtual.lmdb: {only}\n")));
    assert!(scratch.entries("lmdb", "other").values().any(|value| value.starts_with(b"alina")));
    assert!(scratch.entries("lmdb", "site/virtual").values().any(|value| value.starts_with(b"aline")));
}

#[test]
fn an_index_with_several_names_that_cannot_be_written_in_place_stays() {
    let scratch = Scratch::example();
    assert_eq!(scratch.run("build site").status, 0);
    fs::hard_link(scratch.path("site/virtual.lmdb"), scratch.path("other.lmdb")).unwrap();
    scratch.edit("site/virtual", "alice", "alicia");
    let remedy = "remove the other names, or this one, and try again";
    let cannot =
        |why: &str| format!("the index has 2 names (hard links) and cannot be written in place: {why}; {remedy}");
    if is_root("giving files away") {
        let old = scratch.read("other.lmdb");
        chown(scratch.path("site/virtual"), Some(1234), Some(1234)).unwrap();
        let words = cannot("its owner is not that of the source");
        let line = format!(
            "failed   lmdb:/etc/postfix/virtual    $DIR/site/virtual.lmdb: {words}; the old file stays as it was\n"
        );
        let outcome = scratch.run("build --all site");
        assert!(outcome.status == 1 && outcome.stdout.contains(&line), "{}", outcome.stdout);
        let fatal = format!("postmap: fatal: error updating lmdb:site/virtual: {words}\n");
        scratch.run("postmap -c site lmdb:site/virtual").is(1, "", &fatal);
        assert!(scratch.read("other.lmdb") == old);
        chown(scratch.path("site/virtual"), Some(0), Some(0)).unwrap();
    }
    fs::File::options().write(true).open(scratch.path("other.lmdb")).unwrap().set_len(5000).unwrap();
    let damaged = scratch.read("other.lmdb");
    let outcome = scratch.run("postmap -c site lmdb:site/virtual");
    assert_eq!((outcome.status, outcome.stdout.as_str()), (1, ""));
    let begins = "postmap: fatal: error updating lmdb:site/virtual: the index has 2 names (hard links) and cannot be";
    assert!(outcome.stderr.starts_with(begins) && outcome.stderr.contains(remedy), "{}", outcome.stderr);
    assert!(scratch.read("other.lmdb") == damaged);
    assert_eq!(scratch.names("site").len(), 12, "something was left over");
}

/// A main.cf and a table that are absolute links, which mean a file inside the root, where there is another outside.
#[test]
fn what_is_read_below_a_root_is_what_lies_there() {
    let scratch = Scratch::example();
    fs::create_dir_all(scratch.path("root/etc")).unwrap();
    fs::rename(scratch.path("site"), scratch.path("root/etc/postfix")).unwrap();
    for name in ["main.cf", "virtual"] {
        let (moved, outside) = (scratch.path(&format!("root/{name}")), scratch.path(name));
        fs::rename(scratch.path("root/etc/postfix").join(name), &moved).unwrap();
        symlink(Path::new("/").join(name), scratch.path("root/etc/postfix").join(name)).unwrap();
        fs::write(outside, "outside\n").unwrap();
    }
    let built = "4 tables: 4 built\n";
    let outcome = scratch.run("build --root root");
    assert!(outcome.status == 0 && outcome.stdout.ends_with(built), "{outcome:?}");
    assert_eq!(scratch.run("check --root root --select MAP").stdout.lines().last(), Some("nothing found"));
}
