//! Tables that are text and never compiled: [`source`] reads them, [`memory`] holds their entries, [`file_values`] is
//! for values that stand for files.

pub mod file_values;
pub mod memory;
pub mod source;
