//! What drop-in programs say on standard error, and how they end: `NAME: warning: …`, `NAME: fatal: …` and an exit
//! status.

use crate::base::carried_over::Lost;
use crate::base::regular_file::NotRegular;
use crate::base::system_words;
use crate::commands::terminal::output::not_kept;
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

/// Standard error under the name of a program.
#[derive(Debug)]
pub struct Messages {
    program: OsString,
    /// Whether characters beyond ASCII are shown.
    utf8: AtomicBool,
}

/// Why a program ends before its work is done: what it says, and its exit status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fatal {
    /// What stands behind `fatal: `; nothing is said if there is nothing.
    pub message: Option<Vec<u8>>,
    /// The exit status.
    pub status: u8,
}

impl Fatal {
    /// An end with status 1, that of the table programs.
    #[must_use]
    pub fn new(message: impl Into<Vec<u8>>) -> Self {
        Self { message: Some(message.into()), status: 1 }
    }

    /// A step that the system refused: `open PATH: No such file or directory`.
    #[must_use]
    pub fn system(step: &str, path: impl AsRef<OsStr>, error: &std::io::Error) -> Self {
        let path = path.as_ref().as_bytes();
        Self::new([step.as_bytes(), b" ", path, b": ", system_words(error).as_bytes()].concat())
    }

    /// A file that cannot be opened.
    #[must_use]
    pub fn open(path: impl AsRef<OsStr>, error: &std::io::Error) -> Self {
        Self::new([b"open ", path.as_ref().as_bytes(), b": ", open_words(error).as_bytes()].concat())
    }

    /// Standard output that takes no more. A reader that went away is no reason for words.
    #[must_use]
    pub fn output(error: &std::io::Error) -> Self {
        match error.kind() {
            // What a shell shows for a program that SIGPIPE ended.
            std::io::ErrorKind::BrokenPipe => Self { message: None, status: 141 },
            _ => Self::new(format!("write to standard output: {}", system_words(error))),
        }
    }
}

impl Messages {
    /// Messages of the program that was called by this name; its last part is shown.
    #[must_use]
    pub fn new(called: &OsStr) -> Self {
        let program = Path::new(called).file_name().unwrap_or(called).to_os_string();
        Self { program, utf8: AtomicBool::new(false) }
    }

    /// Messages of a program that shows its name as it was called.
    #[must_use]
    pub fn as_called(called: &OsStr) -> Self {
        Self { program: called.to_os_string(), utf8: AtomicBool::new(false) }
    }

    /// Shows characters beyond ASCII from now on, or no more (`smtputf8_enable`).
    pub fn show_utf8(&self, utf8: bool) {
        self.utf8.store(utf8, Ordering::Relaxed);
    }

    /// Says something without a severity.
    pub fn say(&self, text: impl AsRef<[u8]>) {
        self.write(b"", text.as_ref());
    }

    /// Warns.
    pub fn warning(&self, text: impl AsRef<[u8]>) {
        self.write(b"warning: ", text.as_ref());
    }

    /// Says the last words of a program and gives its exit status.
    #[must_use]
    pub fn end(&self, outcome: Result<ExitCode, Fatal>) -> ExitCode {
        match outcome {
            Ok(status) => status,
            Err(fatal) => {
                if let Some(message) = fatal.message {
                    self.write(b"fatal: ", &message);
                }
                ExitCode::from(fatal.status)
            }
        }
    }

    /// A line as it is, for words that the C library would have written.
    pub fn raw(&self, text: &[u8]) {
        let line = [self.program.as_bytes(), b": ", text, b"\n"].concat();
        // Nobody is left to be told of a failure.
        let _ = std::io::stderr().write_all(&line);
    }

    fn write(&self, severity: &[u8], text: &[u8]) {
        self.raw(&printable(&[severity, text].concat(), self.utf8.load(Ordering::Relaxed)));
    }
}

/// Why a file could not be opened. Sockets nobody can open; Postfix does open other things that we refuse.
#[must_use]
pub fn open_words(error: &std::io::Error) -> String {
    match NotRegular::of(error) {
        Some(NotRegular::SOCKET) => system_words(&NotRegular::SOCKET.as_system_error()),
        _ => system_words(error),
    }
}

/// Warns of what a new file could not get of the old one.
pub fn warn_of_lost(path: &Path, lost: &[Lost], messages: &Messages) {
    for lost in lost {
        messages.warning(not_kept(path, lost));
    }
}

/// The text with `?` for every byte that a terminal should not see: control characters, and what is not UTF-8 (or,
/// without `utf8`, not ASCII).
fn printable(text: &[u8], utf8: bool) -> Vec<u8> {
    let plain = |&byte: &u8| if (0x20..0x7f).contains(&byte) { byte } else { b'?' };
    let mut shown = Vec::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        let valid = chunk.valid().as_bytes();
        if utf8 {
            shown.extend(valid.iter().map(|byte| if byte.is_ascii() { plain(byte) } else { *byte }));
        } else {
            shown.extend(valid.iter().map(plain));
        }
        shown.extend(chunk.invalid().iter().map(plain));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unprintable_bytes_become_question_marks() {
        let cases: &[(&[u8], &str, &str)] = &[
            (b"a\tb\x7f\n", "a?b??", "a?b??"),
            ("ä\u{80}\u{202e}".as_bytes(), "ä\u{80}\u{202e}", "???????"),
            (b"\xff\xc3x\xed\xa0\x80", "??x???", "??x???"),
        ];
        for (text, utf8, ascii) in cases {
            assert_eq!(printable(text, true), utf8.as_bytes(), "{text:?}");
            assert_eq!(printable(text, false), ascii.as_bytes(), "{text:?}");
        }
    }
}
