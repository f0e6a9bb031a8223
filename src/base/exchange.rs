//! Putting a file in the place of another only if that one is the expected one, whoever else does so at the same time.
//!
//! Looking first and renaming then leaves a moment in which somebody saves and loses it. So the two names are exchanged
//! (`RENAME_EXCHANGE`), which gives what really stood there, and exchanged back if it is not what was expected.
//!
//! Source: rename(2).

use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags, renameat_with, statat};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exchange {
    /// The new file stands there, and the expected one has its old name.
    Done,
    /// Something else, or nothing, stood there. It still does.
    Unexpected,
    /// The file system has no such operation; nothing was done.
    Unsupported,
}

/// Exchanges the names `new` and `target` in a directory, if `is_expected` says so of the file that was `target`.
///
/// # Errors
/// Those of `renameat2` and of looking at what it gave.
pub fn exchange(
    directory: &OwnedFd,
    new: &OsStr,
    target: &OsStr,
    is_expected: impl FnOnce(&File) -> bool,
) -> io::Result<Exchange> {
    let exchange = || renameat_with(directory, new, directory, target, RenameFlags::EXCHANGE);
    let identity = || {
        let status = statat(directory, new, AtFlags::SYMLINK_NOFOLLOW)?;
        Ok::<_, Errno>((status.st_dev, status.st_ino))
    };
    let mut put = identity()?;
    match exchange() {
        Ok(()) => {}
        Err(Errno::NOENT) => return Ok(Exchange::Unexpected),
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => return Ok(Exchange::Unsupported),
        Err(error) => return Err(error.into()),
    }
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let displaced = rustix::fs::openat(directory, new, flags, Mode::empty()).map(File::from);
    if displaced.is_ok_and(|displaced| is_expected(&displaced)) {
        return Ok(Exchange::Done);
    }
    let mut displaced = identity()?;
    loop {
        exchange()?;
        let got = identity()?;
        if got == put {
            return Ok(Exchange::Unexpected);
        }
        // Somebody replaced what we had put there: that is newer than all that we hold.
        put = std::mem::replace(&mut displaced, got);
    }
}

/// Gives a file a name that nothing has; says whether that was so.
///
/// # Errors
/// Those of `renameat2`.
pub fn rename_to_new(directory: &OwnedFd, new: &OsStr, target: &OsStr) -> io::Result<Exchange> {
    match renameat_with(directory, new, directory, target, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(Exchange::Done),
        Err(Errno::EXIST) => Ok(Exchange::Unexpected),
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => Ok(Exchange::Unsupported),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_expected_comes_back_and_what_is_newer_stays() -> io::Result<()> {
        let scratch = tempfile::tempdir()?;
        let at = |name: &str| scratch.path().join(name);
        let directory = super::super::atomic_file::open_directory(scratch.path())?;
        let run = |is_expected: &dyn Fn() -> bool| {
            std::fs::write(at("new"), "ours")?;
            std::fs::write(at("target"), "old")?;
            let outcome = exchange(&directory, OsStr::new("new"), OsStr::new("target"), |_| is_expected())?;
            Ok::<_, io::Error>((outcome, std::fs::read_to_string(at("target"))?))
        };
        let outcome = run(&|| true)?;
        if outcome.0 == Exchange::Unsupported {
            println!("skipped: the file system of the scratch directory cannot exchange names");
            return Ok(());
        }
        assert_eq!(outcome, (Exchange::Done, "ours".into()));
        assert_eq!(std::fs::read_to_string(at("new"))?, "old");
        assert_eq!(run(&|| false)?, (Exchange::Unexpected, "old".into()));
        assert_eq!(std::fs::read_to_string(at("new"))?, "ours");
        let saved =
            || std::fs::write(at("saved"), "newest").and_then(|()| std::fs::rename(at("saved"), at("target"))).is_err();
        assert_eq!(run(&saved)?, (Exchange::Unexpected, "newest".into()));
        std::fs::remove_file(at("target"))?;
        let gone = exchange(&directory, OsStr::new("new"), OsStr::new("target"), |_| true)?;
        assert_eq!((gone, at("target").exists()), (Exchange::Unexpected, false));
        assert_eq!(rename_to_new(&directory, OsStr::new("new"), OsStr::new("target"))?, Exchange::Done);
        std::fs::write(at("new"), "again")?;
        assert_eq!(rename_to_new(&directory, OsStr::new("new"), OsStr::new("target"))?, Exchange::Unexpected);
        Ok(())
    }
}
