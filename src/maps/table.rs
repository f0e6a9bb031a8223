//! Lookup tables: the one narrow interface that every map type stands behind, and how a table is named.

use super::compile::Folding;
use super::error::LookupError;
use super::types;
use crate::config::catalogue;
pub use crate::config::tables::TableReference;

/// What a table says to a key: its value, or nothing; or why there is no answer.
pub type Answer = Result<Option<Vec<u8>>, LookupError>;

/// A lookup table. One handle serves one thread.
pub trait LookupTable {
    /// The value of a key, or nothing.
    ///
    /// # Errors
    /// When there is no answer, not even "nothing".
    fn lookup(&mut self, key: &[u8]) -> Answer;

    /// The answers for several keys, in their order: the same as [`lookup`](Self::lookup) gives, for less work where a table
    /// must be locked or asked over a wire.
    fn lookup_all(&mut self, keys: &[&[u8]]) -> Vec<Answer> {
        keys.iter().map(|key| self.lookup(key)).collect()
    }

    /// Visits all entries in the table's own order, without the NULs that databases may append.
    ///
    /// # Errors
    /// When the table is of a type that cannot list its entries, or reading fails.
    fn walk(&mut self, visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), LookupError>;
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
        other => Err(LookupError::Config(match catalogue::map_type(other) {
            Some(_) => format!("{other} tables are not supported yet"),
            None => format!("unsupported dictionary type: {other}"),
        })),
    }
}
