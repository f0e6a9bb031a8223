//! AL006: a file in an aliases file where allow_mail_to_files forbids it.

use super::{allows, each_value};
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::syntax::alias_value::DestinationKind;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "AL006",
    name: "forbidden-file",
    family: Family::Aliases,
    severity: Severity::Error,
    summary: "a file in an aliases file where allow_mail_to_files forbids it",
    why: "local(8) does not deliver there, and bounces the mail.",
    example: "archive: /var/mail/archive\n",
    remedy: "Add `alias` to allow_mail_to_files, or take the destination out.",
    fix: None,
    link: "https://www.postfix.org/postconf.5.html#allow_mail_to_files",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    if allows(site, "allow_mail_to_files", b"alias") {
        return;
    }
    each_value(site, [b'/'; 3], |source, text, value| {
        for destination in &value.destinations {
            if matches!(destination.kind, DestinationKind::File(_) | DestinationKind::HomeFile(_)) {
                let shown = String::from_utf8_lossy(&destination.text);
                findings.push(
                    Finding::new(&RULE, format!("allow_mail_to_files does not let aliases deliver to {shown}"))
                        .at(source, text.part_of_value(destination.span), "not allowed here")
                        .help(RULE.remedy),
                );
            }
        }
    });
}
