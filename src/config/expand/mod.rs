//! The expansion language of main.cf values: `$name`, `${name?yes}`, `${{a} == {b} ? {yes} : {no}}` and so on.
//!
//! [`parse`] turns one value into a tree that covers all of it, with the faults that it holds; [`expand`] computes what
//! the value comes to, asking a [`Lookup`] for the raw values of parameters; [`scan`] is the walk that postconf makes
//! over every value of main.cf before it prints anything, to learn which names are used; [`references`] lists every
//! name in a value.
//!
//! Results and the texts of messages are those of Postfix 3.11 (`postconf -x`), as observed, odd cases included. What
//! differs on purpose: a cycle is named in full beside the message that Postfix has for it, also a kind of cycle on
//! which Postfix
//! 3.11.7 ends by a signal, and there are limits to nesting ([`MAX_NESTING`]) and to the work for one value
//! ([`MAX_WORK`]).
//!
//! Facts that the manual leaves open:
//! - White space may stand around names, `{…}` and operators; it is space, tab, CR and LF only. Inside `{…}`, and in a
//!   branch without braces, it is part of the value.
//! - `${name?…}` asks whether the *raw* value is empty: with `a = $b` and `b` empty, `${a?x}` is `x`.
//! - The end of `${` is found by counting braces and that of `$(` by counting parentheses, before anything inside is
//!   understood.
//! - A branch that is not taken is not expanded, so its faults do no harm; [`scan`] reports them all the same.
//! - A comparison without branches is `true` or nothing.

mod compare;
mod domain;
mod error;
mod evaluate;
mod lookup;
mod nesting;
mod parse;
mod plain;
mod references;
mod slice;
mod tree;
mod walk;

pub use compare::{CompatibilityLevel, Operator, Relation};
pub use domain::Function;
pub use error::{ExpandError, Fault, FaultKind, Problem, Reason};
pub use evaluate::{expand, expand_observed, scan};
pub use lookup::{Lookup, Observer, Purpose, Step};
pub use nesting::MAX_NESTING;
pub use parse::parse;
pub use plain::names_in_default;
pub use references::{Reference, references};
pub use tree::{Branch, Branches, Expansion, Node};
pub use walk::{MAX_DEPTH, MAX_WORK, Notice};
