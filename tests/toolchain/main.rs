//! The toolchain from end to end: what `postwright build`, `check`, `diff`, `expand`, `explain`, `graph`, `route` and
//! `set` print, how they end, and what they write.
//!
//! A module for each of them; `cargo test --test toolchain check` runs those of `check`. Most cases are a copy of the
//! example site (`support::Scratch`) that something is done to. `POSTWRIGHT_BLESS=1` writes the reports and pictures
//! anew that are kept in `testdata/`: look at them before they are kept.

// Clippy's leave for tests does not reach the functions that they share.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod build;
mod build_files;
mod check;
mod check_bad_input;
mod check_choices;
mod check_fix;
mod check_formats;
mod diff;
mod diff_routes;
mod expand;
mod explain;
mod graph;
mod index_keys;
mod judge;
mod lmdb_format;
mod migrate_bdb;
mod migrate_lmdb;
mod migrate_sendmail;
mod next_release;
mod packages;
mod project;
mod route;
mod route_access;
mod route_dns;
mod route_expect;
mod route_tables;
mod rules;
mod seeded;
mod set;
mod usage;
