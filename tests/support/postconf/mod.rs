//! Command lines of `postconf` over the configuration directories in `testdata/postconf`: read, run, recorded, compared.

// Clippy's leave for tests does not reach functions that they share.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod answer;
pub mod case;
pub mod differences;
pub mod machine;
pub mod record;
pub mod script;
pub mod templates;
