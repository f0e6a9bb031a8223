//! MS014: mail that comes back from a content filter and goes to it again.

use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::inet_ports::port_number;
use crate::mail::host_port::host_and_port;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MS014",
    name: "filtered-again",
    family: Family::MasterCf,
    severity: Severity::Warning,
    summary: "an SMTP server for mail that comes back from a content filter, and that filters it again",
    why: "content_filter of main.cf holds for every SMTP server that does not set another: mail that the filter hands back goes to it again, \
          until it has too many hops and bounces.",
    example: "127.0.0.1:10025 inet n - n - - smtpd\n",
    remedy: "Give the service that the filter sends to -o content_filter= with nothing behind it.",
    fix: None,
    link: "https://www.postfix.org/FILTER_README.html#advanced_filter",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let files = &site.configuration.files;
    let (Some(master), Some(entry)) = (&files.master, files.entry(b"content_filter")) else { return };
    if site.expanded("content_filter").is_empty() {
        return;
    }
    for service in &files.services {
        let is_server = service.line.command().bytes() == b"smtpd" && service.line.service_type().bytes() == b"inet";
        let name = service.line.name().to_string_lossy();
        let Ok((host, port)) = host_and_port(&name) else { continue };
        let is_own = matches!(host.trim_matches(['[', ']']), "127.0.0.1" | "localhost" | "::1");
        // Where people's programs hand in mail, a local listener is filtered on purpose.
        let is_usual = matches!(port_number(site, port), None | Some(25 | 465 | 587));
        if !is_server || !is_own || is_usual || service.value(b"content_filter").is_some() {
            continue;
        }
        findings.push(
            Finding::new(&RULE, format!("mail that {} gets goes through the content filter again", service.label()))
                .at(master.tree.source(), service.line.name().span(), "sets no content_filter of its own")
                .at(files.main.tree.source(), entry.name.span(), "so this holds for it too")
                .help("add -o content_filter= to the service that the filter sends to"),
        );
    }
}
