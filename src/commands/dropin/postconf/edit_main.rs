//! Editing main.cf: `-e`, `-X`, `-#`.

use super::assignment::{assignment, check_operand};
use super::edited_file::edit_file;
use super::options::Options;
use crate::commands::dropin::program::messages::{Fatal, Messages};
use crate::config::edit::rewrite::{Action, rewrite_main_cf};
use crate::syntax::logical::trim_start;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Edits main.cf in a directory.
///
/// # Errors
/// Operands that make no sense, or a file that cannot be read or replaced.
pub fn edit(options: &Options, directory: &Path, messages: &Messages) -> Result<(), Fatal> {
    let edits = edits(options, messages)?;
    let path = directory.join("main.cf");
    edit_file(&path, messages, |text| {
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
