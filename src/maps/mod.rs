//! Floor 4: lookup tables.
//!
//! [`table`] is the interface and the door; [`types`] holds one file per map type; [`compile`] turns a source into an indexed
//! file; [`lmdb`], [`cdb`] and [`berkeley_db`] are the file formats; [`file_values`] is for values that stand for files;
//! [`source_table`] looks into a source itself, where there is no index; [`text_source`] reads tables that are never compiled, of
//! which [`memory`], [`networks`] and [`patterns`] answer; [`client`] is what clients of databases share.

pub mod berkeley_db;
pub mod cdb;
pub mod client;
pub mod compile;
pub mod error;
pub mod file_values;
pub mod lmdb;
pub mod memory;
pub mod networks;
pub mod patterns;
pub mod source_table;
pub mod table;
pub mod text_source;
pub mod types;

pub use error::LookupError;
pub use table::{Answer, Caller, LookupTable, NoCaller, OpenOptions, TableReference, open};
