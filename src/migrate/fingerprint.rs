//! By what a file is known again: its length and a hash of its contents. Against slips, not against somebody who wants
//! to deceive.

use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Bytes that are read at a time.
const PART: usize = 1 << 18;

/// The contents of a file, in short.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
pub struct Fingerprint {
    length: u64,
    /// FNV-1a with 64 bits, in hexadecimal: it is the same in every release of this program.
    hash: String,
}

impl Fingerprint {
    /// Reads a file.
    ///
    /// # Errors
    /// Those of reading.
    pub fn of(file: &File) -> io::Result<Self> {
        let (mut length, mut hash) = (0, 0xcbf2_9ce4_8422_2325_u64);
        let mut part = vec![0; PART];
        loop {
            let read = match file.read_at(&mut part, length) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read?,
            };
            if read == 0 {
                return Ok(Self { length, hash: format!("{hash:016x}") });
            }
            for &byte in &part[..read] {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
            length += read as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_byte_makes_another() -> io::Result<()> {
        let of = |bytes: &[u8]| {
            let mut file = tempfile::tempfile()?;
            file.write_all(bytes)?;
            Fingerprint::of(&file)
        };
        // The published vector.
        assert_eq!(of(b"foobar")?, Fingerprint { length: 6, hash: "85944171f73967e8".into() });
        let mut long = vec![b'x'; 3 * PART / 2];
        let first = of(&long)?;
        assert_eq!(first, of(&long)?);
        long[PART + 1] = b'y';
        assert_ne!(first, of(&long)?);
        Ok(())
    }
}
