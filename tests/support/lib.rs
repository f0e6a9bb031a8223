//! What the test programs and benchmarks share: places to run in, a DNS server, dialogs, and numbers that are random
//! but the same on every run.
//!
//! It knows nothing of the library under test, so that unit tests need not wait for that to be built twice; it runs the
//! program.

// All of it is for tests, where a panic is how a failure is told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod dialog;
pub mod dns_server;
mod oracle;
mod random;
mod scratch;

pub use oracle::Oracle;
pub use random::Random;
pub use scratch::{NOBODY, Outcome, Pairs, Scratch, is_root, pairs};

use std::path::{Path, PathBuf};

/// Where Postwright's Cargo.toml is.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("this is tests/support")
}

/// A directory or file of `testdata`.
pub fn fixture(name: &str) -> PathBuf {
    repository().join("testdata").join(name)
}
