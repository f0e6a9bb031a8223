//! Findings as a report of Checkstyle, which many CI systems read: XML, one `error` element a finding, by file.
//!
//! Source: the report of Checkstyle's `XMLLogger`, format version 4.3.

use super::report::{Report, message_with_help};
use super::xml::escape;
use crate::diagnostic::Finding;
use std::fmt::Write;

/// The whole document.
#[must_use]
pub fn document(report: &Report) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<checkstyle version=\"4.3\">\n");
    for (file, group) in report.by_file() {
        // Writing to a string does not fail.
        let _ = writeln!(out, "  <file name=\"{}\">", escape(&file));
        for finding in group {
            out.push_str(&error(finding));
        }
        out.push_str("  </file>\n");
    }
    out + "</checkstyle>\n"
}

fn error(finding: &Finding) -> String {
    let (line, column) = match finding.labels.first() {
        Some(label) => {
            let start = label.source.position(label.span.start);
            (start.line, start.column)
        }
        None => (1, 1),
    };
    let message = escape(&message_with_help(finding).replace('\n', "; "));
    let (severity, code) = (finding.severity, finding.rule.code);
    format!(
        "    <error line=\"{line}\" column=\"{column}\" severity=\"{severity}\" message=\"{message}\" \
         source=\"postwright.{code}\"/>\n"
    )
}
