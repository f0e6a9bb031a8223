//! `postmap`: makes, reads and changes lookup tables, as Postfix's program of that name does.

use super::manual::{Manual, OptionManual, STATUS};
use super::table_program::{TableProgram, run};
use crate::syntax::table_line::TableForm;
use std::ffi::OsString;
use std::process::ExitCode;

pub(super) const POSTMAP: TableProgram = TableProgram {
    letters: "bc:d:fFhijmnNopq:rsuUvw",
    usage: "usage: postmap [-bfFhimnNoprsuUvw] [-c config_dir] [-d key] [-q key] [map_type:]file...",
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
        OptionManual::with('c', "config_dir", "The configuration directory, instead of $MAIL_CONFIG or /etc/postfix."),
        OptionManual::with(
            'd',
            "key",
            "Delete the key; \"-\" reads keys from the input, a line each. Status 1: no table had any of them.",
        ),
        OptionManual::flag(
            'f',
            "Leave the case of keys as it is. Without it they are folded when a table is made, asked or changed.",
        ),
        OptionManual::flag(
            'F',
            "Values are names of files, whose contents are stored in base64; lookups give the contents back.",
        ),
        OptionManual::flag('h', "With \"-q -\": the input is a message, and its headers are looked up."),
        OptionManual::flag('i', "Add entries from the input to the table instead of making it anew."),
        OptionManual::flag('j', "With -q and -s: print one JSON object for each entry."),
        OptionManual::flag('m', "With -b or -h: heed MIME, and look up the headers of attached messages."),
        OptionManual::flag('N', "Store a null byte behind each key and value."),
        OptionManual::flag('n', "Store no null byte behind keys and values."),
        OptionManual::flag('o', "Do not give a new file the owner of its source."),
        OptionManual::flag('p', "Do not give a new file the permissions of its source; others may read it."),
        OptionManual::with(
            'q',
            "key",
            "Look the key up in each table in turn and print the first value; \"-\" reads keys from the input, a line each, and prints key and value.",
        ),
        OptionManual::flag('r', "A key that is there already gets its new value, without a warning."),
        OptionManual::flag('s', "List all entries, key and value, in the order of the table."),
        OptionManual::flag('u', "Take keys and values as bytes, even with smtputf8_enable."),
        OptionManual::flag('U', "Take messages (-b, -h) as UTF-8, as smtputf8_enable says."),
        OptionManual::flag('v', "Accepted; Postfix prints debugging information here, this program has none."),
        OptionManual::flag('w', "A key that is there already keeps its value, without a warning."),
    ],
    status: STATUS,
};

/// Runs it; `arguments` begin with the program's name.
#[must_use]
pub fn main(arguments: &[OsString]) -> ExitCode {
    run(&POSTMAP, arguments)
}
