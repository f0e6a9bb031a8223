//! The configuration under which a drop-in program runs: which directory, what its main.cf says, what is wrong with it.
//!
//! Postfix reads main.cf up to eight times at start and repeats its warnings each time; we say each once.

use super::messages::{Fatal, Messages};
use crate::base::Source;
use crate::config::expand::Reason;
use crate::config::lmdb_format::LmdbFormat;
use crate::config::own_names::NameFaultKind;
use crate::config::paths::STOCK_DIRECTORY;
use crate::config::site::Location;
use crate::config::{ConfigFiles, Configuration, Platform};
use crate::syntax::main_cf::MainCf;
use crate::syntax::table_line::TableForm;
use crate::syntax::{Fault, FaultKind, LogicalLines};
use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A read configuration.
#[derive(Debug)]
pub struct Context {
    configuration: Configuration,
}

impl Context {
    /// Reads main.cf in `directory`, else in `$MAIL_CONFIG`, else in `/etc/postfix`, and warns about what is odd in it.
    ///
    /// # Errors
    /// When it cannot be read, or holds a line that Postfix would not run with.
    pub fn load(directory: Option<&OsStr>, messages: &Messages) -> Result<Self, Fatal> {
        let directory = config_directory(directory);
        let platform = platform(&directory)?;
        let path = file_in(&directory, "main.cf");
        let files = ConfigFiles::from_sources(&directory, &read(&path)?, None);
        check(&files.main, path.as_os_str().as_bytes(), None, messages)?;
        let context = Self { configuration: Configuration::new(files, platform) };
        messages.show_utf8(context.boolean("smtputf8_enable", messages)?);
        let open = |name: &[u8]| Source::read(Path::new(OsStr::from_bytes(name)));
        if let Some(fault) = context.configuration.name_fault(None, open) {
            if let NameFaultKind::HostName(warning) = &fault.kind {
                messages.warning(warning);
            }
            return Err(Fatal::new(fault.fatal(path.as_os_str().as_bytes())));
        }
        Ok(context)
    }

    /// The value of a parameter.
    ///
    /// # Errors
    /// When it cannot be expanded.
    pub fn value(&self, name: &str, messages: &Messages) -> Result<Vec<u8>, Fatal> {
        self.configuration.expanded(name.as_bytes(), None).map_err(|error| {
            error.problems.iter().for_each(|problem| messages.warning(&problem.message));
            match error.reason {
                Reason::Number(_) => Fatal::new(error.fatal()),
                _ => Fatal::new([&b"dictionary mail_dict: "[..], &error.fatal()].concat()),
            }
        })
    }

    /// The format that LMDB files are to be in, if that is settled.
    #[must_use]
    pub fn lmdb_format(&self) -> Option<LmdbFormat> {
        self.configuration.platform.wanted_lmdb_format()
    }

    /// Whether a parameter has a value, be it a default or an empty one.
    #[must_use]
    pub fn is_set(&self, name: &str) -> bool {
        self.configuration.value(name.as_bytes(), None).is_some()
    }

    /// The form of alias databases.
    #[must_use]
    pub fn alias_form(&self) -> TableForm {
        self.configuration.platform.alias_form()
    }

    /// Whether the release reads a parameter that has a value.
    #[must_use]
    pub fn reads(&self, name: &str) -> bool {
        self.is_set(name) && self.configuration.may_read(name)
    }

    /// The value of a parameter that must not be empty.
    ///
    /// # Errors
    /// When it is, or cannot be expanded.
    pub fn text(&self, name: &str, messages: &Messages) -> Result<Vec<u8>, Fatal> {
        let value = self.value(name, messages)?;
        if value.is_empty() {
            return Err(Fatal::new(format!("bad string length 0 < 1: {name} = ")));
        }
        Ok(value)
    }

    /// The value of a yes-or-no parameter.
    ///
    /// # Errors
    /// When it is neither, or cannot be expanded.
    pub fn boolean(&self, name: &str, messages: &Messages) -> Result<bool, Fatal> {
        let value = self.value(name, messages)?;
        match value.to_ascii_lowercase().as_slice() {
            b"yes" => Ok(true),
            b"no" => Ok(false),
            // The release has no such feature.
            b"" if !self.is_set(name) => Ok(false),
            _ => Err(bad_value("boolean", name, &value)),
        }
    }

    /// The value of a parameter that is a number.
    ///
    /// # Errors
    /// When it is none, or cannot be expanded.
    pub fn number(&self, name: &str, messages: &Messages) -> Result<usize, Fatal> {
        let value = self.value(name, messages)?;
        let number = std::str::from_utf8(&value).ok().and_then(|text| text.parse().ok());
        number.ok_or_else(|| bad_value("numerical", name, &value))
    }
}

fn bad_value(kind: &str, name: &str, value: &[u8]) -> Fatal {
    Fatal::new([format!("bad {kind} configuration: {name} = ").as_bytes(), value].concat())
}

/// The configuration directory: the one that is named, else that of `MAIL_CONFIG`, else the stock one.
pub(in crate::commands::dropin) fn config_directory(named: Option<&OsStr>) -> PathBuf {
    match named.map(OsStr::to_os_string).or_else(|| std::env::var_os("MAIL_CONFIG")) {
        // An empty name is the root directory, as it is to Postfix.
        Some(name) if name.is_empty() => PathBuf::from("/"),
        Some(name) => PathBuf::from(name),
        None => PathBuf::from(STOCK_DIRECTORY),
    }
}

/// By what the configuration in a directory is judged: the same for all drop-in programs, and for our own commands.
///
/// # Errors
/// As for [`Platform::of`].
pub(in crate::commands::dropin) fn platform(directory: &Path) -> Result<Platform, Fatal> {
    let location = Location { directory: Some(directory.to_path_buf()), ..Location::default() };
    Platform::of(directory, location.system(), None, None).map_err(|error| Fatal::new(error.to_string()))
}

/// A file of the configuration under the name that Postfix gives it: a slash comes between, whether there is one
/// already or not.
pub(in crate::commands::dropin) fn file_in(directory: &Path, name: &str) -> PathBuf {
    if directory == Path::new("/") {
        return directory.join(name);
    }
    let mut path = directory.as_os_str().to_os_string();
    path.push("/");
    path.push(name);
    path.into()
}

/// Reads main.cf.
///
/// # Errors
/// In the words of Postfix, which opens a directory and then cannot read it.
pub(in crate::commands::dropin) fn read(path: &Path) -> Result<Arc<Source>, Fatal> {
    Source::read(path).map_err(|error| {
        let step = if error.kind() == std::io::ErrorKind::IsADirectory { "read" } else { "open" };
        Fatal::system(step, path, &error)
    })
}

/// Says what is wrong with a text in the form of main.cf, in the order of its lines; `known` is set before the first
/// one.
///
/// # Errors
/// A line that Postfix would not run with.
pub(in crate::commands::dropin) fn check(
    main: &MainCf,
    path: &[u8],
    known: Option<(&[u8], &[u8])>,
    messages: &Messages,
) -> Result<(), Fatal> {
    let source = main.tree.source();
    let mut found: Vec<(usize, Trouble<'_>)> =
        main.faults.iter().map(|fault| (fault.span.start, Trouble::Fault(fault))).collect();
    let mut set: HashMap<&[u8], &[u8]> = known.into_iter().collect();
    for entry in &main.entries {
        let old = set.insert(entry.name.bytes(), entry.value.bytes());
        // Nothing is said of a value that is set twice.
        if let Some(old) = old.filter(|old| *old != entry.value.bytes()) {
            found.push((entry.extent.start, Trouble::Again(entry.line, entry.name.bytes(), old)));
        }
    }
    found.sort_by_key(|&(at, _)| at);
    for (at, trouble) in found {
        let place = |line: usize| [path, format!(", line {line}: ").as_bytes()].concat();
        match trouble {
            Trouble::Again(line, name, old) => {
                messages.warning([&place(line), &b"overriding earlier entry: "[..], name, b"=", old].concat());
            }
            Trouble::Fault(fault) => match fault.kind {
                FaultKind::LeadingWhiteSpace => {
                    messages.warning(leading_white_space(path, &joined(source.slice(fault.span))));
                }
                FaultKind::ZeroByte => messages.warning(zero_byte(path, source, at)),
                kind => {
                    let words: &[u8] = match kind {
                        FaultKind::MissingName => b"missing attribute name: \"",
                        _ => b"missing '=' after attribute name: \"",
                    };
                    let text = joined(source.slice(fault.span));
                    let text = text.split(|&byte| byte == 0).next().unwrap_or_default();
                    return Err(Fatal::new([&place(source.position(at).line), words, text, b"\""].concat()));
                }
            },
        }
    }
    Ok(())
}

enum Trouble<'a> {
    Fault(&'a Fault),
    /// A name that was set before: line, name, earlier value.
    Again(usize, &'a [u8], &'a [u8]),
}

/// The warning about a zero byte at an offset: it names all lines that are read with it, comments behind them too.
pub(in crate::commands::dropin) fn zero_byte(path: &[u8], source: &Source, at: usize) -> Vec<u8> {
    let mut lines = LogicalLines::new(source.bytes());
    let first = lines.by_ref().find(|line| line.extent().end > at).map_or(1, |line| line.line);
    let last = source.position(lines.offset().saturating_sub(1)).line;
    let range = if last > first { format!("{first}-{last}") } else { first.to_string() };
    [path, format!(", line {range}: text after null byte may be ignored").as_bytes()].concat()
}

/// The text of a logical line from its extent: comments and newlines left out.
pub(in crate::commands::dropin) fn joined(extent: &[u8]) -> Vec<u8> {
    let lines = extent.split(|&byte| byte == b'\n').enumerate();
    lines
        .filter(|(at, line)| *at == 0 || !crate::syntax::logical::is_comment(line))
        .flat_map(|(_, line)| line)
        .copied()
        .collect()
}

/// The warning about a first line that begins with white space; no more than 30 bytes of it are shown.
pub(in crate::commands::dropin) fn leading_white_space(file: &[u8], text: &[u8]) -> Vec<u8> {
    let text = text.split(|&byte| byte == 0).next().unwrap_or_default();
    let (shown, more): (&[u8], &[u8]) = if text.len() > 30 { (&text[..30], b"...") } else { (text, b"") };
    [file, b": logical line must not start with whitespace: \"", shown, more, b"\""].concat()
}
