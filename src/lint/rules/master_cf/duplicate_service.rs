//! MS003: a service that is defined twice.

use crate::config::services::Service;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::Site;
use std::collections::HashMap;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MS003",
    name: "duplicate-service",
    family: Family::MasterCf,
    severity: Severity::Warning,
    summary: "a service that is defined twice",
    why: "The master daemon runs the last one of the same name and type, and the other one with all its -o has no effect.",
    example: "smtp inet n - n - - smtpd\nsmtp inet n - n - 1 postscreen\n",
    remedy: "Remove or comment out the one that is not meant, with its continuation lines.",
    fix: None,
    link: "https://www.postfix.org/master.5.html",
};

/// Looks for it.
pub fn check(site: &Site, findings: &mut Vec<Finding>) {
    let Some(master) = &site.configuration.files.master else { return };
    let mut seen: HashMap<[Vec<u8>; 3], &Service> = HashMap::new();
    for service in &site.configuration.files.services {
        // Private and public sockets have directories of their own.
        let private = match service.line.service_type().bytes() {
            b"inet" => Vec::new(),
            _ => service.line.fields[2].bytes().to_vec(),
        };
        let private = if private == b"-" { b"y".to_vec() } else { private };
        let key = [service.line.name().bytes().to_vec(), service.line.service_type().bytes().to_vec(), private];
        let Some(first) = seen.insert(key, service) else { continue };
        findings.push(
            Finding::new(&RULE, format!("the service {} is defined twice", service.label()))
                .at(master.tree.source(), first.line.name().span(), "has no effect")
                .at(master.tree.source(), service.line.name().span(), "this one is in force")
                .help(RULE.remedy),
        );
    }
}
