//! `newaliases`: makes the index of every table of `alias_database`, by postalias.
//!
//! It takes the options of sendmail, which it is another name of; those that choose another job are not there yet.
//!
//! Source: sendmail(1), newaliases(1).

use super::manual::{Manual, OptionManual};
use super::postalias;
use super::program::context::Context;
use super::program::getopt::{OptionFault, Options};
use super::program::messages::{Fatal, Messages};
use super::table_program::manual::LMDB_FORMAT;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::process::ExitCode;

/// The options of sendmail.
const LETTERS: &str = "A:B:C:F:GIL:N:O:R:UV:X:b:ce:f:h:imno:p:r:q:tvx";

/// Those of our own.
pub(super) const LONG: &[&str] = &[LMDB_FORMAT.name];

/// Whatever goes wrong, trying again later may help: so says sendmail (`EX_TEMPFAIL`).
const STATUS: u8 = 75;

/// Its manual page.
pub const MANUAL: Manual = Manual {
    name: "newaliases",
    about: "make the indexes of the alias databases",
    synopsis: &["[options]"],
    description: &[
        "Compiles every table that alias_database names, as postalias(1) does. It is another name of sendmail -bi, and takes the options of sendmail.",
        "Options of sendmail that have no part in this are accepted and do nothing; those that ask for another job (-b with anything but i, -q) are refused: this program does not do them yet.",
    ],
    options: &[
        OptionManual::with('C', "config_dir", "The configuration directory, or main.cf in it."),
        OptionManual::with('o', "Atable", "Make this table, type:file, instead of those that alias_database names."),
        LMDB_FORMAT,
    ],
    status: &[
        ("0", "Done."),
        ("1", "A table could not be made."),
        ("75", "A fatal error before that; trying again later may help."),
    ],
};

/// Runs it; `arguments` begin with the program's name.
#[must_use]
pub fn main(arguments: &[OsString]) -> ExitCode {
    let called = arguments.first().map(OsString::as_os_str).unwrap_or_default();
    let messages = Messages::new(called);
    let outcome = work(arguments.get(1..).unwrap_or_default(), &messages);
    messages.end(outcome.map_err(|fatal| Fatal { status: STATUS, ..fatal }))
}

fn work(arguments: &[OsString], messages: &Messages) -> Result<ExitCode, Fatal> {
    // As in Postfix, options are gone through twice, since -C comes before main.cf and the others behind; so what is
    // wrong with them is said twice.
    let mut directory = None;
    for option in Options::with_long(LETTERS, LONG, arguments) {
        match option {
            Ok(option) if option.letter == b'C' => directory = Some(config_directory(&option.value)),
            Ok(_) => {}
            Err(fault) => say(fault, messages),
        }
    }
    let context = Context::load(directory.as_deref(), messages)?;
    let mut database = None;
    let mut format = Vec::new();
    let mut options = Options::with_long(LETTERS, LONG, arguments);
    for option in &mut options {
        let option = option.map_err(|fault| {
            say(fault, messages);
            Fatal::new("usage: newaliases [options]")
        })?;
        match (option.letter, option.value.as_bytes()) {
            (b'-', _) => format = vec![OsString::from("--lmdb-format"), option.value],
            (b'n', _) => return Err(Fatal::new("-n option not supported")),
            (b't', _) => return Err(Fatal::new("-t can be used only in delivery mode")),
            (b'o', [b'A']) => return Err(Fatal::new("-oA requires pathname")),
            (b'o', [b'A', path @ ..]) => database = Some(OsString::from_vec(path.to_vec())),
            (b'b', mode) if mode.first() != Some(&b'i') => {
                return Err(Fatal::new([b"option -b", mode, b" is not supported yet"].concat()));
            }
            (b'q', _) => return Err(Fatal::new("option -q is not supported yet")),
            _ => {}
        }
    }
    if !options.operands().is_empty() {
        return Err(Fatal::new("alias initialization mode requires no recipient"));
    }
    let tables: Vec<OsString> = match database {
        Some(database) => vec![database],
        None => listed(&context.value("alias_database", messages)?),
    };
    if tables.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    // A relative name means one below the queue directory; where there is none, below the current one.
    let queue = context.value("queue_directory", messages)?;
    let _stays = std::env::set_current_dir(OsStr::from_bytes(&queue));
    let mut line = vec![OsString::from("postalias")];
    if let Some(directory) = directory {
        line.extend([OsString::from("-c"), directory]);
    }
    line.append(&mut format);
    line.push(OsString::from("--"));
    line.extend(tables);
    Ok(postalias::main(&line))
}

fn say(fault: OptionFault, messages: &Messages) {
    messages.raw(&fault.message());
}

/// The tables of a list, separated by commas and white space.
fn listed(list: &[u8]) -> Vec<OsString> {
    let separates = |byte: &u8| matches!(byte, b',' | b' ' | b'\t' | b'\r' | b'\n');
    let tables = list.split(separates).filter(|table| !table.is_empty());
    tables.map(|table| OsString::from_vec(table.to_vec())).collect()
}

/// `-C` names the directory, or main.cf in it.
fn config_directory(path: &OsStr) -> OsString {
    let path = Path::new(path);
    if path.file_name() != Some(OsStr::new("main.cf")) {
        return path.as_os_str().to_os_string();
    }
    match path.parent().map(Path::as_os_str) {
        Some(parent) if !parent.is_empty() => parent.to_os_string(),
        _ => OsString::from("."),
    }
}
