//! MC015: a word in a restriction list that is neither a restriction nor a class, or that lacks its argument.

use crate::base::suggest;
use crate::config::catalogue::{Argument, restriction_lists, restrictions};
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::restriction_lists::{Step, StepKind, restriction_list, smtp_servers};
use crate::lint::site::set_values::set_values;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MC015",
    name: "unknown-restriction",
    family: Family::MainCf,
    severity: Severity::Error,
    summary: "a word in a restriction list that is neither a restriction nor a class, or that lacks its argument",
    why: "The SMTP server answers `451 4.3.5 Server configuration error` when it comes to the word. What lacks only the domain of \
          a DNS list has no effect.",
    example: "smtpd_helo_restrictions = reject_unknown_helo_hostnam\n",
    remedy: "Correct the word, or name it in smtpd_restriction_classes and give it a list.",
    fix: None,
    link: "https://www.postfix.org/SMTPD_ACCESS_README.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let servers = smtp_servers(site);
    for set in set_values(site) {
        let name = set.parameter_name();
        if !restriction_lists().iter().any(|list| list.parameter == name) {
            continue;
        }
        // A list of main.cf that every service overrides is never looked at, but rarely meant to be wrong.
        let is_read = set.service.is_some()
            || servers.iter().any(|server| server.is_none_or(|server| server.value(name.as_bytes()).is_none()));
        let list = restriction_list(site, &name, set.service);
        // What is behind a word that decides always is never reached, which another rule tells.
        let end = list.steps.iter().position(Step::ends).map_or(list.steps.len(), |end| end + 1);
        for step in &list.steps[..end] {
            let (message, label) = match step.kind {
                StepKind::Unknown => (format!("{} is no restriction", step.word), "unknown"),
                StepKind::Restriction(known) if known.argument == Argument::Domain && step.argument.is_none() => {
                    (format!("{} lacks its argument", step.word), "nothing stands behind it: has no effect")
                }
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
                _ => match suggest(&step.word, restrictions().iter().map(|known| known.name)).first() {
                    Some(similar) => format!("did you mean {similar}?"),
                    None => RULE.remedy.to_string(),
                },
            });
            // The server only warns about a list of a domain that is not named.
            let is_ignored = matches!(step.kind, StepKind::Restriction(known) if known.argument == Argument::Domain);
            if is_ignored || !is_read {
                finding = finding.severity(Severity::Warning);
            }
            findings.push(finding);
        }
    }
}
