//! `postalias`: makes, reads and changes alias databases, as Postfix's program of that name does.

use super::table_program::{TableProgram, run};
use crate::syntax::table_line::TableForm;
use std::ffi::OsString;
use std::process::ExitCode;

const POSTALIAS: TableProgram = TableProgram {
    letters: "Nc:d:fijnopq:rsuvw",
    usage: "usage: postalias [-Nfinoprsuvw] [-c config_dir] [-d key] [-q key] [map_type:]file...",
    form: TableForm::Aliases,
};

/// Runs it; `arguments` begin with the program's name.
#[must_use]
pub fn main(arguments: &[OsString]) -> ExitCode {
    run(&POSTALIAS, arguments)
}
