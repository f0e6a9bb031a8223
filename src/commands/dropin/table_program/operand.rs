//! Tables as the command line names them.

use super::settings::Settings;
use crate::commands::dropin::program::messages::{Fatal, Messages};
use crate::maps::TableReference;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// A table as an operand names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operand {
    /// The type; not yet known to be one.
    pub map_type: Vec<u8>,
    /// The name; may be empty.
    pub name: Vec<u8>,
}

impl Operand {
    /// Takes `type:name` or `name` apart, and obeys a migration away from Berkeley DB.
    #[must_use]
    pub fn new(operand: &OsStr, settings: &Settings, messages: &Messages) -> Self {
        let text = operand.as_bytes();
        let (map_type, name) = match memchr::memchr(b':', text) {
            Some(at) => (text[..at].to_vec(), text[at + 1..].to_vec()),
            None => (settings.default_type.clone(), text.to_vec()),
        };
        let old = Self { map_type, name };
        let instead = settings.redirection.as_ref().and_then(|redirection| redirection.instead_of(&old.map_type));
        let Some(instead) = instead else { return old };
        let new = Self { map_type: instead.to_vec(), name: old.name.clone() };
        messages.say([&b"redirecting "[..], &old.shown(), b" to ", &new.shown()].concat());
        new
    }

    /// `type:name`
    #[must_use]
    pub fn shown(&self) -> Vec<u8> {
        [self.map_type.as_slice(), b":", &self.name].concat()
    }

    /// As messages name the table that come from looking into it: for `cdb:` by its file.
    #[must_use]
    pub fn shown_inside(&self) -> Vec<u8> {
        let mut shown = self.shown();
        if self.map_type == b"cdb" {
            shown.extend_from_slice(b".cdb");
        }
        shown
    }

    /// The table, if it can be one.
    ///
    /// # Errors
    /// A type that cannot be one, or no name.
    pub fn reference(&self) -> Result<TableReference, Fatal> {
        if self.name.is_empty() || self.map_type.is_empty() {
            let shown = self.shown();
            return Err(Fatal::new(
                [b"open dictionary: expecting \"type:name\" form instead of \"", &shown[..], b"\""].concat(),
            ));
        }
        TableReference::parse(&self.shown())
            .ok_or_else(|| Fatal::new([b"unsupported dictionary type: ", &self.map_type[..]].concat()))
    }
}
