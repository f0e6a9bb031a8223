//! A comment that silences findings, as it was read: what it names, what it is for, and what is wrong with it.

use super::selection::UnknownRule;
use crate::base::{Source, Span};
use crate::diagnostic::Rule;
use std::sync::Arc;

/// One comment.
#[derive(Clone, Debug)]
pub struct Suppression {
    /// The text that it stands in.
    pub source: Arc<Source>,
    /// The comment, from its `#` to its last byte.
    pub span: Span,
    /// The rules that it names.
    pub codes: Vec<NamedRule>,
    /// The logical line that it is for; nothing behind the last one.
    pub line: Option<Span>,
    /// What is wrong with it.
    pub faults: Vec<SuppressionFault>,
}

/// A rule and the place that names it.
#[derive(Clone, Copy, Debug)]
pub struct NamedRule {
    /// The rule.
    pub rule: &'static Rule,
    /// The place.
    pub span: Span,
}

/// What is wrong with a comment for this program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SuppressionFault {
    /// Something else than `ignore` behind `postwright:`.
    UnknownWord(Span),
    /// Nothing behind `ignore`.
    MissingCode,
    /// A code that no rule has.
    UnknownCode(Span, UnknownRule),
    /// Nothing behind the codes.
    MissingReason,
}
