//! Floor 8: one file per command: argument parsing, output, exit status.
//!
//! Called by a drop-in name, or as `postwright NAME …`, the program behaves as that program does.

pub mod build;
pub mod check;
pub mod cli;
pub mod diff;
pub mod dropin;
pub mod expand;
pub mod explain;

pub mod graph;
pub mod man;
pub mod output;
pub mod progress;
pub mod route;
pub mod set;
pub mod site_options;
pub mod unified_diff;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

/// Runs the program that `arguments` (with the program's own name first) ask for.
#[must_use]
pub fn main(arguments: Vec<OsString>) -> ExitCode {
    let called = arguments.first().map(|name| Path::new(name).file_name().unwrap_or_default().to_os_string());
    if let Some(program) = called.and_then(|name| dropin::by_name(&name)) {
        return program(&arguments);
    }
    if let Some(program) = arguments.get(1).and_then(|name| dropin::by_name(name)) {
        return program(&arguments[1..]);
    }
    cli::main(arguments)
}
