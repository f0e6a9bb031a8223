//! MS008: a service of type inet whose name is no port, or none that anybody lists.

use crate::base::suggest;
use crate::config::protocols::Protocols;
use crate::config::services::Service;
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::inet_ports::port_number;
use crate::mail::host_port::{MAIL_PORTS, host_address, host_and_port, named_port};

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MS008",
    name: "unknown-port",
    family: Family::MasterCf,
    severity: Severity::Error,
    summary: "a service of type inet whose name is no port",
    why: "The master daemon refuses to start if a name is neither in known_tcp_ports nor in /etc/services, or if an address is \
          none. Of a number past 65535 it takes the lowest 16 bits, and listens somewhere else.",
    example: "smptd inet n - n - - smtpd\n",
    remedy: "Write a name that /etc/services lists, such as smtp or submission, or a number from 1 to 65535; an address may \
             stand before it, as in 127.0.0.1:10025 or [::1]:10025.",
    fix: None,
    link: "https://www.postfix.org/master.5.html",
};

/// What is wrong with a name.
struct Fault {
    severity: Severity,
    message: String,
    label: String,
    help: String,
}

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let Some(master) = &site.configuration.files.master else { return };
    for service in site.configuration.files.services.iter().filter(|service| is_inet(service)) {
        let name = service.line.name().to_string_lossy();
        let Some(fault) = fault(site, &name) else { continue };
        let finding = Finding::new(&RULE, fault.message).severity(fault.severity);
        findings.push(finding.at(master.tree.source(), service.line.name().span(), fault.label).help(fault.help));
    }
}

fn is_inet(service: &Service) -> bool {
    service.line.service_type().bytes() == b"inet"
}

fn fault(site: &LoadedSite, name: &str) -> Option<Fault> {
    let refused = |message: String, help: &str| {
        let label = "the master daemon refuses to start".to_string();
        Some(Fault { severity: Severity::Error, message, label, help: help.to_string() })
    };
    let (host, port) = match host_and_port(name) {
        Ok(parts) => parts,
        // A name of another script may be an address after all.
        Err(_) if !name.is_ascii() => return None,
        Err(words) => return refused(format!("{name} is no port to listen at: {words}"), RULE.remedy),
    };
    if let Some(address) = host_address(host) {
        let protocols = String::from_utf8_lossy(&site.expanded("inet_protocols")).into_owned();
        if Protocols::parse(&protocols).is_ok_and(|protocols| !protocols.allow(address)) {
            let message = format!("{name} cannot be listened at: inet_protocols is {protocols}");
            return refused(message, "take the service out, or add the protocol to inet_protocols");
        }
    }
    let digits = port.strip_prefix('+').unwrap_or(port);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return unknown_name(site, port);
    }
    let number = port_number(site, port);
    if number.is_some_and(|number| number > 0) {
        return None;
    }
    let label = match digits.parse::<i32>().map(|number| number & 0xffff) {
        Ok(0) => "the system picks another port each time".to_string(),
        Ok(taken) => format!("Postfix listens at {taken}"),
        Err(_) => "not from 1 to 65535".to_string(),
    };
    let help = "write a number from 1 to 65535".to_string();
    Some(Fault { severity: Severity::Warning, message: format!("there is no port {port}"), label, help })
}

fn unknown_name(site: &LoadedSite, name: &str) -> Option<Fault> {
    let read = |path: &str| String::from_utf8(site.paths.read(path.as_bytes()).ok()?.bytes().to_vec()).ok();
    let services = read("/etc/services");
    let lists = |services: &String| named_port(services, name).is_some();
    if port_number(site, name).is_some() || services.as_ref().is_some_and(lists) {
        return None;
    }
    // Elsewhere the site may have a longer list.
    let is_certain = site.is_system && services.is_some();
    let label = match is_certain {
        true => "the master daemon refuses to start".to_string(),
        false => "the master daemon refuses to start unless /etc/services lists it".to_string(),
    };
    // Who writes the daemon's name means its port.
    let candidates = MAIL_PORTS.iter().map(|(known, _)| *known).chain(["smtpd"]);
    let help = match suggest(name, candidates).first() {
        Some(similar) => format!("did you mean {}?", if *similar == "smtpd" { "smtp" } else { similar }),
        None => RULE.remedy.to_string(),
    };
    let severity = if is_certain { Severity::Error } else { Severity::Warning };
    Some(Fault { severity, message: format!("no port is known by the name {name}"), label, help })
}
