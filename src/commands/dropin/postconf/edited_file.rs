//! Editing a file of the configuration under its lock, and Postfix's words where that fails.

use crate::commands::dropin::program::messages::{Fatal, Messages, open_words, warn_of_lost};
use crate::config::edit::lock::EditLock;
use crate::config::edit::place::EditPlace;
use crate::config::edit::replace::{self, EditError};
use std::path::Path;

/// Replaces a file by what `change` makes of it, which is asked again when somebody else changes the file meanwhile.
///
/// # Errors
/// A file that cannot be locked, read or replaced, and those of `change`.
pub fn edit_file(
    path: &Path,
    messages: &Messages,
    mut change: impl FnMut(&[u8]) -> Result<Vec<u8>, Fatal>,
) -> Result<(), Fatal> {
    let shown = path.display();
    let place = EditPlace::at(path).map_err(|error| Fatal::open(EditLock::name(path), &error))?;
    let edited = replace::edit_file(&place, |text| change(text).map(|text| (Some(text), ())));
    let edited = edited.map_err(|error| match error {
        EditError::Lock(error) => Fatal::open(EditLock::name(path), &error),
        EditError::Read(error) if error.kind() == std::io::ErrorKind::IsADirectory => {
            Fatal::new(format!("read {shown}: Is a directory"))
        }
        EditError::Read(error) => Fatal::new(format!("open {shown} for reading: {}", open_words(&error))),
        EditError::Change(fatal) => fatal,
        EditError::Write(error) => Fatal::system("close", EditLock::name(path), &error),
        EditError::Busy => Fatal::new(format!("{shown}: {}", replace::CHANGED)),
    })?;
    warn_of_lost(path, &edited.lost, messages);
    Ok(())
}
