//! Findings as workflow commands of GitHub Actions, which shows them beside the changed lines: one line a finding.
//!
//! Columns are given only where a finding begins and ends on one line; GitHub ignores them elsewhere. What separates
//! the parts of a command is percent-encoded, so that no text of a file can end a command or begin another.
//!
//! Source: GitHub's documentation, "Workflow commands for GitHub Actions".

use super::clean;
use super::report::{Report, message_with_help};
use crate::diagnostic::{Finding, Severity};

/// The commands, each on a line of its own.
#[must_use]
pub fn document(report: &Report) -> String {
    report.findings.iter().map(|finding| command(report, finding)).collect()
}

fn command(report: &Report, finding: &Finding) -> String {
    let name = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    };
    let place = finding.labels.first().map_or_else(String::new, |label| {
        let (start, end) = (label.source.position(label.span.start), label.source.position(label.span.end));
        let file = property(&report.file(label));
        let lines = format!("file={file},line={},endLine={},", start.line, end.line);
        if start.line == end.line { format!("{lines}col={},endColumn={},", start.column, end.column) } else { lines }
    });
    let title = property(&format!("{} {}", finding.rule.code, finding.rule.name));
    format!("::{name} {place}title={title}::{}\n", data(&message_with_help(finding)))
}

/// Text behind the second `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property.
fn property(text: &str) -> String {
    data(&clean(text)).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_separates_is_encoded() {
        assert_eq!(data("100%, a::b\nc\rd"), "100%25, a::b%0Ac%0Dd");
        assert_eq!(property("a:b,c%\n"), "a%3Ab%2Cc%25\u{fffd}");
    }
}
