//! A name in a directory that is held open: work on the file there goes on in that directory, whatever its path leads
//! to by then. Links of that name are not followed.

use super::atomic_file::{AtomicFile, remove_left_over};
use super::regular_file::{check_replaceable_at, open_regular_at};
use super::user_file;
use rustix::fs::{
    AtFlags, Mode, OFlags, RenameFlags, Stat, fsync, linkat, openat, renameat, renameat_with, statat, unlinkat,
};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

/// Such a name. [`Beneath`](super::Beneath) finds it.
#[derive(Debug)]
pub struct Place {
    directory: OwnedFd,
    name: OsString,
}

impl Place {
    /// A name in an open directory.
    #[must_use]
    pub const fn new(directory: OwnedFd, name: OsString) -> Self {
        Self { directory, name }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &OsStr {
        &self.name
    }

    /// The place in the same directory whose name has this behind it.
    ///
    /// # Errors
    /// That there is no further descriptor.
    pub fn beside(&self, suffix: &str) -> io::Result<Self> {
        let mut name = self.name.clone();
        name.push(suffix);
        Ok(Self { directory: self.directory.try_clone()?, name })
    }

    /// Opens the file there for reading: see [`user_file`].
    ///
    /// # Errors
    /// Those of opening it; that it is no plain file, or a link.
    pub fn open_file(&self) -> io::Result<File> {
        user_file::admit(self.open(OFlags::RDONLY | OFlags::NONBLOCK)?, Path::new(&self.name))
    }

    /// Opens the regular file there for reading.
    ///
    /// # Errors
    /// Those of [`open_regular_at`].
    pub fn open_regular(&self) -> io::Result<File> {
        open_regular_at(&self.directory, &self.name, OFlags::RDONLY)
    }

    /// Opens the regular file there for writing, which changes nothing of it.
    ///
    /// # Errors
    /// Those of [`open_regular_at`].
    pub fn open_regular_to_write(&self) -> io::Result<File> {
        open_regular_at(&self.directory, &self.name, OFlags::WRONLY)
    }

    /// What there is to know of the file there.
    ///
    /// # Errors
    /// That there is none.
    pub fn metadata(&self) -> io::Result<Metadata> {
        self.open(OFlags::PATH)?.metadata()
    }

    /// What has the name: a link itself, not what it leads to.
    ///
    /// # Errors
    /// That there is nothing.
    pub fn status(&self) -> Result<Stat, Errno> {
        statat(&self.directory, &self.name, AtFlags::SYMLINK_NOFOLLOW)
    }

    /// Whether something has the name, or could have it for all that is known.
    #[must_use]
    pub fn is_taken(&self) -> bool {
        !matches!(self.status(), Err(Errno::NOENT))
    }

    /// Makes an empty file there.
    ///
    /// # Errors
    /// `EXIST` where something has the name already.
    pub fn make(&self, mode: Mode) -> Result<File, Errno> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        openat(&self.directory, &self.name, flags, mode).map(File::from)
    }

    /// Removes the file there.
    ///
    /// # Errors
    /// Those of `unlinkat`.
    pub fn remove(&self) -> Result<(), Errno> {
        unlinkat(&self.directory, &self.name, AtFlags::empty())
    }

    /// Gives the file there the name of another place, which nothing has; says whether that was so.
    ///
    /// # Errors
    /// Those of renaming it.
    pub fn move_to_new(&self, new: &Self) -> io::Result<bool> {
        let flags = RenameFlags::NOREPLACE;
        match renameat_with(&self.directory, &self.name, &new.directory, &new.name, flags) {
            Ok(()) => {}
            Err(Errno::EXIST) => return Ok(false),
            // The file system has no such operation.
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) if !new.is_taken() => {
                renameat(&self.directory, &self.name, &new.directory, &new.name)?;
            }
            Err(error) => return Err(error.into()),
        }
        new.sync_directory().map(|()| true)
    }

    /// Puts the file there in the place of another, or of none.
    ///
    /// # Errors
    /// Those of renaming it; that what it would take the place of is no regular file.
    pub fn move_over(&self, old: &Self) -> io::Result<()> {
        check_replaceable_at(&old.directory, &old.name)?;
        renameat(&self.directory, &self.name, &old.directory, &old.name)?;
        old.sync_directory()
    }

    /// Gives the file there a further name, which nothing has.
    ///
    /// # Errors
    /// Those of `linkat`.
    pub fn link(&self, new: &Self) -> Result<(), Errno> {
        linkat(&self.directory, &self.name, &new.directory, &new.name, AtFlags::empty())
    }

    /// Removes what processes that died left aside for the file there. Best effort.
    pub fn remove_left_over(&self) {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        if let Ok(directory) = openat(&self.directory, ".", flags, Mode::empty()) {
            remove_left_over(&directory, &self.name);
        }
    }

    /// Syncs the directory.
    ///
    /// # Errors
    /// Those of `fsync`.
    pub fn sync_directory(&self) -> io::Result<()> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(fsync(openat(&self.directory, ".", flags, Mode::empty())?)?)
    }

    /// Begins a file that will stand there.
    ///
    /// # Errors
    /// Those of [`AtomicFile::create_in`].
    pub fn replace(&self) -> io::Result<AtomicFile> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        AtomicFile::create_in(openat(&self.directory, ".", flags, Mode::empty())?, &self.name)
    }

    fn open(&self, flags: OFlags) -> io::Result<File> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(openat(&self.directory, &self.name, flags, Mode::empty())?.into())
    }
}
