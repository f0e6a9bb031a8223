//! MC015: a word in a restriction list that is neither a restriction nor a class, or that lacks its argument.

use crate::base::{Span, suggest};
use crate::config::catalogue::{self, Argument, restriction_lists, restrictions};
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::restriction_lists::{Step, StepKind, restriction_list, smtp_servers};
use crate::lint::site::set_values::{SetValue, set_values};
use crate::mail::address_filter::AddressFilter;
use crate::mail::host_name::{ascii_domain, is_host_name};

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MC015",
    name: "unknown-restriction",
    family: Family::MainCf,
    severity: Severity::Error,
    summary: "a word in a restriction list that is neither a restriction nor a class, or whose argument is missing or wrong",
    why: "The SMTP server answers `451 4.3.5 Server configuration error` when it comes to the word. What lacks only the domain of \
          a DNS list has no effect; with a filter of replies that is malformed, and for a class without a list, the server ends.",
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
        if name == "smtpd_restriction_classes" {
            classes_without_list(site, &set, findings);
            continue;
        }
        if !restriction_lists().iter().any(|list| list.parameter == name)
            && !site.configuration.is_restriction_class(name.as_bytes(), None)
        {
            continue;
        }
        // A list of main.cf that every service overrides is never looked at, but rarely meant to be wrong.
        let is_read = set.service.is_some()
            || servers.iter().any(|server| server.is_none_or(|server| server.value(name.as_bytes()).is_none()));
        let list = restriction_list(site, &name, set.service);
        // What is behind a word that decides always is never reached, which another rule tells.
        let end = list.steps.iter().position(Step::ends).map_or(list.steps.len(), |end| end + 1);
        for step in &list.steps[..end] {
            if let Some(finding) = wrong_argument(&set, step) {
                findings.push(if is_read { finding } else { finding.severity(Severity::Warning) });
                continue;
            }
            let (message, label) = match step.kind {
                // The classes are in main.cf, which is not known of a master.cf by itself.
                StepKind::Unknown if set.service.is_some() && !site.is_whole => continue,
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

/// An argument that is the next restriction, or a filter of replies that the server cannot read.
fn wrong_argument(set: &SetValue, step: &Step) -> Option<Finding> {
    let (StepKind::Restriction(known), Some(argument)) = (step.kind, step.argument.as_deref()) else { return None };
    if known.argument != Argument::None && catalogue::restriction(argument).is_some() {
        let message = format!("{} takes {argument}, the word behind it, as its argument", step.word);
        let help = match known.argument {
            Argument::Domain => format!("name the domain of a DNS list between {} and {argument}", step.word),
            _ => format!("write what {} needs before {argument}", step.word),
        };
        return Some(Finding::new(&RULE, message).at(set.source, step.span, "lacks its own").help(help));
    }
    if known.argument != Argument::Domain {
        return None;
    }
    let (zone, filter) = argument.split_once('=').map_or((argument, None), |(zone, filter)| (zone, Some(filter)));
    if !can_be_asked(&step.word, zone) {
        let told = Finding::new(&RULE, format!("{zone} is no domain: the list is never asked"))
            .severity(Severity::Warning)
            .at(set.source, step.span, format!("{} has no effect", step.word))
            .help("write the bare domain of the list, such as zen.example.com");
        return Some(told);
    }
    let filter = filter?;
    AddressFilter::parse(filter.as_bytes()).is_err().then(|| {
        Finding::new(&RULE, format!("{filter} is no filter of replies: the SMTP server ends"))
            .at(set.source, step.span, format!("behind {}", step.word))
            .help("write four parts such as 127.0.0.2 or 127.0.0.[2;4..6]")
    })
}

/// Whether a domain makes a name that the server would ask the DNS for.
fn can_be_asked(restriction: &str, zone: &str) -> bool {
    let is_of_address = matches!(restriction, "reject_rbl" | "reject_rbl_client" | "permit_dnswl_client");
    let before = if is_of_address { "2.0.0.127" } else { "example.com" };
    let name = format!("{before}.{zone}");
    ascii_domain(name.as_bytes()).is_some_and(|name| is_host_name(&name))
}

/// Classes that no parameter defines: the server does not start.
fn classes_without_list(site: &LoadedSite, set: &SetValue, findings: &mut Vec<Finding>) {
    let mut told: Vec<Span> = Vec::new();
    for element in set.elements(site) {
        // One that is empty counts for none.
        let list = site.configuration.expanded(&element.bytes, set.service).unwrap_or_default();
        let is_defined = !list.trim_ascii().is_empty();
        if is_defined || told.contains(&element.span) {
            continue;
        }
        told.push(element.span);
        let name = String::from_utf8_lossy(&element.bytes);
        findings.push(
            Finding::new(&RULE, format!("the restriction class {name} has no list: the SMTP server does not start"))
                .at(set.source, element.span, "nothing defines it")
                .help(format!("add a line {name} = … with its restrictions, or remove the name")),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::can_be_asked;

    /// For which Postfix 3.11.7 asked its DNS server.
    #[test]
    fn domains_of_lists() {
        let cases = [
            ("zen.example.com", true),
            ("z_.example", true),
            ("zen.example.com.", false),
            (".zen.example.com", false),
            ("zen..example.com", false),
            ("", false),
            ("[zen.example.com]", false),
            ("http://zen.example.com", false),
            ("zen.example.com:53", false),
            ("zen.example.com/x", false),
            ("192.0.2.1", false),
        ];
        for (zone, expected) in cases {
            assert_eq!(can_be_asked("reject_rbl_client", zone), expected, "{zone}");
        }
        assert!(can_be_asked("reject_rhsbl_sender", "192.0.2.1"));
    }
}
