//! MC029: a TLS log level that writes a trace of every session.

use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::tls_logging::{TRACES, traced_levels};

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MC029",
    name: "trace-for-everybody",
    family: Family::MainCf,
    severity: Severity::Warning,
    summary: "a TLS log level that writes a trace of every session",
    why: "Each session, whoever the peer is, then leaves a file in tlstrace below queue_directory, which nothing takes away: they \
          are made to look into the sessions of one peer, for a while.",
    example: "smtp_tls_loglevel = 1,trace\n",
    remedy: "Take ,trace out, and name the peers to be traced in the table of log levels that goes with it.",
    fix: None,
    link: "https://www.postfix.org/TLS_README.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    // That earlier versions know no traces is told by another rule.
    if site.configuration.platform.target < TRACES {
        return;
    }
    for (set, span) in traced_levels(site) {
        let name = set.parameter_name();
        let tables = match name.as_str() {
            "tlsproxy_client_loglevel" => "smtp_tls_loglevel_maps".to_string(),
            "tlsproxy_tls_loglevel" => "smtpd_tls_loglevel_maps".to_string(),
            _ => format!("{name}_maps"),
        };
        let finding = Finding::new(&RULE, format!("{name} traces the TLS sessions of everybody"));
        let help = format!("take ,trace out, and name the peers to be traced in a table: {tables}");
        findings.push(finding.at(set.source, span, "a file for each session").help(help));
    }
}
