//! Findings as a test report in JUnit's form: a suite for each file, in it a failed test for each finding.
//!
//! What is only worth knowing (severity *info*) is a test that passed, with the words as its output. Where nothing was
//! found one test passes, so that a CI system sees that the check ran.
//!
//! Source: the schema of Jenkins' xUnit plug-in, `junit-10.xsd`.

use super::report::{Report, message_with_help};
use super::xml::escape;
use crate::diagnostic::{Finding, Severity};
use std::fmt::Write;

/// The whole document.
#[must_use]
pub fn document(report: &Report) -> String {
    let (tests, failures) = (report.findings.len().max(1), failures(report.findings));
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a string does not fail, here and below.
    let _ =
        writeln!(out, "<testsuites name=\"postwright check\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">");
    if report.findings.is_empty() {
        let suite = "  <testsuite name=\"postwright check\" tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"0\">\n    \
                     <testcase classname=\"postwright\" name=\"nothing found\"/>\n  </testsuite>\n";
        out.push_str(suite);
    }
    for (file, group) in report.by_file() {
        let file = escape(&file);
        let (tests, failures) = (group.len(), self::failures(group.iter().copied()));
        let _ = writeln!(
            out,
            "  <testsuite name=\"{file}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\">"
        );
        for finding in group {
            out.push_str(&case(&file, finding));
        }
        out.push_str("  </testsuite>\n");
    }
    out + "</testsuites>\n"
}

/// How many of the findings are failures.
fn failures<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> usize {
    findings.into_iter().filter(|finding| finding.severity > Severity::Info).count()
}

fn case(file: &str, finding: &Finding) -> String {
    let place = finding.labels.first().map(|label| label.source.position(label.span.start));
    let place = place.map_or_else(String::new, |place| format!(" at {place}"));
    let name = escape(&format!("{} {}{place}", finding.rule.code, finding.rule.name));
    let message = escape(&finding.message);
    let body = message_with_help(finding);
    let body: Vec<String> = body.lines().map(escape).collect();
    let body = body.join("\n");
    let inside = match finding.severity {
        Severity::Info => format!("      <system-out>{body}</system-out>\n"),
        severity => format!("      <failure type=\"{severity}\" message=\"{message}\">{body}</failure>\n"),
    };
    format!("    <testcase classname=\"{file}\" name=\"{name}\">\n{inside}    </testcase>\n")
}
