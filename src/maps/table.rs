//! Lookup tables: the one narrow interface that every map type stands behind, and how a table is named.

use super::compile::Folding;
use super::error::LookupError;
use super::types;
use std::fmt;

/// A lookup table. One handle serves one thread.
pub trait LookupTable {
    /// The value of a key, or nothing.
    ///
    /// # Errors
    /// When there is no answer, not even "nothing".
    fn lookup(&mut self, key: &[u8]) -> Result<Option<Vec<u8>>, LookupError>;

    /// Visits all entries in the table's own order, without the NULs that databases may append.
    ///
    /// # Errors
    /// When the table is of a type that cannot list its entries, or reading fails.
    fn walk(&mut self, visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), LookupError>;
}

/// `type:name`, as tables are named in main.cf and on command lines.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableReference {
    /// The map type.
    pub map_type: String,
    /// The name: for files a path without the indexed file's suffix.
    pub name: Vec<u8>,
}

impl TableReference {
    /// Parses `type:name`; nothing if there is no colon, or nothing that a type could be called before it.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let colon = memchr::memchr(b':', text)?;
        let (map_type, name) = (&text[..colon], &text[colon + 1..]);
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte == b'-';
        if map_type.is_empty() || name.is_empty() || !map_type.iter().all(plain) {
            return None;
        }
        let map_type = String::from_utf8(map_type.to_vec()).ok()?;
        Some(Self { map_type, name: name.to_vec() })
    }

    /// The name as text; what is not UTF-8 is replaced.
    #[must_use]
    pub fn name_lossy(&self) -> String {
        String::from_utf8_lossy(&self.name).into_owned()
    }
}

impl fmt::Display for TableReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.map_type, self.name_lossy())
    }
}

/// How a table is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenOptions {
    /// How keys are folded before they are looked up.
    pub folding: Folding,
    /// `-n` and `-N`: look only for keys without, or with, a trailing NUL; `None` finds both.
    pub trailing_nul: Option<bool>,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self { folding: Folding::Unicode, trailing_nul: None }
    }
}

/// Opens a table for lookups.
///
/// # Errors
/// For an unknown or unavailable type, and what opening the table gives.
pub fn open(reference: &TableReference, options: OpenOptions) -> Result<Box<dyn LookupTable>, LookupError> {
    match reference.map_type.as_str() {
        "lmdb" => Ok(Box::new(types::lmdb::LmdbTable::open(&reference.name, options)?)),
        "cdb" => Ok(Box::new(types::cdb::CdbTable::open(&reference.name, options)?)),
        other => Err(LookupError::Config(format!("unsupported dictionary type: {other}"))),
    }
}
