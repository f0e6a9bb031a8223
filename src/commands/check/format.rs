//! The formats of `check`: findings to standard output, in the words that people or programs want.

use crate::commands::terminal::output::Output;
use crate::diagnostic::render::human::{self, Style};
use crate::diagnostic::render::{Report, checkstyle, concise, github, gitlab, json, junit, sarif};
use crate::diagnostic::{Finding, Safety, Severity};
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

/// What is told beside the findings.
pub(super) struct Sums {
    /// How many fixes were carried out, if that was asked for.
    pub(super) fixed: Option<usize>,
    /// How many findings a baseline holds back.
    pub(super) accepted: usize,
}

/// Prints the findings.
pub(super) fn show(report: &Report, format: Format, sums: &Sums, output: &Output) {
    match format {
        Format::Human => {
            let style = Style { color: output.color, width: output.width() };
            report.findings.iter().for_each(|finding| output.line(&human::render(finding, style)));
        }
        Format::Concise => report.findings.iter().for_each(|finding| output.line(&concise::line(finding))),
        Format::Json => output.line(&json::document(report.findings)),
        Format::Sarif => output.line(&sarif::document(report).to_string()),
        Format::Github => output.text(&github::document(report)),
        Format::Gitlab => output.line(&gitlab::document(report).to_string()),
        Format::Checkstyle => output.text(&checkstyle::document(report)),
        Format::Junit => output.text(&junit::document(report)),
    }
    if output.quiet {
        return;
    }
    let fixed = sums.fixed.map(|fixed| format!("fixed {fixed}"));
    if format.is_for_people() {
        fixed.iter().for_each(|fixed| output.line(fixed));
        output.line(&summary(report.findings, sums.accepted));
        if sums.fixed.is_none() {
            fixable(report.findings).iter().for_each(|line| output.line(line));
        }
    } else {
        // Standard output is one document.
        fixed.iter().for_each(|fixed| output.warning(fixed));
    }
}

/// `1 finding`
pub(super) fn findings(count: usize) -> String {
    if count == 1 { "1 finding".into() } else { format!("{count} findings") }
}

/// What `--fix` would do about the findings.
fn fixable(findings: &[Finding]) -> Option<String> {
    let count = |safety| findings.iter().filter_map(|one| one.fix.as_ref()).filter(|fix| fix.safety == safety).count();
    match (count(Safety::Safe), count(Safety::Unsafe)) {
        (0, 0) => None,
        (safe, 0) => Some(format!("{safe} can be fixed by --fix")),
        (0, other) => Some(format!("{other} can be fixed by --unsafe-fixes")),
        (safe, other) => Some(format!("{safe} can be fixed by --fix, {other} more by --unsafe-fixes")),
    }
}

/// `3 findings: 1 error, 2 warnings; 1 more in the baseline`
fn summary(findings: &[Finding], accepted: usize) -> String {
    let sum = match (findings.len(), accepted) {
        (0, 0) => return "nothing found".into(),
        (0, _) => return format!("nothing new found; {accepted} in the baseline"),
        (count, _) => self::findings(count),
    };
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
    let more = if accepted > 0 { format!("; {accepted} more in the baseline") } else { String::new() };
    format!("{sum}: {}{more}", parts.join(", "))
}
