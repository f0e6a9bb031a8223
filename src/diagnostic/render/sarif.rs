//! Findings as a SARIF 2.1.0 log: one run, with the rules, every place of a finding, and its fix.
//!
//! Columns count Unicode code points, a byte that is part of no character as one; ends are exclusive, as SARIF has
//! them. Where the new text of a fix is not UTF-8, the fix is left out: SARIF replaces text by text.
//!
//! Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".

use super::clean;
use super::report::{Report, message_with_help};
use crate::base::{Source, Span};
use crate::diagnostic::{Finding, Fix, Label, Rule, Safety, Severity};
use serde_json::{Value, json};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The whole document.
#[must_use]
pub fn document(report: &Report) -> Value {
    let prints = report.fingerprints();
    let results: Vec<Value> =
        report.findings.iter().zip(prints).map(|(finding, print)| result(report, finding, &print)).collect();
    let rules: Vec<Value> = report.rules.iter().map(|rule| descriptor(rule)).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {
                "driver": {
                    "name": "postwright",
                    "semanticVersion": env!("CARGO_PKG_VERSION"),
                    "rules": rules,
                },
            },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

/// A rule as a reporting descriptor.
fn descriptor(rule: &Rule) -> Value {
    json!({
        "id": rule.code,
        "name": rule.name,
        "shortDescription": { "text": rule.summary },
        "fullDescription": { "text": rule.why },
        "help": {
            "text": format!("{}\n\nFor example:\n\n{}", rule.remedy, rule.example),
            "markdown": format!("{}\n\nFor example:\n\n```\n{}\n```\n", rule.remedy, rule.example.trim_end()),
        },
        "helpUri": rule.link,
        "defaultConfiguration": { "level": level(rule.severity) },
        "properties": { "tags": [rule.family.name()] },
    })
}

fn result(report: &Report, finding: &Finding, fingerprint: &str) -> Value {
    let mut result = json!({
        "ruleId": finding.rule.code,
        "level": level(finding.severity),
        "message": { "text": message_with_help(finding) },
        "partialFingerprints": { "postwright/v1": fingerprint },
    });
    if let Some(index) = report.rules.iter().position(|rule| rule.code == finding.rule.code) {
        result["ruleIndex"] = json!(index);
    }
    if let Some((first, others)) = finding.labels.split_first() {
        result["locations"] = json!([location(report, first, None)]);
        if !others.is_empty() {
            let related: Vec<Value> = (1..).zip(others).map(|(id, label)| location(report, label, Some(id))).collect();
            result["relatedLocations"] = json!(related);
        }
    }
    if let Some(fix) = finding.fix.as_ref().and_then(|fix| fixed(report, fix)) {
        result["fixes"] = json!([fix]);
    }
    result
}

fn location(report: &Report, label: &Label, id: Option<usize>) -> Value {
    let mut region = region(&label.source, label.span);
    region["byteOffset"] = json!(label.span.start);
    region["byteLength"] = json!(label.span.len());
    let mut location = json!({
        "physicalLocation": { "artifactLocation": { "uri": uri(&report.file(label)) }, "region": region },
    });
    if let Some(id) = id {
        location["id"] = json!(id);
    }
    if !label.text.is_empty() {
        location["message"] = json!({ "text": clean(&label.text) });
    }
    location
}

fn region(source: &Source, span: Span) -> Value {
    let (start, end) = (source.position(span.start), source.position(span.end));
    json!({
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    })
}

fn fixed(report: &Report, fix: &Fix) -> Option<Value> {
    let replacement = |edit: &crate::base::Edit| {
        let text = std::str::from_utf8(&edit.text).ok()?;
        Some(json!({ "deletedRegion": region(&fix.source, edit.span), "insertedContent": { "text": text } }))
    };
    let replacements: Vec<Value> = fix.edits.iter().map(replacement).collect::<Option<_>>()?;
    Some(json!({
        "description": { "text": clean(&fix.title) },
        "artifactChanges": [{
            "artifactLocation": { "uri": uri(&report.file_named(fix.source.name())) },
            "replacements": replacements,
        }],
        "properties": { "safe": fix.safety == Safety::Safe },
    }))
}

/// A path as a URI reference: `file:///…` if it is absolute.
fn uri(path: &str) -> String {
    let scheme = if path.starts_with('/') { "file://" } else { "" };
    let mut out = String::from(scheme);
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uris() {
        let cases = [
            ("site/main.cf", "site/main.cf"),
            ("/etc/postfix/main.cf", "file:///etc/postfix/main.cf"),
            ("a b/ä:1", "a%20b/%C3%A4%3A1"),
        ];
        for (path, expected) in cases {
            assert_eq!(uri(path), expected);
        }
    }
}
