//! MS007: a service type that does not exist or does not fit the daemon, or a daemon that Postfix does not have.

use crate::base::suggest;
use crate::config::catalogue::{self, ServiceType};
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MS007",
    name: "wrong-command",
    family: Family::MasterCf,
    severity: Severity::Warning,
    summary: "a service type that does not fit, or a daemon that Postfix does not have",
    why: "The master daemon ends with a fatal error for a type that it does not know; a daemon ends each time that it is started \
          where its type does not fit or its program does not exist.",
    example: "smtp inet n - n - - smtpdd\n",
    remedy: "Correct the type (second field) or the command (eighth field).",
    fix: None,
    link: "https://www.postfix.org/master.5.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let Some(master) = &site.configuration.files.master else { return };
    let source = master.tree.source();
    for service in &site.configuration.files.services {
        let (service_type, command) = (service.line.service_type(), service.line.command());
        let known_type = ServiceType::from_name(&service_type.to_string_lossy());
        let name = command.to_string_lossy();
        let known = catalogue::daemon_command(&name);
        let Some(kind) = known_type else {
            let finding = Finding::new(&RULE, format!("{} is no service type", service_type.to_string_lossy()))
                .severity(Severity::Error)
                .at(source, service_type.span(), "the master daemon refuses this")
                .help("write inet, unix, fifo, pass or unix-dgram");
            findings.push(finding);
            continue;
        };
        if let Some(known) = known {
            if !known.types.contains(&kind) {
                let types: Vec<&str> = known.types.iter().map(|fits| fits.name()).collect();
                findings.push(
                    Finding::new(&RULE, format!("{name} cannot serve the type {}", kind.name()))
                        .at(source, service_type.span(), "does not fit")
                        .at(source, command.span(), "this daemon")
                        .help(format!("write {}", types.join(" or "))),
                );
            }
        } else if !name.contains('/') {
            let known: Vec<&str> = catalogue::daemon_commands().iter().map(|known| known.command).collect();
            let mut finding =
                Finding::new(&RULE, format!("Postfix has no daemon {name}")).at(source, command.span(), "unknown");
            finding.help = Some(match suggest(&name, known.iter().copied()).first() {
                Some(similar) => format!("did you mean {similar}?"),
                None => RULE.remedy.to_string(),
            });
            findings.push(finding);
        }
    }
}
