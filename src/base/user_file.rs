//! Files that people wrote: one rule for what is opened, and one for how much of it is read.
//!
//! Their names come from command lines and from configurations, and may lead anywhere: a FIFO waits for a writer,
//! perhaps forever, some devices never end, and what lies in /proc tells no length and may be without end.
//!
//! Opened are regular files, directories (that reading fails tells the reader), /dev/null, and the pipes that this
//! process was handed, as `/dev/stdin` and `/dev/fd/63`.

use super::regular_file::NotRegular;
use rustix::fs::{FileType, OFlags};
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

/// Most bytes of a text that is read: main.cf, master.cf, a list, an expectation, a baseline, an included file. Such a
/// text takes several times its size to be looked at.
pub const LONGEST_TEXT: u64 = 64 << 20;

/// Most bytes of the source of a table that is read; a constant database could not hold more either.
pub const LONGEST_SOURCE: u64 = 4 << 30;

/// The number of /dev/null, which people name where a file is wanted and nothing is meant to be in it.
const NULL_DEVICE: u64 = (1 << 8) | 3;

/// Why a file is not read: it is longer than this many bytes. Wrapped in an [`io::Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong(u64);

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "larger than {} MiB, the most that is read of such a file", self.0 >> 20)
    }
}

impl std::error::Error for TooLong {}

impl TooLong {
    /// Whether this is the reason of an error.
    #[must_use]
    pub fn is_reason_of(error: &io::Error) -> bool {
        error.get_ref().is_some_and(|inner| inner.is::<Self>())
    }
}

/// Opens a file for reading.
///
/// # Errors
/// Those of opening it; that it is none of what is opened.
pub fn open(path: &Path) -> io::Result<File> {
    // Without waiting for the writer of a FIFO. Reading files does not change by it.
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0);
    admit(OpenOptions::new().read(true).custom_flags(flags).open(path)?, path)
}

/// Lets through what [`open`] opens: a file that was opened, without waiting, by this name.
///
/// # Errors
/// That it is something else.
pub fn admit(file: File, name: &Path) -> io::Result<File> {
    let metadata = file.metadata()?;
    match FileType::from_raw_mode(metadata.mode()) {
        FileType::RegularFile | FileType::Directory => Ok(file),
        FileType::CharacterDevice if metadata.rdev() == NULL_DEVICE => Ok(file),
        FileType::Fifo if was_handed_over(name) => {
            // There is a writer, which may be slow.
            let flags = rustix::fs::fcntl_getfl(&file)? - OFlags::NONBLOCK;
            rustix::fs::fcntl_setfl(&file, flags)?;
            Ok(file)
        }
        other => Err(io::Error::other(NotRegular::new(other))),
    }
}

/// Whether a name is that of something which was open when this process started.
fn was_handed_over(name: &Path) -> bool {
    name == Path::new("/dev/stdin") || name.starts_with("/dev/fd") || name.starts_with("/proc/self/fd")
}

/// Reads a whole file.
///
/// # Errors
/// Those of [`open`] and [`read_rest`].
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    read_rest(&open(path)?, most)
}

/// Reads the rest of an open file, unless that is more than `most` bytes; of what tells no length, more than
/// [`LONGEST_TEXT`].
///
/// # Errors
/// Those of reading it; [`TooLong`]; that there is no memory.
pub fn read_rest(file: &File, most: u64) -> io::Result<Vec<u8>> {
    let length = file.metadata()?.len();
    check_length(length, most)?;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(usize::try_from(length).unwrap_or(usize::MAX))?;
    read_rest_of(file, if length == 0 { most.min(LONGEST_TEXT) } else { most }, &mut bytes)?;
    Ok(bytes)
}

/// Reads what is left of a stream, such as standard input, unless that is more than [`LONGEST_TEXT`].
///
/// # Errors
/// Those of reading it; [`TooLong`].
pub fn read_stream(stream: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    read_rest_of(stream, LONGEST_TEXT, &mut bytes)?;
    Ok(bytes)
}

fn read_rest_of(stream: impl Read, most: u64, bytes: &mut Vec<u8>) -> io::Result<()> {
    let read = stream.take(most + 1).read_to_end(bytes)?;
    check_length(read as u64, most)
}

/// Refuses what is too long.
///
/// # Errors
/// [`TooLong`].
pub fn check_length(length: u64, most: u64) -> io::Result<()> {
    if length > most { Err(io::Error::other(TooLong(most))) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::fd::AsRawFd;

    fn told(path: impl AsRef<Path>) -> Result<Vec<u8>, String> {
        read(path.as_ref(), LONGEST_SOURCE).map_err(|error| error.to_string())
    }

    #[test]
    fn what_has_no_end_is_not_opened() -> io::Result<()> {
        let scratch = tempfile::tempdir()?;
        let at = |name: &str| scratch.path().join(name);
        rustix::fs::mknodat(rustix::fs::CWD, at("fifo"), FileType::Fifo, 0o600.into(), 0)?;
        let _socket = std::os::unix::net::UnixListener::bind(at("socket"))?;
        std::fs::write(at("file"), "text")?;
        assert_eq!(told(at("fifo")), Err("not a regular file but a FIFO".into()));
        assert_eq!(told("/dev/zero"), Err("not a regular file but a device".into()));
        assert_eq!(told(at("socket")), Err("No such device or address (os error 6)".into()));
        assert_eq!(told("/dev/null"), Ok(Vec::new()));
        assert_eq!(told(at("file")), Ok(b"text".to_vec()));
        assert_eq!(told(scratch.path()), Err("Is a directory (os error 21)".into()));
        assert_eq!(told(at("none")), Err("No such file or directory (os error 2)".into()));
        Ok(())
    }

    #[test]
    fn a_pipe_that_was_handed_over_is_read() -> io::Result<()> {
        let (reader, mut writer) = io::pipe()?;
        let name = format!("/proc/self/fd/{}", reader.as_raw_fd());
        let (file, outcome) = (open(Path::new(&name))?, writer.write_all(b"from a pipe"));
        outcome?;
        drop(writer);
        assert_eq!(read_rest(&file, LONGEST_TEXT)?, b"from a pipe");
        Ok(())
    }

    #[test]
    fn no_more_is_read_than_the_limit() -> io::Result<()> {
        let scratch = tempfile::tempdir()?;
        let path = scratch.path().join("sparse");
        let words = "larger than 64 MiB, the most that is read of such a file";
        let file = File::create(&path)?;
        file.set_len(LONGEST_TEXT + 1)?;
        assert_eq!(read(&path, LONGEST_TEXT).map_err(|error| error.to_string()), Err(words.into()));
        file.set_len(LONGEST_SOURCE + 1)?;
        assert_eq!(told(&path), Err("larger than 4096 MiB, the most that is read of such a file".into()));
        assert_eq!(read_stream(io::repeat(b'x')).map_err(|error| error.to_string()), Err(words.into()));
        Ok(())
    }
}
