//! MS015: a service whose name is too long for its socket.

use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MS015",
    name: "long-name",
    family: Family::MasterCf,
    severity: Severity::Error,
    summary: "a service whose name is too long for its socket",
    why: "The pathname of a socket has room for 107 bytes. The master daemon cannot make a longer one, and no service starts.",
    example: "a-name-of-one-hundred-characters-… unix - - n - - smtp\n",
    remedy: "Give the service a shorter name, at most 99 bytes, or 100 if it is public.",
    fix: None,
    link: "https://www.postfix.org/master.5.html",
};

/// The bytes of a socket's pathname, as Linux has it.
const LONGEST: usize = 107;

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let Some(master) = &site.configuration.files.master else { return };
    for service in &site.configuration.files.services {
        let name = service.line.name();
        let is_socket = matches!(service.line.service_type().bytes(), b"unix" | b"unix-dgram" | b"pass");
        // The master daemon works in the queue directory.
        let directory = if service.line.fields[2].bytes() == b"n" { "public/" } else { "private/" };
        let length = directory.len() + name.bytes().len();
        if is_socket && length > LONGEST {
            let message = format!("the socket {directory}{} has a name of {length} bytes", name.to_string_lossy());
            let label = format!("{LONGEST} bytes have room: Postfix does not start");
            findings.push(Finding::new(&RULE, message).at(master.tree.source(), name.span(), label).help(RULE.remedy));
        }
    }
}
