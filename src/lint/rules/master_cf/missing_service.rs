//! MS009: a service that the others need and that master.cf does not have.

use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::set_values::set_values;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MS009",
    name: "missing-service",
    family: Family::MasterCf,
    severity: Severity::Error,
    summary: "a service that the others need and that master.cf does not have",
    why: "The daemons ask each other through sockets that the master daemon makes for the services that it knows. Without cleanup, rewrite \
          or proxymap the SMTP server waits and answers nobody; without bounce, defer or trace mail that cannot be delivered stays in the queue.",
    example: "smtp inet n - n - - smtpd\n",
    remedy: "Add the line of the stock master.cf.",
    fix: None,
    link: "https://www.postfix.org/master.5.html",
};

/// Services, the line of each, and what does not work without it.
const NEEDED: [(&str, &str, &str); 6] = [
    ("cleanup", "cleanup unix n - n - 0 cleanup", "no message gets into the queue"),
    ("qmgr", "qmgr unix n - n 300 1 qmgr", "no message leaves the queue"),
    ("rewrite", "rewrite unix - - n - - trivial-rewrite", "no address can be resolved"),
    ("bounce", "bounce unix - - n - 0 bounce", "mail that bounces stays in the queue"),
    ("defer", "defer unix - - n - 0 bounce", "nobody is told about mail that waits"),
    ("trace", "trace unix - - n - 0 bounce", "no success of a delivery can be reported"),
];

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let files = &site.configuration.files;
    let Some(master) = &files.master else { return };
    let commands = || files.services.iter().map(|service| service.line.command().bytes());
    // Fragments, and systems that only run something else.
    if !commands().any(|command| command == b"smtpd")
        || !commands().any(|command| matches!(command, b"smtp" | b"local" | b"qmgr" | b"virtual" | b"lmtp"))
    {
        return;
    }
    let has = |name: &str| files.services.iter().any(|service| service.line.name().bytes() == name.as_bytes());
    let mut missing: Vec<(&str, &str, String)> = NEEDED
        .into_iter()
        .filter(|(name, ..)| !has(name))
        .map(|(name, line, effect)| (name, line, effect.to_string()))
        .collect();
    if let Some(parameter) = names_proxy(site).filter(|_| !has("proxymap")) {
        let effect = format!("the proxy: tables of {parameter} cannot be asked");
        missing.push(("proxymap", "proxymap unix - - n - - proxymap", effect));
    }
    let source = master.tree.source();
    for (name, line, effect) in missing {
        findings.push(
            Finding::new(&RULE, format!("master.cf has no service {name}: {effect}"))
                .at(source, source.line_span(1), "this file lacks it")
                .help(format!("add the line: {line}")),
        );
    }
}

/// The first parameter that somebody set to a `proxy:` table.
fn names_proxy(site: &LoadedSite) -> Option<String> {
    let is_permission = |name: &str| matches!(name, "proxy_read_maps" | "proxy_write_maps");
    let set = set_values(site).into_iter().find(|set| {
        !is_permission(&set.parameter_name())
            && set.elements(site).iter().any(|element| element.bytes.starts_with(b"proxy:"))
    })?;
    Some(set.parameter_name())
}
