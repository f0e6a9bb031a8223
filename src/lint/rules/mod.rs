//! One file per rule, by family.

pub mod aliases;
pub mod main_cf;
pub mod maps;
pub mod master_cf;
pub mod own;
pub mod routing;
pub mod security;
pub mod versions;
pub mod virtual_domains;
