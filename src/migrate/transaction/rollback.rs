//! Undoing a migration that was done, and forgetting the old files.

use super::backups::BackupDirectory;
use super::manifest::{Change, State};
use super::undo::{Undone, undo_change, would_be};
use super::{Recovered, alone, recover};
use crate::base::{FileError, system_words};
use crate::config::paths::PathMap;
use std::path::{Path, PathBuf};

/// What came of undoing one migration.
#[derive(Debug)]
pub struct RolledBack {
    /// Its directory of backups.
    pub backup: PathBuf,
    /// What became of each change, the last one first; or why it could not be undone.
    pub changes: Vec<(Change, Result<Undone, String>)>,
    /// Whether nothing was undone, because somebody has changed since what a backup would replace.
    pub is_refused: bool,
}

/// What came of asking for it.
#[derive(Debug)]
pub enum Outcome {
    /// There is no migration that was not undone.
    Nothing,
    /// One that was killed on its way is undone.
    Recovered(Vec<Recovered>),
    /// The last one is undone, or not.
    RolledBack(RolledBack),
}

/// Undoes the last migration of a configuration directory.
///
/// # Errors
/// A manifest that cannot be read or written.
pub fn roll_back(configuration: &Path, paths: &PathMap) -> Result<Outcome, FileError> {
    let _alone = alone(configuration)?;
    let recovered = recover(configuration, paths)?;
    if !recovered.is_empty() {
        return Ok(Outcome::Recovered(recovered));
    }
    for backup in BackupDirectory::all(configuration)?.into_iter().rev() {
        let Some(mut manifest) = backup.manifest()?.filter(|manifest| manifest.state == State::Done) else { continue };
        let looked = |change: &Change| would_be(configuration, paths, &backup, change);
        let is_refused = manifest
            .changes
            .iter()
            .any(|change| change.backup.is_some() && matches!(looked(change), Ok(Undone::ChangedSince) | Err(_)));
        let changes: Vec<_> = manifest
            .changes
            .iter()
            .rev()
            .map(|change| {
                let outcome = match is_refused {
                    true => looked(change),
                    false => undo_change(configuration, paths, &backup, change),
                };
                (change.clone(), outcome.map_err(|error| system_words(&error)))
            })
            .collect();
        if !is_refused && changes.iter().all(|(_, outcome)| outcome.is_ok()) {
            manifest.state = State::RolledBack;
            backup.write(&manifest)?;
        }
        return Ok(Outcome::RolledBack(RolledBack { backup: backup.path.clone(), changes, is_refused }));
    }
    Ok(Outcome::Nothing)
}

/// The files that undoing the last migration would remove, as it made them.
///
/// # Errors
/// A manifest that cannot be read.
pub fn would_remove(configuration: &Path) -> Result<Vec<PathBuf>, FileError> {
    for backup in BackupDirectory::all(configuration)?.into_iter().rev() {
        if let Some(manifest) = backup.manifest()?.filter(|manifest| manifest.state == State::Done) {
            let made = manifest.changes.iter().filter(|change| change.backup.is_none());
            return Ok(made.map(|change| configuration.join(&change.file)).collect());
        }
    }
    Ok(Vec::new())
}

/// Removes the backups of all migrations; gives their directories. Those of one that was killed stay.
///
/// # Errors
/// Those of removing them.
pub fn forget(configuration: &Path) -> Result<Vec<PathBuf>, FileError> {
    let _alone = alone(configuration)?;
    let mut gone = Vec::new();
    for backup in BackupDirectory::all(configuration)? {
        if backup.manifest()?.is_some_and(|manifest| manifest.state != State::Begun) {
            gone.push(backup.path.clone());
            backup.remove()?;
        }
    }
    Ok(gone)
}
