//! Whatever is in a file, whoever else is at it and whenever the program ends: no panic, no loss, no half a table.
//!
//! A module for each kind of harm; `cargo test --test robustness crash` runs one.

// Clippy's leave for tests does not reach the functions that they share.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod build_dangers;
mod concurrency;
mod cpu_time;
mod crash;
mod damage;
mod damage_updates;
mod expand_properties;
mod hostile_texts;
mod lmdb_formats;
mod lmdb_kills;
mod lossless;
mod merely_big;
mod migrate_bdb;
mod odd_files;
#[cfg(feature = "engine")]
mod queue_kill;
#[cfg(feature = "engine")]
mod queue_power;
mod replaced_files;
