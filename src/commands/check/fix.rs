//! `check --fix`: findings that can mend themselves do so, until none is left; and what was mended is written, or shown.
//!
//! All is done in memory first: each round looks at the texts as the last one left them. A file is then replaced whole, under the
//! lock of postconf, and only if it still holds what was looked at.

use crate::base::{Overlay, Source, atomic_file, system_words};
use crate::commands::edit_lock::EditLock;
use crate::commands::output::Output;
use crate::commands::unified_diff;
use crate::diagnostic::{Finding, Fix};
use crate::lint::fixes::apply_fixes;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Rounds after which fixes that undo each other are left alone.
const MOST_ROUNDS: usize = 10;

/// What was found, and how much more a baseline holds back.
type Look = (Vec<Finding>, usize);

/// What was mended so far.
#[derive(Debug, Default)]
pub(super) struct Mending {
    /// The texts as they are now.
    pub(super) overlay: Overlay,
    /// How many fixes were carried out.
    pub(super) count: usize,
    /// The texts as they were read, by name.
    before: BTreeMap<String, Arc<Source>>,
}

impl Mending {
    /// Carries out fixes of what `look` finds in the texts, and looks again, until there is none; returns what was found at
    /// first, and what is left.
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
                self.count += text.count;
                self.overlay.set(text.source);
            }
            last = look(&self.overlay)?;
        }
        Ok((first, last))
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

    /// Writes what changed.
    ///
    /// # Errors
    /// The first file that cannot be written, or was changed by somebody else meanwhile; those before it are written.
    pub(super) fn write(&self) -> Result<(), String> {
        for (old, new) in self.changed() {
            let path = Path::new(old.name());
            let failed = |error: std::io::Error| format!("{}: {}", path.display(), system_words(&error));
            let _lock = EditLock::acquire(path).map_err(failed)?;
            if std::fs::read(path).map_err(failed)? != old.bytes() {
                return Err(format!("{}: changed by somebody else meanwhile; not written", path.display()));
            }
            atomic_file::replace(path, new.bytes(), 0o644).map_err(failed)?;
        }
        Ok(())
    }
}
