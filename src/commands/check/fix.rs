//! `check --fix`: findings that can mend themselves do so, until none is left; and what was mended is written, or
//! shown.
//!
//! All is done in memory first: each round looks at the texts as the last one left them. A file is then replaced whole,
//! under the lock of postconf, and only if it still holds what was looked at; else all is looked at anew.

use crate::base::{Overlay, Source};
use crate::commands::terminal::output::{Output, not_edited};
use crate::commands::terminal::unified_diff;
use crate::config::edit::place::EditPlace;
use crate::config::edit::replace::{CHANGED, EditError, edit_file};
use crate::diagnostic::{Finding, Fix};
use crate::lint::fixes::apply_fixes;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

/// Rounds after which fixes that undo each other are left alone.
const MOST_ROUNDS: usize = 10;

/// What was found, and how much more a baseline holds back.
type Look = (Vec<Finding>, usize);

/// Why what was mended is not on disk.
pub(super) struct NotWritten {
    /// Somebody else changed a file meanwhile: looking at all anew may help.
    pub(super) changed: bool,
    /// What is said of it.
    pub(super) message: String,
}

/// What was mended so far.
#[derive(Debug, Default)]
pub(super) struct MendedTexts {
    /// The texts as they are now.
    pub(super) overlay: Overlay,
    /// How many fixes were carried out, by name of the text.
    counts: BTreeMap<String, usize>,
    /// The texts as they were read, by name.
    before: BTreeMap<String, Arc<Source>>,
    /// Where they are written, by name.
    pub(super) places: HashMap<String, EditPlace>,
}

impl MendedTexts {
    /// Carries out fixes of what `look` finds in the texts, and looks again, until there is none; returns what was
    /// found at first, and what is left.
    ///
    /// # Errors
    /// Those of looking.
    pub(super) fn mend(
        &mut self,
        look: impl Fn(&Overlay) -> Result<Look, String>,
        wanted: impl Fn(&Fix) -> bool,
    ) -> Result<(Look, Look), String> {
        let first = look(&self.overlay)?;
        let mut last = first.clone();
        for _ in 0..MOST_ROUNDS {
            let mended = apply_fixes(&last.0, &wanted);
            if mended.is_empty() {
                break;
            }
            for fix in last.0.iter().filter_map(|finding| finding.fix.as_ref()) {
                self.before.entry(fix.source.name().to_string()).or_insert_with(|| Arc::clone(&fix.source));
            }
            for text in mended {
                *self.counts.entry(text.source.name().to_string()).or_default() += text.count;
                self.overlay.set(text.source);
            }
            last = look(&self.overlay)?;
        }
        Ok((first, last))
    }

    /// How many fixes were carried out.
    pub(super) fn count(&self) -> usize {
        self.counts.values().sum()
    }

    /// The texts that changed: before, and now.
    fn changed(&self) -> impl Iterator<Item = (&Arc<Source>, &Arc<Source>)> {
        let before = |now: &Source| self.before.get(now.name());
        self.overlay
            .texts()
            .filter_map(move |now| Some((before(now)?, now)))
            .filter(|(old, new)| old.bytes() != new.bytes())
    }

    /// Shows what changed as a unified diff; `named` gives the names of files.
    pub(super) fn show(&self, named: impl Fn(&str) -> String, output: &Output) {
        for (old, new) in self.changed() {
            unified_diff::show(&named(old.name()), old.bytes(), new.bytes(), output);
        }
    }

    /// Writes what changed, and adds to `fixed` how many fixes are on disk now.
    ///
    /// # Errors
    /// The first file that cannot be written, or was changed by somebody else meanwhile; those before it are written.
    pub(super) fn write(&self, fixed: &mut usize, output: &Output) -> Result<(), NotWritten> {
        let mut written = 0;
        for (old, new) in self.changed() {
            let path = Path::new(old.name());
            let Some(place) = self.places.get(old.name()) else { continue };
            let edited = edit_file(place, |text| match text == old.bytes() {
                true => Ok((Some(new.bytes().to_vec()), ())),
                false => Err(format!("{}: {CHANGED}", path.display())),
            });
            let edited = edited.map_err(|error| {
                *fixed += written;
                let changed = matches!(error, EditError::Change(_) | EditError::Busy);
                NotWritten { changed, message: not_edited(path, error) }
            })?;
            output.warn_of_lost(path, &edited.lost);
            written += self.counts.get(old.name()).copied().unwrap_or_default();
        }
        *fixed += self.count();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::terminal::output::Color;

    #[test]
    fn a_file_that_somebody_else_changed_is_not_written_and_those_before_it_count() -> std::io::Result<()> {
        let scratch = tempfile::tempdir()?;
        let mut mended = MendedTexts::default();
        for name in ["a", "b"] {
            let path = scratch.path().join(name).to_string_lossy().into_owned();
            std::fs::write(&path, "old")?;
            mended.before.insert(path.clone(), Arc::new(Source::new(path.clone(), "old")));
            mended.overlay.set(Arc::new(Source::new(path.clone(), "new")));
            mended.places.insert(path.clone(), EditPlace::at(Path::new(&path))?);
            mended.counts.insert(path, 3);
        }
        std::fs::write(scratch.path().join("b"), "theirs")?;
        let mut fixed = 1;
        let refused = mended.write(&mut fixed, &Output::new(true, Color::Never));
        let told = refused.map_err(|refused| (refused.changed, refused.message));
        let message = format!("{}/b: changed by somebody else meanwhile; not written", scratch.path().display());
        assert_eq!((told, fixed), (Err((true, message)), 4));
        assert_eq!(std::fs::read(scratch.path().join("a"))?, b"new");
        assert_eq!(std::fs::read(scratch.path().join("b"))?, b"theirs");
        Ok(())
    }
}
