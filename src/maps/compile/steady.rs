//! Compiling a source that somebody may be rewriting: what was read counts only if the source is still the same once
//! the new index is ready. Else all begins anew, a few times with longer and longer pauses.
//!
//! What is compared is what stat(2) tells of the file that the path leads to. A change may not show there before the
//! clock of the file system ticks, and who writes may not be done: a file that changed just now is looked at again a
//! little later. Pipes and the like are never "changed".

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A file that did not change for so long is taken for complete; no clock of a file system ticks more slowly.
const SETTLED: Duration = Duration::from_millis(10);

/// The first pause; each is twice as long as the one before it.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
/// No pause is longer. All of them take about 1.3 s.
const LONGEST_PAUSE: Duration = Duration::from_millis(640);

/// What is said of a source that never stayed the same.
pub const KEEPS_CHANGING: &str = "keeps changing while it is compiled; try again when it is complete";

/// A version of a file: another one has other contents, or another file has its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    file: (u64, u64),
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Version {
    /// That of a regular file; nothing else has versions.
    #[must_use]
    pub fn of(metadata: &Metadata) -> Option<Self> {
        metadata.is_file().then(|| Self {
            file: (metadata.dev(), metadata.ino()),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }

    /// Whether `read` is still there, by what `now` finds at the path, once it has settled. Nothing, where there was a
    /// file, is a change too.
    ///
    /// # Errors
    /// Those of `now`, but for "not found".
    pub fn is_still(read: Option<Self>, now: impl Fn() -> io::Result<Metadata>) -> io::Result<bool> {
        let Some(read) = read else { return Ok(true) };
        let same = || match now() {
            Ok(metadata) => Ok(Some(read) == Self::of(&metadata)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        };
        if !same()? {
            return Ok(false);
        }
        match read.age().and_then(|age| SETTLED.checked_sub(age)) {
            Some(rest) => {
                std::thread::sleep(rest);
                same()
            }
            None => Ok(true),
        }
    }

    /// How long ago it changed, unless the clock says that it did not yet.
    fn age(&self) -> Option<Duration> {
        let (seconds, rest) = self.changed;
        let changed = Duration::new(seconds.try_into().ok()?, rest.try_into().ok()?);
        SystemTime::now().duration_since(UNIX_EPOCH + changed).ok()
    }
}

/// Does `work` until it gives something, which it does not when its source changed; `None` when it never did.
pub fn until_steady<T>(mut work: impl FnMut() -> Option<T>) -> Option<T> {
    let mut pause = FIRST_PAUSE;
    loop {
        if let Some(done) = work() {
            return Some(done);
        }
        if pause > LONGEST_PAUSE {
            return None;
        }
        std::thread::sleep(pause);
        pause *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn another_file_and_other_contents_are_another_version() -> io::Result<()> {
        let scratch = tempfile::tempdir()?;
        let path = scratch.path().join("source");
        let other = scratch.path().join("other");
        fs::write(&path, "a 1\n")?;
        let read = Version::of(&fs::metadata(&path)?);
        let is_still = || Version::is_still(read, || fs::metadata(&path));
        assert!(is_still()?);
        fs::File::options().append(true).open(&path)?.set_len(3)?;
        assert!(!is_still()?);
        fs::write(&other, "a 1\n")?;
        let read = Version::of(&fs::metadata(&path)?);
        fs::rename(&other, &path)?;
        assert!(!Version::is_still(read, || fs::metadata(&path))?);
        fs::remove_file(&path)?;
        assert!(!Version::is_still(read, || fs::metadata(&path))?);
        let pipe = Version::of(&fs::metadata("/dev/null")?);
        assert!(Version::is_still(pipe, || fs::metadata(&path))?);
        Ok(())
    }

    /// The second half comes after the first look.
    #[test]
    fn what_changed_just_now_is_looked_at_again() -> io::Result<()> {
        let scratch = tempfile::tempdir()?;
        let path = scratch.path().join("source");
        let looks = std::cell::Cell::new(0);
        fs::write(&path, "a 1\n")?;
        let read = Version::of(&fs::metadata(&path)?);
        let still = Version::is_still(read, || {
            looks.set(looks.get() + 1);
            let found = fs::metadata(&path);
            fs::write(&path, "a 1\nb 2\n")?;
            found
        });
        assert_eq!((still?, looks.get()), (false, 2));
        std::thread::sleep(SETTLED);
        let read = Version::of(&fs::metadata(&path)?);
        looks.set(0);
        let still = Version::is_still(read, || {
            looks.set(looks.get() + 1);
            fs::metadata(&path)
        });
        assert_eq!((still?, looks.get()), (true, 1));
        Ok(())
    }

    #[test]
    fn work_is_repeated_a_few_times() {
        let mut left = 3;
        let third = until_steady(|| {
            left -= 1;
            (left == 0).then_some("done")
        });
        assert_eq!(third, Some("done"));
        let mut times = 0;
        let never = until_steady(|| {
            times += 1;
            None::<()>
        });
        assert_eq!((never, times), (None, 9));
    }
}
