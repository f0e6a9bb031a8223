//! The formats of `check`: findings to standard output, in the words that people or programs want.

use crate::commands::output::Output;
use crate::diagnostic::render::human::{self, Style};
use crate::diagnostic::render::{Report, checkstyle, concise, github, gitlab, json, junit, sarif};
use crate::diagnostic::{Finding, Severity};
use clap::ValueEnum;

/// A format of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Lines, labels and advice
    Human,
    /// One line a finding
    Concise,
    /// One document
    Json,
    /// SARIF 2.1.0, as code scanning services read it
    Sarif,
    /// Workflow commands of GitHub Actions
    Github,
    /// Code quality report of GitLab
    Gitlab,
    /// Report of Checkstyle, XML
    Checkstyle,
    /// Test report of JUnit, XML
    Junit,
}

impl Format {
    /// Whether people read it, and want a last line that sums it up.
    pub(super) fn is_for_people(self) -> bool {
        matches!(self, Self::Human | Self::Concise)
    }
}

/// Prints the findings.
pub(super) fn show(report: &Report, format: Format, output: &Output) {
    match format {
        Format::Human => {
            let style = Style { color: output.color, width: output.width() };
            report.findings.iter().for_each(|finding| output.line(&human::render(finding, style)));
        }
        Format::Concise => report.findings.iter().for_each(|finding| output.line(&concise::line(finding))),
        Format::Json => output.line(&json::document(report.findings).to_string()),
        Format::Sarif => output.line(&sarif::document(report).to_string()),
        Format::Github => output.text(&github::document(report)),
        Format::Gitlab => output.line(&gitlab::document(report).to_string()),
        Format::Checkstyle => output.text(&checkstyle::document(report)),
        Format::Junit => output.text(&junit::document(report)),
    }
    if format.is_for_people() && !output.quiet {
        output.line(&summary(report.findings));
    }
}

/// `3 findings: 1 error, 2 warnings`
fn summary(findings: &[Finding]) -> String {
    if findings.is_empty() {
        return "nothing found".into();
    }
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let parts =
        [Severity::Error, Severity::Warning, Severity::Info].map(|severity| match (count(severity), severity) {
            (0, _) => None,
            (1, _) => Some(format!("1 {severity}")),
            // One does not say "infos".
            (n, Severity::Info) => Some(format!("{n} {severity}")),
            (n, _) => Some(format!("{n} {severity}s")),
        });
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let findings = if findings.len() == 1 { "1 finding".into() } else { format!("{} findings", findings.len()) };
    format!("{findings}: {}", parts.join(", "))
}
