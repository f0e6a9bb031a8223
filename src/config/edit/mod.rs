//! Changing main.cf and master.cf as text.
//!
//! [`rewrite`] does what `postconf -e`, `-X` and `-#` do, to the byte: whole entries are replaced. [`set`] is the gentler way:
//! only the bytes of a value change.

pub mod rewrite;
pub mod set;
