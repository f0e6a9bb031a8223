//! `postwright.toml`: what a configuration wants to be judged by, beside its main.cf or in a directory above it.
//!
//! ```toml
//! target = "3.7"       # the Postfix version to judge by
//! profile = "debian"   # the package whose defaults hold
//! lmdb_format = "1.0"  # the LMDB whose files the system reads
//! ```
//!
//! The nearest file counts, alone. Nothing in it is guessed: an unknown key or a value that does not fit is an error
//! with its place, and with the name that was perhaps meant. Tables are for those to judge whom they are about.

use super::catalogue::{Profile, Version};
use super::lmdb_format::LmdbFormat;
use crate::base::{FileError, Source};
use crate::syntax::toml_file::{TomlError, TomlFile, not_called};
use std::io;
use std::path::Path;
use std::sync::Arc;
use toml::de::DeValue;

/// The name of the file.
pub const FILE_NAME: &str = "postwright.toml";

/// The settings of a `postwright.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Project {
    /// The Postfix version to judge by.
    pub target: Option<Version>,
    /// The package whose defaults hold.
    pub profile: Option<Profile>,
    /// The format that LMDB files are to be in.
    pub lmdb_format: Option<LmdbFormat>,
}

/// A key: its name, and how its value is taken over.
struct Key {
    name: &'static str,
    take: fn(&mut Project, &str) -> Result<(), String>,
}

/// The tables, which others read.
const TABLES: &[&str] = &["check"];

/// What stands in `[check]`.
pub const CHECK_KEYS: [&str; 6] = ["select", "ignore", "severities", "fail-on", "map-types", "per-file-ignores"];

/// Whether a key stands outside of all tables.
#[must_use]
pub fn is_of_no_table(name: &str) -> bool {
    KEYS.iter().any(|known| known.name == name)
}

/// All other keys. Their values are strings.
const KEYS: &[Key] = &[
    Key {
        name: "lmdb_format",
        take: |project, text| {
            let known = LmdbFormat::from_name(text);
            let names = LmdbFormat::ALL.map(LmdbFormat::name);
            project.lmdb_format = Some(known.ok_or_else(|| not_called("lmdb_format", text, &names))?);
            Ok(())
        },
    },
    Key {
        name: "profile",
        take: |project, text| {
            let known = Profile::from_name(text);
            project.profile = Some(known.ok_or_else(|| not_called("profile", text, &Profile::names()))?);
            Ok(())
        },
    },
    Key {
        name: "target",
        take: |project, text| {
            project.target = Some(text.parse().map_err(|error| format!("{error}"))?);
            Ok(())
        },
    },
];

impl Project {
    /// What the file says that counts for a configuration directory; without any, nothing.
    ///
    /// # Errors
    /// A file that cannot be read or understood.
    pub fn find(directory: &Path) -> Result<Self, TomlError> {
        nearest(directory)?.map_or_else(|| Ok(Self::default()), |source| Self::parse(&source))
    }

    /// Takes the text of a file apart.
    ///
    /// # Errors
    /// Text that is not TOML, an unknown key, or a value that does not fit.
    pub fn parse(source: &Source) -> Result<Self, TomlError> {
        let (file, table) = TomlFile::parse(source)?;
        let mut project = Self::default();
        for (key, value) in TomlFile::in_order(&table) {
            let name: &str = key.get_ref();
            if TABLES.contains(&name) {
                continue;
            }
            if CHECK_KEYS.contains(&name) {
                return Err(file.wrong(key.span(), &format!("{name} belongs in [check]")));
            }
            let Some(known) = KEYS.iter().find(|known| known.name == name) else {
                let names: Vec<&str> = KEYS.iter().map(|known| known.name).chain(TABLES.iter().copied()).collect();
                return Err(file.unknown(key.span(), "key", name, &names));
            };
            let DeValue::String(text) = value.get_ref() else {
                let message = format!("{name} takes a string, in quotes, not {}", with_article(value.get_ref()));
                return Err(file.wrong(value.span(), &message));
            };
            (known.take)(&mut project, text).map_err(|message| file.wrong(value.span(), &message))?;
        }
        Ok(project)
    }
}

/// The file that counts for what lies in a directory: beside it, or in the nearest directory above. Messages name one
/// beside it as the directory is named.
///
/// # Errors
/// A file that cannot be read.
pub fn nearest(directory: &Path) -> Result<Option<Arc<Source>>, FileError> {
    let here = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    // Links count by where they lead, as the system counts `..`.
    let real = std::fs::canonicalize(here).or_else(|_| std::path::absolute(here)).unwrap_or_default();
    let above = real.ancestors().skip(1).map(|above| (above.join(FILE_NAME), true));
    for (path, is_above) in std::iter::once((directory.join(FILE_NAME), false)).chain(above) {
        match Source::read(&path) {
            Ok(source) => return Ok(Some(source)),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
            // Who may not enter a directory cannot know what lies there; and one above is not the one that is looked
            // at.
            Err(error)
                if error.kind() == io::ErrorKind::PermissionDenied
                    && (is_above || std::fs::metadata(&path).is_err()) => {}
            Err(error) => return Err(FileError { path, error }),
        }
    }
    Ok(None)
}

fn with_article(value: &DeValue) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &[u8]) -> Result<Project, String> {
        Project::parse(&Source::new("postwright.toml", text)).map_err(|error| error.to_string())
    }

    #[test]
    fn settings_are_read() {
        let cases: [(&str, Option<Version>, Option<Profile>); 5] = [
            ("", None, None),
            ("[check]\nselect = []\n", None, None),
            ("target = \"3.7\"\n", Some(Version::new(3, 7)), None),
            ("profile = 'redhat'", None, Some(Profile::REDHAT)),
            ("\"profile\" = \"\"\"debian\"\"\"\r\ntarget = '3.10.2'", Some(Version::new(3, 10)), Some(Profile::DEBIAN)),
        ];
        for (text, target, profile) in cases {
            assert_eq!(parsed(text.as_bytes()), Ok(Project { target, profile, lmdb_format: None }), "{text:?}");
        }
        let lmdb_format = Some(LmdbFormat::V1_0);
        assert_eq!(parsed(b"lmdb_format = '1.0'\n"), Ok(Project { lmdb_format, ..Project::default() }));
    }

    #[test]
    fn faults_have_their_place_and_a_suggestion() {
        let cases: &[(&[u8], &str)] = &[
            (b"target = '3.7'\n\n  targt = '3.7'\n", "3:3: no key is called targt; did you mean target?"),
            (b"zzz = 1\ntarget = 1", "1:1: no key is called zzz; there are lmdb_format, profile, target, check"),
            (b"lmdb_format = '2'", "1:15: no lmdb_format is called 2; there are 0.9, 1.0"),
            (b"lmdb_format = 1.0", "1:15: lmdb_format takes a string, in quotes, not a number"),
            (b"target = 3.10", "1:10: target takes a string, in quotes, not a number"),
            (b"[profile]\n", "1:1: profile takes a string, in quotes, not a table"),
            (b"profile = 'debain'", "1:11: no profile is called debain; did you mean debian?"),
            (
                b"target = '4.0'",
                "1:10: \"4.0\" is not a Postfix release from 2.11 to 3.11, nor 3.12 (snapshot of 2026-08-21); write it such as 3.11",
            ),
            (b"# \xff\n", "1:3: not UTF-8"),
            (b"target = '3.7'\nignore = ['MC003']\n", "2:1: ignore belongs in [check]"),
            (b"[severities]\nMC003 = 'info'\n", "1:2: severities belongs in [check]"),
            (b"fail-on = 'error'\n", "1:1: fail-on belongs in [check]"),
        ];
        for (text, expected) in cases {
            let expected = Err(format!("postwright.toml:{expected}"));
            assert_eq!(parsed(text), expected, "{}", text.escape_ascii());
        }
        // What is not TOML is told in the words of its parser.
        for text in ["target = ", "target", "target = '3.7'\ntarget = '3.7'\n", "= 1"] {
            let error = parsed(text.as_bytes()).map_err(|error| error.starts_with("postwright.toml:"));
            assert_eq!(error, Err(true), "{text}");
        }
    }

    #[test]
    fn the_nearest_file_counts_alone() -> io::Result<()> {
        let scratch = tempfile::tempdir()?;
        let inner = scratch.path().join("a/b");
        std::fs::create_dir_all(&inner)?;
        let target = |directory: &Path| Project::find(directory).map(|project| project.target);
        std::fs::write(scratch.path().join(FILE_NAME), "target = '3.4'")?;
        assert_eq!(target(&inner).ok(), Some(Some(Version::new(3, 4))));
        std::fs::write(inner.join(FILE_NAME), "profile = 'alpine'")?;
        assert_eq!(target(&inner).ok(), Some(None));
        assert_eq!(target(&inner.join("..")).ok(), Some(Some(Version::new(3, 4))));
        assert_eq!(target(&inner.join("missing")).ok(), Some(None));
        std::fs::remove_file(inner.join(FILE_NAME))?;
        std::fs::create_dir(inner.join(FILE_NAME))?;
        let error = target(&inner).map_err(|error| error.to_string());
        let expected = format!("{}: Is a directory", inner.join(FILE_NAME).display());
        assert_eq!(error, Err(expected));
        Ok(())
    }
}
