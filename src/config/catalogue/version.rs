//! The Postfix releases that the catalogue knows: series such as 3.11, in order, and the newest patch of each.
//!
//! The build script uses this file too, so it depends on nothing else of the crate.

use std::fmt;
use std::str::FromStr;

/// A release series of Postfix, such as 3.11. Series are ordered as they were released.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// The 3 of 3.11.
    pub major: u8,
    /// The 11 of 3.11.
    pub minor: u8,
}

/// The supported series, oldest first, with the newest patch release of each; of one that is not out, the snapshot that
/// was read.
const RELEASES: [(Version, &str); 14] = [
    (Version::new(2, 11), "2.11.11"),
    (Version::new(3, 0), "3.0.15"),
    (Version::new(3, 1), "3.1.15"),
    (Version::new(3, 2), "3.2.22"),
    (Version::new(3, 3), "3.3.22"),
    (Version::new(3, 4), "3.4.29"),
    (Version::new(3, 5), "3.5.27"),
    (Version::new(3, 6), "3.6.20"),
    (Version::new(3, 7), "3.7.22"),
    (Version::new(3, 8), "3.8.20"),
    (Version::new(3, 9), "3.9.14"),
    (Version::new(3, 10), "3.10.13"),
    (Version::new(3, 11), "3.11.7"),
    (Version::new(3, 12), "3.12-20260821"),
];

impl Version {
    /// The oldest series that can be judged by. Facts dated 2.11 may be older.
    pub const OLDEST: Self = Self::new(2, 11);
    /// The newest series that is out, and the one that the catalogue describes unless told otherwise.
    pub const NEWEST: Self = Self::new(3, 11);
    /// The last series that can be judged by: [`NEWEST`](Self::NEWEST), or one that is known from a snapshot only.
    pub const LAST: Self = Self::new(3, 12);
    /// Before every release: the date of a change that is not recorded, or lies before 2.11.
    pub const UNRECORDED: Self = Self::new(0, 0);

    /// The series `major.minor`.
    pub const fn new(major: u8, minor: u8) -> Self {
        Self { major, minor }
    }

    /// The series that can be judged by, oldest first.
    pub fn supported() -> impl DoubleEndedIterator<Item = Self> {
        RELEASES.iter().map(|(series, _)| *series)
    }

    /// Whether this is one of [`Version::supported`].
    pub fn is_supported(self) -> bool {
        self.newest_patch().is_some()
    }

    /// The newest patch release of this series: what `mail_version` says. `None` if the series is not supported.
    pub fn newest_patch(self) -> Option<&'static str> {
        RELEASES.iter().find(|(series, _)| *series == self).map(|(_, patch)| *patch)
    }

    /// The date of the snapshot that is all that is known of this series, as `2026-08-21`; `None` once it is out.
    pub fn snapshot(self) -> Option<String> {
        let (_, date) = self.newest_patch()?.split_once('-')?;
        let (year, month, day) = (date.get(..4)?, date.get(4..6)?, date.get(6..)?);
        Some(format!("{year}-{month}-{day}"))
    }

    /// `3.11`; of a series that is not out: `3.12 (snapshot of 2026-08-21)`.
    pub fn with_snapshot(self) -> String {
        self.snapshot().map_or_else(|| self.to_string(), |date| format!("{self} (snapshot of {date})"))
    }

    /// Reads `3.11`. A patch level, as in `3.11.7`, and the date of a snapshot, as in `3.12-20260821`, are allowed and
    /// left out.
    ///
    /// `None` if the text is anything else; an unsupported series is read all the same.
    pub fn parse(text: &str) -> Option<Self> {
        let is_date = |date: &str| date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit());
        let text = text.split_once('-').filter(|(_, date)| is_date(date)).map_or(text, |(series, _)| series);
        let mut numbers = text.split('.').map(|digits| {
            let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| digits.parse::<u8>().ok()).flatten()
        });
        let series = Self::new(numbers.next()??, numbers.next()??);
        match (numbers.next(), numbers.next()) {
            (None | Some(Some(_)), None) => Some(series),
            _ => None,
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// Why a text is not a [`Version`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAVersion(String);

impl fmt::Display for NotAVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (oldest, newest) = (Version::OLDEST, Version::NEWEST);
        write!(f, "{:?} is not a Postfix release from {oldest} to {newest}", self.0)?;
        if Version::LAST != newest {
            write!(f, ", nor {}", Version::LAST.with_snapshot())?;
        }
        write!(f, "; write it such as {newest}")
    }
}

impl std::error::Error for NotAVersion {}

impl FromStr for Version {
    type Err = NotAVersion;

    /// Reads a supported series: the form for the command line.
    fn from_str(text: &str) -> Result<Self, NotAVersion> {
        Self::parse(text).filter(|version| version.is_supported()).ok_or_else(|| NotAVersion(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_series_and_patch_releases() {
        let cases: &[(&str, Option<(u8, u8)>)] = &[
            ("3.11", Some((3, 11))),
            ("2.11", Some((2, 11))),
            ("3.11.7", Some((3, 11))),
            ("1.1", Some((1, 1))),
            ("3", None),
            ("", None),
            ("3.", None),
            (".3", None),
            ("3.+1", None),
            ("3.11.", None),
            ("3.11.7.1", None),
            ("3.256", None),
            ("3.x", None),
            (" 3.11", None),
            ("3.12-20260821", Some((3, 12))),
            ("3.12-RC1", None),
            ("3.12-", None),
        ];
        for (text, expected) in cases {
            assert_eq!(Version::parse(text), expected.map(|(a, b)| Version::new(a, b)), "{text:?}");
        }
    }

    #[test]
    fn minor_numbers_are_numbers() {
        assert!(Version::new(3, 9) < Version::new(3, 10));
        assert!(Version::new(2, 11) < Version::new(3, 0));
        assert_eq!(Version::new(3, 10).to_string(), "3.10");
    }

    #[test]
    fn the_supported_series_run_from_oldest_to_newest() {
        let series: Vec<_> = Version::supported().collect();
        assert_eq!(series.first(), Some(&Version::OLDEST));
        assert_eq!(series.last(), Some(&Version::LAST));
        assert!(series.is_sorted());
        for series in series {
            let patch = series.newest_patch().unwrap();
            assert_eq!(Version::parse(patch), Some(series), "{patch}");
        }
        assert_eq!(Version::new(2, 10).newest_patch(), None);
        let mut out = Version::supported().filter(|series| series.snapshot().is_none());
        assert_eq!(out.next_back(), Some(Version::NEWEST));
        assert_eq!(Version::LAST.with_snapshot(), "3.12 (snapshot of 2026-08-21)");
        assert_eq!(Version::NEWEST.with_snapshot(), "3.11");
    }

    #[test]
    fn the_command_line_form_names_the_range() {
        assert_eq!("3.7".parse(), Ok(Version::new(3, 7)));
        let error = "4.0".parse::<Version>().unwrap_err();
        assert_eq!(
            error.to_string(),
            r#""4.0" is not a Postfix release from 2.11 to 3.11, nor 3.12 (snapshot of 2026-08-21); write it such as 3.11"#
        );
    }
}
