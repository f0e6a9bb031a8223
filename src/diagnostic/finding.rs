//! What a rule found: where, what about it, and what to do.

use super::rule::{Rule, Safety, Severity};
use crate::base::{Edit, Source, Span};
use std::sync::Arc;

/// Something about the user's text.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule that found it.
    pub rule: &'static Rule,
    /// How bad it is here.
    pub severity: Severity,
    /// One line: what is wrong.
    pub message: String,
    /// Where; the first label is the place itself, others are places that it conflicts with.
    pub labels: Vec<Label>,
    /// What to do about it here.
    pub help: Option<String>,
    /// How the text can be mended by itself.
    pub fix: Option<Fix>,
}

/// A place in a text and what is to be said about it.
#[derive(Clone, Debug)]
pub struct Label {
    /// The text.
    pub source: Arc<Source>,
    /// The place.
    pub span: Span,
    /// What about it; may be empty.
    pub text: String,
}

/// A change that mends a finding.
#[derive(Clone, Debug)]
pub struct Fix {
    /// What it does.
    pub title: String,
    /// Whether it keeps the meaning of the configuration.
    pub safety: Safety,
    /// The text that it changes.
    pub source: Arc<Source>,
    /// The changes.
    pub edits: Vec<Edit>,
}

impl Finding {
    /// A finding of a rule at its usual severity.
    #[must_use]
    pub fn new(rule: &'static Rule, message: impl Into<String>) -> Self {
        let message = shortened(message.into());
        Self { rule, severity: rule.severity, message, labels: Vec::new(), help: None, fix: None }
    }

    /// Adds a place.
    #[must_use]
    pub fn at(mut self, source: &Arc<Source>, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { source: Arc::clone(source), span, text: text.into() });
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(shortened(help.into()));
        self
    }

    /// Adds a change that mends it.
    #[must_use]
    pub fn fix(mut self, fix: Fix) -> Self {
        self.fix = Some(fix);
        self
    }

    /// Changes the severity.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// By what findings are ordered: file, place, rule.
    #[must_use]
    pub fn order(&self) -> (&str, usize, &str) {
        let first = self.labels.first();
        (first.map_or("", |label| label.source.name()), first.map_or(0, |label| label.span.start), self.rule.code)
    }
}

/// A text in which nobody's name or value is so long that nothing else is seen.
fn shortened(mut text: String) -> String {
    if text.len() > MOST_BYTES {
        let left_out = text.len() - SHOWN_BYTES;
        text.truncate((0..=SHOWN_BYTES).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default());
        text.push_str(&format!("… ({left_out} more bytes)"));
    }
    text
}

/// Longest text that is shown whole.
const MOST_BYTES: usize = 2000;
/// So much is shown of a longer one.
const SHOWN_BYTES: usize = 300;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(shortened("x".repeat(MOST_BYTES)).len(), MOST_BYTES);
        let long = shortened("\u{e9}".repeat(1001).replacen('\u{e9}', "a", 1));
        assert_eq!(long, format!("a{}… (1701 more bytes)", "\u{e9}".repeat(149)));
    }
}
