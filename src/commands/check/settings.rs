//! Where `check` finds its settings: `postwright.toml` beside main.cf, or the nearest one above it.

use crate::base::Source;
use crate::lint::settings::{FILE_NAME, LintSettings};
use crate::maps::types::system_words;
use std::io;
use std::path::Path;

/// The settings for what lies in `directory`; those of an empty file where there is none.
///
/// # Errors
/// A file that cannot be read, or holds something that means nothing.
pub(super) fn read_above(directory: &Path) -> Result<LintSettings, String> {
    // Links count by where they lead, as the system counts `..`.
    let here = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let real = std::fs::canonicalize(here).unwrap_or_else(|_| here.to_path_buf());
    for (depth, above) in real.ancestors().enumerate() {
        let path = if depth == 0 { directory.join(FILE_NAME) } else { above.join(FILE_NAME) };
        match Source::read(&path) {
            Ok(source) => return LintSettings::parse(&source).map_err(|error| error.to_string()),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
            // Who may not enter a directory cannot know what lies there, and it is not the one that is looked at.
            Err(error) if depth > 0 && error.kind() == io::ErrorKind::PermissionDenied => {}
            Err(error) => return Err(format!("{}: {}", path.display(), system_words(&error))),
        }
    }
    Ok(LintSettings::default())
}
