//! The record of what migrations did to a site, beside its main.cf: by it they are rolled back.
//!
//! It is written, and on disk, before a file is changed; so it may tell of a change that never came, but never lacks
//! one.

use super::fingerprint::Fingerprint;
use crate::base::user_file::{LONGEST_TEXT, read_rest};
use crate::base::{Beneath, FileError, Place};
use rustix::fs::{Mode, fchmod};
use serde::{Deserialize, Serialize};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The name of the file.
pub const FILE_NAME: &str = "postwright-migration.json";

/// The form in which it is written.
const VERSION: u32 = 1;

/// A file that was changed.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
pub struct Change {
    /// What the configuration calls it.
    pub file: String,
    /// What is added to its name to give that of its backup.
    pub backup: String,
    /// What was put in its place; nothing if it only went.
    pub made: Option<Fingerprint>,
    /// What it was, if it was replaced; records of older programs lack it.
    #[serde(default)]
    pub old: Option<Fingerprint>,
}

/// All that was changed and not rolled back.
#[derive(Debug)]
pub struct Record {
    path: PathBuf,
    place: Place,
    /// In the order in which it happened.
    pub changes: Vec<Change>,
}

/// As it is written.
#[derive(Deserialize, Serialize)]
struct Document {
    version: u32,
    changes: Vec<Change>,
}

impl Record {
    /// Reads the record in a configuration directory; without one, nothing was changed.
    ///
    /// # Errors
    /// One that cannot be read or understood.
    pub fn read(directory: &Path) -> Result<Self, FileError> {
        let path = directory.join(FILE_NAME);
        let beneath = Beneath::directory(directory);
        let place = beneath.and_then(|beneath| beneath.named(Path::new(FILE_NAME))).map_err(FileError::at(&path))?;
        let changes = match place.open_regular() {
            Ok(file) => {
                let text = read_rest(&file, LONGEST_TEXT).map_err(FileError::at(&path))?;
                parse(&text).map_err(|why| FileError { path: path.clone(), error: io::Error::other(why) })?
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(FileError { path, error }),
        };
        Ok(Self { path, place, changes })
    }

    /// Writes it anew; without changes, removes it.
    ///
    /// # Errors
    /// Those of writing.
    pub fn write(&self) -> Result<(), FileError> {
        let write = || {
            if self.changes.is_empty() {
                return match self.place.remove() {
                    Ok(()) | Err(rustix::io::Errno::NOENT) => Ok(()),
                    Err(error) => Err(error.into()),
                };
            }
            let document = Document { version: VERSION, changes: self.changes.clone() };
            let mut file = self.place.replace()?;
            file.write_all(serde_json::to_string_pretty(&document)?.as_bytes())?;
            file.write_all(b"\n")?;
            fchmod(file.file(), Mode::from_raw_mode(0o644))?;
            file.commit()
        };
        write().map_err(FileError::at(&self.path))
    }
}

fn parse(text: &[u8]) -> Result<Vec<Change>, String> {
    let document: Document =
        serde_json::from_slice(text).map_err(|error| format!("not a record of this program's: {error}"))?;
    if document.version != VERSION {
        return Err(format!("a record of version {}, and this program knows {VERSION}", document.version));
    }
    // What is added to a name must not lead elsewhere.
    match document.changes.iter().find(|change| change.backup.is_empty() || change.backup.contains('/')) {
        Some(change) => Err(format!("{}: no name of a backup: {:?}", change.file, change.backup)),
        None => Ok(document.changes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_it_was_written_and_goes_when_it_is_empty() {
        let scratch = tempfile::tempdir().expect("scratch directory");
        let read = || Record::read(scratch.path());
        let mut record = read().expect("none yet");
        record.write().expect("nothing to be written");
        let change = |file: &str| Change { file: file.into(), backup: ".old".into(), made: None, old: None };
        record.changes = vec![change("/etc/postfix/a.lmdb"), change("b")];
        record.write().expect("written");
        assert_eq!(read().expect("there").changes, record.changes);
        record.changes.clear();
        record.write().expect("removed");
        assert!(!scratch.path().join(FILE_NAME).exists());
    }

    #[test]
    fn what_is_no_record_is_told() {
        let scratch = tempfile::tempdir().expect("scratch directory");
        let name = scratch.path().join(FILE_NAME);
        let told = |text: &str| {
            std::fs::write(&name, text).expect("written");
            let failed = Record::read(scratch.path()).map(drop).map_err(|failed| failed.error.to_string());
            failed.expect_err("no record")
        };
        assert_eq!(told("{\"version\": 2, \"changes\": []}"), "a record of version 2, and this program knows 1");
        assert!(told("version 1").starts_with("not a record of this program's: "));
        let text = "{\"version\": 1, \"changes\": [{\"file\": \"a\", \"backup\": \"/../b\", \"made\": null}]}";
        assert_eq!(told(text), "a: no name of a backup: \"/../b\"");
    }
}
