//! AL004: an `:include:` of a file that everybody may change.

use super::each_include;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use std::os::unix::fs::PermissionsExt;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "AL004",
    name: "writable-include",
    family: Family::Aliases,
    severity: Severity::Error,
    summary: "an `:include:` of a file that everybody may change",
    why: "local(8) refuses a list that is world-writable, and bounces mail for the alias.",
    example: "staff: :include:/etc/postfix/staff.list\n",
    remedy: "Take write access away: `chmod o-w`.",
    fix: None,
    link: "https://www.postfix.org/aliases.5.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    each_include(site, |name, path, source, span| {
        let Ok(metadata) = std::fs::metadata(&path) else { return };
        if metadata.is_file() && metadata.permissions().mode() & 0o002 != 0 {
            let shown = String::from_utf8_lossy(name);
            let finding = Finding::new(&RULE, format!("everybody may write to {shown}"));
            findings.push(finding.at(source, span, "included here").help(format!("run `chmod o-w {shown}`")));
        }
    });
}
