//! Results with `$1`, `${1}`, `$(1)` and `$$`.
//!
//! Source: regexp_table(5), pcre_table(5), "TEXT SUBSTITUTION".

use std::ops::Range;

/// A result, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    /// All that is not of a group.
    text: Vec<u8>,
    /// Where in `text` which group is put, in order.
    inserts: Vec<(usize, u32)>,
}

/// Why a result cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateFault {
    /// `$` without a name.
    NoName,
    /// `${` or `$(` without an end.
    Unclosed,
    /// A name that is no number.
    NotNumeric(Vec<u8>),
    /// A number that stands for the whole match, which is not to be had.
    Zero(Vec<u8>),
}

impl Template {
    /// Takes a result apart.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn parse(result: &[u8]) -> Result<Self, TemplateFault> {
        let mut template = Self::default();
        let mut rest = result;
        while let Some(dollar) = memchr::memchr(b'$', rest) {
            template.text.extend_from_slice(&rest[..dollar]);
            rest = &rest[dollar + 1..];
            if rest.first() == Some(&b'$') {
                template.text.push(b'$');
                rest = &rest[1..];
                continue;
            }
            let (name, behind) = name(rest)?;
            if !name.iter().all(u8::is_ascii_digit) {
                return Err(TemplateFault::NotNumeric(name.to_vec()));
            }
            let number = number(name);
            if number == 0 {
                return Err(TemplateFault::Zero(name.to_vec()));
            }
            template.inserts.push((template.text.len(), number));
            rest = &rest[behind..];
        }
        template.text.extend_from_slice(rest);
        Ok(template)
    }

    /// The greatest group that is asked for; 0 for none.
    #[must_use]
    pub fn greatest_group(&self) -> u32 {
        self.inserts.iter().map(|&(_, number)| number).max().unwrap_or(0)
    }

    /// The result for a key; `group` says which part of it a group caught.
    #[must_use]
    pub fn expand(&self, key: &[u8], group: impl Fn(usize) -> Option<Range<usize>>) -> Vec<u8> {
        let mut result = Vec::with_capacity(self.text.len());
        let mut at = 0;
        for &(before, number) in &self.inserts {
            result.extend_from_slice(&self.text[at..before]);
            at = before;
            // A group number that is no index caught nothing.
            let caught = usize::try_from(number).ok().and_then(&group).and_then(|range| key.get(range));
            result.extend_from_slice(caught.unwrap_or_default());
        }
        result.extend_from_slice(&self.text[at..]);
        result
    }
}

/// The name behind a `$`, and where it ends.
fn name(text: &[u8]) -> Result<(&[u8], usize), TemplateFault> {
    let (name, end) = match text.first() {
        Some(b'{') => in_brackets(text, b'{', b'}')?,
        Some(b'(') => in_brackets(text, b'(', b')')?,
        _ => {
            let length = text.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
            (&text[..length], length)
        }
    };
    if name.is_empty() { Err(TemplateFault::NoName) } else { Ok((name, end)) }
}

fn in_brackets(text: &[u8], open: u8, close: u8) -> Result<(&[u8], usize), TemplateFault> {
    let mut depth = 0_usize;
    let closes = |&byte: &u8| {
        if byte == open {
            depth += 1;
        } else if byte == close {
            depth -= 1;
        }
        depth == 0
    };
    let end = text.iter().position(closes).ok_or(TemplateFault::Unclosed)?;
    Ok((&text[1..end], end + 1))
}

/// Digits as C's `atoi` takes them on the systems that Postfix runs on: the low 32 bits of what fits 64.
#[allow(clippy::cast_possible_truncation)] // The very thing that it is for.
fn number(digits: &[u8]) -> u32 {
    let step = |number: i64, digit: &u8| number.saturating_mul(10).saturating_add(i64::from(digit - b'0'));
    digits.iter().fold(0, step) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_as_postfix_3_11_reads_them() {
        use TemplateFault::{NoName, NotNumeric, Unclosed, Zero};
        let cases = [
            ("a b", Ok("a b")),
            ("$1${2}$(3)", Ok("ONETWO")),
            ("<$1.$02-$1>", Ok("<ONE.TWO-ONE>")),
            ("$$1$$", Ok("$1$")),
            ("{$1}($1)", Ok("{ONE}(ONE)")),
            ("$4294967297", Ok("ONE")),
            ("$", Err(NoName)),
            ("x $- y", Err(NoName)),
            ("${}", Err(NoName)),
            ("$\u{e4}", Err(NoName)),
            ("$2 ${1", Err(Unclosed)),
            ("$(1}", Err(Unclosed)),
            ("$1x", Err(NotNumeric(b"1x".to_vec()))),
            ("${a${1}}", Err(NotNumeric(b"a${1}".to_vec()))),
            ("$(($1))", Err(NotNumeric(b"($1)".to_vec()))),
            ("$00", Err(Zero(b"00".to_vec()))),
            ("$4294967296", Err(Zero(b"4294967296".to_vec()))),
        ];
        for (text, expected) in cases {
            let group = |number| [Some(0..3), Some(3..6)].get(number - 1).cloned().flatten();
            let found = Template::parse(text.as_bytes()).map(|template| template.expand(b"ONETWO", group));
            assert_eq!(found, expected.map(|text| text.as_bytes().to_vec()), "{text}");
        }
    }

    #[test]
    fn the_greatest_group_counts_as_postfix_prints_it() {
        let cases = [("", 0), ("$1 $3 $2", 3), ("$2147483648", 0x8000_0000), ("$99999999999999999999", u32::MAX)];
        for (text, expected) in cases {
            assert_eq!(Template::parse(text.as_bytes()).map(|template| template.greatest_group()), Ok(expected));
        }
    }
}
