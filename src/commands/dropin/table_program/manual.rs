//! The options that postmap and postalias share, as their manual pages tell of them.

use crate::commands::dropin::manual::OptionManual;

/// `-d`
pub(in crate::commands::dropin) const DELETE: OptionManual = OptionManual::with(
    'd',
    "key",
    "Delete the key; \"-\" reads keys from the input, a line each. Status 1: no table had any of them.",
);
/// `-f`
pub(in crate::commands::dropin) const NO_FOLDING: OptionManual = OptionManual::flag(
    'f',
    "Leave the case of keys as it is. Without it they are folded when a table is made, asked or changed.",
);
/// `-i`
pub(in crate::commands::dropin) const INSERT: OptionManual =
    OptionManual::flag('i', "Add entries from the input to the table instead of making it anew.");
/// `-j`
pub(in crate::commands::dropin) const JSON: OptionManual =
    OptionManual::flag('j', "With -q and -s: print one JSON object for each entry.");
/// `--lmdb-format`
pub(in crate::commands::dropin) const LMDB_FORMAT: OptionManual = OptionManual::long(
    "lmdb-format",
    "0.9|1.0",
    "Make lmdb files for this series of LMDB, instead of the one that lmdb_format in postwright.toml names, else the one that the package of the profile reads, else that of the file that is there, else 0.9. -i and -d then bring a file of the other series to this one. Postfix's own program has no such option.",
);
/// `-N`
pub(in crate::commands::dropin) const TRAILING_NUL: OptionManual =
    OptionManual::flag('N', "Store a null byte behind each key and value.");
/// `-n`
pub(in crate::commands::dropin) const NO_TRAILING_NUL: OptionManual =
    OptionManual::flag('n', "Store no null byte behind keys and values.");
/// `-o`
pub(in crate::commands::dropin) const KEEP_OWN_OWNER: OptionManual =
    OptionManual::flag('o', "Do not give a new file the owner of its source.");
/// `-p`
pub(in crate::commands::dropin) const KEEP_OWN_MODE: OptionManual =
    OptionManual::flag('p', "Do not give a new file the permissions of its source; others may read it.");
/// `-q`
pub(in crate::commands::dropin) const QUERY: OptionManual = OptionManual::with(
    'q',
    "key",
    "Look the key up in each table in turn and print the first value; \"-\" reads keys from the input, a line each, and prints key and value.",
);
/// `-r`
pub(in crate::commands::dropin) const REPLACE: OptionManual =
    OptionManual::flag('r', "A key that is there already gets its new value, without a warning.");
/// `-s`
pub(in crate::commands::dropin) const LIST: OptionManual =
    OptionManual::flag('s', "List all entries, key and value, in the order of the table.");
/// `-u`
pub(in crate::commands::dropin) const BYTES: OptionManual =
    OptionManual::flag('u', "Take keys and values as bytes, even with smtputf8_enable.");
/// `-w`
pub(in crate::commands::dropin) const KEEP_FIRST: OptionManual =
    OptionManual::flag('w', "A key that is there already keeps its value, without a warning.");
