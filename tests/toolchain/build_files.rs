//! What `postwright build` does to files: who owns the index and who may read it, links, a root, permissions that it
//! lacks, and readers that go away.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown, symlink};
use std::process::Stdio;

use support::{NOBODY, Scratch, is_root};

/// Gives the site away, if there is anybody to take it.
fn give_to_nobody(scratch: &Scratch) {
    if rustix::process::geteuid().is_root() {
        chown(scratch.path("site"), Some(NOBODY), Some(NOBODY)).unwrap();
        for name in scratch.names("site") {
            chown(scratch.path("site").join(name), Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }
}

#[test]
fn a_source_that_may_not_be_read_fails_alone() {
    let scratch = Scratch::example();
    give_to_nobody(&scratch);
    scratch.set_mode("site/virtual", 0);
    let said = "\
built    lmdb:/etc/postfix/transport  3 entries
built    lmdb:/etc/postfix/aliases    14 entries
built    cdb:/etc/postfix/access      2 entries
failed   lmdb:/etc/postfix/virtual    $DIR/site/virtual: Permission denied
4 tables: 3 built, 1 failed
";
    scratch.run_as_nobody(&["build", "site"]).is(1, said, "");
    scratch.set_mode("site/main.cf", 0);
    scratch.run_as_nobody(&["build", "site"]).is(2, "", "postwright: site/main.cf: Permission denied\n");
}

#[test]
fn a_directory_that_may_not_be_written_to_keeps_the_old_files() {
    let scratch = Scratch::example();
    assert_eq!(scratch.run("build site").status, 0);
    give_to_nobody(&scratch);
    scratch.edit("site/virtual", "alice", "alicia");
    fs::remove_file(scratch.path("site/access.cdb")).unwrap();
    let old = scratch.read("site/virtual.lmdb");
    scratch.set_mode("site", 0o555);
    let said = "\
current  lmdb:/etc/postfix/transport
current  lmdb:/etc/postfix/aliases
failed   cdb:/etc/postfix/access      $DIR/site/access.cdb: Permission denied; nothing was written
failed   lmdb:/etc/postfix/virtual    $DIR/site/virtual.lmdb: Permission denied; the old file stays as it was
4 tables: 2 current, 2 failed
";
    scratch.run_as_nobody(&["build", "site"]).is(1, said, "");
    assert_eq!(scratch.read("site/virtual.lmdb"), old);
    assert_eq!(scratch.names("site").len(), 11);
    scratch.set_mode("site", 0o755);
    assert_eq!(scratch.run_as_nobody(&["build", "site"]).status, 0);
}

#[test]
fn a_directory_in_the_place_of_an_index_is_an_error() {
    let scratch = Scratch::example();
    scratch.write("site/virtual.lmdb/file", "");
    let said = "$DIR/site/virtual.lmdb: Is a directory; the old file stays as it was";
    scratch.run("build -q site").is(1, &format!("failed   lmdb:/etc/postfix/virtual    {said}\n"), "");
    assert_eq!(scratch.names("site/virtual.lmdb"), ["file"]);
    assert_eq!(scratch.names("site").len(), 12, "something was left over");
}

/// A new index may be read by those who may read the source, and its owner may write to it, as postmap has it; an LMDB
/// file that is there keeps what it has.
#[test]
fn modes_of_new_and_old_indexes() {
    let cases = [(0o644, 0o644), (0o600, 0o600), (0o640, 0o640), (0o664, 0o644), (0o777, 0o644), (0o400, 0o600)];
    let scratch = Scratch::example();
    let mode = |name: &str| fs::metadata(scratch.path(name)).unwrap().mode() & 0o7777;
    for (source, index) in cases {
        for name in ["virtual", "access"] {
            scratch.set_mode(&format!("site/{name}"), source);
        }
        for name in ["virtual.lmdb", "access.cdb"] {
            let _ = fs::remove_file(scratch.path("site").join(name));
        }
        assert_eq!(scratch.run("build site").status, 0);
        assert_eq!((mode("site/virtual.lmdb"), mode("site/access.cdb")), (index, index), "source {source:o}");
    }
    for kept in [0o600, 0o660, 0o444] {
        scratch.set_mode("site/virtual.lmdb", kept);
        scratch.set_mode("site/access.cdb", kept);
        assert_eq!(scratch.run("build --force site").status, 0);
        assert_eq!((mode("site/virtual.lmdb"), mode("site/access.cdb")), (kept, 0o600), "index {kept:o}");
    }
}

#[test]
fn owners_of_new_and_old_indexes() {
    if !is_root("giving files away") {
        return;
    }
    let scratch = Scratch::example();
    let owner = |name: &str| {
        let status = fs::metadata(scratch.path(name)).unwrap();
        (status.uid(), status.gid())
    };
    let give = |name: &str, uid, gid| chown(scratch.path(name), Some(uid), Some(gid)).unwrap();
    give("site/virtual", 1234, 2345);
    give("site/access", 1234, 2345);
    assert_eq!(scratch.run("build site").status, 0);
    assert_eq!([owner("site/virtual.lmdb"), owner("site/access.cdb")], [(1234, 2345); 2]);
    give("site/virtual.lmdb", 3456, 4567);
    give("site/access.cdb", 3456, 4567);
    assert_eq!(scratch.run("build --force site").status, 0);
    assert_eq!([owner("site/virtual.lmdb"), owner("site/access.cdb")], [(3456, 4567), (1234, 2345)]);
}

#[test]
fn a_link_to_an_index_stays_and_the_file_behind_it_is_replaced() {
    let scratch = Scratch::example();
    scratch.write("site/indexes/virtual.lmdb", "old");
    symlink("indexes/virtual.lmdb", scratch.path("site/virtual.lmdb")).unwrap();
    assert_eq!(scratch.run("build site").status, 0);
    assert!(fs::symlink_metadata(scratch.path("site/virtual.lmdb")).unwrap().is_symlink());
    assert_eq!(scratch.names("site/indexes"), ["virtual.lmdb"]);
    assert_eq!(scratch.entries("lmdb", "site/indexes/virtual").len(), 5);
    assert_eq!(scratch.run("build --check site").status, 0);
}

#[test]
fn a_link_that_leads_out_is_not_followed_without_leave() {
    let scratch = Scratch::example();
    scratch.write("elsewhere/virtual.lmdb", "old");
    symlink("../elsewhere/virtual.lmdb", scratch.path("site/virtual.lmdb")).unwrap();
    // Reading goes everywhere.
    fs::rename(scratch.path("site/access"), scratch.path("elsewhere/access")).unwrap();
    symlink("../elsewhere/access", scratch.path("site/access")).unwrap();
    let said = |virtual_line: &str, summary: &str| {
        format!(
            "current  lmdb:/etc/postfix/transport\ncurrent  lmdb:/etc/postfix/aliases\ncurrent  cdb:/etc/postfix/access\n\
             {virtual_line}\n4 tables: {summary}\n"
        )
    };
    let first = said("outside  lmdb:/etc/postfix/virtual    skipped: --all builds it", "3 built, 1 outside");
    let first = first
        .replace("current  lmdb:/etc/postfix/transport", "built    lmdb:/etc/postfix/transport  3 entries")
        .replace("current  lmdb:/etc/postfix/aliases", "built    lmdb:/etc/postfix/aliases    14 entries")
        .replace("current  cdb:/etc/postfix/access", "built    cdb:/etc/postfix/access      2 entries");
    scratch.run("build site").is(0, &first, "");
    assert_eq!(scratch.read("elsewhere/virtual.lmdb"), b"old");
    assert_eq!(scratch.names("elsewhere"), ["access", "virtual.lmdb"]);
    let all = said("built    lmdb:/etc/postfix/virtual    5 entries", "3 current, 1 built");
    scratch.run("build --all site").is(0, &all, "");
    assert_eq!(scratch.entries("lmdb", "elsewhere/virtual").len(), 5);
}

/// A whole system below a directory, with links that mean what they mean there.
#[test]
fn nothing_leads_out_of_a_root() {
    let scratch = Scratch::example();
    let outside = scratch.path("outside");
    fs::create_dir_all(scratch.path("root/etc")).unwrap();
    fs::create_dir_all(scratch.path("root/srv")).unwrap();
    fs::create_dir_all(&outside).unwrap();
    fs::rename(scratch.path("site"), scratch.path("root/etc/postfix")).unwrap();
    // An absolute link, whose target lies inside the root; the index stands beside the name.
    fs::rename(scratch.path("root/etc/postfix/transport"), scratch.path("root/srv/transport")).unwrap();
    symlink("/srv/transport", scratch.path("root/etc/postfix/transport")).unwrap();
    // A source and an index that would be found outside if these links were taken as they are.
    fs::copy(scratch.path("root/etc/postfix/virtual"), outside.join("virtual")).unwrap();
    fs::remove_file(scratch.path("root/etc/postfix/virtual")).unwrap();
    symlink(outside.join("virtual"), scratch.path("root/etc/postfix/virtual")).unwrap();
    fs::write(outside.join("access.cdb"), "old").unwrap();
    symlink(outside.join("access.cdb"), scratch.path("root/etc/postfix/access.cdb")).unwrap();
    // A way up that ends at the root.
    scratch.edit("root/etc/postfix/main.cf", "lmdb:/etc/postfix/aliases", "lmdb:/etc/mail/aliases");
    symlink("../../../../../../../srv", scratch.path("root/etc/mail")).unwrap();
    fs::rename(scratch.path("root/etc/postfix/aliases"), scratch.path("root/srv/aliases")).unwrap();

    let outcome = scratch.run("build --root root");
    let lines: Vec<&str> = outcome.stdout.lines().collect();
    assert_eq!(outcome.status, 1, "{}", outcome.stdout);
    assert_eq!(lines[0], "built    lmdb:/etc/postfix/transport  3 entries");
    assert_eq!(lines[1], "built    lmdb:/etc/mail/aliases       14 entries");
    let missing = "No such file or directory";
    let access = format!("$DIR/root$DIR/outside/access.cdb: {missing}; nothing was written");
    assert_eq!(lines[2], format!("failed   cdb:/etc/postfix/access      {access}"));
    assert_eq!(lines[3], format!("failed   lmdb:/etc/postfix/virtual    $DIR/root$DIR/outside/virtual: {missing}"));
    assert_eq!(lines[4], "4 tables: 2 built, 2 failed");
    assert_eq!(fs::read(outside.join("access.cdb")).unwrap(), b"old");
    assert_eq!(scratch.names("outside"), ["access.cdb", "virtual"]);
    assert_eq!(scratch.names("root/srv"), ["aliases", "aliases.lmdb", "transport"]);
    assert!(scratch.path("root/etc/postfix/transport.lmdb").exists());
}

#[test]
fn paths_can_be_mapped() {
    let scratch = Scratch::example();
    scratch.edit("site/main.cf", "lmdb:/etc/postfix/aliases", "lmdb:/srv/mail/aliases");
    scratch.write("site/mail/aliases", scratch.read("site/aliases"));
    let mapped = scratch.path("site/mail");
    let outcome = scratch.run(&format!("build site --map-path /srv/mail={}", mapped.display()));
    assert_eq!((outcome.status, outcome.stderr.as_str()), (0, ""), "{}", outcome.stdout);
    assert_eq!(scratch.names("site/mail"), ["aliases", "aliases.lmdb"]);
}

#[test]
fn a_reader_that_went_away_ends_it_quietly() {
    let scratch = Scratch::example();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = scratch.command(&["build", "site"]);
    let child = command.stdin(Stdio::null()).stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    drop(command);
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(141), ""));
    assert_eq!(scratch.run("build --check site").status, 0, "the tables were to be built all the same");
}

#[test]
fn a_full_output_is_said() {
    let scratch = Scratch::example();
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let output = scratch.command(&["build", "site"]).stdout(full).stderr(Stdio::piped()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said, "postwright: standard output: No space left on device\n");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn two_at_once_do_not_disturb_each_other() {
    let scratch = Scratch::example();
    let start = || scratch.command(&["build", "--force", "site"]).stdout(Stdio::null()).spawn().unwrap();
    let children: Vec<_> = (0..8).map(|_| start()).collect();
    for mut child in children {
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
    assert_eq!(scratch.names("site").len(), 12, "something was left over");
    assert_eq!(scratch.run("build --check site").status, 0);
}
