//! The file `expected` of a case: what Postfix answered, so that we can be compared with it where it is not installed.
//!
//! A line `$ COMMAND LINE`, as in `commands`, begins each answer. Then `= STATUS` (not if 0), standard output with `> `
//! before each line, standard error with `! ` (a set, sorted; `!!` if it is that of the answer before), and for each
//! changed file `+++ MODE NAME` with `+ ` before its lines, `+++ gone NAME` or `+++ link NAME -> TARGET`. Bytes other
//! than printable ASCII, and the backslash, are escaped as Rust does it. A last line without its newline ends in `\`.
//! Of a text that is too long, the line `#BYTES HASH` remains.

use std::collections::BTreeMap;

use super::answer::{Answer, Change, Text};

/// Longer texts are recorded as their hash.
const LONGEST: usize = 20_000;

/// Answers by command line, in the order of the file.
pub type Record = Vec<(String, Answer)>;

/// The text of the file.
pub fn render(version: &str, record: &Record) -> String {
    let mut text = format!("# Postfix {version} answered this; POSTWRIGHT_BLESS=1 records it anew.\n");
    let mut before = None;
    for (command, answer) in record {
        text += &format!("\n$ {command}\n");
        if answer.status != "0" {
            text += &format!("= {}\n", answer.status);
        }
        render_text(&mut text, "> ", &answer.stdout);
        if answer.stderr.len() > 1 && before == Some(&answer.stderr) {
            text += "!!\n";
        } else {
            for line in &answer.stderr {
                text += &format!("! {}\n", escape(line));
            }
        }
        before = Some(&answer.stderr);
        for (name, change) in &answer.files {
            match change {
                Change::Gone => text += &format!("+++ gone {name}\n"),
                Change::Link(target) => text += &format!("+++ link {name} -> {target}\n"),
                Change::File(mode, contents) => {
                    text += &format!("+++ {mode:o} {name}\n");
                    render_text(&mut text, "+ ", contents);
                }
            }
        }
    }
    text
}

fn render_text(out: &mut String, prefix: &str, text: &Text) {
    let (length, hash) = text.hash();
    match text {
        Text::Whole(bytes) if length <= LONGEST => {
            for line in bytes.split_inclusive(|byte| *byte == b'\n') {
                let (line, end) = line.strip_suffix(b"\n").map_or((line, "\\"), |line| (line, ""));
                *out += &format!("{prefix}{}{end}\n", escape(line));
            }
        }
        _ => *out += &format!("{prefix}#{length} {hash:016x}\n"),
    }
}

/// Quotes need no escape here.
fn escape(line: &[u8]) -> String {
    line.iter()
        .map(
            |byte| {
                if matches!(byte, b'"' | b'\'') {
                    char::from(*byte).to_string()
                } else {
                    byte.escape_ascii().to_string()
                }
            },
        )
        .collect()
}

/// Reads it back; `name` is for complaints.
pub fn parse(name: &str, text: &str) -> Record {
    let mut record = Record::new();
    let mut file: Option<(String, u32, Text)> = None;
    let mut before = None;
    for (number, line) in (1..).zip(text.lines()) {
        let complain = || -> ! { panic!("{name}:{number}: {line:?} does not belong here") };
        if let Some(command) = line.strip_prefix("$ ") {
            finish(&mut record, file.take());
            before = record.last().map(|(_, answer)| answer.stderr.clone());
            let answer = Answer { status: "0".into(), files: BTreeMap::new(), ..Answer::default() };
            record.push((command.to_owned(), answer));
            continue;
        }
        if line.is_empty() || line.starts_with("# ") {
            continue;
        }
        let Some((_, answer)) = record.last_mut() else { complain() };
        if let Some(status) = line.strip_prefix("= ") {
            answer.status = status.to_owned();
        } else if let Some(rest) = line.strip_prefix("> ") {
            append(&mut answer.stdout, rest);
        } else if line == "!!" {
            let Some(before) = &before else { complain() };
            answer.stderr.clone_from(before);
        } else if let Some(rest) = line.strip_prefix("! ") {
            answer.stderr.insert(unescape(rest));
        } else if let Some(rest) = line.strip_prefix("+++ ") {
            finish(&mut record, file.take());
            let Some((_, answer)) = record.last_mut() else { complain() };
            match rest.split_once(' ') {
                Some(("gone", name)) => drop(answer.files.insert(name.to_owned(), Change::Gone)),
                Some(("link", rest)) => {
                    let Some((name, target)) = rest.split_once(" -> ") else { complain() };
                    answer.files.insert(name.to_owned(), Change::Link(target.to_owned()));
                }
                Some((mode, name)) => {
                    file = Some((name.to_owned(), u32::from_str_radix(mode, 8).unwrap(), Text::default()));
                }
                None => complain(),
            }
        } else if let Some(rest) = line.strip_prefix("+ ") {
            let Some((_, _, contents)) = &mut file else { complain() };
            append(contents, rest);
        } else {
            complain();
        }
    }
    finish(&mut record, file);
    record
}

fn finish(record: &mut Record, file: Option<(String, u32, Text)>) {
    if let (Some((_, answer)), Some((name, mode, contents))) = (record.last_mut(), file) {
        answer.files.insert(name, Change::File(mode, contents));
    }
}

fn append(text: &mut Text, line: &str) {
    let hash = line.strip_prefix('#').and_then(|rest| rest.split_once(' ')).and_then(|(length, hash)| {
        Some(Text::Hash(length.parse().ok()?, (hash.len() == 16).then(|| u64::from_str_radix(hash, 16).ok())??))
    });
    match (hash, text) {
        (Some(hash), text) => *text = hash,
        (None, Text::Whole(bytes)) => {
            // A backslash at the end that is not itself escaped.
            let backslashes = line.bytes().rev().take_while(|byte| *byte == b'\\').count();
            if backslashes % 2 == 1 {
                bytes.extend(unescape(&line[..line.len() - 1]));
            } else {
                bytes.extend(unescape(line));
                bytes.push(b'\n');
            }
        }
        (None, Text::Hash(..)) => panic!("a text after a hash: {line}"),
    }
}

fn unescape(line: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = line.as_bytes();
    while let [byte, after @ ..] = rest {
        (rest, _) = match (byte, after) {
            (b'\\', [b'x', high, low, after @ ..]) => {
                let digits = [*high, *low];
                let digits = std::str::from_utf8(&digits).unwrap();
                (after, bytes.push(u8::from_str_radix(digits, 16).unwrap()))
            }
            (b'\\', [letter, after @ ..]) => {
                let byte = match letter {
                    b'n' => b'\n',
                    b't' => b'\t',
                    b'r' => b'\r',
                    other => *other,
                };
                (after, bytes.push(byte))
            }
            (byte, after) => (after, bytes.push(*byte)),
        };
    }
    bytes
}
