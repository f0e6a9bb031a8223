//! AL009: a destination of an alias that is written as if something else read it.

use super::each_value;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::no_address::{domain_fault, fault};
use crate::syntax::alias_value::DestinationKind;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "AL009",
    name: "odd-destination",
    family: Family::Aliases,
    severity: Severity::Warning,
    summary: "a command without its quotes, single quotes, a `$name`, or a word of another mail system in the value of an alias",
    why: "Aliases files know double quotes only, and no parameters: a command without quotes ends at its first blank and its arguments \
          become addresses, single quotes and `$mydomain` are part of the address.",
    example: "tickets: |/usr/local/bin/ticket --new\n",
    remedy: "Quote a command as a whole: \"|command argument\". Write addresses as they are.",
    fix: None,
    link: "https://www.postfix.org/aliases.5.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    foreign_words(site, findings);
    bad_domains(site, findings);
    each_value(site, [b'|', b'\'', b'$'], |source, text, value| {
        for (number, destination) in value.destinations.iter().enumerate() {
            let span = text.part_of_value(destination.span);
            let (message, label, help) = match &destination.kind {
                DestinationKind::Command(command) => {
                    let Some(next) = value.destinations.get(number + 1) else { continue };
                    // Only blanks between the two: a comma would have been meant.
                    let between = &text.value_bytes()[destination.span.end..next.span.start];
                    let is_blank = !between.is_empty() && between.iter().all(u8::is_ascii_whitespace);
                    let first = text.value_bytes().get(destination.span.start);
                    if !is_blank || first == Some(&b'"') {
                        continue;
                    }
                    let (command, next) = (String::from_utf8_lossy(command), String::from_utf8_lossy(&next.text));
                    let command = command.trim_start_matches('|').to_string();
                    (
                        format!("the command ends before {next}, which gets mail as an address"),
                        "ends here",
                        format!("write \"|{command} …\" with quotes around all of it"),
                    )
                }
                DestinationKind::Address { localpart, domain } => {
                    let domain = domain.as_deref().unwrap_or_default();
                    let shown = String::from_utf8_lossy(&destination.text).into_owned();
                    let is_parameter = domain.is_empty() && localpart.len() > 1 && localpart.starts_with(b"$");
                    if domain.starts_with(b"$") || is_parameter {
                        let help = "write the domain itself, or leave it out to mean a user of this machine";
                        (
                            format!("{shown} is taken as it stands: aliases know no parameters"),
                            if is_parameter { "no such user" } else { "no such domain" },
                            help.into(),
                        )
                    } else if localpart.starts_with(b"'|") {
                        let help = "write \"|command argument\" with double quotes around all of it";
                        (
                            format!("{shown} is no command: single quotes are part of a name"),
                            "no such user",
                            help.into(),
                        )
                    } else if localpart.starts_with(b"'") && (domain.ends_with(b"'") || localpart.ends_with(b"'")) {
                        (format!("the quotes are part of {shown}"), "no such address", "remove the quotes".to_string())
                    } else {
                        continue;
                    }
                }
                _ => continue,
            };
            findings.push(Finding::new(&RULE, message).at(source, span, label).help(help));
        }
    });
}

/// Words that stand for something in the aliases of other mail systems; here they are the names of users that do not
/// exist.
fn foreign_words(site: &LoadedSite, findings: &mut Vec<Finding>) {
    each_value(site, [b':'; 3], |source, text, value| {
        for destination in &value.destinations {
            let span = text.part_of_value(destination.span);
            let shown = String::from_utf8_lossy(&destination.text).into_owned();
            let DestinationKind::Address { domain, .. } = &destination.kind else { continue };
            if let Some((what @ ("a link" | "a transport"), help)) = fault(&destination.text) {
                let message = format!("{shown} is {what}, and taken for an address");
                findings.push(Finding::new(&RULE, message).at(source, span, "no such user").help(help));
                continue;
            }
            if domain.is_some() {
                continue;
            }
            let help = match shown.as_str() {
                word if word.starts_with("error:") || word.starts_with(":fail:") => {
                    "reject the address by check_recipient_access, or remove the alias: what has none is unknown"
                }
                ":blackhole:" | ":defer:" => "write /dev/null, or reject the address by check_recipient_access",
                word if word.starts_with("include:") => "write :include: with a colon before it, too",
                _ => continue,
            };
            let message = format!("{shown} is the name of a user here");
            findings.push(Finding::new(&RULE, message).at(source, span, "no such user").help(help));
        }
    });
}

/// Addresses whose domain is none.
fn bad_domains(site: &LoadedSite, findings: &mut Vec<Finding>) {
    each_value(site, [b'@'; 3], |source, text, value| {
        for destination in &value.destinations {
            let DestinationKind::Address { domain: Some(domain), .. } = &destination.kind else { continue };
            // These have findings of their own.
            if domain.contains(&b'$') || domain.ends_with(b"'") {
                continue;
            }
            let Some((why, help)) = domain_fault(&destination.text) else { continue };
            let message = format!("no mail goes to {}: {why}", String::from_utf8_lossy(&destination.text));
            let span = text.part_of_value(destination.span);
            findings.push(Finding::new(&RULE, message).at(source, span, "mail that comes here bounces").help(help));
        }
    });
}
