//! `postwright set`: changes main.cf (or one service of master.cf) by range; comments, order and layout stay.

use super::site_options::SiteOptions;
use super::terminal::output::{Output, not_edited};
use super::terminal::unified_diff;
use crate::base::regular_file::read_regular;
use crate::base::{Edit, FileError, Overlay, Source, apply_edits};
use crate::config::edit::replace::{Edited, edit_file};
use crate::config::edit::service::set_override;
use crate::config::edit::set::{Change, set};
use crate::config::find_service::find_service;
use crate::config::services::services;
use crate::config::{Platform, Site};
use crate::diagnostic::render::clean;
use crate::lint::rules::main_cf::unknown_parameter::{advice, is_known};
use crate::syntax::logical::{is_space, trim};
use crate::syntax::main_cf::parse_main_cf;
use crate::syntax::master_cf::parse_master_cf;
use clap::Args;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// Set parameters, touching nothing else in the file
///
/// NAME=VALUE sets a value, NAME+=ELEMENT adds an element to a list, NAME-=ELEMENT removes one; several are separated by
/// commas or blanks.
#[derive(Args, Clone, Debug)]
pub struct Set {
    /// What to change
    #[arg(value_name = "NAME=VALUE", required = true)]
    changes: Vec<OsString>,
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
///
/// # Errors
/// What kept it from its job, in words for the terminal.
pub fn run(options: &Set, output: &Output) -> Result<ExitCode, String> {
    let changes = options.changes.iter().map(|text| parse(text.as_bytes())).collect::<Result<Vec<_>, _>>()?;
    let directory = options.site.location(None).directory();
    let platform = options.site.platform(&directory)?;
    let path = directory.join(if options.service.is_some() { "master.cf" } else { "main.cf" });
    let edited = if options.dry_run {
        let old = read_regular(&path).map_err(FileError::at(&path))?;
        let text = changed(&old, &changes, options, &path)?;
        Edited { noted: (old, text), lost: Vec::new() }
    } else {
        let edit = |old: &[u8]| {
            let text = changed(old, &changes, options, &path)?;
            Ok((Some(text.clone()).filter(|text| text != old), (old.to_vec(), text)))
        };
        edit_file(&path, edit).map_err(|error| not_edited(&path, error))?
    };
    let (old, text) = edited.noted;
    if text == old {
        output.line("nothing to change");
        return Ok(ExitCode::SUCCESS);
    }
    if !output.quiet {
        unified_diff::show(&path.to_string_lossy(), &old, &text, output);
    }
    output.warn_of_lost(&path, &edited.lost);
    if options.service.is_none() {
        let names = changes.iter().filter(|(_, change)| !matches!(change, Change::Remove(_))).map(|(name, _)| name);
        warn_of_unknown(names, &Arc::new(Source::new(path.to_string_lossy(), text)), options, platform, output);
    }
    Ok(ExitCode::SUCCESS)
}

/// The new text of the file.
fn changed(old: &[u8], changes: &[(Vec<u8>, Change)], options: &Set, path: &Path) -> Result<Vec<u8>, String> {
    let mut text = old.to_vec();
    // One after the other, so that two changes of one list both count.
    for (name, change) in changes {
        let source = Arc::new(Source::new(path.to_string_lossy(), text.clone()));
        let edits = match &options.service {
            None => set(&parse_main_cf(&source), name, change)
                .map_err(|refused| format!("{}: {refused}", String::from_utf8_lossy(name)))?,
            Some(service) => in_service(&source, service, name, change)?,
        };
        text = apply_edits(&text, &edits).map_err(|error| error.to_string())?;
    }
    Ok(text)
}

/// Tells of names that nothing reads in main.cf as it will be: a slip of the finger, as a rule.
fn warn_of_unknown<'n>(
    names: impl Iterator<Item = &'n Vec<u8>>,
    main: &Arc<Source>,
    options: &Set,
    platform: Platform,
    output: &Output,
) {
    let mut overlay = Overlay::default();
    overlay.set(Arc::clone(main));
    let Ok(site) = Site::open(&options.site.location(None), platform, &overlay) else { return };
    let used = site.configuration.used_names();
    for name in names.filter(|name| !used.contains(name.as_slice())) {
        let name = String::from_utf8_lossy(name);
        if !is_known(&site.configuration, &name) {
            let help = advice(&name).map_or_else(String::new, |help| format!("; {help}"));
            output.warning(&format!("postwright: warning: Postfix has no parameter {}{help}", clean(&name)));
        }
    }
}

/// Splits at the first `=`, and looks at the sign before it.
fn parse(text: &[u8]) -> Result<(Vec<u8>, Change), String> {
    let shown = || String::from_utf8_lossy(text).into_owned();
    let wrong = || format!("{}: expected NAME=VALUE, NAME+=ELEMENT or NAME-=ELEMENT", shown());
    let equals = memchr::memchr(b'=', text).ok_or_else(wrong)?;
    let (name, value) = (&text[..equals], trim(&text[equals + 1..]).to_vec());
    if value.contains(&b'\n') {
        return Err(format!("{}: a value stands on one line", shown()));
    }
    let (name, change) = match name {
        [name @ .., b'+'] => (name, Change::Add(value)),
        [name @ .., b'-'] => (name, Change::Remove(value)),
        _ => (name, Change::Set(value)),
    };
    let name = trim(name);
    if name.is_empty() || name.starts_with(b"#") || name.iter().any(|&byte| is_space(byte)) {
        return Err(wrong());
    }
    Ok((name.to_vec(), change))
}

fn in_service(source: &Arc<Source>, wanted: &str, name: &[u8], change: &Change) -> Result<Vec<Edit>, String> {
    let services = services(&parse_master_cf(source));
    let service = find_service(&services, wanted, source.name())?;
    match change {
        Change::Set(value) => set_override(source, service, name, value)
            .map_err(|refused| format!("{}: {refused}", String::from_utf8_lossy(name))),
        Change::Add(_) | Change::Remove(_) => Err("+= and -= change main.cf only".into()),
    }
}
