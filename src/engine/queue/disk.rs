//! All that the queue asks of the file system in order to change it: one system call for each method.
//!
//! Tests put their own in between, which fails, writes less, or takes down what was asked. It is called through a
//! table of functions, once for each batch, beside which a call of the system takes a thousand times as long.

use crate::base::FileError;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// A file that is open for writing, with its name.
#[derive(Debug)]
pub struct DiskFile {
    /// The descriptor.
    pub file: File,
    /// The name.
    pub path: PathBuf,
}

/// The file system, as the queue changes it. What is not overridden is the system's own.
pub trait Disk: Send + Sync + 'static {
    /// Makes a file that must not be there, for its owner alone.
    ///
    /// # Errors
    /// Those of `open`.
    fn create(&self, path: &Path) -> io::Result<DiskFile> {
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)?;
        Ok(DiskFile { file, path: path.to_path_buf() })
    }

    /// Takes room for a file, so that a full disk is seen at once; a file system that cannot do that does nothing.
    ///
    /// # Errors
    /// Those of `fallocate`.
    fn allocate(&self, file: &DiskFile, size: u64) -> io::Result<()> {
        match rustix::fs::fallocate(&file.file, rustix::fs::FallocateFlags::empty(), 0, size) {
            Ok(()) | Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes some of the bytes at a place; how many.
    ///
    /// # Errors
    /// Those of `pwrite`.
    fn write_at(&self, file: &DiskFile, bytes: &[u8], offset: u64) -> io::Result<usize> {
        file.file.write_at(bytes, offset)
    }

    /// Waits until what was written is on the disk, and as much about the file as is needed to read it.
    ///
    /// # Errors
    /// Those of `fdatasync`.
    fn sync_data(&self, file: &DiskFile) -> io::Result<()> {
        file.file.sync_data()
    }

    /// Waits until the names in a directory are on the disk.
    ///
    /// # Errors
    /// Those of `open` and `fsync`.
    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    /// Removes a name.
    ///
    /// # Errors
    /// Those of `unlink`.
    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }
}

/// The file system itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl Disk for System {}

/// Writes all of it, in as many pieces as the system wants.
pub(super) fn write_all(disk: &dyn Disk, file: &DiskFile, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match disk.write_at(file, bytes, offset) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                bytes = bytes.get(written..).unwrap_or_default();
                offset += written as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Opens a file that is there, and no link, for writing.
pub(super) fn open(path: &Path) -> Result<DiskFile, FileError> {
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let file = OpenOptions::new().read(true).write(true).custom_flags(flags).open(path).map_err(FileError::at(path))?;
    Ok(DiskFile { file, path: path.to_path_buf() })
}
