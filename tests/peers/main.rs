//! Our files beside the programs and libraries that they are made for, in versions that no Debian has.
//!
//! `cargo test --test peers`; plain `cargo test` leaves it out, since it fetches what it compares with, once: PyPI's
//! lmdb, by a python3 with venv. A C compiler makes a library of it for a Postfix, which is the oracle's.

// Clippy's leave for tests does not reach functions that they share.
#![allow(clippy::unwrap_used, clippy::panic)]

mod library;
mod lmdb;
mod pages;
mod postfix;
