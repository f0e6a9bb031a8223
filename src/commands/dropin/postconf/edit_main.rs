//! Editing main.cf: `-e`, `-X`, `-#`.

use super::options::Options;
use crate::commands::dropin::messages::{Fatal, Messages};
use crate::config::edit::rewrite::{Action, rewrite_main_cf};
use crate::syntax::FaultKind;
use crate::syntax::logical::trim_start;
use crate::syntax::main_cf::split_assignment;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Edits main.cf in a directory.
///
/// # Errors
/// Operands that make no sense, or a file that cannot be read or replaced.
pub fn edit(options: &Options, directory: &Path, messages: &Messages) -> Result<(), Fatal> {
    let edits = edits(options, messages)?;
    let path = directory.join("main.cf");
    super::edit_file(&path, messages, |text| {
        let done = rewrite_main_cf(text, &edits);
        for name in done.repeated {
            let head = format!("{}: multiple entries for \"", path.display());
            messages.warning([head.as_bytes(), &name, b"\""].concat());
        }
        Ok(done.text)
    })
}

fn edits(options: &Options, messages: &Messages) -> Result<Vec<(Vec<u8>, Action)>, Fatal> {
    let mut edits: Vec<(Vec<u8>, Action)> = Vec::new();
    for operand in &options.operands {
        let text = operand.as_bytes();
        check_operand(text, "-e, -X, or -# accepts")?;
        // Blanks at the end belong to a name, and are shown.
        let text = trim_start(text);
        let (name, action) = if options.has('e') {
            let (name, value) = assignment(text)?;
            (name, Action::Set(value))
        } else if memchr::memchr(b'=', text).is_some() {
            return Err(Fatal::new("-X or -# requires names without value"));
        } else if text.is_empty() {
            return Err(Fatal::new("-X or -# requires non-blank parameter names"));
        } else {
            (text.to_vec(), if options.has('X') { Action::Remove } else { Action::CommentOut })
        };
        match edits.iter_mut().find(|(known, _)| *known == name) {
            Some(known) => {
                if let Action::Set(value) = &known.1
                    && known.1 != action
                {
                    let earlier = [known.0.as_slice(), b" = ", value].concat();
                    messages.warning([b"ignoring earlier request: '", earlier.as_slice(), b"'"].concat());
                }
                known.1 = action;
            }
            None => edits.push((name, action)),
        }
    }
    // New names are appended in this order.
    edits.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(edits)
}

/// What can stand in no edit; `who_accepts` begins the words about it.
///
/// # Errors
/// A comment, or more than one line.
pub fn check_operand(text: &[u8], who_accepts: &str) -> Result<(), Fatal> {
    if text.contains(&b'\n') {
        return Err(Fatal::new(format!("{who_accepts} no multi-line input")));
    }
    if trim_start(text).first() == Some(&b'#') {
        return Err(Fatal::new(format!("{who_accepts} no comment input")));
    }
    Ok(())
}

/// Splits `name=value`.
///
/// # Errors
/// Anything else.
pub fn assignment(text: &[u8]) -> Result<(Vec<u8>, Vec<u8>), Fatal> {
    match split_assignment(text) {
        Ok((name, _, value)) => Ok((text[name].to_vec(), text[value].to_vec())),
        Err(fault) => Err(Fatal::new([assignment_fault(fault), b": \"", text, b"\""].concat())),
    }
}

/// What is wrong with text that is not `name=value`, in Postfix's words.
pub fn assignment_fault(fault: FaultKind) -> &'static [u8] {
    match fault {
        FaultKind::MissingName => b"missing attribute name",
        _ => b"missing '=' after attribute name",
    }
}
