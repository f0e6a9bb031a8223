//! `postmap`: makes, reads and changes lookup tables, as Postfix's program of that name does.

use super::table_program::{TableProgram, run};
use crate::syntax::table_line::TableForm;
use std::ffi::OsString;
use std::process::ExitCode;

const POSTMAP: TableProgram = TableProgram {
    letters: "bc:d:fFhijmnNopq:rsuUvw",
    usage: "usage: postmap [-bfFhimnNoprsuUvw] [-c config_dir] [-d key] [-q key] [map_type:]file...",
    form: TableForm::KeyValue,
};

/// Runs it; `arguments` begin with the program's name.
#[must_use]
pub fn main(arguments: &[OsString]) -> ExitCode {
    run(&POSTMAP, arguments)
}
