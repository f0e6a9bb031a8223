//! Carrying out the fixes of findings, all that go together: a text with several places mended, or none.
//!
//! A fix is carried out whole or not at all. Where two touch the same bytes the first one wins; the other is for the
//! next round, when the text has been looked at again.

use crate::base::{Edit, Source, Span, apply_edits};
use crate::diagnostic::{Finding, Fix};
use crate::syntax::{LogicalLine, LogicalLines};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A text that was mended.
#[derive(Clone, Debug)]
pub struct Mended {
    /// The text as it is now, under the same name.
    pub source: Arc<Source>,
    /// How many fixes were carried out.
    pub count: usize,
}

/// Carries out the fixes that `wanted` lets through, in the order of the findings.
#[must_use]
pub fn apply_fixes(findings: &[Finding], wanted: impl Fn(&Fix) -> bool) -> Vec<Mended> {
    let mut taken: BTreeMap<&str, Taken> = BTreeMap::new();
    for fix in findings.iter().filter_map(|finding| finding.fix.as_ref()).filter(|fix| wanted(fix)) {
        let text = taken.entry(fix.source.name()).or_insert_with(|| Taken {
            source: &fix.source,
            same: vec![Arc::clone(&fix.source)],
            edits: Vec::new(),
            spans: BTreeMap::new(),
            count: 0,
        });
        text.take(fix);
    }
    let mended = taken.into_values().filter(|text| text.count > 0).filter_map(|text| {
        // Edits that reach past the end are no use to anybody.
        let bytes = apply_edits(text.source.bytes(), &text.edits).ok()?;
        Some(Mended { source: Arc::new(Source::new(text.source.name(), bytes)), count: text.count })
    });
    mended.collect()
}

/// Edits that remove the logical line that begins at an offset; comments between its parts stay.
#[must_use]
pub fn removal_of_line(source: &Source, start: usize) -> Vec<Edit> {
    let bytes = source.bytes();
    let rest = bytes.get(start..).unwrap_or_default();
    let pieces: Vec<Span> = LogicalLines::new(rest).next().iter().flat_map(LogicalLine::pieces).collect();
    let edits = pieces.into_iter().map(|piece| {
        let end = (start + piece.end + 1).min(bytes.len());
        Edit::replace(Span::new(start + piece.start, end), "")
    });
    edits.collect()
}

/// The edits of one text that go together.
struct Taken<'a> {
    source: &'a Arc<Source>,
    /// Other readings of the same bytes.
    same: Vec<Arc<Source>>,
    edits: Vec<Edit>,
    /// What they touch, end by start.
    spans: BTreeMap<usize, usize>,
    count: usize,
}

impl Taken<'_> {
    fn take(&mut self, fix: &Fix) {
        // One name stands for one text; a fix of an older state of it means other bytes.
        let known = self.same.iter().any(|source| Arc::ptr_eq(source, &fix.source));
        let same = known || self.same.iter().any(|source| source.bytes() == fix.source.bytes());
        if same && !known {
            self.same.push(Arc::clone(&fix.source));
        }
        let in_range = fix.edits.iter().all(|edit| edit.span.end <= self.source.bytes().len());
        let changes = fix.edits.iter().any(|edit| self.source.slice(edit.span) != edit.text);
        if !same || !in_range || !changes || fix.edits.iter().any(|edit| self.touches(edit.span)) {
            return;
        }
        for edit in &fix.edits {
            let end = self.spans.entry(edit.span.start).or_insert(edit.span.end);
            *end = edit.span.end.max(*end);
            self.edits.push(edit.clone());
        }
        self.count += 1;
    }

    /// Whether a span shares a byte with what is taken, or one of both inserts where the other touches.
    fn touches(&self, span: Span) -> bool {
        // What is taken does not overlap: of all that begins before the end the last reaches farthest, and one more may
        // begin right at the end.
        let near = self.spans.range(..=span.end).rev().take(2);
        near.map(|(&start, &end)| Span::new(start, end)).any(|taken| conflict(taken, span))
    }
}

fn conflict(a: Span, b: Span) -> bool {
    let (shares, meets) = (a.start < b.end && b.start < a.end, a.start <= b.end && b.start <= a.end);
    shares || meets && (a.is_empty() || b.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Safety;
    use crate::lint::rules::own::unused_suppression::RULE;

    /// Fixes as lists of `start..end text`, and what the text `0123456789` becomes.
    #[test]
    fn the_first_of_two_that_touch_wins() {
        type Edits<'a> = &'a [(usize, usize, &'a str)];
        let cases: &[(&[Edits], usize, &str)] = &[
            (&[&[(0, 1, "a")], &[(1, 2, "b")]], 2, "ab23456789"),
            (&[&[(0, 2, "a")], &[(1, 3, "b")]], 1, "a23456789"),
            (&[&[(4, 6, "")], &[(1, 5, "")], &[(6, 7, "x")]], 2, "0123x789"),
            (&[&[(1, 9, "-")], &[(3, 4, "x")]], 1, "0-9"),
            (&[&[(3, 4, "x")], &[(1, 9, "-")]], 1, "012x456789"),
            (&[&[(2, 2, "a")], &[(2, 2, "b")]], 1, "01a23456789"),
            (&[&[(2, 2, "a")], &[(2, 4, "b")]], 1, "01a23456789"),
            (&[&[(2, 4, "b")], &[(4, 4, "a")]], 1, "01b456789"),
            (&[&[(2, 4, "b")], &[(3, 3, "a")]], 1, "01b456789"),
            // All of a fix or nothing.
            (&[&[(0, 1, "a"), (8, 9, "b")], &[(2, 3, "c"), (8, 10, "d")], &[(4, 5, "e")]], 2, "a123e567b9"),
            (&[&[(20, 21, "x")], &[(0, 1, "a")]], 1, "a123456789"),
            // What changes nothing is no fix.
            (&[&[(0, 1, "0")]], 0, ""),
        ];
        for (fixes, count, text) in cases {
            let source = Arc::new(Source::new("main.cf", "0123456789"));
            let findings: Vec<Finding> = fixes
                .iter()
                .map(|edits| {
                    let edits = edits.iter().map(|(start, end, text)| Edit::replace(Span::new(*start, *end), *text));
                    let fix = Fix {
                        title: "test".into(),
                        safety: Safety::Safe,
                        source: Arc::clone(&source),
                        edits: edits.collect(),
                    };
                    Finding::new(&RULE, "").fix(fix)
                })
                .collect();
            let mended = apply_fixes(&findings, |_| true);
            let got = mended.first().map_or((0, String::new()), |one| {
                (one.count, String::from_utf8_lossy(one.source.bytes()).into_owned())
            });
            assert_eq!(got, (*count, (*text).to_string()), "{fixes:?}");
        }
        assert!(apply_fixes(&[], |_| true).is_empty());
    }
}
