//! What can be wrong with a text, before any meaning: the facts that rules turn into findings.

use crate::base::Span;

/// A fault of form at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub kind: FaultKind,
    /// Where.
    pub span: Span,
}

/// The faults of form that Postfix refuses or drops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// The first logical line begins with white space: Postfix drops it.
    LeadingWhiteSpace,
    /// A zero byte: what follows it on the line is not seen.
    ZeroByte,
    /// main.cf: no `=` behind the name.
    MissingEquals,
    /// main.cf: nothing before `=`.
    MissingName,
    /// master.cf: fewer than eight fields.
    TooFewFields,
    /// master.cf: a `{` without its `}`.
    UnclosedBrace,
    /// master.cf: text right behind a `}`.
    TextAfterBrace,
    /// A table entry without a value.
    MissingValue,
    /// A `"` without its partner: Postfix drops the line.
    UnbalancedQuote,
    /// Bytes that are not UTF-8: Postfix drops the line.
    NotUtf8,
    /// A table entry `key: value`: postmap stores the key with its colon.
    ColonKey,
    /// A key or a value of 4 GiB or more.
    TooLong,
    /// aliases: no `name: value` here.
    NeedNameValue,
    /// aliases: a name with a domain.
    NotLocal,
    /// Pattern tables: a rule without a result.
    MissingResult,
    /// Pattern tables: a regular expression without its closing delimiter.
    UnclosedPattern,
    /// Pattern tables: `if` without a pattern.
    MissingPattern,
    /// Pattern tables: a letter behind an expression that is no flag.
    UnknownFlag,
    /// Pattern tables: `endif` without `if`.
    UnmatchedEndif,
    /// Pattern tables: `if` without `endif`.
    UnmatchedIf,
    /// Pattern tables: text behind `endif`, or a result behind the pattern of `if`.
    TextIgnored,
    /// Bounce templates: nothing behind `<<`.
    MissingMarker,
    /// Bounce templates: an end marker that begins with neither a letter nor a digit.
    MalformedMarker,
    /// Bounce templates: no line that is the end marker, newline and all.
    UnclosedTemplate,
}
