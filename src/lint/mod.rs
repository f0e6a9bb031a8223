//! Floor 6: what is wrong with a site.
//!
//! Rules see one read-only [`Site`]; each is one file under `rules/`, declared once: code, name, severity and documentation
//! beside the check itself. [`registry::rules`] lists them all.

pub mod registry;
pub mod rules;
pub mod site;

pub use registry::{LintRule, rules};
pub use site::{IndexState, Site, Table};

use crate::diagnostic::Finding;

/// Runs every rule and returns the findings in the order of files and places.
#[must_use]
pub fn lint(site: &Site) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in rules() {
        (rule.check)(site, &mut findings);
    }
    findings.sort_by(|a, b| a.order().cmp(&b.order()));
    findings
}
