//! Where a right-hand side is cut into destinations, by us and by Postfix.
//!
//! `sendmail -t` cuts address headers as local(8) cuts alias values, and leaves the recipients in a queue file without
//! any daemon. Thousands of random values go through it in one message, with a marker behind each.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;

use postwright::syntax::alias_value::parse_alias_value;
use support::{Oracle, Random};

const PIECES: &[&str] = &[
    "a",
    "b",
    "w",
    "joe@example.com",
    "\"two words\"",
    "\"|cmd x\"",
    "(comment)",
    "[192.0.2.1]",
    "<",
    ">",
    "<",
    ">",
    "<c@example.com>",
    ",",
    ",",
    ";",
    ";",
    ":",
    ":",
    "@",
    ".",
    "%",
    "!",
    "|",
    ")",
    "]",
    ":include:",
    "/var/mail/x",
    "\"\"",
    "\\,",
    "é",
    "(",
    "\"",
    "[",
];

fn random_values(random: &mut Random, count: usize) -> Vec<String> {
    let mut one = || {
        let mut value = String::new();
        for _ in 0..random.below(16) {
            // What stays open hides all behind it, and so is rare.
            let pieces = if random.below(10) == 0 { PIECES } else { &PIECES[..PIECES.len() - 3] };
            value.push_str(random.pick(pieces));
            value.push_str(random.pick(&["", "", " ", "  "]));
        }
        value
    };
    (0..count).map(|_| one()).collect()
}

/// The recipients of a queue file: records of a type byte, a length in groups of seven bits, and that many bytes.
fn recipients(queue_file: &[u8]) -> Vec<Vec<u8>> {
    let mut rest = queue_file;
    let mut found = Vec::new();
    while let Some((&kind, mut tail)) = rest.split_first() {
        let (mut len, mut shift) = (0, 0);
        loop {
            let byte = tail[0];
            tail = &tail[1..];
            len |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        if kind == b'R' {
            found.push(tail[..len].to_vec());
        }
        rest = &tail[len..];
    }
    found
}

fn destinations_by_postfix(oracle: &Oracle, values: &[String]) -> Vec<Vec<String>> {
    oracle.configure(&format!(
        "queue_directory = {0}/queue\nmaillog_file = {0}/log\nmaillog_file_prefixes = /tmp",
        oracle.scratch
    ));
    let maildrop = oracle.path("queue/maildrop");
    for directory in ["queue/maildrop", "queue/public", "queue/pid"] {
        fs::create_dir_all(oracle.path(directory)).unwrap();
    }
    fs::set_permissions(&maildrop, fs::Permissions::from_mode(0o777)).unwrap();
    for old in fs::read_dir(&maildrop).unwrap() {
        fs::remove_file(old.unwrap().path()).unwrap();
    }
    let mut message = fs::File::create(oracle.path("message")).unwrap();
    for (number, value) in values.iter().enumerate() {
        write!(message, "To: {value}\nTo: marker-{number}\n").unwrap();
    }
    write!(message, "\nbody\n").unwrap();
    oracle.run(&["sh", "-c", &format!("exec sendmail -C {0} -t <{0}/message", oracle.scratch)]);

    let queued = fs::read_dir(&maildrop).unwrap().next().expect("a queue file").unwrap().path();
    let mut cut = vec![Vec::new()];
    for recipient in recipients(&fs::read(queued).unwrap()) {
        let recipient = String::from_utf8(recipient).unwrap();
        if recipient == format!("marker-{}", cut.len() - 1) {
            cut.push(Vec::new());
        } else {
            cut.last_mut().unwrap().push(recipient);
        }
    }
    assert_eq!(cut.len(), values.len() + 1);
    cut.truncate(values.len());
    cut
}

#[test]
fn random_values_are_cut_alike() {
    let Some(oracle) = Oracle::find("alias-value") else { return };
    let mut random = Random(5);
    let values = random_values(&mut random, 5000);
    let theirs = destinations_by_postfix(&oracle, &values);
    let mut differences = Vec::new();
    for (value, theirs) in values.iter().zip(&theirs) {
        let parsed = parse_alias_value(value.as_bytes());
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let ours: Vec<String> = parsed.destinations.into_iter().map(|destination| text(destination.text)).collect();
        if ours != *theirs {
            differences.push(format!("{value:?}\n  Postfix: {theirs:?}\n  ours:    {ours:?}"));
        }
    }
    let first = differences.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
    assert!(differences.is_empty(), "{} of {} values differ:\n{first}", differences.len(), values.len());
}
