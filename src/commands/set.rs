//! `postwright set`: changes main.cf (or one service of master.cf) by range; comments, order and layout stay.

use super::edit_lock::EditLock;
use super::find_service::find_service;
use super::output::{Output, fail};
use super::site_options::SiteOptions;
use super::unified_diff;
use crate::base::{Edit, Source, apply_edits, atomic_file};
use crate::config::edit::service::set_override;
use crate::config::edit::set::{Change, set};
use crate::config::services::services;
use crate::diagnostic::render::clean;
use crate::maps::types::system_words;
use crate::syntax::main_cf::parse_main_cf;
use crate::syntax::master_cf::parse_master_cf;
use clap::Args;
use std::process::ExitCode;
use std::sync::Arc;

/// Set parameters, touching nothing else in the file
///
/// NAME=VALUE sets a value, NAME+=ELEMENT adds an element to a list, NAME-=ELEMENT removes one.
#[derive(Args, Clone, Debug)]
pub struct Set {
    /// What to change
    #[arg(value_name = "NAME=VALUE", required = true)]
    changes: Vec<String>,
    /// Change the -o of this service instead
    #[arg(long, value_name = "NAME/TYPE")]
    service: Option<String>,
    /// Show the difference and write nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    #[command(flatten)]
    site: SiteOptions,
}

/// Runs the command.
pub fn run(options: &Set, output: &Output) -> ExitCode {
    match change(options, output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => fail(&message),
    }
}

fn change(options: &Set, output: &Output) -> Result<(), String> {
    let changes = options.changes.iter().map(|text| parse(text)).collect::<Result<Vec<_>, _>>()?;
    let directory = options.site.directory(None);
    let path = directory.join(if options.service.is_some() { "master.cf" } else { "main.cf" });
    let failed = |error: &std::io::Error| format!("{}: {}", path.display(), system_words(error));
    let _lock = if options.dry_run { None } else { Some(EditLock::acquire(&path).map_err(|error| failed(&error))?) };
    let old = std::fs::read(&path).map_err(|error| failed(&error))?;
    let mut text = old.clone();
    // One after the other, so that two changes of one list both count.
    for (name, change) in &changes {
        let source = Arc::new(Source::new(path.to_string_lossy(), text.clone()));
        let edits = match &options.service {
            None => set(&parse_main_cf(&source), name, change),
            Some(service) => in_service(&source, service, name, change)?,
        };
        text = apply_edits(&text, &edits).map_err(|error| error.to_string())?;
    }
    if text == old {
        output.line("nothing to change");
        return Ok(());
    }
    if !output.quiet {
        unified_diff::show(&path.to_string_lossy(), &old, &text, output);
    }
    if !options.dry_run {
        atomic_file::replace(&path, &text, 0o644).map_err(|error| failed(&error))?;
    }
    Ok(())
}

/// Splits at the first `=`, and looks at the sign before it.
fn parse(text: &str) -> Result<(Vec<u8>, Change), String> {
    let wrong = || format!("{text}: expected NAME=VALUE, NAME+=ELEMENT or NAME-=ELEMENT");
    let (name, value) = text.split_once('=').ok_or_else(wrong)?;
    let value = value.trim();
    if value.contains('\n') {
        return Err(format!("{}: a value stands on one line", clean(text)));
    }
    let value = value.as_bytes().to_vec();
    let (name, change) = if let Some(name) = name.strip_suffix('+') {
        (name, Change::Add(value))
    } else if let Some(name) = name.strip_suffix('-') {
        (name, Change::Remove(value))
    } else {
        (name, Change::Set(value))
    };
    let name = name.trim();
    if name.is_empty() || name.starts_with('#') || name.contains(char::is_whitespace) {
        return Err(wrong());
    }
    Ok((name.as_bytes().to_vec(), change))
}

fn in_service(source: &Arc<Source>, wanted: &str, name: &[u8], change: &Change) -> Result<Vec<Edit>, String> {
    let services = services(&parse_master_cf(source));
    let service = find_service(&services, wanted, source.name())?;
    match change {
        Change::Set(value) => Ok(set_override(service, name, value)),
        Change::Add(_) | Change::Remove(_) => Err("+= and -= change main.cf only".into()),
    }
}
