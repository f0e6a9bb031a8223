//! Asking tables with the lines of a message: `postmap -q - -h -b -m TABLE…`.

use super::messages::{Fatal, Messages};
use super::table_program::Manner;
use std::ffi::OsString;
use std::process::ExitCode;

/// Which lines are keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// `-h`: header lines.
    pub headers: bool,
    /// `-b`: body lines.
    pub body: bool,
    /// `-m`: the message is taken apart as MIME says.
    pub mime: bool,
}

/// Writes line and value for each line of the message on standard input that is in a table.
///
/// # Errors
/// A table that cannot be asked.
pub fn query_mail(
    _wanted: Wanted,
    _operands: &[OsString],
    _manner: &Manner,
    _messages: &Messages,
) -> Result<ExitCode, Fatal> {
    Err(Fatal::new("options -b and -h are not supported yet"))
}
