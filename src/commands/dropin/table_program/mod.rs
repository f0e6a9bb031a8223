//! What postmap and postalias have in common: their options, and which job these ask for.
//!
//! Source: postmap(1), postalias(1).

mod answers;
pub mod caller;
mod change;
mod complaints;
mod create;
mod mail_query;
pub mod manual;
mod operand;
mod options;
mod query;
mod sequence;
mod settings;
mod unindexed;

pub use options::TableProgram;

use super::program::context::Context;
use super::program::messages::{Fatal, Messages};
use crate::config::migration::{Redirection, replaces_types};
use crate::mail::mime::{MessageLimits, MimeLimits};
use caller::ProgramCaller;
use options::{Job, parse};
use settings::Settings;
use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

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
    let settings = Settings {
        form: if program.form.is_aliases() { context.alias_form() } else { program.form },
        no_folding: line.no_folding,
        trailing_nul: line.trailing_nul,
        lmdb_format: line.lmdb_format.or(context.lmdb_format()),
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
        Job::Create => create::create_all(operands, &settings, messages),
        Job::Insert => change::insert(operands, &settings, messages),
        Job::Delete(key) => change::delete(&key, operands, &settings, messages),
        Job::Query(key) if key == b"-" && from_mail => {
            let wanted = mail_query::Wanted { headers: line.header, body: line.body, limits };
            mail_query::query_mail(wanted, operands, &settings, messages)
        }
        Job::Query(key) if key == b"-" => query::query_input(operands, &settings, messages),
        Job::Query(key) => query::query_key(&key, operands, &settings, messages),
        Job::List => sequence::list(&operands[0], &settings, messages),
    }
}
