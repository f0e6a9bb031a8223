//! Floor 4: lookup tables.
//!
//! [`table`] is the interface and [`open`] the door; [`types`] holds one file per map type; [`compile`] turns a source
//! into an indexed file; [`lmdb`], [`cdb`] and [`berkeley_db`] are the file formats, and [`index_file`] is what they
//! share, within [`limits`]; [`source_table`] looks into a source itself, where there is no index; [`text`] reads
//! tables that are never compiled, of which it, [`networks`] and [`patterns`] answer; [`inside`] is for tables inside
//! others; [`client`] is what clients of databases and servers share; [`unavailable`] says why a type is not opened
//! here.

pub mod berkeley_db;
pub mod cdb;
pub mod client;
pub mod compile;
pub mod error;
pub mod index_file;
pub mod inside;
pub mod limits;
pub mod lmdb;
pub mod networks;
pub mod open;
pub mod patterns;
pub mod source_table;
pub mod table;
pub mod text;
pub mod types;
pub mod unavailable;

pub use error::LookupError;
pub use open::{open, open_as_named};
pub use table::{Answer, Caller, LookupTable, NoCaller, OpenOptions, Opener, TableReference};
