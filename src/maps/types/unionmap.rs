//! `unionmap:{type:name, …}` — all that the tables say to a key, with commas between.
//!
//! A table that gives no answer leaves the union without one. Source: `DATABASE_README`, "unionmap".

use crate::maps::compile::Folding;
use crate::maps::error::unlistable;
use crate::maps::error::{LookupError, in_message};
use crate::maps::inside::checked::Checked;
use crate::maps::inside::members::open_members;
use crate::maps::table::{Answer, LookupTable, OpenNamed, OpenOptions};

/// A `unionmap:` table.
pub struct UnionTable {
    name: String,
    members: Vec<Checked>,
    folding: Folding,
}

impl UnionTable {
    /// The table `unionmap:NAME`; those inside are opened by `open`.
    ///
    /// # Errors
    /// A name that is no list of tables in braces, and the first table that cannot be opened.
    pub fn open(name: &[u8], options: &OpenOptions, open: OpenNamed) -> Result<Self, LookupError> {
        let members = open_members("unionmap", name, options, open)?;
        Ok(Self { name: format!("unionmap:{}", in_message(name)), members, folding: options.folding })
    }
}

impl LookupTable for UnionTable {
    fn lookup(&mut self, key: &[u8]) -> Answer {
        let key = self.folding.apply(key);
        let mut found: Vec<u8> = Vec::new();
        for member in &mut self.members {
            let answer = member.lookup(&key).map_err(|error| error.from_member(&member.shown(), &self.name))?;
            if let Some(value) = answer {
                // An empty value in front is not seen; one behind others leaves its comma, as with Postfix.
                if !found.is_empty() {
                    found.push(b',');
                }
                found.extend_from_slice(&value);
            }
        }
        Ok((!found.is_empty()).then_some(found))
    }

    fn walk(&mut self, _: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), LookupError> {
        Err(unlistable(&self.name))
    }
}
