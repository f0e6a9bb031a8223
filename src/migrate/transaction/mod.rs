//! Several files changed as one: all of them, or none.
//!
//! What is about to be done stands in a [manifest](manifest) on disk before it is done, and what is replaced is kept
//! beside it in a [directory of backups](backups). An error undoes all; so does the next run after this one was killed.
//! Undoing needs no room on the disk: the old file itself was kept, under another name, where the file system has hard
//! links for that.

pub mod backups;
mod keep;
pub mod manifest;
pub mod rollback;
pub mod undo;

use crate::base::atomic_file::Access;
use crate::base::carried_over::Lost;
use crate::base::{AtomicFile, FileError, FileLock, LockKind, system_words};
use crate::config::edit::lock::EditLock;
use crate::config::paths::PathMap;
use crate::migrate::fingerprint::Fingerprint;
use backups::BackupDirectory;
use keep::keep;
use manifest::{Change, Manifest, State};
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use undo::{Undone, undo_change, undo_left_over};

/// Why a migration ended.
#[derive(Debug)]
pub enum TransactionError {
    /// The system refused.
    File(FileError),
    /// A new file could not be made; why.
    Make(PathBuf, String),
    /// Somebody else changed a file meanwhile.
    Busy(PathBuf),
    /// Nothing may be written there.
    Outside(PathBuf),
}

impl From<FileError> for TransactionError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

impl fmt::Display for TransactionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => error.fmt(f),
            Self::Make(path, why) => write!(f, "{}: {why}", path.display()),
            Self::Busy(path) => write!(f, "{}: changed by somebody else meanwhile", path.display()),
            Self::Outside(path) => write!(f, "{}: outside of the directory", path.display()),
        }
    }
}

impl std::error::Error for TransactionError {}

/// Writes a new file; or why it cannot.
pub type Write<'a> = &'a dyn Fn(&File) -> Result<(), String>;

/// A file that is to stand somewhere.
pub struct NewFile<'a> {
    /// Where.
    pub path: &'a Path,
    /// Who owns it and who may read it; nothing: who did of the file that it replaces.
    pub access: Option<Access>,
    /// Takes over what this open file carries besides contents, owner and permissions.
    pub like: Option<&'a File>,
    /// What stood there when it was decided what is to stand there; nothing: it does not matter.
    pub expected: Option<&'a [u8]>,
    /// Writes it.
    pub write: Write<'a>,
}

/// A migration under way.
#[derive(Debug)]
pub struct Transaction<'p> {
    configuration: PathBuf,
    paths: &'p PathMap,
    backup: BackupDirectory,
    manifest: Manifest,
    locks: Vec<EditLock>,
    /// Held against another migration of the same directory.
    _alone: File,
}

/// Waits until no other migration is under way in a configuration directory.
///
/// # Errors
/// That the directory cannot be opened or locked.
pub fn alone(configuration: &Path) -> Result<File, FileError> {
    let lock = || {
        let directory = File::open(configuration)?;
        directory.lock()?;
        Ok(directory)
    };
    lock().map_err(FileError::at(configuration))
}

impl<'p> Transaction<'p> {
    /// Begins one of some files; `alone` is the lock of [`alone`].
    ///
    /// # Errors
    /// That the directory of backups cannot be made, or a file has a name that cannot be recorded.
    pub fn begin(
        configuration: &Path,
        paths: &'p PathMap,
        what: String,
        planned: &[PathBuf],
        alone: File,
    ) -> Result<Self, TransactionError> {
        let backup = BackupDirectory::create(configuration)?;
        let mut begun = Self {
            configuration: configuration.to_path_buf(),
            paths,
            backup,
            manifest: Manifest::new(what),
            locks: Vec::new(),
            _alone: alone,
        };
        let named: Result<Vec<String>, _> = planned.iter().map(|path| begun.named(path)).collect();
        let written = named.and_then(|named| {
            begun.manifest.planned = named;
            Ok(begun.backup.write(&begun.manifest)?)
        });
        match written {
            Ok(()) => Ok(begun),
            Err(error) => {
                // There is nothing in it.
                let _ = begun.backup.remove();
                Err(error)
            }
        }
    }

    /// Keeps others from editing a file, as they do who edit it with postconf, until the end.
    ///
    /// # Errors
    /// That it cannot be locked.
    pub fn lock(&mut self, path: &Path) -> Result<(), TransactionError> {
        let name = EditLock::name(path);
        if !name.exists() {
            self.manifest.locks.push(self.named(path)?);
            self.backup.write(&self.manifest)?;
        }
        let place = self.paths.edit_place(path).map_err(FileError::at(path))?;
        let place = place.ok_or_else(|| TransactionError::Outside(path.to_path_buf()))?;
        self.locks.push(EditLock::acquire(&place).map_err(FileError::at(&name))?);
        Ok(())
    }

    /// Puts a file in its place, a backup of the old one being kept. Says what the new one could not get of the old.
    ///
    /// # Errors
    /// [`TransactionError`]: the old one is in place, or will be once all is undone.
    pub fn put(&mut self, new: &NewFile<'_>) -> Result<Vec<Lost>, TransactionError> {
        let at = FileError::at(new.path);
        let file = self.named(new.path)?;
        let edit_place = self.paths.edit_place(new.path).map_err(&at)?;
        let edit_place = edit_place.ok_or_else(|| TransactionError::Outside(new.path.to_path_buf()))?;
        let place = edit_place.file();
        let old = match place.open_regular() {
            Ok(file) => Some(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(at(error).into()),
        };
        let mut aside = place.replace().map_err(&at)?;
        (new.write)(aside.file()).map_err(|why| TransactionError::Make(new.path.to_path_buf(), why))?;
        let lost = fill_in(&mut aside, new, old.as_ref()).map_err(&at)?;
        let made = Fingerprint::of(aside.file()).map_err(&at)?;
        let backup = old.as_ref().map(|_| {
            let name = new.path.file_name().unwrap_or_default().to_string_lossy();
            format!("{}-{name}", self.manifest.changes.len() + 1)
        });
        self.manifest.changes.push(Change { file, backup: backup.clone(), made });
        self.backup.write(&self.manifest)?;
        // A writer that changes an index in place is waited for; who cannot write to it cannot lock it either.
        let writable = place.open_regular_to_write().ok();
        let _waited =
            writable.as_ref().map(|file| FileLock::acquire(file, LockKind::Exclusive)).transpose().map_err(&at)?;
        let is_done = match (&old, backup) {
            (Some(old), Some(backup)) => {
                keep(place, old, &self.backup.place(&backup).map_err(&at)?).map_err(&at)?;
                aside.commit_over(Some(|displaced: &File| is_same(displaced, old, new.expected))).map_err(&at)?
            }
            _ => aside.commit_over(None::<fn(&File) -> bool>).map_err(&at)?,
        };
        if is_done { Ok(lost) } else { Err(TransactionError::Busy(new.path.to_path_buf())) }
    }

    /// How many files were changed so far.
    #[must_use]
    pub fn changes(&self) -> usize {
        self.manifest.changes.len()
    }

    /// Ends it: from now on only a person undoes it. Gives the directory of backups.
    ///
    /// # Errors
    /// What kept it from being written that all is done; all is undone then.
    pub fn finish(mut self) -> Result<PathBuf, FileError> {
        self.locks.clear();
        self.manifest.state = State::Done;
        match self.backup.write(&self.manifest) {
            Ok(()) => Ok(self.backup.path),
            Err(error) => {
                self.undo();
                Err(error)
            }
        }
    }

    /// Undoes all; gives what could not be undone, and why. The backups stay then.
    pub fn undo(mut self) -> Vec<(String, String)> {
        self.locks.clear();
        undo_begun(&self.configuration, self.paths, self.backup, &self.manifest)
    }

    /// How the manifest names a file: from the configuration directory on, if it is there.
    fn named(&self, path: &Path) -> Result<String, TransactionError> {
        let inside = path.strip_prefix(&self.configuration).ok();
        let name = match inside {
            Some(inside) => inside.to_path_buf(),
            None => std::path::absolute(path).map_err(FileError::at(path))?,
        };
        name.into_os_string().into_string().map_err(|_| {
            TransactionError::Make(path.to_path_buf(), "its name is not UTF-8, and could not be recorded".into())
        })
    }
}

/// A migration that was killed, by its directory of backups, and what could not be undone of it, and why.
pub type Recovered = (PathBuf, Vec<(String, String)>);

/// Undoes what migrations left that were killed. The lock of [`alone`] is held.
///
/// # Errors
/// A manifest that cannot be read.
pub fn recover(configuration: &Path, paths: &PathMap) -> Result<Vec<Recovered>, FileError> {
    let mut recovered = Vec::new();
    for backup in BackupDirectory::all(configuration)?.into_iter().rev() {
        let manifest = match backup.manifest()? {
            Some(manifest) if manifest.state == State::Begun => manifest,
            // Killed before it could be written: nothing was changed.
            None => Manifest::new(String::new()),
            Some(_) => continue,
        };
        let path = backup.path.clone();
        recovered.push((path, undo_begun(configuration, paths, backup, &manifest)));
    }
    Ok(recovered)
}

/// Whether a migration was killed and is not undone yet.
///
/// # Errors
/// A manifest that cannot be read.
pub fn is_unfinished(configuration: &Path) -> Result<bool, FileError> {
    for backup in BackupDirectory::all(configuration)? {
        if backup.manifest()?.is_none_or(|manifest| manifest.state == State::Begun) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn undo_begun(
    configuration: &Path,
    paths: &PathMap,
    backup: BackupDirectory,
    manifest: &Manifest,
) -> Vec<(String, String)> {
    let mut left: Vec<(String, String)> = Vec::new();
    for change in manifest.changes.iter().rev() {
        match undo_change(configuration, paths, &backup, change) {
            Ok(Undone::Restored | Undone::Removed | Undone::AsBefore) => {}
            Ok(Undone::ChangedSince) => left.push((change.file.clone(), "changed by somebody else meanwhile".into())),
            Err(error) => left.push((change.file.clone(), system_words(&error))),
        }
    }
    undo_left_over(configuration, paths, manifest);
    if left.is_empty()
        && let Err(error) = backup.remove()
    {
        left.push((error.path.display().to_string(), system_words(&error.error)));
    }
    left
}

/// All that can be done before the new file is put in its place.
fn fill_in(aside: &mut AtomicFile, new: &NewFile<'_>, old: Option<&File>) -> io::Result<Vec<Lost>> {
    if let Some(access) = new.access.map(Ok).or(old.map(Access::of)).transpose()? {
        aside.set_access(access)?;
    }
    let lost = new.like.or(old).map(|like| aside.carry_over(like)).transpose()?.unwrap_or_default();
    aside.sync()?;
    Ok(lost)
}

/// Whether a file that gave way is the one that was looked at.
fn is_same(displaced: &File, old: &File, expected: Option<&[u8]>) -> bool {
    let identity = |file: &File| file.metadata().ok().map(|status| (status.dev(), status.ino()));
    let has_text = |expected: &[u8]| {
        let mut text = Vec::new();
        displaced.try_clone().and_then(|mut file| file.read_to_end(&mut text)).is_ok() && text == expected
    };
    identity(displaced).is_some() && identity(displaced) == identity(old) && expected.is_none_or(has_text)
}
