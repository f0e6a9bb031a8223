//! `postconf`: shows and edits main.cf and master.cf, in Postfix's words. Source: postconf(1).
//!
//! | file | what |
//! |---|---|
//! | `options.rs`, `assignment.rs` | the command line, `name=value` in it |
//! | `load.rs`, `expanded.rs` | reading the configuration, expanding its values |
//! | `table.rs`, `usage.rs`, `dbms.rs` | which parameters there are, and warnings about names |
//! | `main_cf.rs`, `master_cf.rs` | showing |
//! | `edit_main.rs`, `edit_master.rs`, `edited_file.rs` | editing |
//! | `bounce_templates.rs` | `-b -t` |
//! | `startup.rs` | values that Postfix would not start with |
//! | `shared.rs` | settings that services share |
//! | `faults.rs` | what is wrong with master.cf |
//! | `lists.rs` | `-a -A -l -m` |
//! | `print.rs` | how settings look |

mod assignment;
mod bounce_templates;
mod dbms;
mod edit_main;
mod edit_master;
mod edited_file;
mod expanded;
mod faults;
mod fields;
mod lists;
mod load;
mod main_cf;
mod manual;
mod master_cf;
pub(super) mod options;
mod print;
mod shared;
mod startup;
mod table;
mod usage;

pub use manual::MANUAL;

use super::program::messages::{Fatal, Messages};
use crate::config::effective::is_read_only;
use load::{directory, explicit, load, load_main};
use options::Options;
use print::Printer;
use std::ffi::OsString;
use std::process::ExitCode;
use usage::Usage;

/// Runs postconf.
#[must_use]
pub fn main(arguments: &[OsString]) -> ExitCode {
    let called = arguments.first().cloned().unwrap_or_else(|| "postconf".into());
    let messages = Messages::as_called(&called);
    messages.end(run(arguments.get(1..).unwrap_or_default(), &messages))
}

fn run(arguments: &[OsString], messages: &Messages) -> Result<ExitCode, Fatal> {
    let options = Options::parse(arguments, messages)?;
    if options.has('b') || options.has('t') {
        return bounce_templates::show(&options, &directory(&options), messages);
    }
    let mut printer = Printer::default();
    if options.has('m') {
        // Which types there are can depend on it.
        load_main(&directory(&options), messages)?;
    }
    if lists::show(&options, &directory(&options), &mut printer, messages)? {
        printer.flush().map_err(|error| Fatal::output(&error))?;
        return Ok(ExitCode::SUCCESS);
    }
    let directory = directory(&options);
    let master = ['M', 'F', 'P'].into_iter().find(|&letter| options.has(letter));
    if ['e', 'X', '#'].into_iter().any(|letter| options.has(letter)) {
        match master {
            Some(mode) => edit_master::edit(&options, mode, &directory, messages)?,
            None => edit_main::edit(&options, &directory, messages)?,
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mut configuration = load(&options, &directory, messages)?;
    let explicit = explicit(&options, &configuration);
    let target = configuration.platform.target;
    configuration.overrides.retain(|(name, _)| !is_read_only(name, target));
    let mut usage = Usage::new(&configuration, explicit);
    let clients = usage.find_clients(messages);
    usage.undefined().for_each(|warning| messages.warning(warning));
    if !options.has('q') && !options.has('d') {
        usage.in_client_files().for_each(|warning| messages.warning(warning));
    }
    clients?;
    match master {
        Some(mode) => master_cf::show(&options, mode, &usage, &configuration, &mut printer, messages)?,
        None => main_cf::show(&options, &usage, &configuration, &mut printer, messages)?,
    }
    printer.flush().map_err(|error| Fatal::output(&error))?;
    if !options.has('d') && !options.has('q') {
        let mut warnings = if master.is_none() { usage.unused_in_main() } else { Vec::new() };
        warnings.extend(usage.unused_in_master());
        for warning in &warnings {
            messages.warning(warning);
        }
        if warnings.iter().any(|warning| usage::is_deprecation(warning)) {
            messages.warning("See https://www.postfix.org/DEPRECATION_README.html for details");
        }
    }
    Ok(ExitCode::SUCCESS)
}
