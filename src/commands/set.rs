//! `postwright set`: changes main.cf (or one service of master.cf) by range; comments, order and layout stay.
//!
//! `+=` and `-=` of what main.cf does not set begin from the default. What `check` would call an error is refused.

mod new_errors;

use super::site_options::SiteOptions;
use super::terminal::output::{Output, not_edited};
use super::terminal::unified_diff;
use crate::base::{Edit, FileError, Overlay, Source, apply_edits};
use crate::config::edit::replace::{Edited, edit_file};
use crate::config::edit::service::set_override;
use crate::config::edit::set::{Change, set};
use crate::config::find_service::find_service;
use crate::config::paths::PathMap;
use crate::config::services::services;
use crate::config::starting_value::{comes_from, starting_value};
use crate::config::{ConfigFiles, Configuration, Platform, Site, catalogue};
use crate::diagnostic::render::clean;
use crate::lint::rules::main_cf::unknown_parameter::{advice, is_known};
use crate::syntax::logical::{is_space, trim};
use crate::syntax::main_cf::parse_main_cf;
use crate::syntax::master_cf::parse_master_cf;
use crate::syntax::match_list::split_list;
use clap::Args;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// Set parameters, touching nothing else in the file
///
/// NAME=VALUE sets a value, NAME+=ELEMENT adds an element to a list, NAME-=ELEMENT removes one; several are separated
/// by commas or blanks. A list that is not set begins as its default. What check calls an error is not written.
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
    /// Write also what check calls an error
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    site: SiteOptions,
}

/// Runs the command.
///
/// # Errors
/// What kept it from its job, in words for the terminal.
pub fn run(options: &Set, output: &Output) -> Result<ExitCode, String> {
    let changes = options.changes.iter().map(|text| parse(text.as_bytes())).collect::<Result<Vec<_>, _>>()?;
    let directory = options.site.directory(None)?;
    let platform = options.site.platform(&directory)?;
    let path = directory.join(if options.service.is_some() { "master.cf" } else { "main.cf" });
    let file = File { path: &path, options, platform: &platform };
    let paths = options.site.root.as_deref().map_or_else(PathMap::system, PathMap::root);
    let place = paths.edit_place(&path).map_err(FileError::at(&path))?;
    let place = place.ok_or_else(|| format!("{}: outside of the root", path.display()))?;
    let edited = if options.dry_run {
        let old = place.read().map_err(FileError::at(&path))?;
        let changed = file.changed(&old, &changes)?;
        Edited { noted: (old, changed), lost: Vec::new() }
    } else {
        let edit = |old: &[u8]| {
            let changed = file.changed(old, &changes)?;
            Ok((Some(changed.text.clone()).filter(|text| text != old), (old.to_vec(), changed)))
        };
        edit_file(&place, edit).map_err(|error| not_edited(&path, error))?
    };
    let (old, Changed { text, notes }) = edited.noted;
    if !output.quiet {
        notes.iter().for_each(|note| output.warning(&format!("postwright: {}", clean(note))));
    }
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

/// The file that is to be changed.
struct File<'a> {
    path: &'a Path,
    options: &'a Set,
    platform: &'a Platform,
}

/// What came of it.
struct Changed {
    text: Vec<u8>,
    /// What is worth knowing about it.
    notes: Vec<String>,
}

impl File<'_> {
    /// The new text of the file.
    fn changed(&self, old: &[u8], changes: &[(Vec<u8>, Change)]) -> Result<Changed, String> {
        let (mut text, mut notes) = (old.to_vec(), Vec::new());
        // One after the other, so that two changes of one list both count.
        for (name, change) in changes {
            let source = self.source(&text);
            let edits = match &self.options.service {
                None => self.in_main(&source, name, change, &mut notes)?,
                Some(service) => in_service(&source, service, name, change)?,
            };
            text = apply_edits(&text, &edits).map_err(|error| error.to_string())?;
        }
        if text != old && !self.options.force {
            let errors = new_errors::new_errors(&self.source(old), &self.source(&text), self.options, self.platform);
            if let Some(first) = errors.first() {
                let help = first.help.as_ref().map_or_else(String::new, |help| format!("; {help}"));
                let more = match errors.len() - 1 {
                    0 => String::new(),
                    more => format!(" (and {more} more)"),
                };
                let code = first.rule.code;
                return Err(format!("{}: {code}{help}{more}; nothing was written (--force writes it)", first.message));
            }
        }
        Ok(Changed { text, notes })
    }

    fn source(&self, text: &[u8]) -> Arc<Source> {
        Arc::new(Source::new(self.path.to_string_lossy(), text))
    }

    /// The edits of main.cf.
    fn in_main(
        &self,
        source: &Arc<Source>,
        name: &[u8],
        change: &Change,
        notes: &mut Vec<String>,
    ) -> Result<Vec<Edit>, String> {
        let shown = String::from_utf8_lossy(name);
        let (elements, sign) = match change {
            Change::Set(_) => (None, ""),
            Change::Add(elements) => (Some(elements), "+="),
            Change::Remove(elements) => (Some(elements), "-="),
        };
        let files = ConfigFiles::from_sources(&self.options.site.location(None).directory(), source, None);
        let mut default = Vec::new();
        if let Some(elements) = elements {
            if let Some(kind) = catalogue::parameter(&shown).map(|parameter| parameter.kind)
                && !kind.may_be_list()
                && !self.options.force
            {
                let what = kind.describe();
                return Err(format!(
                    "{shown}{sign}: {shown} is no list but {what}; write {shown}=VALUE (--force writes it)"
                ));
            }
            let entry = files.entry(name).map(|entry| entry.value.bytes().to_vec());
            let is_set = entry.is_some();
            let configuration = Configuration::new(files, self.platform.clone());
            if !is_set {
                default = starting_value(&configuration, name);
            }
            let list = entry.as_ref().unwrap_or(&default);
            if matches!(change, Change::Remove(_)) && !self.options.force {
                for range in split_list(elements) {
                    let element = &elements[range];
                    if let Some(from) = comes_from(&configuration, list, element) {
                        let [element, from] = [element, from].map(String::from_utf8_lossy);
                        return Err(format!(
                            "{shown}: {element} does not stand in the list but comes from {from}; take {from} out and add \
                             what else it stands for, or set the whole list"
                        ));
                    }
                }
            }
        }
        let main = parse_main_cf(source);
        let edits = set(&main, name, change, &default).map_err(|refused| format!("{shown}: {refused}"))?;
        if !default.is_empty() && !edits.is_empty() {
            let default = String::from_utf8_lossy(&default);
            notes.push(format!("{shown} was not set; its list begins as the default: {default}"));
        }
        Ok(edits)
    }
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
