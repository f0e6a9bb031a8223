//! A directory aside, in which the new site is made before it comes to its place by one rename.
//!
//! Whatever happens before that, the place is as it was; the directory goes with its owner, or with the next one if its
//! owner was killed.

use super::new_site::NewFile;
use crate::base::{FileError, system_words};
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};
use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// A directory that goes when this does, unless it has come to its place.
#[derive(Debug)]
pub struct Stage {
    directory: PathBuf,
    has_come: bool,
}

/// What stands between the name of the place and the number of the process.
const MARK: &str = ".postwright-";

/// Names that are tried before giving up.
const MOST_NAMES: u32 = 100;

impl Stage {
    /// Makes a directory beside a place, or among temporary files.
    ///
    /// # Errors
    /// Those of making it.
    pub fn beside(place: Option<&Path>) -> Result<Self, FileError> {
        let (parent, name) = match place {
            Some(place) => (parent_of(place), place.file_name().unwrap_or_default().to_os_string()),
            None => (std::env::temp_dir(), OsString::from("site")),
        };
        let mut prefix = OsString::from(".");
        prefix.push(&name);
        prefix.push(MARK);
        if place.is_some() {
            remove_abandoned(&parent, &prefix);
        }
        for number in 0..MOST_NAMES {
            let mut own = prefix.clone();
            own.push(format!("{}-{number}", std::process::id()));
            let directory = parent.join(own);
            match DirBuilder::new().mode(0o700).create(&directory) {
                Ok(()) => return Ok(Self { directory, has_come: false }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(FileError { path: parent, error }),
            }
        }
        Err(FileError { path: parent, error: io::ErrorKind::AlreadyExists.into() })
    }

    /// Where it is.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Writes the files.
    ///
    /// # Errors
    /// Those of writing.
    pub fn write(&self, files: &[NewFile]) -> Result<(), FileError> {
        for file in files {
            let path = self.directory.join(&file.name);
            let write = || {
                let mut new = File::create_new(&path)?;
                new.write_all(file.text.as_bytes())?;
                new.set_permissions(Permissions::from_mode(0o644))?;
                new.sync_all()
            };
            write().map_err(FileError::at(&path))?;
        }
        Ok(())
    }

    /// Brings the directory to a place where nothing is, or an empty directory, whose mode and owner it takes.
    ///
    /// # Errors
    /// Those of renaming; that the place is not empty any more.
    pub fn come_to(mut self, place: &Path) -> Result<(), FileError> {
        let come = || {
            match fs::metadata(place) {
                Ok(old) => {
                    fs::set_permissions(&self.directory, Permissions::from_mode(old.mode() & 0o7777))?;
                    let own = fs::metadata(&self.directory)?;
                    if (own.uid(), own.gid()) != (old.uid(), old.gid()) {
                        std::os::unix::fs::chown(&self.directory, Some(old.uid()), Some(old.gid()))?;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    fs::set_permissions(&self.directory, Permissions::from_mode(0o755))?;
                }
                Err(error) => return Err(error),
            }
            File::open(&self.directory)?.sync_all()?;
            // A link to a directory stays one.
            let real = fs::canonicalize(place).unwrap_or_else(|_| place.to_path_buf());
            fs::rename(&self.directory, real)?;
            File::open(parent_of(place))?.sync_all()
        };
        come().map_err(FileError::at(place))?;
        self.has_come = true;
        Ok(())
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if !self.has_come {
            // What is left of it has a name that says whose it is.
            let _ = fs::remove_dir_all(&self.directory);
        }
    }
}

/// Removes what processes that were killed left beside the place; it may stay.
fn remove_abandoned(parent: &Path, prefix: &OsStr) {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name();
        let process = name.as_bytes().strip_prefix(prefix.as_bytes()).and_then(|rest| {
            let (process, number) = std::str::from_utf8(rest).ok()?.split_once('-')?;
            number.parse::<u32>().ok()?;
            Pid::from_raw(process.parse().ok()?)
        });
        if process.is_some_and(|process| test_kill_process(process) == Err(Errno::SRCH)) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn parent_of(place: &Path) -> PathBuf {
    let real = fs::canonicalize(place).unwrap_or_else(|_| place.to_path_buf());
    match real.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

/// Why a new site cannot come to a place, before anything is done.
///
/// # Errors
/// It is there and no empty directory, or nothing can be told of it.
pub fn refuse_taken(place: &Path) -> Result<(), String> {
    let mut entries = match fs::read_dir(place) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(format!("{}: {}", place.display(), system_words(&error))),
    };
    match entries.next() {
        None => Ok(()),
        Some(_) => Err(format!(
            "{}: not empty; give a directory that is empty or not there yet: nothing is overwritten",
            place.display()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a killed process left goes; what a living one makes, and what only looks like it, stays.
    #[test]
    fn what_was_left_goes() {
        let scratch = tempfile::tempdir().expect("scratch directory");
        let place = scratch.path().join("new");
        let mut child = std::process::Command::new("true").spawn().expect("runs");
        child.wait().expect("ends");
        let (dead, living) = (child.id(), std::process::id());
        let names =
            [format!(".new.postwright-{dead}-0"), format!(".new.postwright-{living}-7"), ".new.postwright-x-1".into()];
        for name in &names {
            fs::create_dir(scratch.path().join(name)).expect("made");
            fs::write(scratch.path().join(name).join("main.cf"), "").expect("written");
        }
        let stage = Stage::beside(Some(&place)).expect("made");
        let is_there = |name: &String| scratch.path().join(name).exists();
        assert_eq!(names.each_ref().map(is_there), [false, true, true]);
        drop(stage);
    }

    fn file(name: &str) -> NewFile {
        NewFile { name: name.into(), text: "x\n".into() }
    }

    #[test]
    fn it_comes_to_its_place_or_leaves_nothing() {
        let scratch = tempfile::tempdir().expect("scratch directory");
        let place = scratch.path().join("new");
        let names = || fs::read_dir(scratch.path()).map(|entries| entries.count()).unwrap_or_default();
        let stage = Stage::beside(Some(&place)).expect("made");
        stage.write(&[file("a")]).expect("written");
        drop(stage);
        assert_eq!(names(), 0);

        fs::create_dir(&place).expect("made");
        fs::set_permissions(&place, Permissions::from_mode(0o750)).expect("set");
        let stage = Stage::beside(Some(&place)).expect("made");
        stage.write(&[file("a")]).expect("written");
        refuse_taken(&place).expect("empty");
        stage.come_to(&place).expect("moved");
        assert_eq!((names(), fs::read(place.join("a")).ok()), (1, Some(b"x\n".to_vec())));
        assert_eq!(fs::metadata(&place).map(|about| about.mode() & 0o777).ok(), Some(0o750));

        let refused = refuse_taken(&place).expect_err("taken");
        assert!(refused.ends_with("nothing is overwritten"), "{refused}");
        let late = Stage::beside(Some(&place)).expect("made").come_to(&place).map_err(|failed| failed.error.kind());
        assert_eq!((late, names()), (Err(io::ErrorKind::DirectoryNotEmpty), 1));
    }
}
