//! Changing main.cf and master.cf as text.
//!
//! [`rewrite`] does what `postconf -e`, `-X` and `-#` do, to the byte: whole entries are replaced. [`set`] is the
//! gentler way: only the bytes of a value change; [`service`] does so for the `-o` of one service.
//!
//! [`replace`] puts the new text in the place of the old one, under the [`lock`] that postconf takes,
//! in the [`place`] that was found first.

pub mod lock;
pub mod place;
pub mod replace;
pub mod rewrite;
pub mod service;
pub mod set;

use std::fmt;

/// Why an edit by range cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// A `{` has no `}`, or the other way round: what stands behind it would be read as a part of it.
    UnbalancedBraces,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnbalancedBraces => f.write_str("the braces in the value do not match"),
        }
    }
}

impl std::error::Error for Refused {}
