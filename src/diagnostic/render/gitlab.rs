//! Findings as a code quality report of GitLab: a JSON array in the form that Code Climate made.
//!
//! A finding keeps its fingerprint when lines move, so that a merge request shows what it brings and nothing else.
//!
//! Source: GitLab's documentation, "Code Quality", "Code Quality report format".

use super::clean;
use super::report::Report;
use crate::diagnostic::{Finding, Severity};
use serde_json::{Value, json};

/// The whole document.
#[must_use]
pub fn document(report: &Report) -> Value {
    let prints = report.fingerprints();
    report.findings.iter().zip(prints).map(|(finding, print)| issue(report, finding, &print)).collect()
}

fn issue(report: &Report, finding: &Finding, fingerprint: &str) -> Value {
    let severity = match finding.severity {
        Severity::Error => "major",
        Severity::Warning => "minor",
        Severity::Info => "info",
    };
    let positions = match finding.labels.first() {
        Some(label) => {
            let (start, end) = (label.source.position(label.span.start), label.source.position(label.span.end));
            json!({
                "begin": { "line": start.line, "column": start.column },
                "end": { "line": end.line, "column": end.column },
            })
        }
        // A place is required; the start of the file is where nothing in particular is.
        None => json!({ "begin": { "line": 1, "column": 1 }, "end": { "line": 1, "column": 1 } }),
    };
    let mut issue = json!({
        "type": "issue",
        "check_name": format!("{} {}", finding.rule.code, finding.rule.name),
        "description": clean(&finding.message),
        "categories": ["Bug Risk"],
        "severity": severity,
        "fingerprint": fingerprint,
        "location": { "path": report.file_of(finding), "positions": positions },
    });
    if let Some(help) = &finding.help {
        issue["content"] = json!({ "body": clean(help) });
    }
    issue
}
