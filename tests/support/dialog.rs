//! SMTP dialogs as text.
//!
//! `C: ` is a line that the client sends, `R: ` bytes that it sends as they are, `R2: ` bytes that get two answers;
//! `\r`, `\n`, `\t`, `\\` and `\xNN` stand for bytes. `S: ` is a line of the server, with `QID` for a queue id and
//! `(closed)` when it has hung up. A line that begins with `#` says what it shows.

use std::fs;
use std::path::{Path, PathBuf};

/// What a client does, and what a server says to it.
pub struct Exchange {
    /// As it stands in the file; empty for the greeting.
    pub line: String,
    /// What is sent.
    pub sent: Vec<u8>,
    /// How many answers come.
    pub answers: usize,
    /// The lines of the server.
    pub said: Vec<String>,
}

/// A dialog.
pub struct Dialog {
    /// Where it is.
    pub path: PathBuf,
    comment: Vec<String>,
    /// First the greeting.
    pub exchanges: Vec<Exchange>,
}

impl Dialog {
    /// All dialogs of a directory, by name.
    pub fn all(directory: &Path) -> Vec<Self> {
        let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
        let mut paths: Vec<_> = entries.filter(|path| path.extension().is_some_and(|end| end == "dialog")).collect();
        paths.sort();
        paths.into_iter().map(Self::read).collect()
    }

    fn read(path: PathBuf) -> Self {
        let text = fs::read_to_string(&path).unwrap();
        let mut comment = Vec::new();
        let greeting = Exchange { line: String::new(), sent: Vec::new(), answers: 1, said: Vec::new() };
        let mut exchanges = vec![greeting];
        for line in text.lines() {
            if line.starts_with('#') {
                comment.push(line.to_string());
            } else if let Some(said) = line.strip_prefix("S: ") {
                exchanges.last_mut().unwrap().said.push(said.to_string());
            } else {
                let (kind, rest) = line.split_once(": ").unwrap_or_else(|| panic!("{}: {line}", path.display()));
                let mut sent = bytes(rest);
                if kind == "C" {
                    sent.extend(b"\r\n");
                }
                let answers = kind[1..].parse().unwrap_or(1);
                exchanges.push(Exchange { line: line.to_string(), sent, answers, said: Vec::new() });
            }
        }
        Self { path, comment, exchanges }
    }

    /// What a server said in each exchange until it hung up, as the file would have it.
    pub fn with(&self, said: &[Vec<String>]) -> String {
        let mut lines = self.comment.clone();
        for (exchange, said) in self.exchanges.iter().zip(said) {
            lines.extend((!exchange.line.is_empty()).then(|| exchange.line.clone()));
            lines.extend(said.iter().map(|line| format!("S: {line}")));
        }
        lines.join("\n") + "\n"
    }

    /// As our server has it: where it differs on purpose, a file `NAME.ours` says how and why.
    pub fn ours(&self) -> String {
        match fs::read_to_string(self.path.with_extension("ours")) {
            Ok(text) => {
                let lines = text.lines().filter(|line| !line.starts_with('#')).map(str::to_string);
                [self.comment.clone(), lines.collect()].concat().join("\n") + "\n"
            }
            Err(_) => self.text(),
        }
    }

    /// As the file has it.
    pub fn text(&self) -> String {
        fs::read_to_string(&self.path).unwrap()
    }
}

/// A line of a server with `QID` for the id in it.
pub fn masked(line: &str) -> String {
    match line.split_once("queued as ") {
        Some((before, _)) => format!("{before}queued as QID"),
        None => line.to_string(),
    }
}

fn bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        let (&kind, after) = rest.split_first().expect("something behind a backslash");
        rest = after;
        bytes.push(match kind {
            b'r' => b'\r',
            b'n' => b'\n',
            b't' => b'\t',
            b'x' => {
                let digits = std::str::from_utf8(&rest[..2]).unwrap();
                rest = &rest[2..];
                u8::from_str_radix(digits, 16).unwrap()
            }
            other => other,
        });
    }
    bytes
}
