//! How our own commands show what they have to say: on a terminal, or to another program.

pub mod format;
pub mod output;
pub mod progress;
pub mod unified_diff;
