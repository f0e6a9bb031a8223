//! `internal:NAME` — a table in the memory of the process that opens it: to anybody who only looks it is empty.
//!
//! Source: `DATABASE_README`, "internal".

use crate::maps::error::LookupError;
use crate::maps::table::{Answer, LookupTable};

/// An `internal:` table.
pub struct InternalTable;

impl LookupTable for InternalTable {
    fn lookup(&mut self, _: &[u8]) -> Answer {
        Ok(None)
    }

    fn walk(&mut self, _: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), LookupError> {
        Ok(())
    }
}
