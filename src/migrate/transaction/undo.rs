//! Undoing what a manifest tells, file by file.

use super::backups::BackupDirectory;
use super::keep::copy;
use super::manifest::{Change, Manifest};
use crate::base::Place;
use crate::config::paths::PathMap;
use crate::migrate::fingerprint::Fingerprint;
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undone {
    /// The old file is back.
    Restored,
    /// There was none, and there is none again.
    Removed,
    /// The change had never come, or is undone already.
    AsBefore,
    /// Somebody has changed the file since; it and its backup stay.
    ChangedSince,
}

/// How a file is, compared with what a change made of it.
struct Found {
    place: Place,
    backup: Option<Place>,
    undone: Undone,
}

fn fingerprint(file: &File) -> io::Result<Fingerprint> {
    Fingerprint::of(file)
}

fn opened(place: &Place) -> io::Result<Option<File>> {
    match place.open_regular() {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn look(configuration: &Path, paths: &PathMap, backup: &BackupDirectory, change: &Change) -> io::Result<Found> {
    let path = configuration.join(&change.file);
    let edit_place = paths.edit_place(&path)?.ok_or_else(|| io::Error::other("outside of the directory"))?;
    let place = edit_place.into_file();
    let now = opened(&place)?;
    let backup = change.backup.as_ref().map(|name| backup.place(name)).transpose()?;
    let kept = backup.as_ref().map(opened).transpose()?.flatten();
    let is_made = now.as_ref().map(fingerprint).transpose()?.map(|now| now == change.made);
    let undone = match (&backup, &kept, &now, is_made) {
        (None, _, None, _) | (Some(_), None, ..) => Undone::AsBefore,
        (None, _, _, Some(true)) => Undone::Removed,
        (None, ..) => Undone::ChangedSince,
        (Some(_), Some(kept), Some(now), _) if is_one(kept, now)? => Undone::AsBefore,
        (Some(_), _, None, _) | (Some(_), _, _, Some(true)) => Undone::Restored,
        (Some(_), Some(kept), Some(now), _) if fingerprint(kept)? == fingerprint(now)? => Undone::AsBefore,
        _ => Undone::ChangedSince,
    };
    Ok(Found { place, backup, undone })
}

fn is_one(kept: &File, now: &File) -> io::Result<bool> {
    let (kept, now) = (kept.metadata()?, now.metadata()?);
    Ok((kept.dev(), kept.ino()) == (now.dev(), now.ino()))
}

/// What undoing a change would do.
///
/// # Errors
/// That the file cannot be looked at.
pub fn would_be(
    configuration: &Path,
    paths: &PathMap,
    backup: &BackupDirectory,
    change: &Change,
) -> io::Result<Undone> {
    look(configuration, paths, backup, change).map(|found| found.undone)
}

/// Undoes a change.
///
/// # Errors
/// That it cannot be undone.
pub fn undo_change(
    configuration: &Path,
    paths: &PathMap,
    backup: &BackupDirectory,
    change: &Change,
) -> io::Result<Undone> {
    let Found { place, backup, undone } = look(configuration, paths, backup, change)?;
    match (undone, &backup) {
        (Undone::Restored, Some(backup)) => {
            if let Err(error) = backup.move_over(&place) {
                if error.kind() != io::ErrorKind::CrossesDevices {
                    return Err(error);
                }
                copy(&backup.open_regular()?, &place)?;
                backup.remove()?;
            }
        }
        (Undone::Removed, _) => {
            place.remove()?;
            place.sync_directory()?;
        }
        (Undone::AsBefore, Some(backup)) => {
            // It may never have been made.
            let _ = backup.remove();
        }
        _ => {}
    }
    Ok(undone)
}

/// Removes what a migration that was killed had begun aside, and the locks that it held.
pub(super) fn undo_left_over(configuration: &Path, paths: &PathMap, manifest: &Manifest) {
    for name in &manifest.planned {
        if let Ok(Some(place)) = paths.edit_place(&configuration.join(name)) {
            place.file().remove_left_over();
        }
    }
    for name in &manifest.locks {
        let Ok(Some(edited)) = paths.edit_place(&configuration.join(name)) else { continue };
        let Ok(lock) = edited.lock() else { continue };
        let is_left = |file: &File| file.metadata().is_ok_and(|status| status.len() == 0) && file.try_lock().is_ok();
        if lock.open_regular_to_write().is_ok_and(|file| is_left(&file)) {
            // The next one who edits the file removes it, too.
            let _ = lock.remove();
        }
    }
}
