//! Floor 4: lookup tables: opening, looking up, compiling.

pub mod lmdb;

pub mod compile;
