//! The lock under which main.cf and master.cf are edited: `flock` of NAME.tmp, which postconf takes too.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// A held lock; dropping it removes NAME.tmp, which holds nothing.
#[derive(Debug)]
pub struct EditLock {
    path: PathBuf,
    _file: File,
}

impl EditLock {
    /// Waits for the lock of the file at `path`.
    ///
    /// # Errors
    /// When NAME.tmp cannot be made or locked; the error is about that file.
    pub fn acquire(path: &Path) -> io::Result<Self> {
        let mut name = path.as_os_str().to_os_string();
        name.push(".tmp");
        let path = PathBuf::from(name);
        loop {
            let file = File::options().create(true).truncate(false).write(true).open(&path)?;
            file.lock()?;
            // Whoever held it before may have removed the file that we locked.
            use std::os::unix::fs::MetadataExt;
            let held = file.metadata()?;
            if std::fs::metadata(&path).is_ok_and(|there| (there.dev(), there.ino()) == (held.dev(), held.ino())) {
                return Ok(Self { path, _file: file });
            }
        }
    }
}

impl Drop for EditLock {
    fn drop(&mut self) {
        // It was only ever locked, and may be gone already.
        let _ = std::fs::remove_file(&self.path);
    }
}
