//! The tables that `unionmap:{type:name, …}` and `pipemap:` are made of, opened.

use super::checked::Checked;
use crate::config::table_reference::braced_elements;
use crate::maps::error::{LookupError, in_message};
use crate::maps::table::{OpenNamed, OpenOptions};

/// Opens the tables that `MAP_TYPE:{type:name, …}` is made of, by `open`.
///
/// # Errors
/// A name that is no list of tables, and the first table that cannot be opened.
pub fn open_members(
    map_type: &str,
    name: &[u8],
    options: &OpenOptions,
    open: OpenNamed,
) -> Result<Vec<Checked>, LookupError> {
    let tables = braced_elements(name).filter(|elements| elements.iter().all(|element| element.contains(&b':')));
    let Some(tables) = tables else {
        let shown = format!("{map_type}:{}", in_message(name));
        return Err(LookupError::Config(format!("bad syntax: \"{shown}\"; need \"{map_type}:{{type:name...}}\"")));
    };
    tables.into_iter().map(|table| Checked::open(table, options, open)).collect()
}
