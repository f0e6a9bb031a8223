//! How two operands are compared: as numbers, as text, or as compatibility levels.
//!
//! Without a word behind the operator, two operands of digits only are compared as numbers, all others byte by byte.
//! With `level` behind it, both must be compatibility levels, `major[.minor[.patch]]`: then `3.10` is more than `3.9`.

use std::cmp::Ordering;

/// A relational operator, without the word that may stand behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>=`
    GreaterOrEqual,
    /// `>`
    Greater,
}

impl Operator {
    /// The operator that is written so.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        Some(match text {
            b"==" => Self::Equal,
            b"!=" => Self::NotEqual,
            b"<" => Self::Less,
            b"<=" => Self::LessOrEqual,
            b">=" => Self::GreaterOrEqual,
            b">" => Self::Greater,
            _ => return None,
        })
    }

    const fn accepts(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::GreaterOrEqual => ordering.is_ge(),
            Self::Greater => ordering.is_gt(),
        }
    }
}

/// An operator and what it compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Relation {
    /// The operator.
    pub operator: Operator,
    /// Whether the operands are compatibility levels (`<level`).
    pub levels: bool,
}

/// Why two operands cannot be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CompareError {
    /// This is no compatibility level.
    Level(Vec<u8>),
    /// This number does not fit into 63 bits.
    Number(Vec<u8>),
}

impl Relation {
    /// Whether the relation holds between two expanded operands.
    pub(super) fn holds(self, left: &[u8], right: &[u8]) -> Result<bool, CompareError> {
        let ordering = if self.levels {
            let level = |text: &[u8]| CompatibilityLevel::parse(text).ok_or_else(|| CompareError::Level(text.to_vec()));
            level(left)?.cmp(&level(right)?)
        } else if is_number(left) && is_number(right) {
            number(left)?.cmp(&number(right)?)
        } else {
            left.cmp(right)
        };
        Ok(self.operator.accepts(ordering))
    }
}

fn is_number(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_digit)
}

fn number(digits: &[u8]) -> Result<i64, CompareError> {
    strtol(digits).map(|(value, _)| value).ok_or_else(|| CompareError::Number(digits.to_vec()))
}

/// A compatibility level: `major`, `major.minor` or `major.minor.patch`, as the parameter compatibility_level of
/// postconf(5) has it.
///
/// Levels before Postfix 3.6 are the plain numbers 0, 1 and 2. As in Postfix, a sign or white space may precede each
/// number, minor and patch go up to 1023, and major is limited to 43 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CompatibilityLevel {
    /// First number.
    pub major: u64,
    /// Second number, 0 if not given.
    pub minor: u16,
    /// Third number, 0 if not given.
    pub patch: u16,
}

impl CompatibilityLevel {
    const MAX_MAJOR: i64 = (1 << 43) - 1;
    const MAX_MINOR: i64 = 1023;

    /// Reads a level; `None` if the text is anything else.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (major, mut rest) = strtol(text)?;
        let mut lower = [0; 2];
        for part in &mut lower {
            if rest.is_empty() {
                break;
            }
            let (value, behind) = strtol(rest.strip_prefix(b".")?)?;
            *part = u16::try_from(value).ok().filter(|&value| i64::from(value) <= Self::MAX_MINOR)?;
            rest = behind;
        }
        let major = u64::try_from(major).ok().filter(|_| major <= Self::MAX_MAJOR)?;
        rest.is_empty().then_some(Self { major, minor: lower[0], patch: lower[1] })
    }
}

/// A decimal number as the C library reads it: white space, a sign, digits. With it what stands behind.
fn strtol(text: &[u8]) -> Option<(i64, &[u8])> {
    let blank = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t'..=b'\r')).count();
    let signed = &text[blank..];
    let digits_at = usize::from(matches!(signed.first(), Some(b'+' | b'-')));
    let digits = signed[digits_at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = signed.split_at(digits_at + digits);
    if digits == 0 {
        return None;
    }
    Some((std::str::from_utf8(number).ok()?.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relation(text: &str) -> Relation {
        let operator = text.trim_end_matches("level");
        Relation { operator: Operator::parse(operator.as_bytes()).unwrap(), levels: operator != text }
    }

    #[test]
    fn operands_are_numbers_or_text_or_levels() {
        let cases = [
            ("9", "<", "10", true),
            ("9a", "<", "10a", false),
            ("009", "==", "9", true),
            ("10", "<", "9x", true),
            ("", "==", "", true),
            ("", "<", "1", true),
            ("-1", "<", "1", true),
            (" 10", ">", " 9", false),
            ("A", "==", "a", false),
            ("3.10", "<", "3.9", true),
            ("3.10", "<level", "3.9", false),
            ("3.6", "==level", "3.6.0", true),
            ("3.6", "!=level", "3.10", true),
            ("3.6.1", "<level", "3.6.2", true),
            ("2", "<=level", "3.0", true),
            ("9999", ">level", "3.11", true),
            ("9999", ">=level", "3.11", true),
        ];
        for (left, operator, right, expected) in cases {
            let result = relation(operator).holds(left.as_bytes(), right.as_bytes());
            assert_eq!(result, Ok(expected), "{left} {operator} {right}");
        }
        assert_eq!(relation(">").holds(b"\xe9", b"a"), Ok(true), "bytes are unsigned");
    }

    #[test]
    fn a_number_too_large_and_a_bad_level_are_errors() {
        let big = b"9223372036854775808";
        assert_eq!(relation("<").holds(b"1", big), Err(CompareError::Number(big.to_vec())));
        assert_eq!(relation("<").holds(b"1", b"9223372036854775807"), Ok(true));
        assert_eq!(relation("<level").holds(b"a", b"b"), Err(CompareError::Level(b"a".to_vec())));
        assert_eq!(relation("<level").holds(b"1", b"b"), Err(CompareError::Level(b"b".to_vec())));
    }

    #[test]
    fn compatibility_levels_have_up_to_three_numbers() {
        let good = [
            ("0", (0, 0, 0)),
            ("3.6", (3, 6, 0)),
            ("3.6.1", (3, 6, 1)),
            ("03.06", (3, 6, 0)),
            ("+3. 6", (3, 6, 0)),
            ("-0", (0, 0, 0)),
            ("\x0b3", (3, 0, 0)),
            ("3.1023.1023", (3, 1023, 1023)),
            ("8796093022207", (8_796_093_022_207, 0, 0)),
        ];
        for (text, (major, minor, patch)) in good {
            let expected = Some(CompatibilityLevel { major, minor, patch });
            assert_eq!(CompatibilityLevel::parse(text.as_bytes()), expected, "{text:?}");
        }
        let bad = [
            "",
            "a",
            "3.",
            ".3",
            "3.6.1.1",
            "3 ",
            "3 .6",
            "-1",
            "3.-6",
            "3.6x",
            "0x3",
            "3.1024",
            "3.1.1024",
            "8796093022208",
        ];
        for text in bad {
            assert_eq!(CompatibilityLevel::parse(text.as_bytes()), None, "{text:?}");
        }
    }
}
