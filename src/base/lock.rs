//! Whole-file locks that a running Postfix sees, and that are lost only when the file is closed.
//!
//! Postfix takes `fcntl` locks. Ours are the open-file-description kind: the two kinds exclude each other across
//! processes, but ours do not vanish when another descriptor of the same file is closed, and they separate threads.
//!
//! The unsafe call here is `fcntl(F_OFD_SETLK…)`, which no kept crate wraps.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

/// How a file is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockKind {
    /// For readers: many at once.
    Shared,
    /// For one writer.
    Exclusive,
}

/// A held lock; dropping it unlocks.
#[derive(Debug)]
pub struct FileLock<'a> {
    file: &'a File,
}

impl<'a> FileLock<'a> {
    /// Waits for the lock.
    ///
    /// # Errors
    /// Those of `fcntl`: for instance a file that is not open for writing cannot be locked exclusively.
    pub fn acquire(file: &'a File, kind: LockKind) -> io::Result<Self> {
        set_lock(file, kind_code(kind), libc::F_OFD_SETLKW)?;
        Ok(Self { file })
    }

    /// Takes the lock if nobody stands in the way; `None` if somebody does.
    ///
    /// # Errors
    /// Those of `fcntl`, without "somebody holds it".
    pub fn try_acquire(file: &'a File, kind: LockKind) -> io::Result<Option<Self>> {
        match set_lock(file, kind_code(kind), libc::F_OFD_SETLK) {
            Ok(()) => Ok(Some(Self { file })),
            Err(error) if matches!(error.raw_os_error(), Some(libc::EAGAIN | libc::EACCES)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Waits for a lock that is held until `file` and its duplicates are closed.
///
/// # Errors
/// Those of `fcntl`.
pub fn hold_until_closed(file: &File, kind: LockKind) -> io::Result<()> {
    set_lock(file, kind_code(kind), libc::F_OFD_SETLKW)
}

impl Drop for FileLock<'_> {
    fn drop(&mut self) {
        // Unlocking an open descriptor cannot fail in a way that anybody could act on.
        let _ = set_lock(self.file, libc::F_UNLCK, libc::F_OFD_SETLK);
    }
}

fn kind_code(kind: LockKind) -> i32 {
    match kind {
        LockKind::Shared => libc::F_RDLCK,
        LockKind::Exclusive => libc::F_WRLCK,
    }
}

#[allow(clippy::cast_possible_truncation)] // F_*LCK and SEEK_SET are 0, 1 or 2.
fn set_lock(file: &File, kind: i32, command: i32) -> io::Result<()> {
    // SAFETY: an all-zero flock is a valid value of this plain C structure.
    let mut whole: libc::flock = unsafe { std::mem::zeroed() };
    whole.l_type = kind as libc::c_short;
    whole.l_whence = libc::SEEK_SET as libc::c_short;
    loop {
        // SAFETY: the descriptor is open for as long as `file` is borrowed, and `whole` outlives the call.
        if unsafe { libc::fcntl(file.as_raw_fd(), command, &raw const whole) } != -1 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exclusive_lock_keeps_others_out_until_dropped() -> io::Result<()> {
        let path = tempfile::NamedTempFile::new()?;
        let a = File::options().read(true).write(true).open(path.path())?;
        let b = File::options().read(true).write(true).open(path.path())?;
        let held = FileLock::acquire(&a, LockKind::Exclusive)?;
        assert!(FileLock::try_acquire(&b, LockKind::Shared)?.is_none());
        drop(File::open(path.path())?); // closing another descriptor must not unlock
        assert!(FileLock::try_acquire(&b, LockKind::Shared)?.is_none());
        drop(held);
        let _shared = FileLock::acquire(&a, LockKind::Shared)?;
        assert!(FileLock::try_acquire(&b, LockKind::Shared)?.is_some());
        Ok(())
    }
}
