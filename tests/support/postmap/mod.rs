//! Command lines of `testdata/postmap` and a place to run them in.

pub mod case;
pub mod place;
pub mod server;
