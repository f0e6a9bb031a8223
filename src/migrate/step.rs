//! One file of a migration: backed up, told of in the record, and changed.
//!
//! The old file is locked against other writers from before it is read until another stands in its place.

use super::fingerprint::Fingerprint;
use super::record::{Change, Record};
use crate::base::atomic_file::Access;
use crate::base::carried_over::Lost;
use crate::base::{AtomicFile, FileError, FileLock, LockKind, Place, system_words};
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::MetadataExt;

/// What is added to the name of a file to give that of its backup; a number behind it, if that is there already.
const BACKUP: &str = ".before-migration";

/// Most backups of one file.
const MOST_BACKUPS: usize = 100;

/// Writes a file from the old one; or why it cannot.
pub type Make<'a> = &'a dyn Fn(&File, &File) -> Result<(), String>;

/// What is done to a file.
#[derive(Clone, Copy)]
pub enum Action<'a> {
    /// Another takes its place, which this writes.
    Replace(Make<'a>),
    /// It goes, and only its backup is left.
    SetAside,
}

/// What was done.
#[derive(Debug)]
pub struct Done {
    /// What was added to the file's name to give that of its backup.
    pub backup: String,
    /// How many names (hard links) the old file had; no other leads to the new one.
    pub names: u64,
    /// What the old file carried and the new one could not get.
    pub lost: Vec<Lost>,
}

/// Why a file is as it was.
#[derive(Debug)]
pub enum StepError {
    /// The system refused.
    Io(io::Error),
    /// The record cannot be written.
    Record(FileError),
    /// The new file could not be made.
    Make(String),
    /// It was replaced all the time.
    Busy,
    /// There are too many backups.
    Backups,
}

impl From<io::Error> for StepError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => f.write_str(&system_words(error)),
            Self::Record(error) => error.fmt(f),
            Self::Make(why) => f.write_str(why),
            Self::Busy => f.write_str("it is replaced again and again; try again later"),
            Self::Backups => write!(f, "there are {MOST_BACKUPS} backups of it; remove some"),
        }
    }
}

impl std::error::Error for StepError {}

/// Changes the file at a place, which the configuration calls `file`.
///
/// # Errors
/// [`StepError`]: the file is as it was.
pub fn carry_out(file: &str, place: &Place, action: Action<'_>, record: &mut Record) -> Result<Done, StepError> {
    let (suffix, backup) = new_backup(place)?;
    match action {
        Action::Replace(make) => replace(file, place, make, (suffix, backup), record),
        Action::SetAside => {
            note(record, Change { file: file.into(), backup: suffix.clone(), made: None, old: None })?;
            if !place.move_to_new(&backup)? {
                return Err(StepError::Busy);
            }
            Ok(Done { backup: suffix, names: 1, lost: Vec::new() })
        }
    }
}

fn replace(
    file: &str,
    place: &Place,
    make: Make<'_>,
    (suffix, backup): (String, Place),
    record: &mut Record,
) -> Result<Done, StepError> {
    let (locked, mut old) = (place.open_regular_to_write()?, place.open_regular()?);
    let _lock = FileLock::acquire(&locked, LockKind::Exclusive)?;
    // Somebody may have put another there while we waited.
    let identity = |status: &std::fs::Metadata| (status.dev(), status.ino());
    let status = old.metadata()?;
    if identity(&status) != identity(&locked.metadata()?) || identity(&status) != identity(&place.metadata()?) {
        return Err(StepError::Busy);
    }
    let aside = place.replace()?;
    make(&old, aside.file()).map_err(StepError::Make)?;
    let made = Fingerprint::of(aside.file())?;
    let lost = take_over(&aside, &old)?;
    // Before the backup is there: one that nothing tells of would stay for ever.
    let change =
        Change { file: file.into(), backup: suffix.clone(), made: Some(made), old: Some(Fingerprint::of(&old)?) };
    note(record, change)?;
    if let Err(error) = back_up(&mut old, &backup) {
        record.changes.pop();
        // What it tells of more has not come, which a rollback sees.
        let _ = record.write();
        return Err(error);
    }
    aside.commit()?;
    Ok(Done { backup: suffix, names: status.nlink(), lost })
}

fn back_up(old: &mut File, backup: &Place) -> Result<(), StepError> {
    let mut copy = backup.replace()?;
    copy_all(old, &mut copy)?;
    take_over(&copy, old)?;
    if copy.commit_over(None::<fn(&File) -> bool>)? { Ok(()) } else { Err(StepError::Busy) }
}

/// Gives a new file what belongs to the old one besides its contents.
fn take_over(new: &AtomicFile, old: &File) -> io::Result<Vec<Lost>> {
    new.set_access(Access::of(old)?)?;
    new.carry_over(old)
}

fn copy_all(from: &mut File, to: &mut AtomicFile) -> io::Result<()> {
    from.rewind()?;
    let mut part = vec![0; 1 << 18];
    loop {
        match from.read(&mut part) {
            Ok(0) => return Ok(()),
            Ok(read) => to.write_all(&part[..read])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The first name for a backup that nothing has.
fn new_backup(place: &Place) -> Result<(String, Place), StepError> {
    for number in 1..=MOST_BACKUPS {
        let suffix = if number == 1 { BACKUP.to_string() } else { format!("{BACKUP}.{number}") };
        let backup = place.beside(&suffix)?;
        if !backup.is_taken() {
            return Ok((suffix, backup));
        }
    }
    Err(StepError::Backups)
}

/// Adds a change to the record, on disk.
fn note(record: &mut Record, change: Change) -> Result<(), StepError> {
    record.changes.push(change);
    record.write().map_err(|error| {
        record.changes.pop();
        StepError::Record(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Beneath;
    use std::path::Path;

    fn names(directory: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(directory).expect("readable").flatten();
        let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_as_it_was_and_nothing_is_left_where_a_step_fails() {
        let scratch = tempfile::tempdir().expect("scratch directory");
        std::fs::write(scratch.path().join("a"), "old").expect("written");
        let place =
            Beneath::directory(scratch.path()).and_then(|beneath| beneath.named(Path::new("a"))).expect("there");
        let fails = |_: &File, _: &File| Err("no such thing".to_string());
        let mut record = Record::read(scratch.path()).expect("none yet");
        let told = carry_out("a", &place, Action::Replace(&fails), &mut record).map_err(|error| error.to_string());
        assert_eq!(told.map(drop), Err("no such thing".to_string()));
        assert_eq!(names(scratch.path()), ["a"]);
        // Where the record cannot be written nothing is changed.
        std::fs::create_dir(scratch.path().join(super::super::record::FILE_NAME)).expect("made");
        let makes = |_: &File, mut new: &File| new.write_all(b"new").map_err(|error| error.to_string());
        for action in [Action::Replace(&makes), Action::SetAside] {
            let failed = carry_out("a", &place, action, &mut record);
            assert!(matches!(failed, Err(StepError::Record(_))), "{failed:?}");
            assert_eq!(names(scratch.path()), ["a", super::super::record::FILE_NAME]);
            assert_eq!(std::fs::read(scratch.path().join("a")).expect("there"), b"old");
            assert!(record.changes.is_empty());
        }
    }
}
