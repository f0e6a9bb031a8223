//! MC030: traces of TLS sessions are asked for, and the directory for them is missing.

use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::LoadedSite;
use crate::lint::site::tls_logging::{TRACES, level_tables, traced_levels};

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MC030",
    name: "no-trace-directory",
    family: Family::MainCf,
    severity: Severity::Warning,
    summary: "traces of TLS sessions are asked for, and the directory for them is missing",
    why: "Postfix writes a trace to a file in tlstrace below queue_directory, which installing 3.12 makes, and which an upgrade \
          by hand may have left out: without it nothing is traced.",
    example: "# there is no /var/spool/postfix/tlstrace\nsmtp_tls_loglevel_maps = inline:{{example.com=1,trace}}\n",
    remedy: "Run `postfix set-permissions`, or make the directory for mail_owner, with the mode 700.",
    fix: None,
    link: "https://www.postfix.org/TLS_README.html",
};

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    if site.configuration.platform.target < TRACES || !site.is_whole {
        return;
    }
    let queue = site.expanded("queue_directory");
    let (here, traces) = (site.paths.resolve(&queue), site.paths.resolve(&[&queue, &b"/tlstrace"[..]].concat()));
    // Whether it is there cannot be told of a queue that is not here.
    if !site.paths.in_scope(&here) || !here.is_dir() || traces.is_dir() {
        return;
    }
    let levels = traced_levels(site);
    let of_levels = levels.iter().map(|(set, span)| (set.source, *span));
    let of_tables = level_tables(site);
    let of_tables = of_tables.iter().map(|set| (set.source, set.value.span()));
    let Some((source, span)) = of_levels.chain(of_tables).next() else { return };
    let shown = String::from_utf8_lossy(&queue);
    let finding = Finding::new(&RULE, format!("there is no {shown}/tlstrace to write traces of TLS sessions to"));
    findings.push(finding.at(source, span, "asked for here").help(RULE.remedy));
}
