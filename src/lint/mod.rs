//! Floor 6: what is wrong with a site.
//!
//! Rules see one read-only [`LoadedSite`]; each is one file under `rules/`, declared once: code, name, severity and
//! documentation beside the check itself. [`registry::rules`] lists them all.

pub mod fixes;
pub mod policy;
pub mod registry;
pub mod rules;
pub mod site;

pub use policy::Policy;
pub use registry::{LintRule, declarations, rules};
pub use site::{LoadedSite, Table};

use crate::base::threads;
use crate::diagnostic::Finding;
use rayon::prelude::*;

/// Looks for every rule, and returns the findings in the order of files and places.
#[must_use]
pub fn lint(site: &LoadedSite) -> Vec<Finding> {
    lint_by(site, &Policy::default())
}

/// Looks for what a policy asks for; what comments in the text silence is left out.
#[must_use]
pub fn lint_by(site: &LoadedSite, policy: &Policy) -> Vec<Finding> {
    let asked: Vec<&LintRule> = rules().iter().filter(|lint| policy.looks_for(lint.rule)).collect();
    threads::share_out();
    // Rules know nothing of each other; what they find is put together in their order.
    let found = asked.into_par_iter().map(|lint| {
        let mut findings = Vec::new();
        (lint.check)(site, &mut findings);
        findings
    });
    let mut findings: Vec<Finding> = found.collect::<Vec<_>>().into_iter().flatten().collect();
    policy::followers::drop_followers(site, &mut findings);
    policy::suppression::silence(site, policy, &mut findings);
    let mut findings: Vec<Finding> = findings.into_iter().filter_map(|finding| policy.judge(finding)).collect();
    findings.sort_by(|a, b| a.order().cmp(&b.order()));
    findings
}
