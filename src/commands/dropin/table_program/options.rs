//! The options of a command line, taken apart.

use crate::commands::dropin::program::getopt::Options;
use crate::commands::dropin::program::messages::{Fatal, Messages};
use crate::config::lmdb_format::LmdbFormat;
use crate::maps::compile::{Duplicates, Inherit};
use crate::syntax::table_line::TableForm;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

/// A program that makes and reads tables.
#[derive(Debug)]
pub struct TableProgram {
    /// Its options, as `getopt` wants them.
    pub letters: &'static str,
    /// Those of our own, which have long names.
    pub long: &'static [&'static str],
    /// What it says of its options and operands.
    pub usage: &'static str,
    /// The form of its sources.
    pub form: TableForm,
}

/// What it is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Job {
    Create,
    Delete(Vec<u8>),
    Insert,
    Query(Vec<u8>),
    List,
}

/// What the command line says.
#[derive(Debug)]
pub(super) struct CommandLine<'a> {
    pub(super) directory: Option<OsString>,
    pub(super) job: Job,
    pub(super) no_folding: bool,
    pub(super) trailing_nul: Option<bool>,
    pub(super) lmdb_format: Option<LmdbFormat>,
    pub(super) duplicates: Duplicates,
    pub(super) no_utf8: bool,
    pub(super) force_utf8: bool,
    pub(super) inherit: Inherit,
    pub(super) file_values: bool,
    pub(super) json: bool,
    pub(super) header: bool,
    pub(super) body: bool,
    pub(super) mime: bool,
    pub(super) operands: &'a [OsString],
}

pub(super) fn parse<'a>(
    program: &TableProgram,
    arguments: &'a [OsString],
    messages: &Messages,
) -> Result<CommandLine<'a>, Fatal> {
    let mut options = Options::with_long(program.letters, program.long, arguments);
    let mut line = CommandLine {
        directory: None,
        job: Job::Create,
        no_folding: false,
        trailing_nul: None,
        lmdb_format: None,
        duplicates: Duplicates::Warn,
        no_utf8: false,
        force_utf8: false,
        inherit: Inherit { owner: true, mode: true },
        file_values: false,
        json: false,
        header: false,
        body: false,
        mime: false,
        operands: &[],
    };
    for option in &mut options {
        let option = option.map_err(|fault| {
            messages.raw(&fault.message());
            Fatal::new(program.usage)
        })?;
        let key = option.value.as_bytes();
        let job = match option.letter {
            b'd' => Some(Job::Delete(key.to_vec())),
            b'i' => Some(Job::Insert),
            b'q' => Some(Job::Query(key.to_vec())),
            b's' => Some(Job::List),
            _ => None,
        };
        if let Some(job) = job {
            if line.job != Job::Create {
                return Err(Fatal::new("specify only one of -d -i -q or -s"));
            }
            line.job = job;
        }
        match option.letter {
            b'b' => line.body = true,
            b'c' => line.directory = Some(option.value),
            b'f' => line.no_folding = true,
            b'F' => line.file_values = true,
            b'h' => line.header = true,
            b'j' => line.json = true,
            b'm' => line.mime = true,
            b'n' => line.trailing_nul = Some(false),
            b'N' => line.trailing_nul = Some(true),
            b'o' => line.inherit.owner = false,
            b'p' => line.inherit.mode = false,
            b'r' => line.duplicates = Duplicates::Replace,
            b'u' => line.no_utf8 = true,
            b'U' => line.force_utf8 = true,
            b'w' => line.duplicates = Duplicates::Ignore,
            b'-' => line.lmdb_format = Some(lmdb_format(&option.value)?),
            // `-v`: what Postfix then says is for those who debug Postfix.
            _ => {}
        }
    }
    line.operands = options.operands();
    if line.json && !matches!(line.job, Job::Query(_) | Job::List) {
        return Err(Fatal::new("option -j requires -q or -s"));
    }
    Ok(line)
}

fn lmdb_format(value: &OsStr) -> Result<LmdbFormat, Fatal> {
    let format = value.to_str().and_then(LmdbFormat::from_name);
    format.ok_or_else(|| Fatal::new([b"--lmdb-format ", value.as_bytes(), b": expected 0.9 or 1.0"].concat()))
}
