//! From a table's source to its indexed file.
//!
//! [`load`] reads the source, [`read`] takes it apart, on all cores, into [`entries`] that point into it; [`sort`]
//! brings their keys into the database's order; [`index`] writes the file aside and by [`swap`] it is swapped in, if by
//! [`steady`] the source is still the same. Nothing here prints: what postmap would warn about comes back as
//! [`Complaint`]s.

pub mod compare;
pub mod entries;
mod entry;
pub mod fold;
pub mod index;
pub mod load;
pub mod read;
pub mod sort;
pub mod state;
pub mod steady;
pub mod stored_keys;
pub mod swap;
pub mod write_error;

pub use entries::{Complaint, ComplaintKind, Entries};
pub use entry::Entry;
pub use fold::Folding;
pub use index::{IndexType, Inherit, Outcome, inherited_access, write_index};
pub use load::load;
pub use read::{read_entries, read_shared_entries};
pub use steady::{Version, until_steady};
pub use stored_keys::StoredKeys;
pub use swap::{OtherNames, Swap};
pub use write_error::WriteError;

use crate::maps::lmdb::Format;
use crate::syntax::table_line::TableForm;

/// Which entry of several with one key is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duplicates {
    /// The first, and the others are complained about.
    Warn,
    /// The first, silently (`-w`).
    Ignore,
    /// The last, silently (`-r`).
    Replace,
    /// None: a table in memory with such a key gives no answers, as Postfix's daemons see it.
    Refuse,
}

/// How a source becomes an indexed file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// `key value` or `name: value`.
    pub form: TableForm,
    /// How keys are folded.
    pub folding: Folding,
    /// Whether lines must be UTF-8 (`smtputf8_enable`, without `-u`).
    pub utf8: bool,
    /// What happens to repeated keys.
    pub duplicates: Duplicates,
    /// Whether keys and values get a trailing NUL (`-N`, `-n`); `None` leaves it to the type: lmdb has them, cdb not.
    pub trailing_nul: Option<bool>,
    /// The format of an lmdb file that is asked for; else it is that of the sound file that is there, else that of LMDB
    /// 0.9.
    pub lmdb_format: Option<Format>,
}

impl Recipe {
    /// What postmap and postalias do without options.
    #[must_use]
    pub fn standard(form: TableForm) -> Self {
        Self {
            form,
            folding: Folding::Unicode,
            utf8: true,
            duplicates: Duplicates::Warn,
            trailing_nul: None,
            lmdb_format: None,
        }
    }
}
