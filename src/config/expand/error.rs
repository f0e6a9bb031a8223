//! What can be wrong: faults of a value's text, and why an expansion failed.
//!
//! Messages are bytes, because they quote the value. They are what Postfix prints behind `warning: `; Postfix prints
//! bytes outside printable ASCII as `?`, which is left to whoever prints.

use std::fmt;

use super::domain::Function;
use super::slice::slice;
use crate::base::Span;

/// Postfix quotes this many bytes of what it did not understand.
const QUOTED: usize = 20;

/// Something in a value that is not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The place to point at.
    pub span: Span,
    /// What is wrong.
    pub kind: FaultKind,
}

/// What is wrong, with the spans that its message quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// A dollar sign with no name behind it, or `${}`. The rest of the value (or branch) is not looked at.
    EmptyName {
        /// The whole value or branch.
        whole: Span,
    },
    /// An opening bracket that is never closed. The rest of the value (or branch) is not looked at.
    Truncated {
        /// The whole value or branch.
        whole: Span,
    },
    /// Something other than `?`, `:` or `{` behind a name.
    NameSyntax {
        /// From the opening bracket to the end of the name.
        before: Span,
        /// What follows.
        rest: Span,
    },
    /// `{` without `}`, inside `$(…)`.
    Unbalanced {
        /// From the brace on.
        rest: Span,
    },
    /// No operator, or an unknown one, behind the first operand.
    Operator {
        /// The operand.
        left: Span,
        /// What follows.
        rest: Span,
    },
    /// A word other than `level` behind the operator.
    OperatorSuffix {
        /// The operator.
        operator: Span,
        /// The word.
        suffix: Span,
    },
    /// No `{` behind the operator.
    Operand {
        /// The operand before it.
        left: Span,
        /// The operator.
        operator: Span,
        /// What follows.
        rest: Span,
    },
    /// Something other than `?` or `:` behind a comparison.
    Choice {
        /// What follows.
        rest: Span,
    },
    /// Something other than `:` behind the first branch.
    Colon {
        /// The branch.
        branch: Span,
        /// What follows.
        rest: Span,
    },
    /// Something behind the last branch or the argument of a function.
    Trailing {
        /// The branch or argument.
        branch: Span,
        /// What follows.
        rest: Span,
    },
    /// A call of a function that does not exist.
    UnknownFunction {
        /// Its name.
        name: Span,
        /// Its argument.
        argument: Span,
    },
    /// Brackets nested more deeply than [`super::MAX_NESTING`]. Postfix has no such limit.
    TooDeep,
    /// So long, and so deeply nested, that parsing would take too long. Postfix has no such limit.
    TooLarge,
}

impl Fault {
    /// Whether nothing behind the fault is looked at, and Postfix reports it even after another fault.
    pub(super) const fn ends_value(&self) -> bool {
        matches!(self.kind, FaultKind::EmptyName { .. } | FaultKind::Truncated { .. })
    }

    /// The message, quoting the value that the fault was found in.
    #[must_use]
    pub fn message(&self, value: &[u8]) -> Vec<u8> {
        let part = |span: Span| slice(value, span);
        let quote = |span: Span| {
            let rest = part(span);
            &rest[..rest.len().min(QUOTED)]
        };
        let pieces: Vec<&[u8]> = match self.kind {
            FaultKind::EmptyName { whole } => vec![b"empty macro name: \"", part(whole), b"\""],
            FaultKind::Truncated { whole } => vec![b"truncated macro reference: \"", part(whole), b"\""],
            FaultKind::NameSyntax { before, rest } => {
                vec![b"attribute name syntax error at: \"...", part(before), b">>>", quote(rest), b"\""]
            }
            FaultKind::Unbalanced { rest } => vec![b"unbalanced {} in attribute expression: \"", part(rest), b"\""],
            FaultKind::Operator { left, rest } => vec![
                br#""==" or "!="" or "<"" or "<="" or ">="" or ">" expected at: "..."#,
                part(left),
                b"}>>>",
                quote(rest),
                b"\"",
            ],
            FaultKind::OperatorSuffix { operator, suffix } => {
                vec![b"bad operator suffix at: \"...", part(operator), b">>>", part(suffix), b"\""]
            }
            FaultKind::Operand { left, operator, rest } => vec![
                b"\"{expression}\" expected at: \"...{",
                part(left),
                b"} ",
                part(operator),
                b">>>",
                quote(rest),
                b"\"",
            ],
            FaultKind::Choice { rest } => vec![b"\"?\" or \":\" expected at: \"...}>>>", quote(rest), b"\""],
            FaultKind::Colon { branch, rest } => {
                vec![b"\":\" expected at: \"...", part(branch), b"}>>>", quote(rest), b"\""]
            }
            FaultKind::Trailing { branch, rest } => {
                vec![b"unexpected input at: \"...", part(branch), b"}>>>", quote(rest), b"\""]
            }
            FaultKind::UnknownFunction { name, argument } => {
                vec![b"unknown function \"", part(name), b"\" at\"...>>>", part(name), b"{", part(argument), b"}\""]
            }
            FaultKind::TooDeep => vec![b"brackets are nested too deeply"],
            FaultKind::TooLarge => vec![b"value is too large for its nesting"],
        };
        pieces.concat()
    }
}

/// Something that went wrong during an expansion or a scan, in the order in which Postfix notices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The parameter whose value it was found in; `None` for the value that was given.
    pub within: Option<Vec<u8>>,
    /// The place in that value.
    pub span: Span,
    /// The message that Postfix prints behind `warning: `.
    pub message: Vec<u8>,
}

/// Why an expansion failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A value that is needed has a fault.
    Syntax,
    /// A parameter's value refers to the parameter itself: the names, from one to the same again.
    Cycle(Vec<Vec<u8>>),
    /// References nested more deeply than Postfix allows, without a cycle: the parameters on the way.
    Nesting(Vec<Vec<u8>>),
    /// An operand of `<level` and its like that is no compatibility level.
    Level(Vec<u8>),
    /// A number in a comparison that is too large.
    Number(Vec<u8>),
    /// A domain that a function cannot convert.
    Domain(Function, Vec<u8>),
    /// More work than [`super::MAX_WORK`]: the parameters whose values were being expanded, the outermost first.
    TooLarge(Vec<Vec<u8>>),
}

/// An expansion that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpandError {
    /// What went wrong first.
    pub reason: Reason,
    /// Everything that was noticed, in order: Postfix prints each as a warning.
    pub problems: Vec<Problem>,
}

impl ExpandError {
    /// The words with which Postfix ends: what it prints behind `fatal: `.
    #[must_use]
    pub fn fatal(&self) -> Vec<u8> {
        match &self.reason {
            Reason::Number(digits) => [b"mac_exp_eval: bad conversion: ", digits.as_slice()].concat(),
            _ => b"macro processing error".to_vec(),
        }
    }
}

impl fmt::Display for ExpandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let chain = |names: &[Vec<u8>]| {
            let names: Vec<_> = names.iter().map(|name| name.escape_ascii().to_string()).collect();
            names.join(" -> ")
        };
        match &self.reason {
            Reason::Cycle(names) => write!(f, "parameter refers to itself: {}", chain(names)),
            Reason::Nesting(names) if names.is_empty() => write!(f, "references are nested too deeply"),
            Reason::Nesting(names) => write!(f, "references are nested too deeply: {}", chain(names)),
            Reason::Number(digits) => write!(f, "number too large: {}", digits.escape_ascii()),
            Reason::TooLarge(names) if names.is_empty() => write!(f, "value is too large when expanded"),
            // A few from either end tell where to look.
            Reason::TooLarge(names) if names.len() > 8 => {
                let (first, last) = (chain(&names[..4]), chain(&names[names.len() - 3..]));
                write!(f, "value is too large when expanded: {first} -> … -> {last}")
            }
            Reason::TooLarge(names) => write!(f, "value is too large when expanded: {}", chain(names)),
            Reason::Syntax | Reason::Level(_) | Reason::Domain(..) => match self.problems.first() {
                Some(problem) => write!(f, "{}", String::from_utf8_lossy(&problem.message)),
                None => write!(f, "macro processing error"),
            },
        }
    }
}

impl std::error::Error for ExpandError {}
