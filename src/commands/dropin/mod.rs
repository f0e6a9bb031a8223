//! The drop-in names: programs that speak as their originals do.

pub mod getopt;
pub mod messages;
pub mod postconf;

use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

/// A drop-in program; takes its arguments with its own name first.
pub type Program = fn(&[OsString]) -> ExitCode;

/// The program of that name.
#[must_use]
pub fn by_name(name: &OsStr) -> Option<Program> {
    match name.to_str()? {
        "postconf" => Some(postconf::main),
        _ => None,
    }
}
