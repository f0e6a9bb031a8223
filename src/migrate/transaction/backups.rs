//! The directories in which migrations keep what they replaced: `postwright-backup-…` in the configuration directory,
//! named after the time.

use super::manifest::{FILE_NAME, Manifest};
use crate::base::atomic_file::open_directory;
use crate::base::{FileError, Place, natural_order};
use rustix::fs::{AtFlags, Mode, OFlags, mkdirat, openat, unlinkat};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// How their names begin.
pub const PREFIX: &str = "postwright-backup-";

/// Most that are made in one second.
const MOST: usize = 100;

/// Such a directory, held open.
#[derive(Debug)]
pub struct BackupDirectory {
    /// Where it is.
    pub path: PathBuf,
    parent: OwnedFd,
    directory: OwnedFd,
    name: OsString,
}

impl BackupDirectory {
    /// Makes a new one in a configuration directory.
    ///
    /// # Errors
    /// That it cannot be made there.
    pub fn create(configuration: &Path) -> Result<Self, FileError> {
        let first = format!("{PREFIX}{}", timestamp(SystemTime::now()));
        let parent = open_directory(configuration).map_err(FileError::at(configuration))?;
        for number in 1..=MOST {
            let name = if number == 1 { first.clone() } else { format!("{first}-{number}") };
            match mkdirat(&parent, &name, Mode::RWXU) {
                Ok(()) => return Self::open(configuration, OsStr::new(&name)),
                Err(Errno::EXIST) => {}
                Err(error) => return Err(FileError::at(&configuration.join(&name))(error.into())),
            }
        }
        Err(FileError::at(&configuration.join(first))(Errno::EXIST.into()))
    }

    fn open(configuration: &Path, name: &OsStr) -> Result<Self, FileError> {
        let path = configuration.join(name);
        let open = || {
            let parent = open_directory(configuration)?;
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let directory = openat(&parent, name, flags, Mode::empty())?;
            Ok(Self { path: path.clone(), parent, directory, name: name.to_os_string() })
        };
        open().map_err(FileError::at(&path))
    }

    /// All of a configuration directory, the oldest first.
    ///
    /// # Errors
    /// That the directory, or one of them, cannot be read.
    pub fn all(configuration: &Path) -> Result<Vec<Self>, FileError> {
        let entries = std::fs::read_dir(configuration).map_err(FileError::at(configuration))?;
        let mut names: Vec<OsString> = entries
            .flatten()
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
            .map(|entry| entry.file_name())
            .filter(|name| name.as_encoded_bytes().starts_with(PREFIX.as_bytes()))
            .collect();
        names.sort_by(|a, b| natural_order(a.as_encoded_bytes(), b.as_encoded_bytes()));
        names.iter().map(|name| Self::open(configuration, name)).collect()
    }

    /// A file in it.
    ///
    /// # Errors
    /// That there is no further descriptor.
    pub fn place(&self, name: &str) -> io::Result<Place> {
        Ok(Place::new(self.directory.try_clone()?, name.into()))
    }

    /// Its manifest; nothing if none was ever written.
    ///
    /// # Errors
    /// One that cannot be read or understood.
    pub fn manifest(&self) -> Result<Option<Manifest>, FileError> {
        let read = || Manifest::read(&self.place(FILE_NAME)?);
        read().map_err(FileError::at(&self.path.join(FILE_NAME)))
    }

    /// Writes its manifest.
    ///
    /// # Errors
    /// Those of writing.
    pub fn write(&self, manifest: &Manifest) -> Result<(), FileError> {
        let write = || manifest.write(&self.place(FILE_NAME)?);
        write().map_err(FileError::at(&self.path.join(FILE_NAME)))
    }

    /// Removes it with all that is in it.
    ///
    /// # Errors
    /// Those of removing; the manifest goes last.
    pub fn remove(self) -> Result<(), FileError> {
        let remove = || -> io::Result<()> {
            let names =
                rustix::fs::Dir::read_from(&self.directory)?.flatten().map(|entry| entry.file_name().to_owned());
            for name in
                names.filter(|name| !matches!(name.to_bytes(), b"." | b"..") && name.to_bytes() != FILE_NAME.as_bytes())
            {
                unlinkat(&self.directory, &name, AtFlags::empty())?;
            }
            match unlinkat(&self.directory, FILE_NAME, AtFlags::empty()) {
                Ok(()) | Err(Errno::NOENT) => {}
                Err(error) => return Err(error.into()),
            }
            Ok(unlinkat(&self.parent, &self.name, AtFlags::REMOVEDIR)?)
        };
        remove().map_err(FileError::at(&self.path))
    }
}

/// A time as `YYYYMMDD-HHMMSS`, UTC.
fn timestamp(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Counted from 1 March of the year 0, so that the day of a leap year comes last.
    let from_march = days + 719_468;
    let (era, day_of_era) = (from_march / 146_097, from_march % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute) = (second / 3600, second / 60 % 60);
    format!("{year:04}{month:02}{day:02}-{hour:02}{minute:02}{:02}", second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn names_tell_the_time() {
        let cases = [
            (0, "19700101-000000"),
            (951_782_399, "20000228-235959"),
            (951_782_400, "20000229-000000"),
            (951_868_800, "20000301-000000"),
            (1_798_761_599, "20261231-235959"),
            (4_107_542_400, "21000301-000000"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(timestamp(UNIX_EPOCH + Duration::from_secs(seconds)), expected);
        }
    }

    #[test]
    fn several_of_one_second_stand_side_by_side_and_a_link_is_none() -> Result<(), FileError> {
        let scratch = tempfile::tempdir().expect("scratch directory");
        let made = [BackupDirectory::create(scratch.path())?, BackupDirectory::create(scratch.path())?];
        std::os::unix::fs::symlink("/", scratch.path().join(format!("{PREFIX}link"))).expect("made");
        let all = BackupDirectory::all(scratch.path())?;
        assert_eq!(
            all.iter().map(|one| &one.path).collect::<Vec<_>>(),
            made.iter().map(|one| &one.path).collect::<Vec<_>>()
        );
        assert!(made[0].manifest()?.is_none());
        made[0].write(&Manifest::new("a".into()))?;
        assert_eq!(all[0].manifest()?, Some(Manifest::new("a".into())));
        for one in all {
            one.remove()?;
        }
        assert_eq!(BackupDirectory::all(scratch.path())?.len(), 0);
        Ok(())
    }
}
