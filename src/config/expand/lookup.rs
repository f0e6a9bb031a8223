//! What an expansion asks of its caller, the values of parameters, and what it tells one that watches.

use std::borrow::Cow;

use super::domain::Function;
use crate::base::Span;

/// Where the values of parameters come from.
///
/// Any `FnMut(&[u8]) -> Option<Cow<'v, [u8]>>` is one.
pub trait Lookup<'v> {
    /// The value of a parameter, not expanded; `None` if there is no such parameter.
    fn raw(&mut self, name: &[u8]) -> Option<Cow<'v, [u8]>>;

    /// Converts a domain that ASCII rules alone do not settle.
    ///
    /// # Errors
    /// Why it cannot be converted, as ICU names it (`UIDNA_ERROR_EMPTY_LABEL`). So says the default for everything but
    /// the empty domain: internationalized domains need tables that this floor does not have.
    fn convert_domain(&mut self, function: Function, domain: &[u8]) -> Result<Vec<u8>, String> {
        let _ = function;
        Err(if domain.is_empty() { "UIDNA_ERROR_EMPTY_LABEL" } else { "not supported" }.to_owned())
    }
}

impl<'v, F: FnMut(&[u8]) -> Option<Cow<'v, [u8]>>> Lookup<'v> for F {
    fn raw(&mut self, name: &[u8]) -> Option<Cow<'v, [u8]>> {
        self(name)
    }
}

/// Whether a name stands for its value or is only asked whether that is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// `$name`: the expanded value goes into the result.
    Substitute,
    /// `${name?…}`: the raw value chooses a branch.
    Test,
}

/// One use of a name during an expansion.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// The name.
    pub name: &'a [u8],
    /// Its raw value, or `None` if there is no such parameter, which counts as empty.
    pub raw: Option<&'a [u8]>,
    /// What for.
    pub purpose: Purpose,
    /// The parameter in whose value the reference stands; `None` for the value that is expanded.
    pub within: Option<&'a [u8]>,
    /// The whole reference there.
    pub span: Span,
    /// How many parameters lie between the value that is expanded and this one.
    pub depth: usize,
}

/// Watches an expansion. Every method does nothing unless it is overridden.
pub trait Observer {
    /// A name was looked up; if it is to be substituted, the steps until `substituted` belong to its value.
    fn looked_up(&mut self, step: &Step<'_>) {
        let _ = step;
    }

    /// The value of a parameter was expanded.
    fn substituted(&mut self, step: &Step<'_>, result: &[u8]) {
        let _ = (step, result);
    }

    /// Two expanded operands were compared.
    fn compared(&mut self, span: Span, left: &[u8], right: &[u8], holds: bool) {
        let _ = (span, left, right, holds);
    }
}

impl Observer for () {}
