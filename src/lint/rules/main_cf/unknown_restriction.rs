//! MC015: a word in a restriction list that is neither a restriction nor a class, or that lacks its argument.

use crate::config::catalogue::{self, Argument, restriction_lists, restrictions};
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::restriction_lists::{StepKind, restriction_list};
use crate::lint::set_values::set_values;
use crate::lint::site::Site;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MC015",
    name: "unknown-restriction",
    family: Family::MainCf,
    severity: Severity::Error,
    summary: "a word in a restriction list that is neither a restriction nor a class, or that lacks its argument",
    why: "The SMTP server answers `451 4.3.5 Server configuration error` when it comes to the word.",
    example: "smtpd_helo_restrictions = reject_unknown_helo_hostnam\n",
    remedy: "Correct the word, or name it in smtpd_restriction_classes and give it a list.",
    fix: None,
    link: "https://www.postfix.org/SMTPD_ACCESS_README.html",
};

/// Looks for it.
pub fn check(site: &Site, findings: &mut Vec<Finding>) {
    // A list of main.cf that every service overrides is never looked at, but rarely meant to be wrong.
    for set in set_values(site) {
        let name = set.parameter_name();
        if !restriction_lists().iter().any(|list| list.parameter == name) {
            continue;
        }
        let list = restriction_list(site, &name, set.service);
        for step in &list.steps {
            let (message, label) = match step.kind {
                StepKind::Unknown => (format!("{} is no restriction", step.word), "unknown"),
                StepKind::Restriction(known) if known.argument != Argument::None && step.argument.is_none() => {
                    (format!("{} lacks its argument", step.word), "nothing stands behind it")
                }
                _ => continue,
            };
            let mut finding = Finding::new(&RULE, message).at(set.source, step.span, label);
            finding.help = Some(match step.kind {
                StepKind::Restriction(known) => match known.argument {
                    Argument::Table => "name a table behind it, as type:name".to_string(),
                    Argument::Domain => "name the domain of a DNS list behind it".to_string(),
                    Argument::Seconds => "write a number of seconds behind it".to_string(),
                    _ => "name the policy server behind it, as unix:private/policy or inet:host:port".to_string(),
                },
                _ => match catalogue::suggest(&step.word, restrictions().iter().map(|known| known.name)).first() {
                    Some(similar) => format!("did you mean {similar}?"),
                    None => RULE.remedy.to_string(),
                },
            });
            findings.push(finding);
        }
    }
}
