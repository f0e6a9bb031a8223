//! `fail:NAME` — no answer, ever: for trying out how errors are handled. The name is for messages only.
//!
//! Source: `DATABASE_README`, "fail".

use crate::maps::error::{LookupError, in_message};
use crate::maps::table::{Answer, LookupTable};

/// A `fail:` table.
pub struct FailTable {
    name: String,
}

impl FailTable {
    /// The table `fail:NAME`.
    #[must_use]
    pub fn open(name: &[u8]) -> Self {
        Self { name: format!("fail:{}", in_message(name)) }
    }
}

impl LookupTable for FailTable {
    fn lookup(&mut self, _: &[u8]) -> Answer {
        Err(LookupError::Retry(LookupError::query(&self.name, "Application error")))
    }

    fn walk(&mut self, _: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), LookupError> {
        Err(LookupError::Retry(format!("table {}: sequence error: Application error", self.name)))
    }
}
