//! `hash:` and `btree:` tables: files that Postfix and Berkeley DB made, read by us.
//!
//! `testdata/berkeley-db` holds small ones of every sort, with what Postfix lists of them; where a Postfix that is
//! linked with Berkeley DB is installed, larger and random ones are made, and both sides list and look up the same.

use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use postwright::maps::berkeley_db::{BerkeleyDb, Damage};
use postwright::maps::{OpenOptions, TableReference, open};
use support::{Oracle, Random};

type Entries = Vec<(Vec<u8>, Vec<u8>)>;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/berkeley-db").join(name)
}

/// The tables of `testdata/berkeley-db`.
fn fixtures() -> Vec<String> {
    let names = fs::read_dir(fixture("")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter_map(|name| Some(name.strip_suffix(".db")?.to_owned())).collect();
    names.sort();
    assert_eq!(names.len(), 23);
    names
}

fn bytes(name: &str) -> Vec<u8> {
    fs::read(fixture(&format!("{name}.db"))).unwrap()
}

/// What Postfix lists of a table.
fn listed(name: &str) -> Entries {
    let list = fs::read_to_string(fixture(&format!("{name}.list"))).unwrap();
    let entries = list.lines().map(|line| line.split_once('\t').unwrap());
    entries.map(|(key, value)| (key.into(), value.into())).collect()
}

/// What we list of the bytes of a table, without NULs at the ends.
fn walked(bytes: &[u8]) -> Result<Entries, Damage> {
    let mut entries = Vec::new();
    let plain = |bytes: &[u8]| bytes.strip_suffix(b"\0").unwrap_or(bytes).to_vec();
    BerkeleyDb::open(bytes)?.walk(|key, value| {
        entries.push((plain(key), plain(value)));
        Ok::<(), Damage>(())
    })?;
    Ok(entries)
}

/// The first value of each key.
fn first_values(entries: &Entries) -> HashMap<&[u8], &[u8]> {
    let mut first = HashMap::new();
    for (key, value) in entries {
        first.entry(key.as_slice()).or_insert(value.as_slice());
    }
    first
}

#[test]
fn every_sort_of_file_is_listed_and_searched_as_by_postfix() {
    for name in fixtures() {
        let entries = listed(&name);
        assert!(walked(&bytes(&name)).unwrap() == entries, "{name}: listed otherwise");

        let reference = TableReference {
            map_type: name.split('-').next().unwrap().to_owned(),
            name: fixture(&name).into_os_string().into_encoded_bytes().into(),
        };
        let mut table = open(&reference, &OpenOptions::default()).unwrap();
        for (key, value) in first_values(&entries) {
            let shown = String::from_utf8_lossy(key);
            assert!(table.lookup(key) == Ok(Some(value.to_vec())), "{name}: {shown}");
            assert!(table.lookup(&key.to_ascii_uppercase()) == Ok(Some(value.to_vec())), "{name}: folded {shown}");
            assert_eq!(table.lookup(&key[..key.len() - 1]), Ok(None), "{name}: less than {shown}");
            assert_eq!(table.lookup(&[key, b"a"].concat()), Ok(None), "{name}: more than {shown}");
        }
        assert_eq!(table.lookup(b""), Ok(None), "{name}");
        let keys: Vec<&[u8]> = entries.iter().map(|(key, _)| key.as_slice()).chain([&b"absent"[..]]).collect();
        let one_by_one: Vec<_> = keys.iter().map(|key| table.lookup(key)).collect();
        assert!(table.lookup_all(&keys) == one_by_one, "{name}");
        let mut visited = Vec::new();
        table.walk(&mut |key, value| visited.push((key.to_vec(), value.to_vec()))).unwrap();
        assert!(visited == entries, "{name}: listed otherwise as a table");
    }
}

/// The fixtures hold what they are there for.
#[test]
fn the_files_are_of_every_sort() {
    let pages = |name: &str, size: usize| bytes(name).chunks(size).map(|page| page[25]).collect::<Vec<u8>>();
    let cases: &[(&str, usize, &[u8])] = &[
        ("hash-thousand", 4096, &[8, 13]),
        ("hash-little", 512, &[8, 13, 7]),
        ("hash-big", 512, &[8, 13, 7]),
        ("hash-duplicates", 512, &[8, 13, 4, 6]),
        ("hash-big-duplicates", 512, &[8, 13, 3, 12, 7]),
        ("btree-thousand", 4096, &[9, 3, 5]),
        ("btree-little", 512, &[9, 3, 5, 7]),
        ("btree-duplicates", 512, &[9, 3, 5, 4, 6]),
        ("btree-big-duplicates", 512, &[9, 5, 3, 12, 7]),
    ];
    for (name, size, kinds) in cases {
        let found = pages(name, *size);
        assert!(kinds.iter().all(|kind| found.contains(kind)), "{name}: {found:?}");
    }
    assert!(bytes("btree-little").chunks(512).any(|page| page[24] == 3 && page[25] == 3), "no tree of three levels");
    let deleted = bytes("btree-deleted");
    let at = memchr::memmem::find(&deleted, b"\x81mailbox15\0").unwrap();
    assert_eq!(deleted[at - 2..at], [10, 0]);
    assert_ne!(bytes("hash-other-function")[92..96], bytes("hash-one")[92..96]);
}

/// Releases before 4.6 left the entries of a page in any order.
#[test]
fn unsorted_hash_pages_are_searched() {
    let name = "hash-big";
    let mut file = bytes(name);
    file[19] = 8;
    file.chunks_mut(512).filter(|page| page[25] == 13).for_each(|page| page[25] = 2);
    let entries = listed(name);
    assert!(walked(&file).unwrap() == entries);
    let database = BerkeleyDb::open(&file[..]).unwrap();
    for (key, value) in &entries {
        let terminated = |bytes: &[u8]| [bytes, b"\0"].concat();
        assert_eq!(database.get(&terminated(key)).unwrap(), Some(terminated(value)));
    }
}

#[test]
fn what_is_not_read_is_refused_in_clear_words() {
    type Change = fn(&mut Vec<u8>);
    let cases: &[(&str, Change, &str)] = &[
        ("hash-one", Vec::clear, "not a usable Berkeley DB file: it is too short"),
        ("hash-one", |file| file.fill(0), "not a usable Berkeley DB file: it does not begin as one"),
        (
            "hash-one",
            |file| {
                file.fill(0);
                file[..4].copy_from_slice(&[0x00, 0x06, 0x15, 0x61]);
            },
            "not a usable Berkeley DB file: it is of version 1.85, which is not read",
        ),
        ("hash-one", |file| file[16] = 7, "not a usable Berkeley DB file: it is of a version that is not read"),
        ("btree-one", |file| file[16] = 11, "not a usable Berkeley DB file: it is of a version that is not read"),
        ("hash-one", |file| file[24] = 1, "not a usable Berkeley DB file: it is encrypted"),
        ("hash-one", |file| file[36] = 2, "not a usable Berkeley DB file: it is one part of several"),
        ("hash-one", |file| file[48] = 2, "not a usable Berkeley DB file: it holds several databases"),
        ("btree-one", |file| file[48] = 0x20, "not a usable Berkeley DB file: it holds several databases"),
        ("btree-one", |file| file[48] = 0x02, "not a usable Berkeley DB file: it holds numbered records"),
        ("btree-one", |file| file[48] = 0x80, "not a usable Berkeley DB file: it is compressed"),
        ("btree-one", |file| file[21] = 0, "damaged Berkeley DB file: page 0: an impossible page size"),
        ("btree-one", |file| file[25] = 8, "damaged Berkeley DB file: page 0: it is not the first page"),
        ("btree-one", |file| file[88] = 2, "damaged Berkeley DB file: page 2: no such page"),
        ("btree-one", |file| file[32] = 2, "not a usable Berkeley DB file: the file ends before its last page"),
        ("hash-one", |file| file[96] = 9, "damaged Berkeley DB file: page 9: no such page"),
        ("hash-one", |file| file[72] = 9, "damaged Berkeley DB file: page 0: more buckets than pages"),
    ];
    for (name, change, expected) in cases {
        let mut file = bytes(name);
        change(&mut file);
        assert_eq!(walked(&file).unwrap_err().to_string(), *expected, "{name}");
    }
    for (map_type, name, words) in
        [("btree", "hash-one", "it is a hash, not a btree"), ("hash", "btree-one", "it is a btree, not a hash")]
    {
        let path = fixture(name).into_os_string().into_encoded_bytes();
        let opened = open(&TableReference { map_type: map_type.into(), name: path.into() }, &OpenOptions::default());
        let message = opened.err().unwrap().to_string();
        assert!(message.starts_with("open database ") && message.ends_with(words), "{message}");
    }
}

// ---- with Postfix

/// Text of random length, without what means something in a source.
fn word(random: &mut Random, longest: usize) -> String {
    let most = 1 + random.below(longest);
    let length = 1 + random.below(most);
    (0..length).map(|_| random.pick(&["a", "b", "c", "1", "2", "-", ".", "_", "@"])).collect()
}

/// Sources by their names.
fn sources() -> Vec<(String, String)> {
    let mut sources: Vec<(String, String)> = (0..24)
        .map(|seed| {
            let mut random = Random(9_000 + seed);
            let (longest_key, longest_value) =
                ([8, 60, 5000][seed as usize % 3], [20, 400, 20_000][seed as usize / 3 % 3]);
            let lines = (0..random.below(400)).map(|_| {
                let (key, value) = (word(&mut random, longest_key), word(&mut random, longest_value));
                format!("x{key}\t{value}\n")
            });
            (format!("random{seed}"), lines.collect())
        })
        .collect();
    let large = (0..100_000).map(|number| format!("user{number}@example.com\tmailbox{}\n", number * 7)).collect();
    sources.push(("large".to_owned(), large));
    sources
}

/// Runs a program with this input; its standard output.
fn output_of(mut command: Command, input: &[u8]) -> Vec<u8> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut stdin, input) = (child.stdin.take().unwrap(), input.to_vec());
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    output.stdout
}

#[test]
fn postfix_and_we_find_the_same() {
    let Some(oracle) = Oracle::find_berkeley_db("berkeley-db") else { return };
    println!("Postfix {}", oracle.version());
    let sources = sources();
    for (name, text) in &sources {
        for map_type in ["hash", "btree"] {
            fs::write(oracle.path(&format!("{map_type}-{name}")), text).unwrap();
        }
    }
    let make = "cd \"$1\"; for t in hash btree; do for f in $t-*; do postmap -w -c . $t:$f && postmap -c . -s $t:$f >$f.list; done; done";
    oracle.run(&["sh", "-c", make, "sh", &oracle.scratch]);
    let mut keys: Vec<u8> = Vec::new();
    let mut random = Random(8_000);
    let mut lines: Vec<String> = (0..110_000).step_by(3).map(|number| format!("User{number}@example.com\n")).collect();
    random.shuffle(&mut lines);
    lines.iter().for_each(|line| keys.extend_from_slice(line.as_bytes()));
    for (name, text) in &sources {
        for map_type in ["hash", "btree"] {
            let table = format!("{map_type}-{name}");
            let ours = |arguments: &[&str]| {
                let mut command = Command::new(env!("CARGO_BIN_EXE_postwright"));
                command.args(["postmap", "-c", "."]).args(arguments).arg(format!("{map_type}:{table}"));
                command.current_dir(oracle.path("")).env("POSTWRIGHT_PROFILE", "debian");
                command
            };
            let theirs = fs::read(oracle.path(&format!("{table}.list"))).unwrap();
            assert!(output_of(ours(&["-s"]), b"") == theirs, "{table}: listed otherwise");
            // Every key is found, by its own line.
            let entries: Entries = theirs
                .split_inclusive(|&byte| byte == b'\n')
                .map(|line| {
                    let tab = memchr::memchr(b'\t', line).unwrap();
                    (line[..tab].to_vec(), line[tab + 1..line.len() - 1].to_vec())
                })
                .collect();
            assert!(!entries.is_empty() || text.is_empty(), "{table}");
            let asked: Vec<u8> = entries.iter().flat_map(|(key, _)| [key, &b"\n"[..]].concat()).collect();
            assert!(output_of(ours(&["-q", "-"]), &asked) == theirs, "{table}: not all found");
            if name == "large" {
                let mut command = oracle.command(&["sh", "-c", "cd \"$1\"; postmap -c . -q - \"$2\"", "sh"]);
                command.args([&oracle.scratch, &format!("{map_type}:{table}")]);
                assert!(output_of(ours(&["-q", "-"]), &keys) == output_of(command, &keys), "{table}: found otherwise");
            }
        }
    }
}
