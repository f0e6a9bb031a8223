//! One line a finding: `file:line:column: severity[CODE] message`.

use super::clean;
use crate::diagnostic::Finding;

/// The line, without a newline.
#[must_use]
pub fn line(finding: &Finding) -> String {
    let place = finding.labels.first().map_or_else(String::new, |label| {
        format!("{}:{}: ", clean(label.source.name()), label.source.position(label.span.start))
    });
    format!("{place}{}[{}] {}", finding.severity, finding.rule.code, clean(&finding.message))
}
