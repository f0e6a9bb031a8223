//! Reading the configuration that postconf shows, with the warnings of a program that starts.

use super::options::{Options, override_of};
use super::{faults, shared, startup};
use crate::base::Source;
use crate::commands::dropin::program::context;
use crate::commands::dropin::program::messages::{Fatal, Messages};
use crate::config::catalogue::read_by_every_program;
use crate::config::{ConfigFiles, Configuration};
use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The configuration directory, as the options name it.
pub fn directory(options: &Options) -> PathBuf {
    context::config_directory(options.config_dir.as_deref())
}

/// Reads main.cf alone, as a program that starts: its values must be such that Postfix would run with them.
pub fn load_main(directory: &Path, messages: &Messages) -> Result<Configuration, Fatal> {
    let platform = context::platform(directory)?;
    let files = ConfigFiles::from_sources(directory, &read_main(directory)?, None);
    warn_about_main(&files, messages)?;
    let configuration = Configuration::new(files, platform);
    startup::check(read_by_every_program(), &configuration, messages)?;
    Ok(configuration)
}

/// Reads main.cf (unless only defaults are wanted) and master.cf.
pub fn load(options: &Options, directory: &Path, messages: &Messages) -> Result<Configuration, Fatal> {
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
        configuration.overrides.push(override_of(text)?);
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
pub fn explicit(options: &Options, configuration: &Configuration) -> BTreeMap<Vec<u8>, Vec<u8>> {
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
