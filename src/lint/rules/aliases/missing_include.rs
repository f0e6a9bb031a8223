//! AL003: an `:include:` of a file that is not there.

use super::each_include;
use crate::base::system_words;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "AL003",
    name: "missing-include",
    family: Family::Aliases,
    severity: Severity::Error,
    summary: "an `:include:` of a file that cannot be read",
    why: "Mail for the alias does not reach anyone on the list.",
    example: "staff: :include:/etc/postfix/no-such-file\n",
    remedy: "Create the file or correct its path, which must be absolute.",
    fix: None,
    link: "https://www.postfix.org/aliases.5.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    each_include(site, |name, path, source, span| {
        let shown = String::from_utf8_lossy(name);
        let trouble = match std::fs::metadata(&path) {
            _ if !name.starts_with(b"/") => "the path is not absolute".to_string(),
            Err(error) => system_words(&error),
            Ok(metadata) if !metadata.is_file() => "not a regular file".to_string(),
            Ok(_) => return,
        };
        findings.push(
            Finding::new(&RULE, format!(":include: of {shown}: {trouble}")).at(source, span, "here").help(RULE.remedy),
        );
    });
}
