//! The one way in which this program changes a file that others read: written aside, synced, renamed, directory synced.
//!
//! Until [`AtomicFile::commit`] returns, readers see the old file, whole. When the process dies on the way, the old
//! file is still there; what it had written aside is removed by the next write of the same file.
//!
//! The new file is made in the target's own directory, through a descriptor of that directory, with a name of its own
//! (`O_EXCL`, `O_NOFOLLOW`) and readable by its owner alone until it gets its owner and mode by descriptor.
//!
//! Only a regular file gives way to it: a device, FIFO or socket of that name is refused at the start, and once more at
//! the end.

use super::carried_over::{Lost, carry_over};
use super::exchange::{Exchange, exchange, rename_to_new};
use super::lock::{FileLock, LockKind, hold_until_closed};
use super::regular_file::{check_replaceable, check_replaceable_at};
use rustix::fs::{AtFlags, Gid, Mode, OFlags, Uid};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// Marks what was written aside: `.NAME.postwright.PID.N`.
const ASIDE: &str = ".postwright.";

/// Who owns a file and who may do what with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// Numeric user.
    pub uid: u32,
    /// Numeric group.
    pub gid: u32,
    /// Permission bits, without the file type.
    pub mode: u32,
}

impl From<&std::fs::Metadata> for Access {
    fn from(metadata: &std::fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self { uid: metadata.uid(), gid: metadata.gid(), mode: metadata.mode() & 0o7777 }
    }
}

impl Access {
    /// Owner, group and permissions of an open file.
    ///
    /// # Errors
    /// Those of `fstat`.
    pub fn of(file: &File) -> io::Result<Self> {
        Ok(Self::from(&file.metadata()?))
    }
}

/// A file in the making, which takes the place of another on [`commit`](Self::commit).
#[derive(Debug)]
pub struct AtomicFile {
    directory: OwnedFd,
    target: OsString,
    aside: OsString,
    file: File,
    synced: bool,
    committed: bool,
}

impl AtomicFile {
    /// Begins a new file that will stand at `path`.
    ///
    /// A symbolic link at `path` is followed, so that the file behind it is replaced and the link stays.
    ///
    /// # Errors
    /// When the directory cannot be opened or written to, or what stands at `path` is no regular file.
    pub fn create(path: &Path) -> io::Result<Self> {
        check_replaceable(path)?;
        let resolved = resolve(path);
        let target = resolved
            .file_name()
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path names no file"))?
            .to_os_string();
        let parent = match resolved.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        Self::create_in(open_directory(parent)?, &target)
    }

    /// Begins a new file that will stand in `directory` under the name `target`; a symbolic link of that name is
    /// replaced, not followed. For work as root in somebody else's directory.
    ///
    /// # Errors
    /// When the directory cannot be written to, or what has the name is neither a regular file nor a symbolic link.
    pub fn create_in(directory: OwnedFd, target: &OsStr) -> io::Result<Self> {
        check_replaceable_at(&directory, target)?;
        remove_left_over(&directory, target);
        let (aside, file) = open_aside(&directory, target)?;
        Ok(Self { directory, target: target.to_os_string(), aside, file, synced: false, committed: false })
    }

    /// Opens the file that is to be replaced: for writing too, so that it can be locked, or for reading alone.
    ///
    /// # Errors
    /// Those of `openat`; a symbolic link is one of them.
    pub fn open_old(&self, for_writing: bool) -> io::Result<File> {
        let flags = if for_writing { OFlags::RDWR } else { OFlags::RDONLY };
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        Ok(rustix::fs::openat(&self.directory, &self.target, flags, Mode::empty())?.into())
    }

    /// What there is to know of the file that is to be replaced, or of the symbolic link.
    ///
    /// # Errors
    /// Those of `openat`: that there is none.
    pub fn old_metadata(&self) -> io::Result<std::fs::Metadata> {
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        File::from(rustix::fs::openat(&self.directory, &self.target, flags, Mode::empty())?).metadata()
    }

    /// The open file, for writing by other means than [`Write`].
    #[must_use]
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Gives the new file its owner and permissions.
    ///
    /// An owner that this process may not give is an error only when it runs as root; otherwise the file stays its own,
    /// and a group that it could not give leaves its permissions behind, but for those that all others have.
    ///
    /// # Errors
    /// Those of `fchown` (as root) and `fchmod`.
    pub fn set_access(&self, access: Access) -> io::Result<()> {
        let have = Access::of(&self.file)?;
        let mut mode = access.mode;
        if (have.uid, have.gid) != (access.uid, access.gid) {
            let owner = Some(Uid::from_raw(access.uid));
            let group = Some(Gid::from_raw(access.gid));
            if let Err(error) = rustix::fs::fchown(&self.file, owner, group) {
                if rustix::process::geteuid().is_root() {
                    return Err(error.into());
                }
                if rustix::fs::fchown(&self.file, None, group).is_err() && have.gid != access.gid {
                    // As much as all others had, to whom this group's members belonged.
                    mode &= !0o070 | (mode & 0o007) << 3;
                }
            }
        }
        rustix::fs::fchmod(&self.file, Mode::from_raw_mode(mode))?;
        Ok(())
    }

    /// Gives the new file what `old` carries besides contents, owner and permissions, which are set first; returns what
    /// the system does not let it have.
    ///
    /// # Errors
    /// Those of [`carry_over`].
    pub fn carry_over(&self, old: &File) -> io::Result<Vec<Lost>> {
        carry_over(old, &self.file)
    }

    /// Syncs the new file before [`commit`](Self::commit), which then takes next to no time; nothing is to be written
    /// afterwards.
    ///
    /// # Errors
    /// Those of `fsync`.
    pub fn sync(&mut self) -> io::Result<()> {
        self.file.sync_all()?;
        self.synced = true;
        Ok(())
    }

    /// Syncs the new file, puts it in the place of the old one, and syncs the directory.
    ///
    /// # Errors
    /// Those of the three steps, and that no regular file stands there any more. After an error the old file is still
    /// in place, unless only the last step failed.
    pub fn commit(mut self) -> io::Result<()> {
        if !self.synced {
            self.sync()?;
        }
        check_replaceable_at(&self.directory, &self.target)?;
        rustix::fs::renameat(&self.directory, &self.aside, &self.directory, &self.target)?;
        self.committed = true;
        rustix::fs::fsync(&self.directory)?;
        Ok(())
    }

    /// As [`commit`](Self::commit), but only over the file that is expected: `is_expected` is asked of the one that
    /// really gave way; without it, nothing may have stood there. Says whether it was so; else all is as it was.
    ///
    /// Where the file system cannot do that the new file takes the place of whatever is there.
    ///
    /// # Errors
    /// The same.
    pub fn commit_over(mut self, is_expected: Option<impl FnOnce(&File) -> bool>) -> io::Result<bool> {
        if !self.synced {
            self.sync()?;
        }
        let outcome = match is_expected {
            Some(is_expected) => exchange(&self.directory, &self.aside, &self.target, is_expected)?,
            None => rename_to_new(&self.directory, &self.aside, &self.target)?,
        };
        match outcome {
            // The old file goes with the name aside.
            Exchange::Done => {
                let directory = self.directory.try_clone()?;
                drop(self);
                rustix::fs::fsync(directory)?;
                Ok(true)
            }
            Exchange::Unexpected => Ok(false),
            Exchange::Unsupported => self.commit().map(|()| true),
        }
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if !self.committed {
            // Nothing more can be done about a failure here; the next write of the same file tries again.
            let _ = rustix::fs::unlinkat(&self.directory, &self.aside, AtFlags::empty());
        }
    }
}

/// The file that is meant by a path, there or not: symbolic links are followed to the end.
fn resolve(path: &Path) -> PathBuf {
    let mut path = path.to_path_buf();
    // As many links as Linux follows.
    for _ in 0..40 {
        if let Ok(resolved) = std::fs::canonicalize(&path) {
            return resolved;
        }
        let Ok(target) = std::fs::read_link(&path) else { break };
        path = path.parent().unwrap_or(Path::new("")).join(target);
    }
    path
}

/// Opens a directory, for files in it.
///
/// # Errors
/// Those of `open`.
pub fn open_directory(path: &Path) -> io::Result<OwnedFd> {
    Ok(rustix::fs::open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?)
}

fn open_aside(directory: &OwnedFd, target: &OsStr) -> io::Result<(OsString, File)> {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    loop {
        let count = COUNTER.fetch_add(1, Ordering::Relaxed);
        let aside = aside_name(target, &format!("{}.{count}", std::process::id()));
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match rustix::fs::openat(directory, &aside, flags, Mode::RUSR | Mode::WUSR) {
            Ok(fd) => {
                let file = File::from(fd);
                // Held while we live: it tells a file in the making from one whose maker died.
                hold_until_closed(&file, LockKind::Exclusive)?;
                // Somebody may have taken it for left over before the lock was ours.
                if rustix::fs::fstat(&file)?.st_nlink > 0 {
                    return Ok((aside, file));
                }
            }
            Err(rustix::io::Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn aside_name(target: &OsStr, suffix: &str) -> OsString {
    let mut name = b".".to_vec();
    name.extend_from_slice(target.as_bytes());
    name.extend_from_slice(ASIDE.as_bytes());
    name.extend_from_slice(suffix.as_bytes());
    OsString::from_vec(name)
}

/// Removes what earlier processes wrote aside for `target` and did not live to rename. Best effort.
pub(super) fn remove_left_over(directory: &OwnedFd, target: &OsStr) {
    let prefix = aside_name(target, "");
    let Ok(entries) = rustix::fs::Dir::read_from(directory) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name().to_bytes();
        if !name.starts_with(prefix.as_bytes()) {
            continue;
        }
        let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let Ok(fd) = rustix::fs::openat(directory, OsStr::from_bytes(name), flags, Mode::empty()) else { continue };
        let file = File::from(fd);
        if let Ok(Some(_dead)) = FileLock::try_acquire(&file, LockKind::Exclusive) {
            let _ = rustix::fs::unlinkat(directory, OsStr::from_bytes(name), AtFlags::empty());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn names(directory: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(directory).expect("the scratch directory can be read");
        let mut names: Vec<String> =
            entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    fn replace(path: &Path, contents: &[u8]) -> io::Result<()> {
        let mut file = AtomicFile::create(path)?;
        file.write_all(contents)?;
        file.commit()
    }

    /// A name that a device, FIFO or socket gets while the new file is written.
    #[test]
    fn only_a_regular_file_gives_way() -> io::Result<()> {
        let scratch = tempfile::tempdir()?;
        let fifo = scratch.path().join("fifo");
        let late = AtomicFile::create(&fifo)?;
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, 0o600.into(), 0)?;
        let link = scratch.path().join("link");
        std::os::unix::fs::symlink("fifo", &link)?;
        let told = |result: io::Result<()>| result.map_err(|error| error.to_string());
        let refused = Err("not a regular file but a FIFO".to_string());
        assert_eq!(told(late.commit()), refused);
        assert_eq!(told(AtomicFile::create(&fifo).map(drop)), refused);
        assert_eq!(told(AtomicFile::create(&link).map(drop)), refused);
        let directory = open_directory(scratch.path())?;
        assert_eq!(told(AtomicFile::create_in(directory, OsStr::new("fifo")).map(drop)), refused);
        assert_eq!(names(scratch.path()), ["fifo", "link"]);
        Ok(())
    }

    #[test]
    fn the_old_file_stays_until_commit_and_its_mode_is_kept() -> io::Result<()> {
        let scratch = tempfile::tempdir()?;
        let path = scratch.path().join("main.cf");
        std::fs::write(&path, "old")?;
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640))?;
        let mut file = AtomicFile::create(&path)?;
        file.write_all(b"half")?;
        assert_eq!(std::fs::read(&path)?, b"old");
        drop(file);
        assert_eq!(names(scratch.path()), ["main.cf"]);
        let mut file = AtomicFile::create(&path)?;
        file.write_all(b"new")?;
        file.set_access(Access::of(&file.open_old(false)?)?)?;
        file.commit()?;
        assert_eq!(std::fs::read(&path)?, b"new");
        assert_eq!(std::fs::metadata(&path)?.permissions().mode() & 0o7777, 0o640);
        Ok(())
    }

    #[test]
    fn what_a_dead_process_left_is_removed_but_not_what_a_living_one_writes() -> io::Result<()> {
        let scratch = tempfile::tempdir()?;
        let path = scratch.path().join("t");
        std::fs::write(scratch.path().join(".t.postwright.1.0"), "left over")?;
        let living = AtomicFile::create(&path)?;
        assert_eq!(names(scratch.path()).len(), 1);
        let other = AtomicFile::create(&path)?;
        assert_eq!(names(scratch.path()).len(), 2);
        drop((living, other));
        assert!(names(scratch.path()).is_empty());
        Ok(())
    }

    #[test]
    fn a_link_is_followed_and_stays() -> io::Result<()> {
        let scratch = tempfile::tempdir()?;
        let real = scratch.path().join("real");
        std::fs::write(&real, "old")?;
        let link = scratch.path().join("link");
        std::os::unix::fs::symlink(&real, &link)?;
        replace(&link, b"new")?;
        assert!(std::fs::symlink_metadata(&link)?.is_symlink());
        assert_eq!(std::fs::read(&real)?, b"new");
        std::fs::remove_file(&real)?;
        replace(&link, b"newer")?;
        assert!(std::fs::symlink_metadata(&link)?.is_symlink());
        assert_eq!(std::fs::read(&real)?, b"newer");
        Ok(())
    }
}
