//! MS003: a service that is defined twice.

use crate::config::services::Service;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::inet_ports::port_number;
use crate::mail::host_port::{host_address, host_and_port};
use std::collections::HashMap;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MS003",
    name: "duplicate-service",
    family: Family::MasterCf,
    severity: Severity::Warning,
    summary: "a service that is defined twice",
    why: "The master daemon runs the last one of the same type and name, or of the same address and port, and the other one with \
          all its -o has no effect.",
    example: "smtp inet n - n - - smtpd\nsmtp inet n - n - 1 postscreen\n",
    remedy: "Remove or comment out the one that is not meant, with its continuation lines.",
    fix: None,
    link: "https://www.postfix.org/master.5.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let Some(master) = &site.configuration.files.master else { return };
    let mut seen: HashMap<[Vec<u8>; 3], &Service> = HashMap::new();
    for service in &site.configuration.files.services {
        // Private and public sockets have directories of their own.
        let private = match service.line.service_type().bytes() {
            b"inet" => Vec::new(),
            _ => service.line.fields[2].bytes().to_vec(),
        };
        let private = if private == b"-" { b"y".to_vec() } else { private };
        let key = [endpoint(site, service), service.line.service_type().bytes().to_vec(), private];
        let Some(first) = seen.insert(key, service) else { continue };
        let message = if first.label() == service.label() {
            format!("the service {} is defined twice", service.label())
        } else {
            format!("{} and {} are the same service", first.label(), service.label())
        };
        findings.push(
            Finding::new(&RULE, message)
                .at(master.tree.source(), first.line.name().span(), "has no effect")
                .at(master.tree.source(), service.line.name().span(), "this one is in force")
                .help(RULE.remedy),
        );
    }
}

/// The name of a service; for the network, one text for all ways to write the same address and port.
fn endpoint(site: &LoadedSite, service: &Service) -> Vec<u8> {
    let name = service.line.name().to_string_lossy();
    if service.line.service_type().bytes() != b"inet" {
        return service.line.name().bytes().to_vec();
    }
    let Ok((host, port)) = host_and_port(&name) else { return name.into_bytes() };
    let host = host_address(host).map_or_else(|| host.to_string(), |address| address.to_string());
    let port = port_number(site, port).map_or_else(|| port.to_string(), |number| number.to_string());
    format!("{host} {port}").into_bytes()
}
