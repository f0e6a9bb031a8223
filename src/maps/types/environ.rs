//! `environ:NAME` — the process environment; the name of the table means nothing.
//!
//! Keys are folded like those of every table with plain keys, so variables in capitals are found only without folding
//! (`-f`). Source: `DATABASE_README`, "environ".

use crate::maps::compile::Folding;
use crate::maps::error::unlistable;
use crate::maps::error::{LookupError, in_message};
use crate::maps::table::{Answer, LookupTable, OpenOptions};
use std::os::unix::ffi::OsStrExt;

/// An `environ:` table.
pub struct EnvironTable {
    name: String,
    folding: Folding,
}

impl EnvironTable {
    /// The table `environ:NAME`.
    #[must_use]
    pub fn open(name: &[u8], options: &OpenOptions) -> Self {
        Self { name: format!("environ:{}", in_message(name)), folding: options.folding }
    }
}

impl LookupTable for EnvironTable {
    fn lookup(&mut self, key: &[u8]) -> Answer {
        let key = self.folding.apply(key);
        if key.is_empty() {
            return Ok(None);
        }
        // As getenv(3) finds it: a key with `=` in it goes over into the value.
        let found = std::env::vars_os().find_map(|(variable, value)| {
            let entry = [variable.as_bytes(), b"=", value.as_bytes()].concat();
            Some(entry.strip_prefix(&*key)?.strip_prefix(b"=")?.to_vec())
        });
        Ok(found)
    }

    fn walk(&mut self, _: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), LookupError> {
        Err(unlistable(&self.name))
    }
}
