//! LMDB files in Rust: written in one pass from sorted entries, and read page by page with every bound checked.
//!
//! The C library maps a file into memory and trusts it: a damaged one ends in a signal. And its pages are made by one
//! thread, one entry after the other; `cargo bench` shows what making them on all cores is worth. So rebuilding and
//! reading are ours; updating files of LMDB 0.9 in place ([`mod@update`]) is the library's, after the file was proved
//! sound.
//!
//! Formats: data version 1, of LMDB 0.9, and data version 3, of LMDB 1.0; 64-bit little-endian, one unnamed database
//! without duplicate keys.

pub mod anew;
mod cache;
mod format;
mod meta;
mod page;
mod page_set;
mod pages;
pub mod read;
pub mod update;
mod update_error;
mod verify;
pub mod write;

pub use format::{Damage, Format, mismatch};
pub use meta::format_of;
pub use read::LmdbFile;
pub use update::{Put, Update, Updated, refill, update};
pub use update_error::UpdateError;
pub use write::{LeafRun, LmdbWriter};
