//! Lookup tables: the one narrow interface that every map type stands behind, and how a table is named.

use super::compile::{Duplicates, Folding};
use super::error::{LookupError, in_message};
use super::types;
use crate::config::catalogue;
pub use crate::config::tables::TableReference;
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

    /// The answers for several keys, in their order: the same as [`lookup`](Self::lookup) gives, for less work where a table
    /// must be locked or asked over a wire.
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

/// Who opens a table: what the table tells beside its answers goes there, and the settings that some types need come from there.
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

/// How a table is opened.
#[derive(Clone)]
pub struct OpenOptions {
    /// How keys are folded before they are looked up.
    pub folding: Folding,
    /// `-n` and `-N`: look only for keys without, or with, a trailing NUL; `None` finds both.
    pub trailing_nul: Option<bool>,
    /// Whether the text of a table, and what it gives, must be UTF-8.
    pub utf8: bool,
    /// What happens to repeated keys in a text that is read when it is opened.
    pub duplicates: Duplicates,
    /// `-F`: values in such a text stand for files, whose contents are given in base64.
    pub file_values: bool,
    /// Whether the result of a pattern may hold parts of the key (`$1`); rules with such results are skipped otherwise.
    pub substitution: bool,
    /// How many tables are open around this one: a table may name itself.
    pub depth: usize,
    /// Who opens it.
    pub caller: Arc<dyn Caller>,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            folding: Folding::Unicode,
            trailing_nul: None,
            utf8: true,
            duplicates: Duplicates::Warn,
            file_values: false,
            substitution: true,
            depth: 0,
            caller: Arc::new(NoCaller),
        }
    }
}

/// Opens a table for lookups.
///
/// # Errors
/// For an unknown or unavailable type, and what opening the table gives.
pub fn open(reference: &TableReference, options: &OpenOptions) -> Result<Box<dyn LookupTable>, LookupError> {
    let name = &reference.name;
    match reference.map_type.as_str() {
        "lmdb" => Ok(Box::new(types::lmdb::LmdbTable::open(name, options)?)),
        "cdb" => Ok(Box::new(types::cdb::CdbTable::open(name, options)?)),
        "hash" => Ok(Box::new(types::hash::open(name, options)?)),
        "btree" => Ok(Box::new(types::btree::open(name, options)?)),
        "pcre" => Ok(Box::new(types::pcre::PcreTable::open(name, options)?)),
        "regexp" => Ok(Box::new(types::regexp::RegexpTable::open(name, options)?)),
        "cidr" => Ok(Box::new(types::cidr::CidrTable::open(name, options)?)),
        "inline" => Ok(Box::new(types::inline::InlineTable::open(name, options)?)),
        #[cfg(feature = "sql")]
        "sqlite" => Ok(Box::new(types::sqlite::SqliteTable::open(name, options)?)),
        #[cfg(not(feature = "sql"))]
        "sqlite" => Err(LookupError::Config("this program was built without sqlite tables (feature sql)".to_owned())),
        "texthash" => Ok(Box::new(types::texthash::TexthashTable::open(name, options)?)),
        "static" => Ok(Box::new(types::r#static::StaticTable::open(name, options)?)),
        "environ" => Ok(Box::new(types::environ::EnvironTable::open(name, options))),
        "unix" => Ok(Box::new(types::unix::UnixTable::open(name, options)?)),
        "fail" => Ok(Box::new(types::fail::FailTable::open(name))),
        "internal" => Ok(Box::new(types::internal::InternalTable)),
        "randmap" => Ok(Box::new(types::randmap::RandomTable::open(name, options)?)),
        "debug" => Ok(Box::new(types::debug::DebugTable::open(name, options)?)),
        "unionmap" => Ok(Box::new(types::unionmap::UnionTable::open(name, options)?)),
        "pipemap" => Ok(Box::new(types::pipemap::PipeTable::open(name, options)?)),
        "proxy" => Ok(Box::new(types::proxy::ProxyTable::open(name, options)?)),
        "tcp" => Ok(Box::new(types::tcp::TcpTable::open(name, options)?)),
        "socketmap" => Ok(Box::new(types::socketmap::SocketmapTable::open(name, options)?)),
        other => Err(types::unavailable::why(other, name).unwrap_or_else(|| {
            LookupError::Config(match catalogue::map_type(other) {
                Some(_) => format!("{other} tables are not supported yet"),
                None => format!("unsupported dictionary type: {other}"),
            })
        })),
    }
}

/// Opens the table that a text names as `type:name`, as it stands in main.cf or inside the name of another table.
///
/// # Errors
/// A text that names no table, and those of [`open`].
pub fn open_named(text: &[u8], options: &OpenOptions) -> Result<Box<dyn LookupTable>, LookupError> {
    let (map_type, name) = match memchr::memchr(b':', text) {
        Some(colon) if colon > 0 && colon + 1 < text.len() => (&text[..colon], &text[colon + 1..]),
        _ => {
            let text = in_message(text);
            return Err(LookupError::Config(format!(
                "open dictionary: expecting \"type:name\" form instead of \"{text}\""
            )));
        }
    };
    let reference = TableReference::parse(text).filter(|reference| reference.name == name);
    match reference {
        Some(reference) => open(&reference, options),
        None => Err(LookupError::Config(format!("unsupported dictionary type: {}", in_message(map_type)))),
    }
}
