//! `postalias`: makes, reads and changes alias databases, as Postfix's program of that name does.

use super::manual::{CONFIG_DIR, Manual, STATUS, VERBOSE};
use super::table_program::manual::{
    BYTES, DELETE, INSERT, JSON, KEEP_FIRST, KEEP_OWN_MODE, KEEP_OWN_OWNER, LIST, LMDB_FORMAT, NO_FOLDING,
    NO_TRAILING_NUL, QUERY, REPLACE, TRAILING_NUL,
};
use super::table_program::{TableProgram, run};
use crate::syntax::table_line::TableForm;
use std::ffi::OsString;
use std::process::ExitCode;

pub(super) const POSTALIAS: TableProgram = TableProgram {
    letters: "Nc:d:fijnopq:rsuvw",
    usage: "usage: postalias [-Nfinoprsuvw] [-c config_dir] [-d key] [-q key] [map_type:]file...",
    long: &[LMDB_FORMAT.name],
    form: TableForm::Aliases,
};

/// Its manual page.
pub const MANUAL: Manual = Manual {
    name: "postalias",
    about: "make, ask and change alias databases",
    synopsis: &["[options] [map_type:]file..."],
    description: &[
        "Compiles each file of aliases, in the form name: value, into an indexed file beside it, or looks names up, or changes single entries. The index holds the records that local(8) looks for besides the aliases.",
        "Types and replacement of files are those of postmap(1); options, words and statuses those of the postalias of Postfix 3.11.",
    ],
    options: &[
        CONFIG_DIR,
        DELETE,
        NO_FOLDING,
        INSERT,
        JSON,
        TRAILING_NUL,
        NO_TRAILING_NUL,
        KEEP_OWN_OWNER,
        KEEP_OWN_MODE,
        QUERY,
        REPLACE,
        LIST,
        BYTES,
        VERBOSE,
        KEEP_FIRST,
        LMDB_FORMAT,
    ],
    status: STATUS,
};

/// Runs it; `arguments` begin with the program's name.
#[must_use]
pub fn main(arguments: &[OsString]) -> ExitCode {
    run(&POSTALIAS, arguments)
}
