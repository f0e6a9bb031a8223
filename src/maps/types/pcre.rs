//! `pcre:` — rules with Perl-compatible regular expressions.
//!
//! Keys and expressions are bytes, also where `smtputf8_enable` is on; an expression that begins with `(*UTF)` has
//! characters.
//!
//! Source: pcre_table(5).

use crate::maps::patterns::pcre2::{Flags, Matches, Pcre2Regex};
use crate::maps::patterns::table::PatternTable;
use crate::maps::patterns::{Expression, Words};
use crate::syntax::pattern_line::Dialect;
use std::ffi::CStr;
use std::ops::Range;

/// An open `pcre:` table.
pub type PcreTable = PatternTable<PcreExpression>;

/// An expression of a `pcre:` table.
#[derive(Debug)]
pub struct PcreExpression {
    regex: Pcre2Regex,
    wants_groups: bool,
}

impl Expression for PcreExpression {
    type Scratch = Matches;

    const DIALECT: Dialect = Dialect::Pcre;

    const WORDS: Words = Words { map_type: "pcre", unclosed: "ignoring this rule", zero_index: "out of range" };

    fn compile(expression: &[u8], letters: &[u8], wants_groups: bool) -> Result<Self, String> {
        let mut flags = Flags::DEFAULT;
        letters.iter().for_each(|&letter| flags.toggle(letter));
        match Pcre2Regex::new(expression, flags) {
            Ok(regex) => Ok(Self { regex, wants_groups }),
            Err((offset, words)) => Err(format!("error in regex at offset {offset}: {words}")),
        }
    }

    fn groups(&self) -> usize {
        self.regex.groups()
    }

    fn is_match(&mut self, key: &CStr, scratch: &mut Matches) -> Result<bool, String> {
        self.regex.is_match(key.to_bytes(), self.wants_groups, scratch)
    }

    fn group(scratch: &Matches, number: usize) -> Option<Range<usize>> {
        scratch.group(number)
    }
}
