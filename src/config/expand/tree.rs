//! What a value is made of: a tree of spans into the value, which together cover it without gaps.

use std::borrow::Cow;

use super::compare::Relation;
use super::domain::Function;
use super::error::{Fault, FaultKind};
use super::slice::slice;
use crate::base::Span;

/// A parsed value.
///
/// All spans are byte offsets into [`Expansion::value`].
#[derive(Clone, Debug)]
pub struct Expansion<'v> {
    /// The value that was parsed.
    pub value: &'v [u8],
    /// Its parts, from the first byte to the last.
    pub nodes: Vec<Node>,
    /// Everything that is wrong with it, in the order of the text, at any depth.
    pub faults: Vec<Fault>,
}

/// One part of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// Literal text; `$$` in it stands for one dollar sign.
    Text {
        /// All of it.
        span: Span,
    },
    /// `$name`, `$(name)` or `${name}`.
    Name {
        /// From the dollar sign to the last character.
        span: Span,
        /// The name alone. It is empty for `${ }`.
        name: Span,
    },
    /// `${name?…}`, `${name:…}` and their longer forms.
    Conditional {
        /// From the dollar sign to the closing bracket.
        span: Span,
        /// The name alone; empty for `${?x}`.
        name: Span,
        /// What it comes to when the raw value is not empty, and when it is.
        branches: Branches,
    },
    /// `${{left} == {right} ? {yes} : {no}}`.
    Comparison {
        /// From the dollar sign to the closing bracket.
        span: Span,
        /// The operand before the operator.
        left: Branch,
        /// How they are compared.
        relation: Relation,
        /// The operand behind the operator.
        right: Branch,
        /// What it comes to. With no branch at all a comparison that holds comes to `true`.
        branches: Branches,
    },
    /// `${function{argument}}`.
    Call {
        /// From the dollar sign to the closing bracket.
        span: Span,
        /// The function.
        function: Function,
        /// Its argument, without white space around it.
        argument: Branch,
    },
    /// What cannot be understood.
    Bad {
        /// From the dollar sign to the closing bracket, or to the end of the value or branch.
        span: Span,
        /// Why.
        fault: Fault,
    },
}

/// The two outcomes of a test.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Branches {
    /// Behind `?`.
    pub yes: Option<Branch>,
    /// Behind `:`.
    pub no: Option<Branch>,
    /// What is wrong behind the branches. Postfix notices only after it has expanded the one that was chosen.
    pub fault: Option<Fault>,
}

/// A value inside another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// The value, without braces.
    pub span: Span,
    /// Its parts.
    pub nodes: Vec<Node>,
}

impl Node {
    /// All bytes of the node.
    #[must_use]
    pub const fn span(&self) -> Span {
        match self {
            Self::Text { span }
            | Self::Name { span, .. }
            | Self::Conditional { span, .. }
            | Self::Comparison { span, .. }
            | Self::Call { span, .. }
            | Self::Bad { span, .. } => *span,
        }
    }

    /// Whether the node is a reference whose opening bracket is closed.
    pub(super) fn is_bracketed(&self, value: &[u8]) -> bool {
        let truncated = matches!(self, Self::Bad { fault, .. } if matches!(fault.kind, FaultKind::Truncated { .. }));
        !truncated && matches!(slice(value, self.span()), [b'$', b'{' | b'(', ..])
    }

    /// What Postfix calls the node in its message about nesting: the text, or what stands between the brackets.
    pub(super) fn content<'v>(&self, value: &'v [u8]) -> Cow<'v, [u8]> {
        let bytes = slice(value, self.span());
        match bytes {
            _ if matches!(self, Self::Text { .. }) => literal(bytes),
            [b'$', b'{' | b'(', inner @ .., _] => Cow::Borrowed(inner),
            [b'$', inner @ ..] => Cow::Borrowed(inner),
            _ => Cow::Borrowed(bytes),
        }
    }
}

impl<'v> Expansion<'v> {
    /// The bytes of a span.
    #[must_use]
    pub fn slice(&self, span: Span) -> &'v [u8] {
        slice(self.value, span)
    }
}

/// Text with every `$$` made one dollar sign.
pub(super) fn literal(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'$') {
        return Cow::Borrowed(text);
    }
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, behind)) = rest.split_first() {
        plain.push(byte);
        rest = if byte == b'$' { behind.strip_prefix(b"$").unwrap_or(behind) } else { behind };
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubled_dollar_signs_become_one() {
        for (text, plain) in [("a", "a"), ("$$", "$"), ("a$$$$b$$", "a$$b$")] {
            assert_eq!(literal(text.as_bytes()).as_ref(), plain.as_bytes(), "{text}");
        }
    }
}
