//! A site off Berkeley DB: every `hash:`, `btree:`, `dbm:` and `sdbm:` becomes `lmdb:` or `cdb:`, and every table gets
//! an index of that type.
//!
//! [`plan`] says what would be done; [`carry_out`] does it, tables first, as one [transaction](super::transaction).
//! `references` finds and replaces types, `tables` says from what an index can be made, `contents` reads a file of
//! Berkeley DB that has no source, and `by_hand` lists what is left for a person.

pub mod by_hand;
pub mod carry_out;
mod contents;
pub mod plan;
pub mod references;
mod same_but_types;
pub mod tables;
