//! Undoing what the record tells, the last change first: backups take the place of what was made from them, unless
//! somebody has changed that since.

use super::fingerprint::Fingerprint;
use super::record::{Change, Record};
use crate::base::{FileLock, LockKind, Place, system_words};
use crate::config::paths::PathMap;
use std::io;

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undone {
    /// The old file is back.
    Restored,
    /// The change had never come: the file is as it was.
    AsBefore,
    /// Somebody has changed the file since; it and its backup stay.
    ChangedSince,
    /// Where the file lies nothing may be written.
    Outside,
    /// It could not be undone; why.
    Failed(String),
}

impl Undone {
    /// Whether there is still something to be undone.
    #[must_use]
    pub const fn is_left(&self) -> bool {
        !matches!(self, Self::Restored | Self::AsBefore)
    }
}

/// Undoes all that the record tells, in so far as that is possible; what is left stays in it, which is for the caller
/// to write.
pub fn roll_back(record: &mut Record, paths: &PathMap) -> Vec<(Change, Undone)> {
    let changes = std::mem::take(&mut record.changes);
    let outcomes: Vec<_> = changes.into_iter().rev().map(|change| (undo(&change, paths), change)).collect();
    record.changes =
        outcomes.iter().rev().filter(|(undone, _)| undone.is_left()).map(|(_, change)| change.clone()).collect();
    outcomes.into_iter().map(|(undone, change)| (change, undone)).collect()
}

fn undo(change: &Change, paths: &PathMap) -> Undone {
    let place = match paths.index_place(change.file.as_bytes(), "") {
        Ok(Some(place)) => place,
        Ok(None) => return Undone::Outside,
        Err(error) => return Undone::Failed(system_words(&error)),
    };
    let undone = place.beside(&change.backup).and_then(|backup| match &change.made {
        Some(made) => undo_replacement(&place, &backup, made, change.old.as_ref()),
        None => undo_removal(&place, &backup),
    });
    undone.unwrap_or_else(|error| Undone::Failed(system_words(&error)))
}

fn undo_replacement(
    place: &Place,
    backup: &Place,
    made: &Fingerprint,
    old: Option<&Fingerprint>,
) -> io::Result<Undone> {
    let held = match place.open_regular_to_write() {
        Ok(file) => Some(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let _lock = held.as_ref().map(|file| FileLock::acquire(file, LockKind::Exclusive)).transpose()?;
    if held.is_some() {
        let there = Fingerprint::of(&place.open_regular()?)?;
        if there != *made {
            // It never came to the change, or the old file is back already.
            let kept = match backup.open_regular() {
                Ok(backup) => Some(Fingerprint::of(&backup)?),
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(error) => return Err(error),
            };
            if kept.as_ref().or(old) != Some(&there) {
                return Ok(Undone::ChangedSince);
            }
            if kept.is_some() {
                backup.remove()?;
            }
            return Ok(Undone::AsBefore);
        }
    }
    backup.move_over(place)?;
    Ok(Undone::Restored)
}

/// What took the place of a file that was set aside is not worth keeping.
fn undo_removal(place: &Place, backup: &Place) -> io::Result<Undone> {
    match backup.move_over(place) {
        Ok(()) => Ok(Undone::Restored),
        Err(error) if error.kind() == io::ErrorKind::NotFound && place.status().is_ok() => Ok(Undone::AsBefore),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::super::step::{Action, carry_out};
    use super::*;
    use crate::base::Beneath;
    use std::fs::{File, read, remove_file, write};
    use std::io::Write;
    use std::path::Path;

    /// What became of a change to a file `a` after somebody did something to the directory, and what is in the file
    /// then.
    fn after(action: Action<'_>, meddle: &dyn Fn(&Path)) -> (Undone, Option<Vec<u8>>, usize) {
        let scratch = tempfile::tempdir().expect("scratch directory");
        let file = scratch.path().join("a");
        write(&file, "old").expect("written");
        let place =
            Beneath::directory(scratch.path()).and_then(|beneath| beneath.named(Path::new("a"))).expect("there");
        let mut record = Record::read(scratch.path()).expect("none yet");
        let name = file.to_str().expect("a plain name");
        carry_out(name, &place, action, &mut record).expect("done");
        meddle(scratch.path());
        let mut record = Record::read(scratch.path()).expect("written");
        let undone = roll_back(&mut record, &PathMap::directory(scratch.path(), None));
        assert_eq!((undone.len(), record.changes.len()), (1, usize::from(undone[0].1.is_left())));
        let names = std::fs::read_dir(scratch.path()).expect("readable").count();
        (undone[0].1.clone(), read(file).ok(), names)
    }

    #[test]
    fn what_was_there_comes_back_unless_somebody_changed_it() {
        let makes = |_: &File, mut new: &File| new.write_all(b"new").map_err(|error| error.to_string());
        let (replace, old) = (Action::Replace(&makes), Some(b"old".to_vec()));
        let put = |text: &'static str| move |directory: &Path| write(directory.join("a"), text).expect("written");
        // The record, and what else is left.
        assert_eq!(after(replace, &|_| ()), (Undone::Restored, old.clone(), 2));
        assert_eq!(after(replace, &put("newer")), (Undone::ChangedSince, Some(b"newer".to_vec()), 3));
        assert_eq!(after(replace, &put("old")), (Undone::AsBefore, old.clone(), 2));
        let remove = |name: &'static str| move |directory: &Path| remove_file(directory.join(name)).expect("removed");
        // Killed between the record and the backup.
        let killed = |directory: &Path| {
            write(directory.join("a"), "old").expect("written");
            remove_file(directory.join("a.before-migration")).expect("removed");
        };
        assert_eq!(after(replace, &killed), (Undone::AsBefore, old.clone(), 2));
        assert_eq!(after(replace, &remove("a")), (Undone::Restored, old.clone(), 2));
        let failed = Undone::Failed("No such file or directory".into());
        let backup = "a.before-migration";
        assert_eq!(after(replace, &remove(backup)), (failed.clone(), Some(b"new".to_vec()), 2));
        assert_eq!(after(Action::SetAside, &|_| ()), (Undone::Restored, old.clone(), 2));
        assert_eq!(after(Action::SetAside, &put("made anew")), (Undone::Restored, old.clone(), 2));
        assert_eq!(after(Action::SetAside, &remove(backup)), (failed, None, 1));
        // It had not come to that yet.
        let back = |directory: &Path| std::fs::rename(directory.join(backup), directory.join("a")).expect("renamed");
        assert_eq!(after(Action::SetAside, &back), (Undone::AsBefore, old, 2));
    }

    /// Nor does a record lead out of the directory.
    #[test]
    fn what_lies_elsewhere_stays() {
        let scratch = tempfile::tempdir().expect("scratch directory");
        let elsewhere = tempfile::NamedTempFile::new().expect("scratch file");
        let mut record = Record::read(scratch.path()).expect("none yet");
        let file = elsewhere.path().to_str().expect("a plain name").to_string();
        record.changes.push(Change { file, backup: ".old".into(), made: None, old: None });
        let undone = roll_back(&mut record, &PathMap::directory(scratch.path(), None));
        assert_eq!((&undone[0].1, record.changes.len()), (&Undone::Outside, 1));
    }
}
