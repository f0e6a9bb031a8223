//! Findings that only follow from another one: a line that belongs to the entry before it, or that is filled in later,
//! is not judged as if it were what it looks like.

use crate::base::Source;
use crate::diagnostic::Finding;
use crate::lint::site::LoadedSite;
use crate::lint::site::templates::placeholders;
use std::collections::HashSet;

/// Rules about a whole line, which leave nothing more to say of it.
const LEADERS: [&str; 2] = ["MC010", "MC026"];

/// Takes out the findings on lines of which another one says what they are.
pub fn drop_followers(site: &LoadedSite, findings: &mut Vec<Finding>) {
    let line_of = |source: &Source, at: usize| (source.name().to_string(), source.position(at).line);
    let mut lines: HashSet<(String, usize)> = HashSet::new();
    for finding in findings.iter().filter(|finding| LEADERS.contains(&finding.rule.code)) {
        lines.extend(finding.labels.first().map(|label| line_of(&label.source, label.span.start)));
    }
    if findings.iter().any(|finding| finding.rule.code == "MC025") {
        for source in site.sources() {
            lines.extend(placeholders(source).iter().map(|span| line_of(source, span.start)));
        }
    }
    if lines.is_empty() {
        return;
    }
    findings.retain(|finding| {
        let is_leader = LEADERS.contains(&finding.rule.code) || finding.rule.code == "MC025";
        let place = finding.labels.first().map(|label| line_of(&label.source, label.span.start));
        is_leader || place.is_none_or(|place| !lines.contains(&place))
    });
}
