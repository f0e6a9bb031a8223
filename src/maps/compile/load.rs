//! Reads a source whole, on all cores.
//!
//! Most of that work is the system's: it finds memory and copies into it, on the core that asks. Anything that is not a
//! plain file of a known length, or changes its length meanwhile, is read from start to end instead.

use crate::base::threads;
use crate::base::user_file::{self, LONGEST_SOURCE, check_length};
use rayon::prelude::*;
use std::fs::{File, Metadata};
use std::io::{self, Seek};
use std::os::unix::fs::FileExt;

/// Bytes that one core reads at a time.
const PART: usize = 1 << 22;

/// The bytes of an open file; `status` is what was known of it before.
///
/// # Errors
/// Those of reading it, a directory being one; that it is too long.
pub fn load(mut file: &File, status: &Metadata) -> io::Result<Vec<u8>> {
    check_length(status.len(), LONGEST_SOURCE)?;
    let length = usize::try_from(status.len()).unwrap_or(0);
    if status.is_file() && length >= 2 * PART {
        let mut bytes = vec![0; length];
        threads::share_out();
        let parts = bytes.par_chunks_mut(PART).enumerate();
        if parts
            .map(|(number, part)| file.read_exact_at(part, (number * PART) as u64))
            .collect::<io::Result<()>>()
            .is_ok()
            && file.metadata()?.len() == status.len()
        {
            return Ok(bytes);
        }
        file.rewind()?;
    }
    user_file::read_rest(file, LONGEST_SOURCE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn load(path: &Path) -> io::Result<Vec<u8>> {
        let file = File::open(path)?;
        super::load(&file, &file.metadata()?)
    }

    #[test]
    fn small_and_large_files_are_read_whole() -> io::Result<()> {
        let scratch = tempfile::NamedTempFile::new()?;
        for length in [0, 1, PART, 2 * PART - 1, 2 * PART, 3 * PART + 17] {
            let bytes: Vec<u8> = (0..length).map(|at| (at / 255) as u8 ^ at as u8).collect();
            std::fs::write(scratch.path(), &bytes)?;
            assert!(load(scratch.path())? == bytes, "{length} bytes");
        }
        assert!(load(Path::new("/proc/self/status"))?.starts_with(b"Name:"));
        assert_eq!(load(Path::new("/")).map_err(|error| error.kind()), Err(io::ErrorKind::IsADirectory));
        assert_eq!(load(Path::new("/nowhere")).map_err(|error| error.kind()), Err(io::ErrorKind::NotFound));
        Ok(())
    }
}
