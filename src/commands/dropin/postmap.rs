//! `postmap`: makes, reads and changes lookup tables, as Postfix's program of that name does.

use super::manual::{CONFIG_DIR, Manual, OptionManual, STATUS, VERBOSE};
use super::table_program::manual::{
    BYTES, DELETE, INSERT, JSON, KEEP_FIRST, KEEP_OWN_MODE, KEEP_OWN_OWNER, LIST, LMDB_FORMAT, NO_FOLDING,
    NO_TRAILING_NUL, QUERY, REPLACE, TRAILING_NUL,
};
use super::table_program::{TableProgram, run};
use crate::syntax::table_line::TableForm;
use std::ffi::OsString;
use std::process::ExitCode;

pub(super) const POSTMAP: TableProgram = TableProgram {
    letters: "bc:d:fFhijmnNopq:rsuUvw",
    usage: "usage: postmap [-bfFhimnNoprsuUvw] [-c config_dir] [-d key] [-q key] [map_type:]file...",
    long: &[LMDB_FORMAT.name],
    form: TableForm::KeyValue,
};

/// Its manual page.
pub const MANUAL: Manual = Manual {
    name: "postmap",
    about: "make, ask and change lookup tables",
    synopsis: &["[options] [map_type:]file..."],
    description: &[
        "Compiles each text file into an indexed file beside it, or looks keys up in tables of any type, or changes single entries. A line of the text holds a key, blanks and a value; a line that begins with a blank goes on with the one before; lines that begin with # are comments.",
        "Tables of the types lmdb and cdb can be made. Those of hash and btree (Berkeley DB) can be asked and listed. Without a type, default_database_type is taken.",
        "A new index is written aside and put in place when it is whole: a running Postfix reads the old one until then.",
        "Options, words and statuses are those of the postmap of Postfix 3.11.",
    ],
    options: &[
        OptionManual::flag('b', "With \"-q -\": the input is a message, and its body is looked up, line by line."),
        CONFIG_DIR,
        DELETE,
        NO_FOLDING,
        OptionManual::flag(
            'F',
            "Values are names of files, whose contents are stored in base64; lookups give the contents back.",
        ),
        OptionManual::flag('h', "With \"-q -\": the input is a message, and its headers are looked up."),
        INSERT,
        JSON,
        OptionManual::flag('m', "With -b or -h: heed MIME, and look up the headers of attached messages."),
        TRAILING_NUL,
        NO_TRAILING_NUL,
        KEEP_OWN_OWNER,
        KEEP_OWN_MODE,
        QUERY,
        REPLACE,
        LIST,
        BYTES,
        OptionManual::flag('U', "Take messages (-b, -h) as UTF-8, as smtputf8_enable says."),
        VERBOSE,
        KEEP_FIRST,
        LMDB_FORMAT,
    ],
    status: STATUS,
};

/// Runs it; `arguments` begin with the program's name.
#[must_use]
pub fn main(arguments: &[OsString]) -> ExitCode {
    run(&POSTMAP, arguments)
}
