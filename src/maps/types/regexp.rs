//! `regexp:` — rules with the regular expressions of POSIX, as the C library has them.
//!
//! Source: regexp_table(5).

use crate::maps::patterns::posix_regex::{Matches, PosixRegex, Syntax};
use crate::maps::patterns::table::PatternTable;
use crate::maps::patterns::{Expression, Words};
use crate::syntax::pattern_line::Dialect;
use std::ffi::CStr;
use std::ops::Range;

/// An open `regexp:` table.
pub type RegexpTable = PatternTable<RegexpExpression>;

/// An expression of a `regexp:` table.
#[derive(Debug)]
pub struct RegexpExpression {
    regex: PosixRegex,
    /// How many places a match is asked for.
    places: usize,
}

impl Expression for RegexpExpression {
    type Scratch = Matches;

    const DIALECT: Dialect = Dialect::Regexp;

    const WORDS: Words = Words { map_type: "regexp", unclosed: "skipping this rule", zero_index: "out-of-range" };

    fn compile(expression: &[u8], flags: &[u8], wants_groups: bool) -> Result<Self, String> {
        let mut syntax = Syntax { extended: true, caseless: true, multiline: false, groups: wants_groups };
        for flag in flags {
            match flag {
                b'i' => syntax.caseless ^= true,
                b'm' => syntax.multiline ^= true,
                b'x' => syntax.extended ^= true,
                _ => {}
            }
        }
        let regex = PosixRegex::new(expression, syntax)?;
        let places = if wants_groups { regex.groups() + 1 } else { 0 };
        Ok(Self { regex, places })
    }

    fn groups(&self) -> usize {
        self.regex.groups()
    }

    fn is_match(&mut self, key: &CStr, scratch: &mut Matches) -> Result<bool, String> {
        self.regex.is_match(key, self.places, scratch)
    }

    fn group(scratch: &Matches, number: usize) -> Option<Range<usize>> {
        scratch.group(number)
    }
}
