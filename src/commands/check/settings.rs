//! Where `check` finds its settings: `postwright.toml` beside main.cf, or the nearest one above it.

use crate::config::project::nearest;
use crate::lint::policy::settings::LintSettings;
use std::path::Path;

/// The settings for what lies in `directory`; those of an empty file where there is none.
///
/// # Errors
/// A file that cannot be read, or holds something that means nothing.
pub(super) fn read_above(directory: &Path) -> Result<LintSettings, String> {
    match nearest(directory)? {
        Some(source) => Ok(LintSettings::parse(&source)?),
        None => Ok(LintSettings::default()),
    }
}
