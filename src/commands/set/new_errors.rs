//! What a change would break: the errors that `check` finds in main.cf and master.cf after it and did not find before.

use super::Set;
use crate::base::{Overlay, Source};
use crate::config::{Platform, Site};
use crate::diagnostic::{Finding, Severity};
use crate::lint::policy::settings::LintSettings;
use crate::lint::{LoadedSite, Policy, lint_by};
use std::sync::Arc;

/// The errors in a text that stands for the file of its name, without those that the old text has too.
///
/// Tables are not looked at: one may be made after the parameter that names it.
pub(super) fn new_errors(old: &Arc<Source>, new: &Arc<Source>, options: &Set, platform: &Platform) -> Vec<Finding> {
    let policy = Policy::new(LintSettings::default(), None, &[]);
    let errors = |text: &Arc<Source>| -> Vec<Finding> {
        let mut overlay = Overlay::default();
        overlay.set(Arc::clone(text));
        // Without main.cf there is nothing to break.
        let Ok(site) = Site::open(&options.site.location(None), platform.clone(), &overlay) else { return Vec::new() };
        let mut found = lint_by(&LoadedSite::without_tables(site), &policy);
        found.retain(|finding| finding.severity == Severity::Error);
        found
    };
    let mut new = errors(new);
    if !new.is_empty() {
        let old = errors(old);
        let is_old = |finding: &Finding| {
            old.iter().any(|other| other.rule.code == finding.rule.code && other.message == finding.message)
        };
        new.retain(|finding| !is_old(finding));
    }
    new
}
