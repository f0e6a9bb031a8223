//! Tables of expressions: what `regexp:` and `pcre:` have in common.
//!
//! Rules are tried in the order of the text, the first that holds gives the answer, and `if` … `endif` keeps rules from
//! being tried. A rule that cannot be used is left out with a warning; a match that fails for want of memory or time is
//! a warning too, and its rule does not hold. Keys end at their first zero byte. The source is read when the table is
//! opened, never again.
//!
//! [`source`] brings the text, from a file or from the table's name; [`template`] is for `$1` in results; [`load`]
//! turns lines into rules; [`table`] looks up. [`posix_regex`] and [`pcre2`] are the two libraries, the only places
//! here with unsafe code; `posix_limits` says what may reach the first.
//!
//! Source: regexp_table(5), pcre_table(5), and the words of Postfix 3.11.

mod bracket_list;
pub mod load;
pub mod pcre2;
mod posix_limits;
pub mod posix_regex;
pub mod source;
pub mod table;
pub mod template;

use crate::syntax::pattern_line::Dialect;
use std::ffi::CStr;
use std::ops::Range;

/// An expression of a map type, ready for matching.
pub trait Expression: Sized {
    /// What matches of all expressions of a table write to.
    type Scratch: Default;

    /// The form of lines.
    const DIALECT: Dialect;

    /// The words of this map type.
    const WORDS: Words;

    /// Compiles an expression; `flags` are letters that the dialect has. Without `wants_groups` no groups are asked for
    /// later.
    ///
    /// # Errors
    /// Why it is none, in the library's words.
    fn compile(expression: &[u8], flags: &[u8], wants_groups: bool) -> Result<Self, String>;

    /// How many groups it has.
    fn groups(&self) -> usize;

    /// Whether it matches a key.
    ///
    /// # Errors
    /// Why that cannot be told, in the library's words.
    fn is_match(&mut self, key: &CStr, scratch: &mut Self::Scratch) -> Result<bool, String>;

    /// The part of the key that a group (from 1) caught in the last match, which must have been of an expression with
    /// groups.
    fn group(scratch: &Self::Scratch, number: usize) -> Option<Range<usize>>;
}

/// How Postfix's messages differ between the map types.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    /// The name of the map type.
    pub map_type: &'static str,
    /// What is done with a rule without a closing delimiter.
    pub unclosed: &'static str,
    /// What is said of `$0`.
    pub zero_index: &'static str,
}
