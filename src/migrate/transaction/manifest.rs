//! What a migration writes down of itself in its backup directory: first what it is about to do, and in the end that it
//! is done.

use crate::base::Place;
use crate::base::user_file::{LONGEST_TEXT, read_rest};
use crate::migrate::fingerprint::Fingerprint;
use serde::{Deserialize, Serialize};
use std::io::{self, Write};

/// The name of the file.
pub const FILE_NAME: &str = "manifest.json";

/// The form in which it is written.
const VERSION: u32 = 1;

/// How far a migration has come.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It is under way, or was when it was killed: what it changed is to be undone.
    Begun,
    /// All is done.
    Done,
    /// All of it was undone.
    RolledBack,
}

/// A file that is changed.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
pub struct Change {
    /// Where it is: from the configuration directory on, or from the root.
    pub file: String,
    /// The name of its backup beside this file; nothing if there was no such file.
    pub backup: Option<String>,
    /// What is put in its place.
    pub made: Fingerprint,
}

/// A migration.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
pub struct Manifest {
    version: u32,
    /// What was asked for, in words.
    pub what: String,
    /// How far it came.
    pub state: State,
    /// All files that are to be changed: beside each may lie what was begun and not put in its place.
    pub planned: Vec<String>,
    /// In the order in which it happens.
    pub changes: Vec<Change>,
    /// Files that are made for a moment, to lock others.
    pub locks: Vec<String>,
}

impl Manifest {
    /// One of which nothing was done.
    #[must_use]
    pub fn new(what: String) -> Self {
        Self {
            version: VERSION,
            what,
            state: State::Begun,
            planned: Vec::new(),
            changes: Vec::new(),
            locks: Vec::new(),
        }
    }

    /// Reads the one at a place; nothing if it was never written.
    ///
    /// # Errors
    /// One that cannot be read or understood.
    pub fn read(place: &Place) -> io::Result<Option<Self>> {
        let file = match place.open_regular() {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let manifest: Self = serde_json::from_slice(&read_rest(&file, LONGEST_TEXT)?)
            .map_err(|error| io::Error::other(format!("not a manifest of this program's: {error}")))?;
        if manifest.version != VERSION {
            let words = format!("a manifest of version {}, and this program knows {VERSION}", manifest.version);
            return Err(io::Error::other(words));
        }
        // A backup lies beside, and nowhere else.
        let is_name = |name: &String| !name.is_empty() && !name.contains('/') && name != "." && name != "..";
        match manifest.changes.iter().filter_map(|change| change.backup.as_ref()).find(|name| !is_name(name)) {
            Some(name) => Err(io::Error::other(format!("no name of a backup: {name:?}"))),
            None => Ok(Some(manifest)),
        }
    }

    /// Writes it, to disk.
    ///
    /// # Errors
    /// Those of writing.
    pub fn write(&self, place: &Place) -> io::Result<()> {
        let mut file = place.replace()?;
        file.write_all(serde_json::to_string_pretty(self)?.as_bytes())?;
        file.write_all(b"\n")?;
        file.commit()
    }
}
