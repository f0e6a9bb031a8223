//! MC025: a file that a program makes the configuration of first.

use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::templates::placeholders;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MC025",
    name: "template",
    family: Family::MainCf,
    severity: Severity::Info,
    summary: "a template, whose placeholders are filled in later",
    why: "What Jinja, ERB or another program will put in their place is not known: lines that hold one are not judged.",
    example: "myhostname = {{ inventory_hostname }}\n",
    remedy: "Check what comes out of the template.",
    fix: None,
    link: "https://www.postfix.org/postconf.5.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    for source in site.sources() {
        let found = placeholders(source);
        let Some(first) = found.first() else { continue };
        let lines = if found.len() == 1 { "1 place".to_string() } else { format!("{} places", found.len()) };
        findings.push(
            Finding::new(&RULE, format!("this is a template: {lines} of it cannot be judged"))
                .at(source, *first, "filled in later")
                .help(RULE.remedy),
        );
    }
}
