//! Where words go: results to standard output, warnings to standard error; a closed pipe ends the program quietly.

use crate::base::carried_over::Lost;
use crate::base::{FileError, system_words};
use crate::config::edit::lock::EditLock;
use crate::config::edit::replace::{CHANGED, EditError};
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

/// How to speak.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// Only what is wrong.
    pub quiet: bool,
    /// With colours.
    pub color: bool,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Color {
    /// If standard output is a terminal and `NO_COLOR` is not set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Output {
    /// Settles whether there is colour.
    #[must_use]
    pub fn new(quiet: bool, color: Color) -> Self {
        let color = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()),
        };
        Self { quiet, color }
    }

    /// Columns of the terminal; 100 elsewhere.
    #[must_use]
    pub fn width(&self) -> usize {
        let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok();
        size.map_or(100, |size| usize::from(size.ws_col)).clamp(40, 120)
    }

    /// Prints a line of the result.
    pub fn line(&self, text: &str) {
        self.text(&format!("{text}\n"));
    }

    /// Prints text of the result.
    pub fn text(&self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// Prints bytes of the result as they are.
    pub fn bytes(&self, bytes: &[u8]) {
        let mut out = std::io::stdout().lock();
        if let Err(error) = out.write_all(bytes).and_then(|()| out.flush()) {
            if error.kind() == std::io::ErrorKind::BrokenPipe {
                // Whoever read has seen enough.
                std::process::exit(141);
            }
            self.warning(&format!("postwright: standard output: {}", system_words(&error)));
            std::process::exit(2);
        }
    }

    /// Warns of what a new file could not get of the old one.
    pub fn warn_of_lost(&self, path: &Path, lost: &[Lost]) {
        for lost in lost {
            self.warning(&format!("postwright: warning: {}", crate::diagnostic::render::clean(&not_kept(path, lost))));
        }
    }

    /// Prints a warning.
    pub fn warning(&self, text: &str) {
        // With standard error gone there is nobody left to tell.
        let _ = writeln!(std::io::stderr().lock(), "{text}");
    }
}

/// The words for what a new file could not get of the old one.
#[must_use]
pub fn not_kept(path: &Path, lost: &Lost) -> String {
    format!("{}: {lost} could not be kept: {}", path.display(), system_words(&lost.error()))
}

/// The words for a file that was not edited.
#[must_use]
pub fn not_edited(path: &Path, error: EditError<String>) -> String {
    match error {
        // The directory is missing.
        EditError::Lock(error) if error.kind() == std::io::ErrorKind::NotFound => FileError::at(path)(error).into(),
        EditError::Lock(error) => {
            let lock = EditLock::name(path);
            format!("{}: the lock for editing: {}", lock.display(), system_words(&error))
        }
        EditError::Read(error) | EditError::Write(error) => FileError::at(path)(error).into(),
        EditError::Change(message) => message,
        EditError::Busy => format!("{}: {CHANGED}", path.display()),
    }
}

/// Says that the command cannot do its job, and ends it with status 2.
#[must_use]
pub fn fail(message: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr().lock(), "postwright: {}", crate::diagnostic::render::clean(message));
    ExitCode::from(2)
}

/// A block of text with lines of at most `width` columns, each behind `indent`; no word is cut.
#[must_use]
pub fn wrapped(text: &str, indent: &str, width: usize) -> String {
    let mut out = String::new();
    let mut column = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column > 0 && column + 1 + length <= width {
            out.push(' ');
            column += 1 + length;
        } else {
            if column > 0 {
                out.push('\n');
            }
            out.push_str(indent);
            column = indent.chars().count() + length;
        }
        out.push_str(word);
    }
    out.push('\n');
    out
}
