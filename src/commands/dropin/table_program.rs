//! What postmap and postalias have in common: their options, and which job these ask for.
//!
//! Source: postmap(1), postalias(1).

use super::caller::ProgramCaller;
use super::context::Context;
use super::getopt::Options;
use super::messages::{Fatal, Messages};
use super::{change, create, mail_query, query, sequence};
use crate::config::migration::{Redirection, replaces_types};
use crate::mail::mime::{MessageLimits, MimeLimits};
use crate::maps::compile::{Duplicates, Folding, Inherit, Recipe};
use crate::maps::{Caller, OpenOptions, TableReference};
use crate::syntax::table_line::TableForm;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::process::ExitCode;
use std::sync::Arc;

/// A program that makes and reads tables.
#[derive(Debug)]
pub struct TableProgram {
    /// Its options, as `getopt` wants them.
    pub letters: &'static str,
    /// What it says of its options and operands.
    pub usage: &'static str,
    /// The form of its sources.
    pub form: TableForm,
}

/// What it is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Job {
    Create,
    Delete(Vec<u8>),
    Insert,
    Query(Vec<u8>),
    List,
}

/// How it is to be done.
#[derive(Clone)]
pub struct Manner {
    /// The form of sources and listings.
    pub form: TableForm,
    /// `-f`: keys are not folded.
    pub no_folding: bool,
    /// `-n`, `-N`.
    pub trailing_nul: Option<bool>,
    /// `-r`, `-w`.
    pub duplicates: Duplicates,
    /// Whether keys and values must be UTF-8.
    pub utf8: bool,
    /// `-o`, `-p`.
    pub inherit: Inherit,
    /// `-F`: values stand for the contents of files.
    pub file_values: bool,
    /// `-j`.
    pub json: bool,
    /// `default_database_type`.
    pub default_type: Vec<u8>,
    /// `lmdb_map_size`.
    pub map_size: usize,
    /// `myhostname`.
    pub host: Vec<u8>,
    /// `non_bdb_migration_level` asks for another type than `hash:` and `btree:`; these are they.
    pub redirection: Option<Redirection>,
    /// The program, as its tables see it.
    pub caller: Arc<dyn Caller>,
}

impl Manner {
    /// How keys are folded.
    #[must_use]
    pub fn folding(&self) -> Folding {
        match (self.no_folding, self.utf8) {
            (true, _) => Folding::None,
            (false, true) => Folding::Unicode,
            (false, false) => Folding::Ascii,
        }
    }

    /// How a source is compiled.
    #[must_use]
    pub fn recipe(&self) -> Recipe {
        Recipe {
            form: self.form,
            folding: self.folding(),
            utf8: self.utf8,
            duplicates: self.duplicates,
            trailing_nul: self.trailing_nul,
        }
    }

    /// How a table is opened.
    #[must_use]
    pub fn open_options(&self) -> OpenOptions {
        OpenOptions {
            folding: self.folding(),
            trailing_nul: self.trailing_nul,
            utf8: self.utf8,
            duplicates: self.duplicates,
            file_values: self.file_values,
            caller: Arc::clone(&self.caller),
            ..OpenOptions::default()
        }
    }
}

/// A table as an operand names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operand {
    /// The type; not yet known to be one.
    pub map_type: Vec<u8>,
    /// The name; may be empty.
    pub name: Vec<u8>,
}

impl Operand {
    /// Takes `type:name` or `name` apart, and obeys a migration away from Berkeley DB.
    #[must_use]
    pub fn new(operand: &OsStr, manner: &Manner, messages: &Messages) -> Self {
        let text = operand.as_bytes();
        let (map_type, name) = match memchr::memchr(b':', text) {
            Some(at) => (text[..at].to_vec(), text[at + 1..].to_vec()),
            None => (manner.default_type.clone(), text.to_vec()),
        };
        let old = Self { map_type, name };
        let instead = manner.redirection.as_ref().and_then(|redirection| redirection.instead_of(&old.map_type));
        let Some(instead) = instead else { return old };
        let new = Self { map_type: instead.to_vec(), name: old.name.clone() };
        messages.say([&b"redirecting "[..], &old.shown(), b" to ", &new.shown()].concat());
        new
    }

    /// `type:name`
    #[must_use]
    pub fn shown(&self) -> Vec<u8> {
        [self.map_type.as_slice(), b":", &self.name].concat()
    }

    /// As messages name the table that come from looking into it: for `cdb:` by its file.
    #[must_use]
    pub fn shown_inside(&self) -> Vec<u8> {
        let mut shown = self.shown();
        if self.map_type == b"cdb" {
            shown.extend_from_slice(b".cdb");
        }
        shown
    }

    /// The table, if it can be one.
    ///
    /// # Errors
    /// A type that cannot be one, or no name.
    pub fn reference(&self) -> Result<TableReference, Fatal> {
        if self.name.is_empty() || self.map_type.is_empty() {
            let shown = self.shown();
            return Err(Fatal::new(
                [b"open dictionary: expecting \"type:name\" form instead of \"", &shown[..], b"\""].concat(),
            ));
        }
        TableReference::parse(&self.shown())
            .ok_or_else(|| Fatal::new([b"unsupported dictionary type: ", &self.map_type[..]].concat()))
    }
}

/// What the command line says.
#[derive(Debug)]
struct Line<'a> {
    directory: Option<OsString>,
    job: Job,
    no_folding: bool,
    trailing_nul: Option<bool>,
    duplicates: Duplicates,
    no_utf8: bool,
    force_utf8: bool,
    inherit: Inherit,
    file_values: bool,
    json: bool,
    header: bool,
    body: bool,
    mime: bool,
    operands: &'a [OsString],
}

/// Runs the program; `arguments` begin with its name.
#[must_use]
pub fn run(program: &TableProgram, arguments: &[OsString]) -> ExitCode {
    let called = arguments.first().map(OsString::as_os_str).unwrap_or_default();
    let messages = Arc::new(Messages::new(called));
    messages.end(work(program, arguments.get(1..).unwrap_or_default(), &messages))
}

fn work(program: &TableProgram, arguments: &[OsString], messages: &Arc<Messages>) -> Result<ExitCode, Fatal> {
    let line = parse(program, arguments, messages)?;
    let context = Context::load(line.directory.as_deref(), messages)?;
    let keys_from_input = line.job == Job::Query(b"-".to_vec());
    if (line.header || line.body || line.mime) && !keys_from_input {
        return Err(Fatal::new("specify -b -h or -m only with \"-q -\""));
    }
    let from_mail = line.header || line.body;
    if line.mime && !from_mail {
        messages.warning("ignoring -m option without -b or -h");
    }
    let level = context.value("non_bdb_migration_level", messages)?;
    let redirection = match replaces_types(&level) {
        Some(true) => Some(Redirection {
            hash: context.text("default_database_type", messages)?,
            btree: context.text("default_cache_db_type", messages)?,
        }),
        Some(false) => None,
        // Releases before 3.11 have no such parameter.
        None if level.is_empty() && !context.is_set("non_bdb_migration_level") => None,
        None => {
            let words = [b"invalid non-Berkeley-DB migration level: '", &level[..], b"'"].concat();
            return Err(Fatal::new(words));
        }
    };
    let utf8 = context.boolean("smtputf8_enable", messages)? && !line.no_utf8 && (!from_mail || line.force_utf8);
    let limits = MessageLimits {
        header_size: if from_mail { context.number("header_size_limit", messages)? } else { 0 },
        mime: match from_mail && line.mime {
            true => Some(MimeLimits {
                boundary: context.number("mime_boundary_length_limit", messages)?,
                nesting: context.number("mime_nesting_limit", messages)?,
            }),
            false => None,
        },
    };
    let manner = Manner {
        form: program.form,
        no_folding: line.no_folding,
        trailing_nul: line.trailing_nul,
        duplicates: line.duplicates,
        utf8,
        inherit: line.inherit,
        file_values: line.file_values,
        json: line.json,
        default_type: context.text("default_database_type", messages)?,
        map_size: context.number("lmdb_map_size", messages)?,
        host: context.value("myhostname", messages)?,
        redirection,
        caller: Arc::new(ProgramCaller::new(messages, context)),
    };
    if line.operands.is_empty() {
        return Err(Fatal::new(program.usage));
    }
    let operands = line.operands;
    match line.job {
        Job::Create => create::create_all(operands, &manner, messages),
        Job::Insert => change::insert(operands, &manner, messages),
        Job::Delete(key) => change::delete(&key, operands, &manner, messages),
        Job::Query(key) if key == b"-" && from_mail => {
            let wanted = mail_query::Wanted { headers: line.header, body: line.body, limits };
            mail_query::query_mail(wanted, operands, &manner, messages)
        }
        Job::Query(key) if key == b"-" => query::query_input(operands, &manner, messages),
        Job::Query(key) => query::query_key(&key, operands, &manner, messages),
        Job::List => sequence::list(&operands[0], &manner, messages),
    }
}

fn parse<'a>(program: &TableProgram, arguments: &'a [OsString], messages: &Messages) -> Result<Line<'a>, Fatal> {
    let mut options = Options::new(program.letters, arguments);
    let mut line = Line {
        directory: None,
        job: Job::Create,
        no_folding: false,
        trailing_nul: None,
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
