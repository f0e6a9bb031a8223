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
pub mod migrate;
pub mod route;
pub mod set;
pub mod site_options;
pub mod table_options;
pub mod terminal;

use nix::sys::signal::{SigSet, Signal};
use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

/// Turns writing past the limit on the size of files (`ulimit -f`) into an error, from a signal that would end the
/// program.
///
/// The signal is blocked and not ignored: programs that we start have it as they expect it. To be called before there
/// are threads.
pub fn refuse_file_size_signal() {
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGXFSZ);
    // A thread may always block a signal of its own.
    let _ = signals.thread_block();
}

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
