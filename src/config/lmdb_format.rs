//! The two formats of LMDB files that a Postfix can be linked with. How they are laid out is told where they are read
//! and written (`maps::lmdb`).

use std::fmt;
use std::str::FromStr;

/// A file format, which the library of the other cannot open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LmdbFormat {
    /// Data version 1, of LMDB 0.9.
    V0_9,
    /// Data version 3, of LMDB 1.0.
    V1_0,
}

impl LmdbFormat {
    /// Both of them, the older one first.
    pub const ALL: [Self; 2] = [Self::V0_9, Self::V1_0];

    /// The series of LMDB that writes it: what `--lmdb-format` takes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::V0_9 => "0.9",
            Self::V1_0 => "1.0",
        }
    }

    /// The number in the file.
    #[must_use]
    pub const fn data_version(self) -> u32 {
        match self {
            Self::V0_9 => 1,
            Self::V1_0 => 3,
        }
    }

    /// The format by the series that writes it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }
}

/// `LMDB 0.9`
impl fmt::Display for LmdbFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LMDB {}", self.name())
    }
}

impl FromStr for LmdbFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::from_name(text).ok_or_else(|| "expected 0.9 or 1.0".to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_go_by_the_series_that_writes_them() {
        assert_eq!(
            ["0.9", "1.0", "1", "3", ""].map(LmdbFormat::from_name),
            [Some(LmdbFormat::V0_9), Some(LmdbFormat::V1_0), None, None, None]
        );
        assert_eq!("1.0.2".parse::<LmdbFormat>(), Err("expected 0.9 or 1.0".to_string()));
    }
}
