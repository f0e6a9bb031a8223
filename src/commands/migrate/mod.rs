//! `postwright migrate`: files of a site into others that say the same to another system.

mod bdb;
mod lmdb;
mod rollback;
mod sendmail;

use super::terminal::output::Output;
use clap::{Args, Subcommand};
use std::process::ExitCode;

/// Turn the files of a site into those that another system reads
///
/// A plan is shown, and nothing changed unless --yes is given. Each file that is changed has a backup; --rollback
/// brings back what nobody has changed since.
#[derive(Args, Clone, Debug)]
pub struct Migrate {
    #[command(subcommand)]
    what: What,
}

#[derive(Clone, Debug, Subcommand)]
enum What {
    Bdb(bdb::Bdb),
    Lmdb(lmdb::Lmdb),
    Sendmail(sendmail::Sendmail),
}

/// Runs the command.
///
/// # Errors
/// What kept it from its job, in words for the terminal.
pub fn run(options: &Migrate, output: &Output) -> Result<ExitCode, String> {
    match &options.what {
        What::Bdb(options) => bdb::run(options, output),
        What::Lmdb(options) => lmdb::run(options, output),
        What::Sendmail(options) => sendmail::run(options, output),
    }
}
