//! Files that are to be replaced: what stands there must be a regular file, or nothing.
//!
//! A device that gives way to a file breaks the machine, a FIFO or socket whoever talks through it; and opening one can
//! wait forever, or rewind a tape. So the type is looked at before a name is opened, and again afterwards.

use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::path::Path;

/// Why a name is not opened or replaced: the type of what it names, wrapped in an [`io::Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotRegular(FileType);

impl NotRegular {
    /// A socket, which the system does not open either.
    pub const SOCKET: Self = Self(FileType::Socket);

    /// That something is of this type.
    #[must_use]
    pub const fn new(found: FileType) -> Self {
        Self(found)
    }

    /// The reason of an error, if it is this one.
    #[must_use]
    pub fn of(error: &io::Error) -> Option<Self> {
        error.get_ref().and_then(|inner| inner.downcast_ref::<Self>()).copied()
    }

    /// What a program is told that opens such a thing for reading and writing, and maps it into memory.
    #[must_use]
    pub fn as_system_error(self) -> io::Error {
        io::Error::from_raw_os_error(match self.0 {
            FileType::Fifo => libc::ESPIPE,
            FileType::Socket => libc::ENXIO,
            FileType::Symlink => libc::ELOOP,
            _ => libc::ENODEV,
        })
    }
}

impl fmt::Display for NotRegular {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            FileType::Fifo => "not a regular file but a FIFO",
            FileType::Socket => "not a regular file but a socket",
            FileType::Symlink => "not a regular file but a symbolic link",
            FileType::CharacterDevice | FileType::BlockDevice => "not a regular file but a device",
            _ => "not a regular file",
        })
    }
}

impl std::error::Error for NotRegular {}

/// Refuses what is no regular file.
fn check(mode: rustix::fs::RawMode) -> io::Result<()> {
    match FileType::from_raw_mode(mode) {
        FileType::RegularFile => Ok(()),
        FileType::Directory => Err(io::Error::from_raw_os_error(libc::EISDIR)),
        other => Err(io::Error::other(NotRegular(other))),
    }
}

/// Refuses what a path leads to, links followed, unless it is a regular file or nothing.
///
/// # Errors
/// [`NotRegular`]; that it is a directory, or cannot be looked at.
pub fn check_replaceable(path: &Path) -> io::Result<()> {
    match rustix::fs::stat(path) {
        Ok(status) => check(status.st_mode),
        Err(rustix::io::Errno::NOENT) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Refuses what a name in a directory stands for, unless it is a regular file, a symbolic link (which is meant) or
/// nothing.
///
/// # Errors
/// Those of [`check_replaceable`].
pub fn check_replaceable_at(directory: impl AsFd, name: &OsStr) -> io::Result<()> {
    match rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(status) if FileType::from_raw_mode(status.st_mode) == FileType::Symlink => Ok(()),
        Ok(status) => check(status.st_mode),
        Err(rustix::io::Errno::NOENT) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Opens what a name in a directory stands for, if it is a regular file; a symbolic link is refused.
///
/// # Errors
/// Those of opening it, and of [`check_replaceable`].
pub fn open_regular_at(directory: impl AsFd, name: &OsStr, flags: OFlags) -> io::Result<File> {
    check(rustix::fs::statat(&directory, name, AtFlags::SYMLINK_NOFOLLOW)?.st_mode)?;
    // Without waiting, should a FIFO have come there meanwhile.
    let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::openat(&directory, name, flags, Mode::empty())?);
    check(rustix::fs::fstat(&file)?.st_mode)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, mknodat};

    #[test]
    fn only_regular_files_are_opened_and_replaced() -> io::Result<()> {
        let scratch = tempfile::tempdir()?;
        let at = |name: &str| scratch.path().join(name);
        std::fs::write(at("file"), "")?;
        std::fs::create_dir(at("directory"))?;
        mknodat(CWD, at("fifo"), FileType::Fifo, 0o600.into(), 0)?;
        let _socket = std::os::unix::net::UnixListener::bind(at("socket"))?;
        std::os::unix::fs::symlink("file", at("link"))?;
        std::os::unix::fs::symlink("fifo", at("link to fifo"))?;
        std::os::unix::fs::symlink("nothing", at("dangling"))?;
        let directory = File::open(scratch.path())?;
        let told = |result: io::Result<()>| result.map_or_else(|error| error.to_string(), |()| "fine".into());
        let fifo = "not a regular file but a FIFO";
        let link = "not a regular file but a symbolic link";
        let none = "No such file or directory (os error 2)";
        let is_directory = "Is a directory (os error 21)";
        let socket = "not a regular file but a socket";
        // By name: replaced by path, by name in the directory, opened there.
        for (name, wanted) in [
            ("file", ["fine", "fine", "fine"]),
            ("nothing", ["fine", "fine", none]),
            ("directory", [is_directory; 3]),
            ("fifo", [fifo; 3]),
            ("socket", [socket; 3]),
            ("link", ["fine", "fine", link]),
            ("link to fifo", [fifo, "fine", link]),
            ("dangling", ["fine", "fine", link]),
        ] {
            let got = [
                told(check_replaceable(&at(name))),
                told(check_replaceable_at(&directory, OsStr::new(name))),
                told(open_regular_at(&directory, OsStr::new(name), OFlags::RDONLY).map(drop)),
            ];
            assert_eq!(got, wanted, "{name}");
        }
        assert_eq!(told(check_replaceable(Path::new("/dev/null"))), "not a regular file but a device");
        let error = check_replaceable(&at("fifo")).expect_err("refused");
        let reason = NotRegular::of(&error).map(|reason| reason.as_system_error().to_string());
        assert_eq!(reason.as_deref(), Some("Illegal seek (os error 29)"));
        Ok(())
    }
}
