//! Postfix and we, side by side: on the same input both must answer the same, or the difference is on purpose and
//! written down.
//!
//! A module for each thing that is compared; `cargo test --test differential postmap` runs one. Most of them compare
//! twice:
//! - us with a record of what Postfix answered, kept in `testdata/`, so that this works on every machine;
//! - the record with the oracle, a real Postfix in a Debian root (`tests/oracle/setup` makes it), which takes root.
//!
//! Environment variables:
//! - `POSTWRIGHT_ORACLE`: the oracle's root, if it is not the usual one. Without an oracle its tests say that they are
//!   skipped;
//! - `POSTWRIGHT_ORACLE_REQUIRED=1`: then they fail;
//! - `POSTWRIGHT_BLESS=1`: the records are written anew from what the oracle answers now. Run the module alone, and
//!   read the difference: `POSTWRIGHT_BLESS=1 cargo test --test differential postmap::the_record`;
//! - `POSTWRIGHT_CASE=TEXT`: only cases with that text in their name (in `postmap`, in their command line). A record
//!   that is one file for all cases is not written from some of them;
//! - `POSTWRIGHT_SEED=N`, `POSTWRIGHT_SEEDS=A-B`: other seeds of random sequences (`edit_properties`).

// Clippy's leave for tests does not reach the functions that they share.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod alias_line;
mod alias_value;
mod berkeley_db;
mod catalogue;
mod dialogs;
mod edit_properties;
mod expand;
mod generated;
mod mail_system;
mod migrate_bdb;
mod networks;
mod next_hop;
mod postconf;
mod postmap;
mod records;
mod route;
mod sendmail;
mod smtp_client;
mod smtpd;
mod stock;
