//! Lists that need no configuration: SASL types, lock types, map types.

use super::options::Options;
use super::print::Printer;
use crate::commands::dropin::program::context;
use crate::commands::dropin::program::messages::{Fatal, Messages};
use crate::config::catalogue::map_types;
use std::path::Path;

/// Map types that need a library which distributions no longer ship, or a server's client that is a package of its own.
const NOT_BUILT_IN: &[&str] = &["dbm", "ldap", "mongodb", "mysql", "netinfo", "nisplus", "pgsql", "sdbm"];

/// Shows a list, if one was asked for.
///
/// # Errors
/// What this program cannot tell.
pub fn show(options: &Options, directory: &Path, printer: &mut Printer, messages: &Messages) -> Result<bool, Fatal> {
    if let Some(mode) = &options.tls {
        if !matches!(mode.to_str(), Some("compile-version" | "run-version" | "public-key-algorithms")) {
            messages.warning(format!("unknown 'postconf -T' mode: {}", mode.display()));
            return Err(Fatal { message: None, status: 1 });
        }
        return Err(Fatal::new("-T tells of the TLS library that Postfix was built with; there is none here"));
    }
    let mut shown = false;
    let mut list = |letter: char, words: &[&str]| {
        if options.has(letter) {
            words.iter().for_each(|word| printer.text(format!("{word}\n").as_bytes()));
            shown = true;
        }
    };
    list('a', &["cyrus", "dovecot"]);
    list('A', &["cyrus"]);
    list('l', &["flock", "fcntl", "dotlock"]);
    if !options.has('m') {
        return Ok(shown);
    }
    let target = context::platform(directory)?.target;
    let types: Vec<&str> = map_types()
        .iter()
        .filter(|known| known.introduced <= target && !NOT_BUILT_IN.contains(&known.name))
        .map(|known| known.name)
        .collect();
    types.iter().for_each(|name| printer.text(format!("{name}\n").as_bytes()));
    Ok(true)
}
