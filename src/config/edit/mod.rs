//! Changing main.cf and master.cf as text.
//!
//! [`rewrite`] does what `postconf -e`, `-X` and `-#` do, to the byte: whole entries are replaced. [`set`] is the gentler way:
//! only the bytes of a value change; [`service`] does so for the `-o` of one service.

pub mod rewrite;
pub mod service;
pub mod set;
