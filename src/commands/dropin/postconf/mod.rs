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
//! | `lists.rs` | `-a -A -l -m` |
//! | `print.rs` | how settings look |

mod bounce_templates;
mod dbms;
mod edit_main;
mod edit_master;
mod fields;
mod lists;
mod main_cf;
mod master_cf;
mod options;
mod print;
mod startup;
mod table;
mod usage;

use super::messages::{Fatal, Messages};
use crate::commands::edit_lock::EditLock;
use crate::commands::site_options::SiteOptions;
use crate::config::{ConfigFiles, Configuration};
use options::Options;
use print::Printer;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
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
        let main = read_main(&directory(&options))?;
        warn_about_main(&ConfigFiles::from_sources(&directory(&options), &main, None), messages)?;
    }
    if lists::show(&options, &mut printer, messages)? {
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
    let configuration = load(&options, &directory, messages)?;
    let mut usage = Usage::new(&configuration, explicit(&options, &configuration));
    let clients = usage.find_clients();
    usage.undefined().for_each(|warning| messages.warning(warning));
    clients.map_err(|error| main_cf::failed_expansion(&error, messages))?;
    if !options.has('q') && !options.has('d') {
        usage.in_client_files().for_each(|warning| messages.warning(warning));
    }
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

/// The configuration directory: `-c`, else `MAIL_CONFIG`, else the stock one.
fn directory(options: &Options) -> PathBuf {
    let from_environment = || std::env::var_os("MAIL_CONFIG").filter(|value| !value.is_empty());
    options
        .config_dir
        .clone()
        .or_else(from_environment)
        .map_or_else(|| PathBuf::from(crate::config::paths::STOCK_DIRECTORY), PathBuf::from)
}

/// Reads main.cf (unless only defaults are wanted) and master.cf.
fn load(options: &Options, directory: &Path, messages: &Messages) -> Result<Configuration, Fatal> {
    let settings = SiteOptions::default().settings().map_err(Fatal::new)?;
    let open = |name: &str| crate::base::Source::read(&directory.join(name));
    let nothing = || std::sync::Arc::new(crate::base::Source::new(directory.join("main.cf").to_string_lossy(), ""));
    let main = if options.has('d') { nothing() } else { read_main(directory)? };
    let master = match open("master.cf") {
        Ok(source) => Some(source),
        Err(error) if ['M', 'F', 'P'].into_iter().any(|letter| options.has(letter)) => {
            return Err(Fatal::open(directory.join("master.cf"), &error));
        }
        Err(error) => {
            let words = crate::maps::types::system_words(&error);
            messages.warning(format!("open {}: {words}", directory.join("master.cf").display()));
            None
        }
    };
    let files = ConfigFiles::from_sources(directory, &main, master.as_ref());
    warn_about_main(&files, messages)?;
    warn_about_master(&files, messages)?;
    let mut configuration = Configuration::new(files, settings);
    configuration.overrides =
        options.overrides.iter().map(|text| options::override_of(text)).collect::<Result<_, _>>()?;
    Ok(configuration)
}

/// Reads main.cf.
fn read_main(directory: &Path) -> Result<std::sync::Arc<crate::base::Source>, Fatal> {
    let path = directory.join("main.cf");
    crate::base::Source::read(&path).map_err(|error| match error.kind() {
        // It could be opened.
        std::io::ErrorKind::IsADirectory => Fatal::new(format!("read {}: Is a directory", path.display())),
        _ => Fatal::open(&path, &error),
    })
}

/// What Postfix says while it reads main.cf.
fn warn_about_main(files: &ConfigFiles, messages: &Messages) -> Result<(), Fatal> {
    use crate::syntax::FaultKind;
    let main = &files.main;
    let source = main.tree.source();
    let name = source.name();
    for fault in &main.faults {
        let mut text = one_line(source, fault.span);
        text.truncate(memchr::memchr(0, &text).unwrap_or(text.len()));
        let line = source.position(fault.span.start).line;
        match fault.kind {
            FaultKind::LeadingWhiteSpace => {
                let head = format!("{name}: logical line must not start with whitespace: \"");
                messages.warning([head.as_bytes(), &text, b"\""].concat());
            }
            FaultKind::ZeroByte => {
                messages.warning(format!("{name}, line {line}: text after null byte may be ignored"));
            }
            FaultKind::MissingEquals => {
                let head = format!("{name}, line {line}: missing '=' after attribute name: \"");
                return Err(Fatal::new([head.as_bytes(), &text, b"\""].concat()));
            }
            FaultKind::MissingName => {
                let head = format!("{name}, line {line}: missing attribute name: \"");
                return Err(Fatal::new([head.as_bytes(), &text, b"\""].concat()));
            }
            _ => {}
        }
    }
    let mut seen: std::collections::HashMap<&[u8], &[u8]> = std::collections::HashMap::new();
    if files.directory != Path::new(crate::config::paths::STOCK_DIRECTORY) {
        seen.insert(b"config_directory", files.directory.as_os_str().as_bytes());
    }
    for entry in &main.entries {
        if let Some(old) = seen.insert(entry.name.bytes(), entry.value.bytes()) {
            let head = format!("{name}, line {}: overriding earlier entry: ", entry.line);
            messages.warning([head.as_bytes(), entry.name.bytes(), b"=", old].concat());
        }
    }
    Ok(())
}

/// What Postfix says while it reads master.cf.
fn warn_about_master(files: &ConfigFiles, messages: &Messages) -> Result<(), Fatal> {
    use crate::config::services::OverrideFaultKind;
    use crate::syntax::FaultKind;
    let Some(master) = &files.master else { return Ok(()) };
    let source = master.tree.source();
    let name = source.name();
    // In the order of the text, since the first service that cannot be one ends it.
    let mut faults = master.faults.iter().peekable();
    let mut services = files.services.iter().peekable();
    loop {
        let fault_at = faults.peek().map(|fault| fault.span.start);
        let service_at = services.peek().map(|service| service.line.extent.end);
        if service_at.is_some_and(|service| fault_at.is_none_or(|fault| service < fault)) {
            let Some(service) = services.next() else { continue };
            fields::check_service(service, &one_line(source, service.line.extent))?;
            for fault in service.faults.iter().filter(|fault| fault.kind != OverrideFaultKind::MissingArgument) {
                let text = source.slice(fault.span);
                // What stands without braces is an argument like any other.
                if let Some(inside) = text.strip_suffix(b"}").and_then(|text| text.splitn(2, |&b| b == b'{').nth(1)) {
                    let what: &[u8] = match fault.kind {
                        OverrideFaultKind::MissingName => b"missing attribute name: \"",
                        _ => b"missing '=' after attribute name: \"",
                    };
                    let inside = crate::syntax::logical::trim(inside);
                    messages.warning([b"master.cf: ", what, inside, b"\""].concat());
                }
            }
            continue;
        }
        let Some(fault) = faults.next() else { return Ok(()) };
        let text = one_line(source, fault.span);
        match fault.kind {
            FaultKind::LeadingWhiteSpace => {
                let head = format!("{name}: logical line must not start with whitespace: \"");
                messages.warning([head.as_bytes(), &text, b"\""].concat());
            }
            FaultKind::TooFewFields => {
                let line = source.position(fault.span.start).line;
                return Err(Fatal::new(format!("file {name}: line {line}: bad field count")));
            }
            FaultKind::UnclosedBrace => {
                messages.warning([b"master.cf: missing '}' in \"", text.as_slice(), b"\""].concat());
            }
            FaultKind::TextAfterBrace => {
                let before = &source.bytes()[..fault.span.start];
                let open = memchr::memrchr(b'{', before).unwrap_or(fault.span.start);
                let whole = one_line(source, crate::base::Span::new(open, fault.span.end));
                messages.warning([b"master.cf: syntax error after '}' in \"", whole.as_slice(), b"\""].concat());
            }
            _ => {}
        }
    }
}

/// The text of a span without its newlines.
fn one_line(source: &crate::base::Source, span: crate::base::Span) -> Vec<u8> {
    source.slice(span).iter().copied().filter(|byte| *byte != b'\n').collect()
}

/// What is set by main.cf and the command line, by name; with the directory, if it is not the stock one.
fn explicit(options: &Options, configuration: &Configuration) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let mut explicit = BTreeMap::new();
    if options.has('d') {
        return explicit;
    }
    let directory = &configuration.files.directory;
    if directory != Path::new(crate::config::paths::STOCK_DIRECTORY) {
        explicit.insert(b"config_directory".to_vec(), directory.as_os_str().as_bytes().to_vec());
    }
    for entry in &configuration.files.main.entries {
        explicit.insert(entry.name.bytes().to_vec(), entry.value.bytes().to_vec());
    }
    explicit.extend(configuration.overrides.iter().cloned());
    explicit
}

/// Replaces a file by what `change` makes of it.
fn edit_file(path: &Path, change: impl FnOnce(&[u8]) -> Result<Vec<u8>, Fatal>) -> Result<(), Fatal> {
    let text = |error: &std::io::Error| {
        let words = crate::maps::types::system_words(error);
        Fatal::new(format!("open {} for reading: {words}", path.display()))
    };
    // Told first: the lock would be made beside a file that is not there.
    std::fs::metadata(path).map_err(|error| text(&error))?;
    let _lock = EditLock::acquire(path).map_err(|error| {
        let words = crate::maps::types::system_words(&error);
        Fatal::new(format!("open {}.tmp: {words}", path.display()))
    })?;
    let new = change(&std::fs::read(path).map_err(|error| text(&error))?)?;
    crate::base::atomic_file::replace(path, &new, 0o644).map_err(|error| Fatal::open(path, &error))
}
