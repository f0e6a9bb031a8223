//! Lookup tables: the one narrow interface that every map type stands behind, and how a table is named.

use super::compile::{Duplicates, Folding};
use super::error::LookupError;
use crate::base::Patience;
use crate::config::lmdb_format::LmdbFormat;
pub use crate::config::table_reference::TableReference;
use std::sync::Arc;

/// What a table says to a key: its value, or nothing; or why there is no answer.
pub type Answer = Result<Option<Vec<u8>>, LookupError>;

/// A lookup table. One handle serves one thread.
pub trait LookupTable {
    /// The value of a key, or nothing.
    ///
    /// # Errors
    /// When there is no answer, not even "nothing".
    fn lookup(&mut self, key: &[u8]) -> Answer;

    /// The answers for several keys, in their order: the same as [`lookup`](Self::lookup) gives, for less work where a
    /// table must be locked or asked over a wire.
    fn lookup_all(&mut self, keys: &[&[u8]]) -> Vec<Answer> {
        keys.iter().map(|key| self.lookup(key)).collect()
    }

    /// The line, from 1, of the source that answers this key; nothing if the table does not know.
    fn line_of(&mut self, key: &[u8]) -> Option<usize> {
        let _ = key;
        None
    }

    /// Visits all entries in the table's own order, without the NULs that databases may append.
    ///
    /// # Errors
    /// When the table is of a type that cannot list its entries, or reading fails.
    fn walk(&mut self, visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), LookupError>;
}

/// Who opens a table: what the table tells beside its answers goes there, and the settings that some types need come
/// from there.
pub trait Caller: Send + Sync {
    /// Something is odd, in a table's source or in what it was asked.
    fn warning(&self, text: &[u8]);

    /// Something worth knowing happened (`debug:`).
    fn info(&self, text: &[u8]);

    /// The expanded value of a main.cf parameter; nothing if there is none.
    fn parameter(&self, name: &str) -> Option<Vec<u8>>;
}

/// A caller who does not listen and has no main.cf.
#[derive(Clone, Copy, Debug)]
pub struct NoCaller;

impl Caller for NoCaller {
    fn warning(&self, _: &[u8]) {}

    fn info(&self, _: &[u8]) {}

    fn parameter(&self, _: &str) -> Option<Vec<u8>> {
        None
    }
}

/// Opens the table that a text names as `type:name`: what tables that hold others are given to open these with.
pub type OpenNamed = fn(&[u8], &OpenOptions) -> Result<Box<dyn LookupTable>, LookupError>;

/// Opens tables in another way than by their names alone, also those inside others.
pub trait Opener: Send + Sync {
    /// The table; nothing: it is opened as it is named, and its members come here again.
    ///
    /// # Errors
    /// Those of opening it.
    fn open(
        &self,
        reference: &TableReference,
        options: &OpenOptions,
    ) -> Option<Result<Box<dyn LookupTable>, LookupError>>;

    /// Where a file lies that a table names, besides its own.
    fn path(&self, named: &[u8]) -> Vec<u8> {
        named.to_vec()
    }
}

/// How a table is opened.
#[derive(Clone)]
pub struct OpenOptions {
    /// How keys are folded before they are looked up.
    pub folding: Folding,
    /// `-n` and `-N`: look only for keys without, or with, a trailing NUL; `None` finds both.
    pub trailing_nul: Option<bool>,
    /// The format that LMDB files are to be in, if that is settled; the caller is warned of others.
    pub lmdb_format: Option<LmdbFormat>,
    /// Whether the text of a table, and what it gives, must be UTF-8.
    pub utf8: bool,
    /// What happens to repeated keys in a text that is read when it is opened.
    pub duplicates: Duplicates,
    /// `-F`: values in such a text stand for files, whose contents are given in base64.
    pub file_values: bool,
    /// Whether the result of a pattern may hold parts of the key (`$1`); rules with such results are skipped otherwise.
    pub substitution: bool,
    /// Whether an indexed file is read as it was when it was opened, without a lock and a look at the file for each
    /// lookup. One that was replaced is not noticed; one that is changed in place is read as it is after that.
    pub snapshot: bool,
    /// How many tables are open around this one: a table may name itself.
    pub depth: usize,
    /// How long servers are waited for.
    pub patience: Arc<Patience>,
    /// Who opens it.
    pub caller: Arc<dyn Caller>,
    /// Who is asked first to open it, and the tables inside it.
    pub opener: Option<Arc<dyn Opener>>,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            folding: Folding::Unicode,
            trailing_nul: None,
            lmdb_format: None,
            utf8: true,
            duplicates: Duplicates::Warn,
            file_values: false,
            substitution: true,
            snapshot: false,
            depth: 0,
            patience: Patience::of_this_process(),
            caller: Arc::new(NoCaller),
            opener: None,
        }
    }
}
