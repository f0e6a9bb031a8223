//! AL005: a command in an aliases file where allow_mail_to_commands forbids it.

use super::{allows, each_value};
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::syntax::alias_value::DestinationKind;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "AL005",
    name: "forbidden-command",
    family: Family::Aliases,
    severity: Severity::Error,
    summary: "a command in an aliases file where allow_mail_to_commands forbids it",
    why: "local(8) does not deliver there, and bounces the mail.",
    example: "joe: \"|/usr/bin/procmail\"\n",
    remedy: "Add `alias` to allow_mail_to_commands, or take the destination out.",
    fix: None,
    link: "https://www.postfix.org/postconf.5.html#allow_mail_to_commands",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    if allows(site, "allow_mail_to_commands", b"alias") {
        return;
    }
    each_value(site, [b'|'; 3], |source, text, value| {
        for destination in &value.destinations {
            if matches!(destination.kind, DestinationKind::Command(_)) {
                let shown = String::from_utf8_lossy(&destination.text);
                findings.push(
                    Finding::new(&RULE, format!("allow_mail_to_commands does not let aliases deliver to {shown}"))
                        .at(source, text.part_of_value(destination.span), "not allowed here")
                        .help(RULE.remedy),
                );
            }
        }
    });
}
