//! VER003: a parameter that the version of Postfix does not know yet.

use super::target;
use crate::config::catalogue::{self, Version};
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::set_values::set_values;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "VER003",
    name: "newer-parameter",
    family: Family::Versions,
    severity: Severity::Warning,
    summary: "a parameter that came with a later version of Postfix",
    why: "The version that the site is judged by (`--target`) ignores it.",
    example: "smtp_requiretls_policy = enforce\n",
    remedy: "Use a parameter that the version has, or a later version of Postfix.",
    fix: None,
    link: "https://www.postfix.org/postconf.5.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let target = target(site);
    for set in set_values(site) {
        let name = set.parameter_name();
        let Some(introduced) = introduced(site, &name).filter(|introduced| *introduced > target) else { continue };
        let message = format!("{name} came with Postfix {introduced}");
        findings.push(
            Finding::new(&RULE, message)
                .at(set.source, set.name.span(), format!("Postfix {target} ignores this"))
                .help(RULE.remedy),
        );
    }
}

fn introduced(site: &LoadedSite, name: &str) -> Option<Version> {
    if let Some(parameter) = catalogue::parameter(name) {
        return Some(parameter.introduced);
    }
    let (_, family) = catalogue::service_parameter(name).filter(|_| site.configuration.is_service_parameter(name))?;
    Some(family.introduced)
}
