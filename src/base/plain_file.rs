//! Files whose names come from a configuration: only those are opened that reading comes to an end of.
//!
//! A FIFO would wait for a writer, perhaps forever, and some devices never end.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

/// The number of /dev/null, which people name where a file is wanted and nothing is meant to be in it.
const NULL_DEVICE: u64 = (1 << 8) | 3;

/// Opens a file, a directory (that reading it fails tells the reader) or /dev/null.
///
/// # Errors
/// Those of opening it; that it is something else.
pub fn open_plain(path: &Path) -> io::Result<File> {
    // Without waiting for the writer of a FIFO. Reading files does not change by it.
    let flags = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or(0);
    plain(OpenOptions::new().read(true).custom_flags(flags).open(path)?)
}

/// Lets through what [`open_plain`] opens.
///
/// # Errors
/// That it is something else.
pub fn plain(file: File) -> io::Result<File> {
    let metadata = file.metadata()?;
    let kind = metadata.file_type();
    let is_null = kind.is_char_device() && metadata.rdev() == NULL_DEVICE;
    if kind.is_file() || kind.is_dir() || is_null { Ok(file) } else { Err(io::Error::other("not a regular file")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn what_has_no_end_is_not_opened() -> io::Result<()> {
        let scratch = tempfile::tempdir()?;
        let fifo = scratch.path().join("fifo");
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, 0o600.into(), 0)?;
        let told = |path: &Path| open_plain(path).map(|_| ()).map_err(|error| error.to_string());
        assert_eq!(told(&fifo), Err("not a regular file".into()));
        assert_eq!(told(Path::new("/dev/zero")), Err("not a regular file".into()));
        let mut text = String::new();
        open_plain(Path::new("/dev/null"))?.read_to_string(&mut text)?;
        assert_eq!(text, "");
        assert!(open_plain(scratch.path())?.read_to_string(&mut text).is_err());
        assert!(open_plain(&scratch.path().join("none")).is_err());
        Ok(())
    }
}
