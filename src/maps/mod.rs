//! Floor 4: lookup tables: opening, looking up, compiling.

pub mod cdb;
pub mod compile;
pub mod lmdb;
