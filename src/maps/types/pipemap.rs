//! `pipemap:{type:name, …}` — a chain: what one table says is the key for the next, and the last one's answer counts.
//!
//! Nothing from one is nothing from the chain. Source: `DATABASE_README`, "pipemap".

use crate::maps::compile::Folding;
use crate::maps::error::unlistable;
use crate::maps::error::{LookupError, in_message};
use crate::maps::inside::checked::Checked;
use crate::maps::inside::members::open_members;
use crate::maps::table::{Answer, LookupTable, OpenNamed, OpenOptions};

/// A `pipemap:` table.
pub struct PipeTable {
    name: String,
    members: Vec<Checked>,
    folding: Folding,
}

impl PipeTable {
    /// The table `pipemap:NAME`; those inside are opened by `open`.
    ///
    /// # Errors
    /// A name that is no list of tables in braces, and the first table that cannot be opened.
    pub fn open(name: &[u8], options: &OpenOptions, open: OpenNamed) -> Result<Self, LookupError> {
        let members = open_members("pipemap", name, options, open)?;
        Ok(Self { name: format!("pipemap:{}", in_message(name)), members, folding: options.folding })
    }
}

impl LookupTable for PipeTable {
    fn lookup(&mut self, key: &[u8]) -> Answer {
        let mut value = self.folding.apply(key).into_owned();
        for member in &mut self.members {
            let answer = member.lookup(&value).map_err(|error| error.from_member(&member.shown(), &self.name))?;
            match answer {
                Some(next) => value = next,
                None => return Ok(None),
            }
        }
        Ok(Some(value))
    }

    fn walk(&mut self, _: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), LookupError> {
        Err(unlistable(&self.name))
    }
}
