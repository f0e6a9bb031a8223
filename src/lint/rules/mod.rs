//! One file per rule, by family.

pub mod main_cf;
pub mod maps;
pub mod master_cf;
pub mod own;
