//! MS012: a daemon that must be root in a service that is not.

use crate::config::catalogue::daemon_command;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MS012",
    name: "unprivileged-service",
    family: Family::MasterCf,
    severity: Severity::Error,
    summary: "a daemon that must be root in a service that is not",
    why: "local, virtual, pipe and spawn take on the user that mail is delivered for, which only root can: they end with `requires privileged \
          operation` where the fourth field is not n.",
    example: "local unix - - n - - local\n",
    remedy: "Write n in the fourth field.",
    fix: None,
    link: "https://www.postfix.org/master.5.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let Some(master) = &site.configuration.files.master else { return };
    let source = master.tree.source();
    for service in &site.configuration.files.services {
        let command = service.line.command();
        let must_be_root = daemon_command(&command.to_string_lossy()).is_some_and(|daemon| daemon.privileged);
        let field = &service.line.fields[3];
        if must_be_root && field.bytes() != b"n" {
            let message = format!("{} ends: {} must run as root", service.label(), command.to_string_lossy());
            findings.push(Finding::new(&RULE, message).at(source, field.span(), "not as root").help(RULE.remedy));
        }
    }
}
