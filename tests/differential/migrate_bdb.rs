//! `migrate bdb` beside Postfix: sites whose tables a Postfix with Berkeley DB made run on one without any, and come
//! back byte for byte.
//!
//! Each site is migrated, rolled back and migrated again. Then every .db file goes, no value may come to `hash:` or
//! `btree:` any more, and mail is sent through the table that the site is about.

use crate::mail_system::MailSystem;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use support::{Oracle, Scratch, fixture};

/// What all sites have.
const BASE: &str = "compatibility_level = 3.11\nmyhostname = mail.example.com\nmydestination = mail.example.com\n\
                    alias_maps =\nalias_database =\n";

/// A table: its name, its type, its text, and whether that is still there.
type Table<'a> = (&'a str, &'a str, &'a str, bool);

struct Site<'a> {
    name: &'a str,
    main: &'a str,
    tables: &'a [Table<'a>],
    /// Other files.
    texts: &'a [(&'a str, &'a str)],
    /// More of the command line.
    options: &'a str,
    /// The status of the migration: 1 where something is for a person.
    status: i32,
    /// Mail to this address ends so.
    mail: (&'a str, &'a str),
}

impl Site<'_> {
    const PLAIN: Self = Self {
        name: "",
        main: "",
        tables: &[],
        texts: &[],
        options: "",
        status: 0,
        mail: ("info@example.com", "to=<bob@example.net>, orig_to=<info@example.com>, relay=none, status=sent"),
    };
}

/// A table of virtual aliases, with its source and without.
const VIRTUAL: Table<'_> = ("virtual", "hash", "example.com x\ninfo@example.com bob@example.net\n", true);
const ALONE: Table<'_> = ("virtual", "hash", "example.com x\ninfo@example.com bob@example.net\n", false);
const TREE: Table<'_> = ("virtual", "btree", "example.com x\ninfo@example.com bob@example.net\n", true);
const DENIED: Table<'_> = ("access", "hash", "info@mail.example.com REJECT not here\n", true);
const REJECTED: (&str, &str) =
    ("info@mail.example.com", "554 5.7.1 <info@mail.example.com>: Recipient address rejected: not here");

fn sites() -> Vec<Site<'static>> {
    let plain = || Site::PLAIN;
    vec![
        Site { name: "plain", main: "virtual_alias_maps = hash:/etc/postfix/virtual\n", tables: &[VIRTUAL], ..plain() },
        Site { name: "alone", main: "virtual_alias_maps = hash:/etc/postfix/virtual\n", tables: &[ALONE], ..plain() },
        Site {
            name: "nested",
            main: "virtual_alias_maps = unionmap:{pipemap:{inline:{a=b}, hash:/etc/postfix/other}, proxy:hash:/etc/postfix/virtual}\n",
            tables: &[VIRTUAL, ("other", "hash", "b c\n", false)],
            ..plain()
        },
        Site {
            name: "aliases",
            main: "alias_maps = hash:/etc/postfix/aliases\nalias_database = $alias_maps\n",
            tables: &[("aliases", "hash", "info: bob@example.net\n", true)],
            mail: ("info@mail.example.com", "to=<bob@example.net>"),
            ..plain()
        },
        Site {
            name: "aliases-alone",
            main: "alias_maps = btree:/etc/postfix/aliases\n",
            tables: &[("aliases", "btree", "\"big boss\": bob@example.net\ninfo: \"big boss\"\n", false)],
            mail: ("info@mail.example.com", "to=<bob@example.net>"),
            ..plain()
        },
        Site {
            name: "variables",
            main: "kind = $other\nother = hash\nbase = /etc/postfix\nmaps = ${kind}:$base/virtual\nvirtual_alias_maps = $maps\n",
            tables: &[VIRTUAL],
            ..plain()
        },
        Site {
            name: "branches",
            main: "which = x\nvirtual_alias_maps = ${which?{hash}:{btree}}:/etc/postfix/virtual, ${none?hash:/etc/postfix/none}\n",
            tables: &[VIRTUAL],
            ..plain()
        },
        Site {
            name: "restrictions",
            main: "smtpd_recipient_restrictions = permit_sasl_authenticated\n  check_recipient_access hash:/etc/postfix/access,\n reject_unauth_destination\n",
            tables: &[DENIED],
            mail: REJECTED,
            ..plain()
        },
        Site {
            name: "classes",
            main: "smtpd_restriction_classes = picky\npicky = check_recipient_access hash:/etc/postfix/access\nsmtpd_recipient_restrictions = picky, reject_unauth_destination\n",
            tables: &[DENIED],
            mail: REJECTED,
            ..plain()
        },
        Site {
            name: "services",
            main: "proxy_read_maps = $virtual_alias_maps, proxy:hash:/etc/postfix/access\n",
            tables: &[DENIED],
            texts: &[(
                "master.cf",
                "smtp inet n - n - - smtpd -o smtpd_helo_restrictions=check_helo_access,hash:/etc/postfix/access\n  -o { smtpd_recipient_restrictions = check_recipient_access proxy:hash:/etc/postfix/access, reject_unauth_destination }\n",
            )],
            mail: REJECTED,
            ..plain()
        },
        Site {
            name: "comments",
            main: "transport_maps =\n# hash:/etc/postfix/old\n   hash:/etc/postfix/transport\n\n# the end\n   , inline:{a=hash:b}\n",
            tables: &[("transport", "hash", "example.org discard:by-table\n", true)],
            mail: ("bob@example.org", "to=<bob@example.org>, relay=none, status=sent (by-table)"),
            ..plain()
        },
        Site {
            name: "default-type",
            main: "default_database_type = hash\nvirtual_alias_maps = $default_database_type:/etc/postfix/virtual\n",
            tables: &[VIRTUAL],
            ..plain()
        },
        Site {
            name: "caches",
            main: "virtual_alias_maps = btree:/etc/postfix/virtual\naddress_verify_map = btree:$data_directory/verify\npostscreen_cache_map = proxy:btree:${data_directory}/postscreen\nsmtp_tls_session_cache_database = btree:${data_directory}/smtp_scache\nproxy_write_maps = proxy:btree:${data_directory}/postscreen\n",
            tables: &[TREE],
            ..plain()
        },
        Site {
            name: "match-lists",
            main: "relay_domains = /etc/postfix/relayed\n",
            tables: &[("relay", "hash", "example.net x\n", false)],
            texts: &[("relayed", "example.org\n# hash:\n  hash:/etc/postfix/relay\n")],
            mail: ("bob@example.net", "to=<bob@example.net>, relay=none, status=sent"),
            ..plain()
        },
        Site {
            name: "missing",
            main: "virtual_alias_maps = hash:/etc/postfix/virtual\nsmtp_generic_maps = hash:/etc/postfix/gone\n",
            tables: &[VIRTUAL],
            status: 1,
            ..plain()
        },
        Site {
            name: "instances",
            main: "virtual_alias_maps = hash:/etc/postfix/virtual\nmulti_instance_directories = /etc/postfix/second\n",
            tables: &[ALONE],
            texts: &[("second/main.cf", "relay_domains = hash:/etc/postfix/virtual\n")],
            status: 1,
            ..plain()
        },
        Site {
            name: "variable-style",
            main: "default_database_type = lmdb\nvirtual_alias_maps = btree:/etc/postfix/virtual\n",
            tables: &[TREE],
            options: " --style variable",
            ..plain()
        },
        Site {
            name: "cdb",
            main: "virtual_alias_maps = hash:/etc/postfix/virtual\naddress_verify_map = btree:$data_directory/verify\n",
            tables: &[ALONE],
            options: " --to cdb",
            ..plain()
        },
        Site {
            name: "package",
            main: "virtual_alias_maps = hash:/etc/postfix/virtual\n",
            tables: &[VIRTUAL],
            options: " --profile debian-14",
            ..plain()
        },
        Site {
            name: "old-target",
            main: "virtual_alias_maps = hash:/etc/postfix/virtual\n",
            tables: &[VIRTUAL],
            options: " --target 3.7",
            ..plain()
        },
    ]
}

/// Has the Postfix with Berkeley DB make the tables of a site, in `s`.
fn make(site: &Site<'_>, with_bdb: &Oracle, scratch: &Scratch) {
    scratch.write("s/main.cf", format!("{BASE}{}", site.main));
    for (name, text) in site.texts {
        scratch.write(&format!("s/{name}"), text);
    }
    for (name, map_type, text, has_source) in site.tables {
        let made = format!("{}-{name}", site.name);
        fs::write(with_bdb.path(&made), text).unwrap();
        let compiler = if name.starts_with("aliases") { "postalias" } else { "postmap" };
        with_bdb.run(&[compiler, "-c", &with_bdb.scratch, &format!("{map_type}:{}/{made}", with_bdb.scratch)]);
        scratch.write(&format!("s/{name}.db"), fs::read(with_bdb.path(&format!("{made}.db"))).unwrap());
        if *has_source {
            // Somewhere else, as with who keeps sources under version control.
            scratch.write(&format!("s/sources/{name}"), text);
            std::os::unix::fs::symlink(format!("sources/{name}"), scratch.path(&format!("s/{name}"))).unwrap();
        }
    }
}

/// All that is in a directory but backups.
fn tree(path: &Path) -> BTreeMap<String, (u32, u32, Vec<u8>)> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(path).unwrap().map(Result::unwrap) {
        let (name, status) = (entry.file_name().into_string().unwrap(), entry.metadata().unwrap());
        let contents = if status.is_symlink() {
            fs::read_link(entry.path()).unwrap().into_os_string().into_encoded_bytes()
        } else if status.is_file() {
            fs::read(entry.path()).unwrap()
        } else {
            Vec::new()
        };
        if !name.starts_with("postwright-backup-") {
            found.insert(name, (status.mode(), status.uid(), contents));
        }
    }
    found
}

/// The values that still come to a retired type, as the Postfix without Berkeley DB has them.
fn retired(oracle: &Oracle, site: &str, directory: &Path) -> Vec<String> {
    let effective = format!("effective-{site}");
    fs::create_dir(oracle.path(&effective)).unwrap();
    for name in ["main.cf", "master.cf"] {
        fs::write(oracle.path(&effective).join(name), fs::read(directory.join(name)).unwrap_or_default()).unwrap();
    }
    let directory = format!("{}/{effective}", oracle.scratch);
    let mut found = Vec::new();
    for arguments in [&["-x"][..], &["-P", "-x"]] {
        let output = oracle.run(&[&["postconf", "-c", &directory][..], arguments].concat());
        let text = String::from_utf8(output.stdout).unwrap();
        let is_retired = |line: &&str| {
            let line = line.replace("inline:{a=hash:b}", "");
            line.contains("hash:") || line.contains("btree:") || line.ends_with("= hash") || line.ends_with("= btree")
        };
        found.extend(text.lines().filter(is_retired).map(str::to_string));
    }
    fs::remove_dir_all(oracle.path(&effective)).unwrap();
    found
}

#[test]
fn mail_flows_on_a_postfix_without_berkeley_db() {
    let (Some(oracle), Some(with_bdb)) = (Oracle::find("migrate"), Oracle::find_berkeley_db("migrate")) else { return };
    // Most of the time is waiting.
    let (sites, next) = (sites(), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(site) = sites.get(next.fetch_add(1, Ordering::Relaxed)) {
                    judge(site, &oracle, &with_bdb);
                }
            });
        }
    });
}

fn judge(site: &Site<'_>, oracle: &Oracle, with_bdb: &Oracle) {
    let scratch = Scratch::example();
    make(site, with_bdb, &scratch);
    let before = tree(&scratch.path("s"));
    let migrate = format!("migrate bdb s --yes{}", site.options);
    let done = scratch.run(&migrate);
    assert_eq!(done.status, site.status, "{}: {done:?}", site.name);
    let after = tree(&scratch.path("s"));
    assert_eq!(scratch.run("migrate bdb s --rollback").status, 0, "{}", site.name);
    assert!(tree(&scratch.path("s")) == before, "{}: rolled back, and not as it was", site.name);
    assert_eq!(scratch.run(&migrate).status, site.status, "{}", site.name);
    if !site.name.starts_with("aliases") {
        assert!(tree(&scratch.path("s")) == after, "{}: the second time was different", site.name);
    }
    if site.name == "instances" {
        let said = "this instance names 1 table: postwright migrate bdb $DIR/s/second";
        assert!(done.stdout.contains(said), "{}", done.stdout);
    }
    for name in scratch.names("s").iter().filter(|name| name.ends_with(".db")) {
        fs::remove_file(scratch.path(&format!("s/{name}"))).unwrap();
    }
    assert_eq!(retired(oracle, site.name, &scratch.path("s")), [""; 0], "{}", site.name);
    // The name of the directory is that of the site there.
    let renamed = scratch.path(site.name);
    fs::rename(scratch.path("s"), &renamed).unwrap();
    let system = MailSystem::start_server(oracle, &renamed, &fixture("route/passwd"));
    let (address, expected) = site.mail;
    let lines = system.mail("sender@example.org", address);
    assert!(lines.iter().any(|line| line.contains(expected)), "{}: {lines:?}\n    {}", site.name, system.complaints());
}

/// Two instances that share a table: each is migrated by its own command, both go on without Berkeley DB, and both come
/// back.
#[test]
fn two_instances_share_a_table() {
    let (Some(oracle), Some(with_bdb)) = (Oracle::find("migrate"), Oracle::find_berkeley_db("migrate")) else { return };
    let main = format!("{BASE}virtual_alias_maps = hash:/etc/postfix/virtual\n");
    let texts = [("second/main.cf", main.as_str())];
    let site = Site {
        name: "shared",
        main: "virtual_alias_maps = hash:/etc/postfix/virtual\nmulti_instance_directories = /etc/postfix/second\n",
        tables: &[ALONE],
        texts: &texts,
        ..Site::PLAIN
    };
    let scratch = Scratch::example();
    make(&site, &with_bdb, &scratch);
    fs::create_dir_all(scratch.path("r/etc")).unwrap();
    fs::rename(scratch.path("s"), scratch.path("r/etc/postfix")).unwrap();
    let directories = ["r/etc/postfix", "r/etc/postfix/second"].map(|name| scratch.path(name));
    let trees = || directories.each_ref().map(|path| tree(path));
    let first = |options: &str| scratch.run(&format!("migrate bdb --root r {options}"));
    let second = |options: &str| scratch.run(&format!("migrate bdb --root r --all -c r/etc/postfix/second {options}"));
    let before = trees();
    let done = first("--yes");
    assert!(done.stdout.contains("this instance names 1 table: postwright migrate bdb"), "{done:?}");
    let done = second("--yes");
    assert!(done.status == 0 && done.stdout.contains("its index holds what it should"), "{done:?}");
    assert_eq!((second("--rollback").status, first("--rollback").status), (0, 0));
    assert!(trees() == before, "rolled back, and not as it was");
    assert_eq!((first("--yes").status, second("--yes").status), (1, 0));
    fs::remove_file(directories[0].join("virtual.db")).unwrap();
    for (name, directory) in ["shared", "shared-second"].into_iter().zip(&directories) {
        assert_eq!(retired(&oracle, name, directory), [""; 0], "{name}");
        let copy = scratch.path(name);
        fs::create_dir(&copy).unwrap();
        fs::copy(directory.join("main.cf"), copy.join("main.cf")).unwrap();
        fs::copy(directories[0].join("virtual.lmdb"), copy.join("virtual.lmdb")).unwrap();
        // Of the other one this knows nothing.
        scratch.edit(&format!("{name}/main.cf"), "myhostname", "multi_instance_directories =\nmyhostname");
        let system = MailSystem::start_server(&oracle, &copy, &fixture("route/passwd"));
        let (address, expected) = site.mail;
        let lines = system.mail("sender@example.org", address);
        assert!(lines.iter().any(|line| line.contains(expected)), "{name}: {lines:?}\n    {}", system.complaints());
    }
}

/// Debian's own main.cf and master.cf, and those with examples in comments: each line that names a table of Berkeley DB
/// is told of, as one that changes or as a comment.
#[test]
fn every_line_of_stock_files_is_accounted_for() {
    let Some(with_bdb) = Oracle::find_berkeley_db("stock") else { return };
    let share = with_bdb.root().join("usr/share/postfix");
    let read = |name: &str| fs::read_to_string(share.join(name)).unwrap();
    let debian = read("main.cf.debian") + &read("main.cf.tls") + "alias_maps = hash:/etc/aliases\n";
    for (name, main) in [("debian", debian), ("dist", read("main.cf.dist"))] {
        let scratch = Scratch::example();
        let names_table = |line: &str| {
            ["hash:", "btree:", "dbm:"]
                .iter()
                .any(|word| line.match_indices(word).any(|(at, _)| line[at + word.len()..].starts_with(['/', '$'])))
        };
        scratch.write("s/main.cf", &main);
        scratch.write("s/master.cf", read("master.cf.dist"));
        let plan = scratch.run("migrate bdb s --profile debian-12 --format json");
        let plan: serde_json::Value = serde_json::from_str(&plan.stdout).unwrap();
        let mut told: Vec<(String, u64)> = Vec::new();
        for file in plan["files"].as_array().unwrap() {
            let lines = file["edits"].as_array().unwrap().iter().map(|edit| edit["line"].as_u64().unwrap());
            told.extend(lines.map(|line| (file["file"].as_str().unwrap().to_string(), line)));
        }
        for comment in plan["comments"].as_array().unwrap() {
            let (file, line) = comment["place"].as_str().unwrap().rsplit_once(':').unwrap();
            told.push((file.to_string(), line.parse().unwrap()));
        }
        let mut count = 0;
        for file in ["s/main.cf", "s/master.cf"] {
            let text = String::from_utf8(scratch.read(file)).unwrap();
            for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| names_table(line)) {
                assert!(told.contains(&(file.to_string(), number)), "{name} {file}:{number}: {line}\n{told:?}");
                count += 1;
            }
        }
        assert!(count >= 2, "{name}: only {count} lines name a table");
        assert!(scratch.run("migrate bdb s --profile debian-12 --yes").status <= 1);
        let after = String::from_utf8(scratch.read("s/main.cf")).unwrap();
        let left: Vec<&str> = after.lines().filter(|line| !line.starts_with('#') && names_table(line)).collect();
        assert_eq!(left, [""; 0], "{name}");
    }
}

/// Tables of 100,000 entries, as Postfix makes them and as Sendmail's makemap does, without a NUL behind keys and
/// values, come out key for key.
#[test]
fn large_tables_come_out_key_for_key() {
    let Some(with_bdb) = Oracle::find_berkeley_db("migrate") else { return };
    let entry =
        |n: u32| (format!("user{n}.{}@example.com", n.wrapping_mul(2_654_435_761)), format!("box{n}@example.net"));
    let entries: BTreeMap<String, String> = (0..100_000).map(entry).collect();
    let text: String = entries.iter().map(|(key, value)| format!("{key} {value}\n")).collect();
    fs::write(with_bdb.path("virtual"), &text).unwrap();
    let table = |map_type: &str| format!("{map_type}:{}/virtual", with_bdb.scratch);
    let by_makemap = |class: &str| {
        let script = format!(
            "use DB_File; use Fcntl; unlink 'virtual.db'; tie my %t, 'DB_File', 'virtual.db', O_RDWR|O_CREAT, 0644, {class} or die; \
             while (<>) {{ chomp; my ($k, $v) = split / /, $_, 2; $t{{$k}} = $v }} untie %t"
        );
        let shell = format!("cd {} && perl -e \"$0\" virtual", with_bdb.scratch);
        with_bdb.run(&["sh", "-c", &shell, &script]);
    };
    type Make<'a> = (&'a str, &'a dyn Fn());
    let makers: [Make<'_>; 4] = [
        ("hash", &|| drop(with_bdb.run(&["postmap", "-c", &with_bdb.scratch, &table("hash")]))),
        ("btree", &|| drop(with_bdb.run(&["postmap", "-c", &with_bdb.scratch, &table("btree")]))),
        ("hash", &|| by_makemap("$DB_HASH")),
        ("btree", &|| by_makemap("$DB_BTREE")),
    ];
    for (number, (map_type, make)) in makers.iter().enumerate() {
        make();
        let to = ["lmdb", "cdb"][number % 2];
        let scratch = Scratch::example();
        scratch.write("s/main.cf", format!("{BASE}virtual_alias_maps = {map_type}:/etc/postfix/virtual\n"));
        fs::copy(with_bdb.path("virtual.db"), scratch.path("s/virtual.db")).unwrap();
        assert_eq!(scratch.run(&format!("migrate bdb s --yes -q --to {to}")).status, 0);
        let pairs = |(key, value): (&String, &String)| (key.clone().into_bytes(), value.clone().into_bytes());
        assert!(scratch.entries(to, "s/virtual") == entries.iter().map(pairs).collect(), "{map_type} {number}");
        let made = fs::read_to_string(scratch.path("s/virtual")).unwrap();
        let lines = made.lines().skip(1).map(|line| line.split_once('\t').unwrap());
        assert!(lines.map(|(key, value)| (key.to_string(), value.to_string())).collect::<BTreeMap<_, _>>() == entries);
        // And Postfix makes the same of the source.
        if number == 2 {
            fs::write(with_bdb.path("again"), &made).unwrap();
            let output = with_bdb.command(&[
                "sh",
                "-c",
                &format!("cd {0} && postmap -c . hash:again && postmap -c . -s hash:again | wc -l", with_bdb.scratch),
            ]);
            let output = { output }.stdin(Stdio::null()).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), "100000");
        }
    }
}
