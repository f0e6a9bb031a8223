//! MS006: a `-o` with a name that no Postfix knows and nothing refers to.

use crate::base::Edit;
use crate::config::catalogue::{self, NameKind};
use crate::diagnostic::{Family, Finding, Fix, Rule, Safety, Severity};
use crate::lint::site::LoadedSite;
use std::sync::Arc;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MS006",
    name: "unknown-override",
    family: Family::MasterCf,
    severity: Severity::Warning,
    summary: "a `-o` with a name that no Postfix knows and nothing refers to",
    why: "The daemon ignores it: most often a slip of the pen, and the service works with the value of main.cf.",
    example: "smtp inet n - n - - smtpd\n  -o syslog_nam=postfix/in\n",
    remedy: "Correct the name, or remove the -o.",
    fix: Some(Safety::Unsafe),
    link: "https://www.postfix.org/postconf.5.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let configuration = &site.configuration;
    let Some(master) = &configuration.files.master else { return };
    let source = master.tree.source();
    let used = configuration.used_names();
    for service in &configuration.files.services {
        // Two slips of one name: renaming both would set it twice.
        let mut given = std::collections::HashSet::new();
        for set in &service.overrides {
            let name = set.name.to_string_lossy();
            let known = catalogue::parameter(&name).is_some()
                || configuration.is_service_parameter(&name)
                || used.contains(set.name.bytes())
                || site.configuration.is_restriction_class(set.name.bytes(), Some(service))
                // A name of the site's own, which main.cf gives a value.
                || configuration.files.entry(set.name.bytes()).is_some()
                || catalogue::deprecation(NameKind::Parameter, &name).is_some();
            if known {
                continue;
            }
            let place = format!("{} ignores this", service.label());
            let mut finding =
                Finding::new(&RULE, format!("unknown parameter {name} in -o")).at(source, set.name.span(), place);
            let meant = catalogue::suggest_parameter(&name);
            finding.help = Some(match meant.similar.split_last() {
                Some((last, [])) => format!("did you mean {last}?"),
                Some((last, others)) => format!("did you mean {} or {last}?", others.join(", ")),
                None => RULE.remedy.to_string(),
            });
            if let [only] = meant.similar.as_slice()
                && catalogue::parameter(only).is_some_and(|only| only.exists_in(configuration.platform.target))
                && service.value(only.as_bytes()).is_none()
                && given.insert(only.clone())
            {
                finding.fix = Some(Fix {
                    title: format!("rename to {only}"),
                    safety: Safety::Unsafe,
                    source: Arc::clone(source),
                    edits: vec![Edit::replace(set.name.span(), only.as_str())],
                });
            }
            findings.push(finding);
        }
    }
}
