//! The files of the old site, as Sendmail and makemap read them: rows of tables, entries of aliases, names of classes.
//!
//! What makemap or newaliases would refuse has its line of report at once. A table whose source is gone is read from
//! its `.db`. Source: makemap(8), aliases(5).

use super::report::{Line, Origin, Verdict};
use crate::base::system_words;
use crate::base::user_file::{LONGEST_TEXT, read};
use crate::maps::berkeley_db::{BerkeleyDb, Damage};
use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io;
use std::path::Path;

/// Why the old site cannot be read: the file, what is wrong, what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError(pub String);

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ReadError {}

/// An entry of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Where it stands.
    pub origin: Origin,
    /// The whole line.
    pub text: String,
    /// The key, in lower case; of aliases as it is written.
    pub key: String,
    /// The value.
    pub value: String,
}

impl Row {
    /// Its line of the report.
    #[must_use]
    pub fn line(&self, verdict: Verdict) -> Line {
        Line::new(self.origin.clone(), &self.text, verdict)
    }
}

/// What was read of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// What Sendmail takes of it.
    pub rows: Vec<Row>,
    /// What it does not.
    pub lines: Vec<Line>,
}

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `key value`, as makemap reads it.
    Map,
    /// `name: value, …`
    Aliases,
    /// A name a line, as class files are.
    Names,
}

/// A table: its source, or its `.db` where that is gone; nothing if neither is there.
///
/// # Errors
/// What is there and cannot be read.
pub fn read_table(path: &Path, name: &str, form: Form) -> Result<Option<Rows>, ReadError> {
    if let Some(bytes) = bytes_of(path)? {
        return Ok(Some(match form {
            Form::Map => map_rows(name, &bytes),
            Form::Aliases => alias_rows(name, &bytes),
            Form::Names => name_rows(name, &bytes),
        }));
    }
    let index = path.with_file_name(format!("{}.db", path.file_name().unwrap_or_default().to_string_lossy()));
    if form == Form::Names || !index.exists() {
        return Ok(None);
    }
    index_rows(&index, &format!("{name}.db")).map(Some).map_err(|damage| {
        let why = match damage {
            Damage::Io(error) => system_words(&error),
            damage => damage.to_string(),
        };
        let path = index.display();
        ReadError(format!("{path}: {why}; its source {name} is gone: bring back one of them, or remove it"))
    })
}

/// The bytes of a file; nothing if it is not there.
///
/// # Errors
/// What is there and cannot be read.
pub fn bytes_of(path: &Path) -> Result<Option<Vec<u8>>, ReadError> {
    match read(path, LONGEST_TEXT) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::IsADirectory => {
            Err(ReadError(format!("{}: a directory, where a file is expected; move it away", path.display())))
        }
        Err(error) => Err(ReadError(format!("{}: {}", path.display(), system_words(&error)))),
    }
}

/// The lines of a text that say something, each with its number; those that are not UTF-8 are reported.
fn lines_of<'b>(name: &str, bytes: &'b [u8], rows: &mut Rows) -> Vec<(usize, &'b str)> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(bytes.split(|&byte| byte == b'\n')) {
        match std::str::from_utf8(line) {
            Ok(line) => found.push((number, line)),
            Err(_) => rows.lines.push(Line::new(
                Origin::new(name, number),
                &String::from_utf8_lossy(line),
                Verdict::decide(
                    "this is not UTF-8, which is all that Postfix takes in tables",
                    &["write it in UTF-8", "leave it out"],
                ),
            )),
        }
    }
    found
}

fn map_rows(name: &str, bytes: &[u8]) -> Rows {
    let mut rows = Rows::default();
    let mut first: HashMap<String, usize> = HashMap::new();
    for (number, line) in lines_of(name, bytes, &mut rows) {
        if line.is_empty() || line.starts_with('#') || line == "\r" {
            continue;
        }
        let origin = Origin::new(name, number);
        let mut refuse = |verdict| rows.lines.push(Line::new(origin.clone(), line, verdict));
        if line.starts_with([' ', '\t']) {
            if !line.trim().is_empty() {
                refuse(Verdict::carried(
                    "nothing: makemap refuses a line that begins with white space, so Sendmail never saw it",
                ));
            }
            continue;
        }
        let (key, value) = line.split_once([' ', '\t']).unwrap_or((line, ""));
        let value = value.trim_matches([' ', '\t']);
        if value.is_empty() {
            refuse(Verdict::carried("nothing: makemap refuses a key without a value, so Sendmail never saw it"));
            continue;
        }
        if value.ends_with('\r') {
            refuse(Verdict::decide(
                "the line ends in CR LF, and the CR is part of the value for Sendmail, which makes it another",
                &["write the file with line ends of Unix and migrate again"],
            ));
            continue;
        }
        let key = key.to_lowercase();
        if let Some(first) = first.get(&key) {
            refuse(Verdict::changed(format!(
                "nothing: line {first} has this key, and makemap keeps the first; with makemap -r it would be the last"
            )));
            continue;
        }
        first.insert(key.clone(), number);
        rows.rows.push(Row { origin, text: line.to_string(), key, value: value.to_string() });
    }
    rows
}

fn name_rows(name: &str, bytes: &[u8]) -> Rows {
    let mut rows = Rows::default();
    for (number, line) in lines_of(name, bytes, &mut rows) {
        let Some(word) = line.split_whitespace().next().filter(|word| !word.starts_with('#')) else { continue };
        let (origin, text) = (Origin::new(name, number), line.to_string());
        rows.rows.push(Row { origin, text, key: word.to_lowercase(), value: String::new() });
    }
    rows
}

/// Entries of aliases: the last of several with one name holds.
fn alias_rows(name: &str, bytes: &[u8]) -> Rows {
    let mut rows = Rows::default();
    let mut entries: Vec<(usize, String)> = Vec::new();
    // Whether the line goes on because of a backslash at the end of the one before.
    let mut goes_on = false;
    for (number, line) in lines_of(name, bytes, &mut rows) {
        let line = line.trim_end_matches('\r');
        let is_continued = line.starts_with([' ', '\t']) && !line.trim().is_empty();
        let piece = line.strip_suffix('\\').unwrap_or(line);
        match entries.last_mut() {
            Some((_, text)) if goes_on => text.push_str(piece),
            Some((_, text)) if is_continued => {
                text.push('\n');
                text.push_str(piece);
            }
            _ if line.trim().is_empty() || line.starts_with('#') => {
                // What follows with white space before it belongs to nothing.
                goes_on = false;
                continue;
            }
            _ => entries.push((number, piece.to_string())),
        }
        goes_on = line.ends_with('\\');
    }
    for (number, text) in entries {
        let origin = Origin::new(name, number);
        let Some(colon) = first_colon(&text) else {
            let why = "there is no colon behind a name, and newaliases refuses it";
            rows.lines.push(Line::new(origin, &text, Verdict::decide(why, &["write NAME: ADDRESS", "leave it out"])));
            continue;
        };
        let key = text[..colon].trim().to_string();
        let value = text[colon + 1..].split_inclusive('\n').map(str::trim).collect::<Vec<_>>().join(" ");
        let value = value.trim().to_string();
        if value.is_empty() || key.is_empty() {
            let what = if key.is_empty() { "name" } else { "value" };
            let why = format!("nothing: newaliases refuses an entry without a {what}, so Sendmail never saw it");
            rows.lines.push(Line::new(origin, &text, Verdict::carried(why)));
            continue;
        }
        rows.rows.push(Row { origin, text, key, value });
    }
    keep_last(&mut rows);
    rows
}

/// Of aliases with one name, the last holds.
fn keep_last(rows: &mut Rows) {
    let mut last: HashMap<String, usize> = HashMap::new();
    for row in &rows.rows {
        last.insert(row.key.to_lowercase(), row.origin.line);
    }
    for row in std::mem::take(&mut rows.rows) {
        match last.get(&row.key.to_lowercase()) {
            Some(&line) if line != row.origin.line => {
                let why = format!("nothing: line {line} has this name again, and the last one holds");
                rows.lines.push(row.line(Verdict::carried(why)));
            }
            _ => rows.rows.push(row),
        }
    }
}

/// Where the name of an alias ends.
fn first_colon(text: &str) -> Option<usize> {
    let mut is_quoted = false;
    let mut is_escaped = false;
    for (at, char) in text.char_indices() {
        match char {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            ':' if !is_quoted => return Some(at),
            _ => {}
        }
    }
    None
}

/// The records of a Berkeley DB file, in the order of their keys.
fn index_rows(path: &Path, name: &str) -> Result<Rows, Damage> {
    let file = File::open(path).map_err(Damage::Io)?;
    if !file.metadata().map_err(Damage::Io)?.is_file() {
        return Err(Damage::Foreign("it is no regular file"));
    }
    let _held = crate::base::FileLock::acquire(&file, crate::base::LockKind::Shared).map_err(Damage::Io)?;
    let mut records: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    let without = |bytes: &[u8]| bytes.strip_suffix(b"\0").unwrap_or(bytes).to_vec();
    BerkeleyDb::open(&file)?.walk(|key, value| {
        records.push((without(key), without(value)));
        Ok::<(), Damage>(())
    })?;
    records.sort();
    let mut rows = Rows::default();
    for (number, (key, value)) in (1..).zip(records) {
        // The mark that an alias file is complete.
        if key == b"@" && value == b"@" || key == b"YP_LAST_MODIFIED" || key == b"YP_MASTER_NAME" {
            continue;
        }
        let origin = Origin::new(name, number);
        match (String::from_utf8(key), String::from_utf8(value)) {
            (Ok(key), Ok(value)) => {
                rows.rows.push(Row { origin, text: format!("{key}\t{value}"), key, value: value.trim().to_string() });
            }
            (key, value) => {
                let shown = |bytes: Result<String, std::string::FromUtf8Error>| {
                    bytes.unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
                };
                let text = format!("{}\t{}", shown(key), shown(value));
                let why = "this is not UTF-8, which is all that Postfix takes in tables";
                rows.lines.push(Line::new(origin, &text, Verdict::decide(why, &["write it anew", "leave it out"])));
            }
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(rows: &Rows) -> Vec<(usize, &str, &str)> {
        rows.rows.iter().map(|row| (row.origin.line, row.key.as_str(), row.value.as_str())).collect()
    }

    #[test]
    fn rows_are_what_makemap_takes() {
        let rows = map_rows("t", b"# c\nA@x  b c \n  lead 2\nonly\n\t\na@X other\nz\ty");
        assert_eq!(keys(&rows), [(2, "a@x", "b c"), (7, "z", "y")]);
        let told: Vec<_> = rows.lines.iter().map(|line| (line.origin.line, line.verdict.word())).collect();
        assert_eq!(told, [(3, "carried over"), (4, "carried over"), (6, "changed")]);
    }

    #[test]
    fn aliases_go_on_by_white_space_and_by_a_backslash() {
        let text = b"a: b,\n  c\nd: e, \\\nf\n\n# x\n\"q: r\": s\nA: last\nno colon\n";
        let rows = alias_rows("aliases", text);
        assert_eq!(keys(&rows), [(3, "d", "e, f"), (7, "\"q: r\"", "s"), (8, "A", "last")]);
        let told: Vec<_> = rows.lines.iter().map(|line| (line.origin.line, line.verdict.word())).collect();
        assert_eq!(told, [(9, "decide"), (1, "carried over")]);
    }

    #[test]
    fn a_table_without_its_source_is_read_from_its_index() -> Result<(), ReadError> {
        // As makemap writes it: no zero behind keys and values.
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/berkeley-db/btree-without-nul");
        let rows = read_table(&path, "virtusertable", Form::Map)?.unwrap_or_default();
        let listed = bytes_of(&path.with_extension("list"))?.unwrap_or_default();
        assert_eq!(rows.rows.len(), listed.iter().filter(|&&byte| byte == b'\n').count());
        assert!(rows.rows.iter().all(|row| row.origin.file == "virtusertable.db"));
        Ok(())
    }

    #[test]
    fn names_are_first_words() {
        let rows = name_rows("n", b"Example.COM other\n # no\n\n example.net\n");
        assert_eq!(keys(&rows), [(1, "example.com", ""), (4, "example.net", "")]);
    }
}
