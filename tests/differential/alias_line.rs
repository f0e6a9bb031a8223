//! What `postalias` stores for a line, ours and Postfix's.
//!
//! `testdata/alias-line/` holds lines that put every sort of token beside every other and every byte in every sort of
//! token, and what Postfix stored for each; that is compared without Postfix. Where the oracle is installed, the record
//! is checked against it, and thousands of random lines are too. `POSTWRIGHT_BLESS=1` writes the record anew.
//!
//! Each line carries a marker of its own, so that all are stored and each stored record finds its line.

use std::fs;
use std::path::{Path, PathBuf};

use postwright::syntax::alias_line::parse_alias_line;
use support::{Oracle, Random};

/// Marks line `number`; found again in whatever is stored for it.
fn marker(number: usize) -> String {
    format!("n{number:05}")
}

fn marked(record: &[u8]) -> Option<usize> {
    let digits = |at: &usize| record.get(at + 1..at + 6).filter(|digits| digits.iter().all(u8::is_ascii_digit));
    let at = (0..record.len()).filter(|&at| record[at] == b'n').find(|at| digits(at).is_some())?;
    std::str::from_utf8(digits(&at)?).ok()?.parse().ok()
}

/// What we make of a line, written as the record is: `key TAB value`, or `! ` and the warning.
fn ours(line: &[u8]) -> Vec<u8> {
    match parse_alias_line(line) {
        // The lines hold no other letters that have case.
        Ok(entry) => [entry.key.to_ascii_lowercase(), entry.value].join(&b'\t'),
        Err(fault) => format!("! {fault}").into_bytes(),
    }
}

// ---- the lines
// -------------------------------------------------------------------------------------------------------------

/// Two tokens beside each other, at all places of a line; then each byte in each sort of token.
fn matrix() -> Vec<Vec<u8>> {
    let mut lines: Vec<Vec<u8>> = Vec::new();
    let specials = "<>@,;:.%!|)]\\=/*#";
    let mut kinds: Vec<String> = ["w", "\"q\"", "\"q r\"", "(c)", "[d]"].map(str::to_owned).to_vec();
    kinds.extend(specials.chars().map(String::from));
    for first in &kinds {
        for second in &kinds {
            for blank in ["", " "] {
                let pair = format!("{first}{blank}{second}");
                for place in ["M: x-y", "M:-", "M-y: v", "-M: v"] {
                    let begins_key = place.starts_with('-');
                    // Such a key would be the same on several lines, or the line a comment.
                    if begins_key && (pair.contains(':') || pair.starts_with('#')) {
                        continue;
                    }
                    lines.push(place.replace('M', &marker(lines.len())).replace('-', &pair).into_bytes());
                }
            }
        }
    }
    let chars = (1..=0x7f_u8).filter(|&byte| byte != b'\n').map(char::from).chain(['\u{80}', '\u{a0}', '×', '語']);
    for char in chars {
        let shapes = [
            "M: a-b",
            "M: a\\-b",
            "M: \"a-b\"",
            "M: \"a\\-b\"",
            "M: (a-b",
            "M: (a\\-b)",
            "M: [a-b",
            "M: [a\\-b]",
            "M: -",
            "M: \\-",
            "M: -x",
            "M: x-",
            "M-: v",
            "M\\-x: v",
            "M(-)x: v",
            "M\"\\-\": v",
            "M[\\-]: v",
        ];
        for shape in shapes {
            lines.push(shape.replace('M', &marker(lines.len())).replacen('-', &char.to_string(), 1).into_bytes());
        }
    }
    lines
}

const PIECES: &[&str] = &[
    "word",
    "w",
    "joe.doe",
    "joe@example.com",
    "\"quoted\"",
    "\"two words\"",
    "\"a\\\"b\\\\\"",
    "\"",
    "\"\"",
    "(comment)",
    "(a (b) c)",
    "(",
    ")",
    "(x\\)y)",
    "[192.0.2.1]",
    "[",
    "]",
    "[a\\]b]",
    "[\\\\]",
    "<",
    ">",
    "@",
    ",",
    ", ",
    ";",
    ":",
    "\\",
    "\\\\",
    "\\ ",
    "\\,",
    "\\\t",
    ".",
    "%",
    "!",
    "|",
    "/",
    "=",
    "#",
    ":include:",
    "/var/mail/x",
    "\"|cmd -x 'y z'\"",
    "|cmd",
    "×",
    "語",
    "\u{a0}",
    "\u{1}",
    "\u{b}",
    "\u{c}",
    "\u{7f}",
    "\r",
    "\t",
    "Upper",
];
const BLANKS: &[&str] = &["", "", "", " ", "\t", "  \t ", "\r", " \r "];

fn random_lines(random: &mut Random, count: usize) -> Vec<Vec<u8>> {
    let mut lines = Vec::with_capacity(count);
    while lines.len() < count {
        let mut line = marker(lines.len());
        for (most, run_length, end) in [(3, 3, ":"), (14, 700, "")] {
            for _ in 0..random.below(most + 1) {
                let times = if random.below(40) == 0 { run_length } else { 1 };
                line.push_str(&random.pick(PIECES).repeat(times));
                line.push_str(random.pick(BLANKS));
            }
            line.push_str(end);
        }
        // Postfix ends at the first key that LMDB does not take (511 bytes).
        if parse_alias_line(line.as_bytes()).is_ok_and(|entry| entry.key.len() > 500) {
            continue;
        }
        lines.push(line.into_bytes());
    }
    lines
}

// ---- the oracle
// ------------------------------------------------------------------------------------------------------------

/// What Postfix stores for each line, as [`ours`] writes it.
fn stored(oracle: &Oracle, lines: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut text = lines.join(&b'\n');
    text.push(b'\n');
    fs::write(oracle.path("aliases"), text).unwrap();
    let table = format!("lmdb:{}/aliases", oracle.scratch);
    let warnings = oracle.run(&["postalias", "-c", &oracle.scratch, &table]).stderr;
    let listing = oracle.run(&["postmap", "-c", &oracle.scratch, "-s", &table]).stdout;

    let mut answers = vec![Vec::new(); lines.len()];
    for record in listing.split(|&byte| byte == b'\n').filter(|record| !record.is_empty()) {
        match marked(record) {
            Some(number) => answers[number] = record.to_vec(),
            None => assert!(record.starts_with(b"@\t@") || record.starts_with(b"YP_"), "no marker: {record:?}"),
        }
    }
    for warning in String::from_utf8(warnings).unwrap().lines() {
        let (_, place) = warning.split_once(", line ").unwrap_or_else(|| panic!("unexpected: {warning}"));
        let (number, text) = place.split_once(": ").unwrap();
        answers[number.parse::<usize>().unwrap() - 1] = format!("! {text}").into_bytes();
    }
    answers
}

// ---- the tests
// -------------------------------------------------------------------------------------------------------------

fn assert_same(lines: &[Vec<u8>], expected: &[Vec<u8>], found: impl Fn(usize) -> Vec<u8>) {
    let show = |bytes: &[u8]| String::from_utf8_lossy(bytes).escape_debug().to_string();
    assert_eq!(lines.len(), expected.len());
    let mut differences = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let found = found(number);
        if found != expected[number] {
            differences.push(format!(
                "{}\n  Postfix: {}\n  found:   {}",
                show(line),
                show(&expected[number]),
                show(&found)
            ));
        }
    }
    let first = differences.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
    assert!(differences.is_empty(), "{} of {} lines differ:\n{first}", differences.len(), lines.len());
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/alias-line").join(name)
}

fn fixture_lines(name: &str) -> Vec<Vec<u8>> {
    let bytes = fs::read(fixture(name)).unwrap();
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    bytes.split(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect()
}

fn write_fixture(name: &str, lines: &[Vec<u8>]) {
    fs::create_dir_all(fixture("")).unwrap();
    fs::write(fixture(name), [lines.join(&b'\n'), b"\n".to_vec()].concat()).unwrap();
}

#[test]
fn recorded_lines() {
    let lines = fixture_lines("lines.aliases");
    let recorded = fixture_lines("stored");
    let (version, recorded) = recorded.split_first().unwrap();
    assert!(version.starts_with(b"# Postfix 3."));
    assert!(lines.len() > 5000);
    assert_same(&lines, recorded, |number| ours(&lines[number]));
}

#[test]
fn the_record_is_what_postfix_stores() {
    let Some(oracle) = Oracle::find("alias-line-record") else { return };
    let lines = matrix();
    let theirs = stored(&oracle, &lines);
    if std::env::var_os("POSTWRIGHT_BLESS").is_some() {
        write_fixture("lines.aliases", &lines);
        let version = format!("# Postfix {}", oracle.version()).into_bytes();
        write_fixture("stored", &[vec![version], theirs.clone()].concat());
    }
    assert!(fixture_lines("lines.aliases") == lines, "the lines have changed: bless them");
    let recorded = fixture_lines("stored");
    assert_same(&lines, &theirs, |number| recorded[number + 1].clone());
}

#[test]
fn random_lines_are_stored_the_same() {
    let Some(oracle) = Oracle::find("alias-line-random") else { return };
    let mut random = Random(822);
    for _ in 0..6 {
        let lines = random_lines(&mut random, 1000);
        assert_same(&lines, &stored(&oracle, &lines), |number| ours(&lines[number]));
    }
}

/// With SMTPUTF8 switched off, `postalias` takes lines that are not UTF-8.
#[test]
fn bytes_that_are_not_utf8() {
    let Some(oracle) = Oracle::find("alias-line-bytes") else { return };
    oracle.configure("smtputf8_enable = no");
    let lines: Vec<Vec<u8>> = (0x80..=0xff_u8)
        .enumerate()
        .map(|(number, byte)| {
            let shape = format!("{}-(-)[-]\\-: - \\- \"-\" (-) [-\\-]-, a-b", marker(number));
            shape.bytes().map(|shape| if shape == b'-' { byte } else { shape }).collect()
        })
        .collect();
    assert_same(&lines, &stored(&oracle, &lines), |number| ours(&lines[number]));
}
