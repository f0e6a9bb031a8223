//! `debug:type:name` — another table, with a line of log for each access (Postfix 3.11).

use crate::maps::error::{LookupError, in_message};
use crate::maps::inside::checked::Checked;
use crate::maps::table::{Answer, Caller, LookupTable, OpenNamed, OpenOptions};
use std::sync::Arc;

/// A `debug:` table.
pub struct DebugTable {
    name: String,
    /// The name of the table inside.
    inner_name: Vec<u8>,
    inner: Checked,
    caller: Arc<dyn Caller>,
}

impl DebugTable {
    /// The table `debug:NAME`, NAME being that of the table inside, which is opened by `open`.
    ///
    /// # Errors
    /// Those of opening the table inside.
    pub fn open(name: &[u8], options: &OpenOptions, open: OpenNamed) -> Result<Self, LookupError> {
        let inner = Checked::open(name, options, open)?;
        let shown = format!("debug:{}", in_message(name));
        Ok(Self { name: shown, inner_name: name.to_vec(), inner, caller: Arc::clone(&options.caller) })
    }
}

impl LookupTable for DebugTable {
    fn lookup(&mut self, key: &[u8]) -> Answer {
        let answer = self.inner.lookup(key);
        let told: &[u8] = match &answer {
            Ok(Some(value)) => value,
            Ok(None) => b"not_found",
            Err(_) => b"error",
        };
        self.caller.info(&[&self.inner_name[..], b" lookup: \"", key, b"\" = \"", told, b"\""].concat());
        answer.map_err(|error| error.from_member(&self.inner.shown(), &self.name))
    }

    fn walk(&mut self, visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), LookupError> {
        let (inner, name, caller) = (&mut self.inner, &self.inner_name, &self.caller);
        let walked = inner.walk(&mut |key, value| {
            caller.info(&[&name[..], b" sequence: \"", key, b"\" = \"", value, b"\""].concat());
            visit(key, value);
        });
        // A table that cannot be listed at all ends the program before there is anything to log.
        if !matches!(walked, Err(LookupError::Config(_))) {
            caller.info(&[&name[..], b" sequence: found EOF"].concat());
        }
        walked.map_err(|error| match error {
            LookupError::Retry(_) => error.from_member(&self.inner.shown(), &self.name),
            LookupError::Config(_) | LookupError::Unknown(_) => error,
        })
    }
}
