//! `postalias`: makes, reads and changes alias databases, as Postfix's program of that name does.

use super::manual::{Manual, OptionManual, STATUS};
use super::table_program::{TableProgram, run};
use crate::syntax::table_line::TableForm;
use std::ffi::OsString;
use std::process::ExitCode;

pub(super) const POSTALIAS: TableProgram = TableProgram {
    letters: "Nc:d:fijnopq:rsuvw",
    usage: "usage: postalias [-Nfinoprsuvw] [-c config_dir] [-d key] [-q key] [map_type:]file...",
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
        OptionManual::flag('i', "Add entries from the input to the table instead of making it anew."),
        OptionManual::flag('j', "With -q and -s: print one JSON object for each entry."),
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
        OptionManual::flag('v', "Accepted; Postfix prints debugging information here, this program has none."),
        OptionManual::flag('w', "A key that is there already keeps its value, without a warning."),
    ],
    status: STATUS,
};

/// Runs it; `arguments` begin with the program's name.
#[must_use]
pub fn main(arguments: &[OsString]) -> ExitCode {
    run(&POSTALIAS, arguments)
}
