//! The toolchain for Postfix-style mail configuration.
//!
//! Text comes in at the bottom and gains meaning on each floor; a floor uses only the floors below it.
//!
//! | floor | module | what lives there |
//! |---|---|---|
//! | 8 | [`commands`] | one file per command: arguments, output, exit status |
//! | 6 | [`build`], [`lint`], [`diff`], [`graph`], [`migrate`], [`expect`], [`dns`], [`engine`] | what of a site is compiled; what is wrong with it; what differs between two; where its mail goes, drawn; what of it is turned into other files; where it is meant to go; the DNS; how it is taken and delivered |
//! | 5 | [`routing`] | where mail goes, and each step on the way |
//! | 4 | [`maps`] | lookup tables: opening, looking up, compiling |
//! | 3 | [`config`] | parameters, `$name` expansion, services, effective values |
//! | 2 | [`syntax`] | logical lines and lossless trees, one parser per file kind |
//! | 1 | [`diagnostic`], [`mail`] | findings and how they are shown; addresses |
//! | 0 | [`base`] | sources, spans, edits, atomic files, locks |
//!
//! # Invariants
//! 1. Parsing never fails: every parser returns a tree and findings, and the tree prints back its input byte for byte.
//! 2. Text is changed only by range edits on the original bytes.
//! 3. Grammars (`grammar/*.pest`) are small and named for people; meaning is Rust. The map compiler streams logical
//!    lines.
//! 4. One declaration feeds every surface: help, reference, completion and checks come from the same constant.
//! 5. A *finding* is about the user's text; an *error* means that a job could not be done, and says whether trying
//!    again may help; "not found" is neither.
//! 6. Only [`commands`] chooses words for the terminal and the exit status.
//! 7. Every file that others read is replaced by [`base::AtomicFile`], never overwritten; LMDB files change in place
//!    only by a transaction of their library.

pub mod base;
pub mod build;
pub mod commands;
pub mod config;
pub mod diagnostic;
pub mod diff;
pub mod dns;
#[cfg(feature = "engine")]
pub mod engine;
pub mod expect;
pub mod graph;
pub mod lint;
pub mod mail;
pub mod maps;
pub mod migrate;
pub mod routing;
pub mod syntax;
