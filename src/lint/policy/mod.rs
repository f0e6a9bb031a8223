//! How a site is judged: which rules are looked for, how bad their findings are, and where they are not told.

pub mod baseline;
pub mod comment;
pub mod followers;
pub mod path_pattern;
pub mod selection;
pub mod settings;
pub mod suppression;

use self::selection::{Selection, Selector};
use self::settings::LintSettings;
use crate::diagnostic::{Finding, Rule};

/// The choices of one run.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    selection: Selection,
    settings: LintSettings,
}

impl Policy {
    /// The settings of a file, then what the command line selects and ignores.
    #[must_use]
    pub fn new(settings: LintSettings, select: Option<&[Selector]>, ignore: &[Selector]) -> Self {
        let selection = Selection::default().layer(settings.select.as_deref(), &settings.ignore).layer(select, ignore);
        Self { selection, settings }
    }

    /// What the file says.
    #[must_use]
    pub fn settings(&self) -> &LintSettings {
        &self.settings
    }

    /// Whether a rule is looked for at all.
    #[must_use]
    pub fn looks_for(&self, rule: &Rule) -> bool {
        self.selection.holds(rule)
    }

    /// Whether a rule is looked for in the file of this name.
    #[must_use]
    pub fn looks_for_in(&self, file: &str, rule: &Rule) -> bool {
        self.looks_for(rule) && !self.settings.ignored_in(file, rule)
    }

    /// The finding as it is told: with the severity that the settings give its rule; nothing if it is not told in its
    /// file.
    #[must_use]
    pub fn judge(&self, mut finding: Finding) -> Option<Finding> {
        let file = finding.labels.first().map_or("", |label| label.source.name());
        if !self.looks_for_in(file, finding.rule) {
            return None;
        }
        if let Some(severity) = self.settings.severities.get(finding.rule.code) {
            finding.severity = *severity;
        }
        Some(finding)
    }
}
