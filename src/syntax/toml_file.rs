//! Our files in TOML (`postwright.toml`, `route --expect`): values with their places, and one kind of error for all
//! that means nothing in them. Nothing is guessed.

use crate::base::{FileError, Source, suggest};
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value with its place.
pub type TomlValue<'t> = Spanned<DeValue<'t>>;

/// The name of a value with its place.
pub type TomlKey<'t> = Spanned<Cow<'t, str>>;

/// A file that cannot be read or understood.
#[derive(Debug)]
pub enum TomlError {
    /// It cannot be read.
    Unreadable(FileError),
    /// Something in it means nothing.
    Wrong {
        /// The file, as it is named.
        file: String,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// What is wrong, and what was perhaps meant.
        message: String,
    },
}

impl fmt::Display for TomlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => error.fmt(f),
            Self::Wrong { file, line, column, message } => write!(f, "{file}:{line}:{column}: {message}"),
        }
    }
}

impl std::error::Error for TomlError {}

impl From<FileError> for TomlError {
    fn from(error: FileError) -> Self {
        Self::Unreadable(error)
    }
}

impl From<TomlError> for String {
    fn from(error: TomlError) -> Self {
        error.to_string()
    }
}

/// The text of a file, for places in it.
#[derive(Clone, Copy, Debug)]
pub struct TomlFile<'s> {
    source: &'s Source,
}

impl<'s> TomlFile<'s> {
    /// Takes the text of a file apart.
    ///
    /// # Errors
    /// What is not UTF-8 or not TOML.
    pub fn parse(source: &'s Source) -> Result<(Self, DeTable<'s>), TomlError> {
        let file = Self { source };
        let text = std::str::from_utf8(source.bytes())
            .map_err(|error| file.wrong(error.valid_up_to()..error.valid_up_to(), "not UTF-8"))?;
        let table = DeTable::parse(text)
            .map_err(|error| file.wrong(error.span().unwrap_or_default(), &error.message().replace('\n', ", ")))?;
        Ok((file, table.into_inner()))
    }

    /// Something at a place means nothing.
    #[must_use]
    pub fn wrong(&self, place: Range<usize>, message: &str) -> TomlError {
        let position = self.source.position(place.start);
        let (file, message) = (self.source.name().to_string(), message.to_string());
        TomlError::Wrong { file, line: position.line, column: position.column, message }
    }

    /// A name at a place is none of those that are known.
    #[must_use]
    pub fn unknown(&self, place: Range<usize>, what: &str, name: &str, known: &[&str]) -> TomlError {
        self.wrong(place, &not_called(what, name, known))
    }

    /// The entries of a table in the order of the text, so that the first fault is the one to tell.
    #[must_use]
    pub fn in_order<'v, 't>(table: &'v DeTable<'t>) -> Vec<(&'v TomlKey<'t>, &'v TomlValue<'t>)> {
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        entries
    }
}

/// `no … is called …`, with what may be meant, else with all that there is.
#[must_use]
pub fn not_called(what: &str, name: &str, known: &[&str]) -> String {
    let hint = match suggest(name, known.iter().copied()).first() {
        Some(similar) => format!("did you mean {similar}?"),
        None => format!("there are {}", known.join(", ")),
    };
    format!("no {what} is called {name}; {hint}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_have_their_place() {
        let error =
            |text: &[u8]| TomlFile::parse(&Source::new("a.toml", text)).map(drop).map_err(|error| error.to_string());
        assert_eq!(error(b"x = 1\ny = '\xff'\n"), Err("a.toml:2:6: not UTF-8".into()));
        assert_eq!(error(b"[check\n"), Err("a.toml:1:7: unclosed table, expected `]`".into()));
        let source = Source::new("a.toml", "b = 1\na = 2\n");
        let Ok((file, table)) = TomlFile::parse(&source) else { return assert_eq!(error(source.bytes()), Ok(())) };
        let names: Vec<&str> = TomlFile::in_order(&table).into_iter().map(|(key, _)| key.get_ref().as_ref()).collect();
        assert_eq!(names, ["b", "a"]);
        assert_eq!(
            file.unknown(6..7, "key", "nmae", &["name"]).to_string(),
            "a.toml:2:1: no key is called nmae; did you mean name?"
        );
        assert_eq!(
            file.unknown(0..1, "key", "x", &["b", "a"]).to_string(),
            "a.toml:1:1: no key is called x; there are b, a"
        );
    }
}
