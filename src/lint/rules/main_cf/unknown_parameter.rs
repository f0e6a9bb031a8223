//! MC003: a name that Postfix does not know and nothing refers to.

use crate::base::Edit;
use crate::config::Configuration;
use crate::config::catalogue::{self, NameKind, ParameterSuggestion};
use crate::diagnostic::{Family, Finding, Fix, Rule, Safety, Severity};
use crate::lint::site::LoadedSite;
use crate::mail::host_name::is_host_name;
use crate::syntax::main_cf::Assignment;
use std::sync::Arc;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MC003",
    name: "unknown-parameter",
    family: Family::MainCf,
    severity: Severity::Warning,
    summary: "a parameter that no Postfix knows and nothing refers to",
    why: "Postfix ignores it: most often a slip of the pen, and the parameter that was meant keeps its default.",
    example: "my_hostname = mail.example.com\n",
    remedy: "Correct the name, or remove the line.",
    fix: Some(Safety::Unsafe),
    link: "https://www.postfix.org/postconf.5.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let configuration = &site.configuration;
    let used = configuration.used_names();
    // Two slips of one name: renaming both would set it twice.
    let mut given = std::collections::HashSet::new();
    for entry in &configuration.files.main.entries {
        let name = entry.name.to_string_lossy();
        if used.contains(entry.name.bytes()) || is_known(configuration, &name) {
            continue;
        }
        let meant = catalogue::suggest_parameter(&name);
        let help = words(&name, &meant);
        // Of a main.cf by itself nobody knows which names master.cf refers to, and which transports it has.
        let is_alone = !site.is_whole && configuration.files.master.is_none();
        if is_alone && (help.is_none() || catalogue::service_parameter(&name).is_some()) {
            continue;
        }
        let mut finding = Finding::new(&RULE, format!("unknown parameter {name}")).at(
            configuration.files.main.tree.source(),
            entry.name.span(),
            "Postfix ignores this",
        );
        finding.help = help;
        finding.fix = renaming(site, entry, &meant).filter(|fix| given.insert(fix.title.clone()));
        findings.push(finding);
    }
}

/// Whether any version of Postfix has the parameter, or a service of the site brings it about.
#[must_use]
pub fn is_known(configuration: &Configuration, name: &str) -> bool {
    catalogue::parameter(name).is_some()
        || configuration.is_service_parameter(name)
        || catalogue::deprecation(NameKind::Parameter, name).is_some()
}

/// Gives the entry the one name that may have been meant, unless that is set already or does not exist in the target.
fn renaming(site: &LoadedSite, entry: &Assignment, meant: &ParameterSuggestion) -> Option<Fix> {
    let ([name], None) = (meant.similar.as_slice(), meant.restriction) else { return None };
    let files = &site.configuration.files;
    let target = site.configuration.platform.target;
    // A name of a transport that does not exist would be as unknown.
    let exists = catalogue::parameter(name).is_some_and(|parameter| parameter.exists_in(target))
        || site.configuration.is_service_parameter(name);
    // Without a host name there no program would run.
    let fits = !matches!(name.as_str(), "myhostname" | "mydomain") || is_host_name(entry.value.bytes());
    let edits = vec![Edit::replace(entry.name.span(), name.as_str())];
    (exists && fits && files.entry(name.as_bytes()).is_none()).then(|| Fix {
        title: format!("rename to {name}"),
        safety: Safety::Unsafe,
        source: Arc::clone(files.main.tree.source()),
        edits,
    })
}

/// What may have been meant.
#[must_use]
pub fn advice(name: &str) -> Option<String> {
    words(name, &catalogue::suggest_parameter(name))
}

fn words(name: &str, meant: &ParameterSuggestion) -> Option<String> {
    if meant.restriction.is_some() {
        return Some(format!("{name} is a restriction: it belongs inside a list such as smtpd_recipient_restrictions"));
    }
    let (last, others) = meant.similar.split_last()?;
    Some(if others.is_empty() {
        format!("did you mean {last}?")
    } else {
        format!("did you mean {} or {last}?", others.join(", "))
    })
}
