//! Findings as JSON, version 1 of the format.
//!
//! A span is `{file, line, column, end_line, end_column, start, end}`: lines and columns from 1, byte offsets from 0.

use crate::base::{Source, Span};
use crate::diagnostic::{Finding, Fix};
use serde_json::{Value, json};

/// A span as JSON.
#[must_use]
pub fn span(source: &Source, span: Span) -> Value {
    let (start, end) = (source.position(span.start), source.position(span.end));
    json!({
        "file": source.name(),
        "line": start.line,
        "column": start.column,
        "end_line": end.line,
        "end_column": end.column,
        "start": span.start,
        "end": span.end,
    })
}

/// A fix as JSON; new text that is not UTF-8 is replaced.
fn fix(fix: &Fix) -> Value {
    let edit = |edit: &crate::base::Edit| json!({ "span": span(&fix.source, edit.span), "text": String::from_utf8_lossy(&edit.text) });
    let edits: Vec<Value> = fix.edits.iter().map(edit).collect();
    json!({ "title": fix.title, "safety": fix.safety.name(), "edits": edits })
}

/// A finding as JSON.
#[must_use]
pub fn finding(finding: &Finding) -> Value {
    let labels: Vec<Value> = finding
        .labels
        .iter()
        .map(|label| json!({ "span": span(&label.source, label.span), "text": label.text }))
        .collect();
    json!({
        "code": finding.rule.code,
        "name": finding.rule.name,
        "severity": finding.severity.name(),
        "message": finding.message,
        "labels": labels,
        "help": finding.help,
        "fix": finding.fix.as_ref().map(fix),
    })
}

/// The whole document as text; of many findings one is taken apart at a time.
#[must_use]
pub fn document(findings: &[Finding]) -> String {
    let findings: Vec<String> = findings.iter().map(|one| finding(one).to_string()).collect();
    format!("{{\"version\":1,\"findings\":[{}]}}", findings.join(","))
}
