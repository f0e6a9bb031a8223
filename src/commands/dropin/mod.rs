//! The drop-in names: programs that speak as their originals do.

pub mod manual;
mod newaliases;
mod postalias;
mod postconf;
mod postmap;
mod program;
mod table_program;

use manual::Manual;
use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

/// The manual pages of all of them.
pub const MANUALS: [&Manual; 4] = [&newaliases::MANUAL, &postalias::MANUAL, &postconf::MANUAL, &postmap::MANUAL];

/// A drop-in program; takes its arguments with its own name first.
pub type Program = fn(&[OsString]) -> ExitCode;

/// The program of that name.
#[must_use]
pub fn by_name(name: &OsStr) -> Option<Program> {
    match name.to_str()? {
        "newaliases" => Some(newaliases::main),
        "postalias" => Some(postalias::main),
        "postconf" => Some(postconf::main),
        "postmap" => Some(postmap::main),
        _ => None,
    }
}
