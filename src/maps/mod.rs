//! Floor 4: lookup tables.
//!
//! [`table`] is the interface and the door; [`types`] holds one file per map type; [`compile`] turns a source into an indexed
//! file; [`lmdb`] and [`cdb`] are the file formats.

pub mod cdb;
pub mod compile;
pub mod error;
pub mod lmdb;
pub mod table;
pub mod types;

pub use error::LookupError;
pub use table::{LookupTable, OpenOptions, TableReference, open};
