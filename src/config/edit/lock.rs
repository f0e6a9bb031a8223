//! The lock under which a file is edited: `flock` of NAME.tmp, which postconf takes too.
//!
//! Where nothing has that name we make an empty file and remove it again. A file that is there already, whoever left
//! it, is locked and stays as it is; postconf would write its new text there. Anything else of that name is refused: a
//! link leads to somebody else's file, and a FIFO to a wait without end.

use super::place::EditPlace;
use crate::base::Place;
use rustix::fs::Mode;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// A held lock; dropping it removes NAME.tmp if we made it.
#[derive(Debug)]
pub struct EditLock {
    place: Place,
    is_ours: bool,
    _file: File,
}

impl EditLock {
    /// The file that is locked for editing the one at `path`.
    #[must_use]
    pub fn name(path: &Path) -> PathBuf {
        let mut name = path.as_os_str().to_os_string();
        name.push(".tmp");
        PathBuf::from(name)
    }

    /// Waits for the lock of a file.
    ///
    /// # Errors
    /// When NAME.tmp cannot be made or locked, or is no regular file; the error is about that file.
    pub fn acquire(edited: &EditPlace) -> io::Result<Self> {
        let place = edited.lock()?;
        loop {
            let Some((file, is_ours)) = open(&place)? else { continue };
            file.lock()?;
            // Whoever held it before may have removed or renamed the file that we locked.
            let held = rustix::fs::fstat(&file)?;
            if place.status().is_ok_and(|there| (there.st_dev, there.st_ino) == (held.st_dev, held.st_ino)) {
                return Ok(Self { place, is_ours, _file: file });
            }
        }
    }
}

/// Makes the file, or opens the one that is there; tells which. Nothing, if it went away meanwhile.
fn open(place: &Place) -> io::Result<Option<(File, bool)>> {
    // Whoever may open it can keep us waiting.
    match place.make(Mode::RUSR | Mode::WUSR) {
        Ok(file) => return Ok(Some((file, true))),
        Err(rustix::io::Errno::EXIST) => {}
        Err(error) => return Err(error.into()),
    }
    match place.open_regular_to_write() {
        Ok(file) => Ok(Some((file, false))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

impl Drop for EditLock {
    fn drop(&mut self) {
        if self.is_ours {
            // It was only ever locked, and may be gone already.
            let _ = self.place.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, FileType, mknodat};

    fn acquire(path: &Path) -> io::Result<EditLock> {
        EditLock::acquire(&EditPlace::at(path)?)
    }

    #[test]
    fn what_was_not_made_for_the_lock_stays() -> io::Result<()> {
        let scratch = tempfile::tempdir()?;
        let path = scratch.path().join("main.cf");
        let lock = EditLock::name(&path);
        drop(acquire(&path)?);
        assert!(!lock.exists());
        std::fs::write(&lock, "of a user")?;
        drop(acquire(&path)?);
        assert_eq!(std::fs::read(&lock)?, b"of a user");
        Ok(())
    }

    #[test]
    fn links_and_fifos_are_refused() -> io::Result<()> {
        let scratch = tempfile::tempdir()?;
        let path = scratch.path().join("main.cf");
        let lock = EditLock::name(&path);
        let told = || acquire(&path).map_or_else(|error| error.to_string(), |_| "locked".into());
        let target = scratch.path().join("elsewhere");
        std::os::unix::fs::symlink(&target, &lock)?;
        assert_eq!(told(), "not a regular file but a symbolic link");
        assert!(!target.exists());
        std::fs::write(&target, "")?;
        assert_eq!(told(), "not a regular file but a symbolic link");
        std::fs::remove_file(&lock)?;
        mknodat(CWD, &lock, FileType::Fifo, 0o600.into(), 0)?;
        assert_eq!(told(), "not a regular file but a FIFO");
        assert!(lock.exists());
        Ok(())
    }

    /// As when the one before removed the file that we waited for.
    #[test]
    fn of_several_one_at_a_time_holds_it() {
        let scratch = tempfile::tempdir().expect("scratch space");
        let path = scratch.path().join("main.cf");
        let inside = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        let _held = acquire(&path).expect("locked");
                        assert_eq!(inside.fetch_add(1, std::sync::atomic::Ordering::SeqCst), 0);
                        inside.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                    }
                });
            }
        });
        assert!(!EditLock::name(&path).exists());
    }
}
