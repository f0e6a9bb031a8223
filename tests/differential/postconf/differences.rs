//! Differences that we want, from `testdata/postconf/differences.toml`.

use std::path::Path;

use serde::Deserialize;

/// One of them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// The case; `*` at the end stands for anything.
    pub case: String,
    /// Its command lines, as in the file `commands`; `*` at the end stands for anything.
    pub command: String,
    /// Among `status`, `stdout`, `stderr`, `files`: all that differs.
    pub what: Vec<String>,
    /// Why we want it.
    pub reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    difference: Vec<Difference>,
}

/// All of them.
pub fn read(path: &Path) -> Vec<Difference> {
    let text = std::fs::read_to_string(path).unwrap();
    let file: File = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    for difference in &file.difference {
        assert!(!difference.reason.is_empty() && !difference.what.is_empty(), "{}: what, and why?", difference.case);
    }
    file.difference
}

impl Difference {
    /// Whether it is about this command line.
    pub fn is_about(&self, case: &str, command: &str) -> bool {
        let matches = |pattern: &str, text: &str| match pattern.strip_suffix('*') {
            Some(start) => text.starts_with(start),
            None => text == pattern,
        };
        matches(&self.case, case) && matches(&self.command, command)
    }
}
