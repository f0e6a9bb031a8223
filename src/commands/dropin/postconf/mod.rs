//! `postconf`: shows and edits main.cf and master.cf, in Postfix's words. Source: postconf(1).
//!
//! | file | what |
//! |---|---|
//! | `options.rs` | the command line |
//! | `table.rs`, `usage.rs`, `dbms.rs` | which parameters there are, and warnings about names |
//! | `main_cf.rs`, `master_cf.rs` | showing |
//! | `edit_main.rs`, `edit_master.rs` | editing |
//! | `bounce_templates.rs` | `-b -t` |
//! | `startup.rs` | values that Postfix would not start with |
//! | `shared.rs` | settings that services share |
//! | `faults.rs` | what is wrong with master.cf |
//! | `lists.rs` | `-a -A -l -m` |
//! | `print.rs` | how settings look |

mod bounce_templates;
mod dbms;
mod edit_main;
mod edit_master;
mod faults;
mod fields;
mod lists;
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

use super::context;
use super::messages::{Fatal, Messages, open_words, warn_of_lost};
use crate::base::Source;
use crate::config::catalogue::read_by_every_program;
use crate::config::edit::lock::EditLock;
use crate::config::edit::replace::{self, EditError};
use crate::config::effective::is_read_only;
use crate::config::{ConfigFiles, Configuration};
use options::Options;
use print::Printer;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
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
    configuration.overrides.retain(|(name, _)| !is_read_only(name));
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

/// The configuration directory, as the options name it.
fn directory(options: &Options) -> PathBuf {
    context::config_directory(options.config_dir.as_deref())
}

/// Reads main.cf alone, as a program that starts: its values must be such that Postfix would run with them.
fn load_main(directory: &Path, messages: &Messages) -> Result<Configuration, Fatal> {
    let platform = context::platform(directory)?;
    let files = ConfigFiles::from_sources(directory, &read_main(directory)?, None);
    warn_about_main(&files, messages)?;
    let configuration = Configuration::new(files, platform);
    startup::check(read_by_every_program(), &configuration, messages)?;
    Ok(configuration)
}

/// Reads main.cf (unless only defaults are wanted) and master.cf.
fn load(options: &Options, directory: &Path, messages: &Messages) -> Result<Configuration, Fatal> {
    let platform = context::platform(directory)?;
    let master_first = ['M', 'F', 'P'].into_iter().any(|letter| options.has(letter));
    let master = match read_master(directory) {
        Ok(source) => Ok(source),
        Err(error) if master_first => return Err(Fatal::open(context::file_in(directory, "master.cf"), &error)),
        Err(error) => Err(error),
    };
    let main = match options.has('d') {
        true => Arc::new(Source::new(context::file_in(directory, "main.cf").to_string_lossy(), "")),
        false => read_main(directory)?,
    };
    let mut files = ConfigFiles::from_sources(directory, &main, master.as_ref().ok());
    let check_master = || match &files.master {
        Some(master) => faults::check_master(master, &files.services, messages),
        None => Ok(()),
    };
    if master_first {
        check_master()?;
        warn_about_main(&files, messages)?;
    } else {
        warn_about_main(&files, messages)?;
        if let Err(error) = &master {
            let words = crate::base::system_words(error);
            messages.warning(format!("open {}: {words}", context::file_in(directory, "master.cf").display()));
        }
        check_master()?;
    }
    shared::share_settings(&mut files.services);
    let mut configuration = Configuration::new(files, platform);
    // As if it were set, but by the caller.
    let directory = own_directory(directory).filter(|_| configuration.files.entry(b"config_directory").is_none());
    configuration.overrides.extend(directory.map(|directory| (b"config_directory".to_vec(), directory.to_vec())));
    for text in &options.overrides {
        configuration.overrides.push(options::override_of(text)?);
    }
    // Postfix looks for the machine's networks before anything else, unless main.cf names them.
    let shows_networks = options.operands.is_empty() || options.operands.iter().any(|name| name == "mynetworks");
    if configuration.explicit(b"mynetworks").is_none() && (shows_networks || !options.has('d')) {
        configuration.networks().map_err(|error| Fatal::new(error.to_string()))?;
    }
    Ok(configuration)
}

/// Reads master.cf. One that is a directory is empty.
fn read_master(directory: &Path) -> std::io::Result<Arc<Source>> {
    let path = context::file_in(directory, "master.cf");
    match Source::read(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::IsADirectory => {
            Ok(Arc::new(Source::new(path.to_string_lossy(), "")))
        }
        read => read,
    }
}

/// Reads main.cf.
fn read_main(directory: &Path) -> Result<Arc<Source>, Fatal> {
    context::read(&context::file_in(directory, "main.cf"))
}

/// What Postfix says while it reads main.cf.
fn warn_about_main(files: &ConfigFiles, messages: &Messages) -> Result<(), Fatal> {
    let own = own_directory(&files.directory).map(|directory| (&b"config_directory"[..], directory));
    context::check(&files.main, files.main.tree.source().name().as_bytes(), own, messages)
}

/// The directory, if it is not the stock one.
fn own_directory(directory: &Path) -> Option<&[u8]> {
    (directory != Path::new(crate::config::paths::STOCK_DIRECTORY)).then(|| directory.as_os_str().as_bytes())
}

/// What is set by main.cf and the command line, by name.
fn explicit(options: &Options, configuration: &Configuration) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let mut explicit = BTreeMap::new();
    if options.has('d') {
        return explicit;
    }
    for entry in &configuration.files.main.entries {
        explicit.insert(entry.name.bytes().to_vec(), entry.value.bytes().to_vec());
    }
    explicit.extend(configuration.overrides.iter().cloned());
    explicit
}

/// Replaces a file by what `change` makes of it, which is asked again when somebody else changes the file meanwhile.
fn edit_file(
    path: &Path,
    messages: &Messages,
    mut change: impl FnMut(&[u8]) -> Result<Vec<u8>, Fatal>,
) -> Result<(), Fatal> {
    let shown = path.display();
    let edited = replace::edit_file(path, |text| change(text).map(|text| (Some(text), ())));
    let edited = edited.map_err(|error| match error {
        EditError::Lock(error) => Fatal::open(EditLock::name(path), &error),
        EditError::Read(error) if error.kind() == std::io::ErrorKind::IsADirectory => {
            Fatal::new(format!("read {shown}: Is a directory"))
        }
        EditError::Read(error) => Fatal::new(format!("open {shown} for reading: {}", open_words(&error))),
        EditError::Change(fatal) => fatal,
        EditError::Write(error) => Fatal::system("close", EditLock::name(path), &error),
        EditError::Busy => Fatal::new(format!("{shown}: {}", replace::CHANGED)),
    })?;
    warn_of_lost(path, &edited.lost, messages);
    Ok(())
}
