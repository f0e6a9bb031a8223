//! One logical line of a cidr table, taken apart as Postfix does it.
//!
//! White space at both ends is dropped. `if` and `endif`, in any case, are words of their own when no letter or digit
//! follows. Marks `!`, with white space behind each, turn a pattern's meaning. The pattern of a rule ends at white
//! space and the rest is its result; the pattern of an `if` is all the rest.
//!
//! Source: cidr_table(5).

use super::fault::FaultKind;
use super::logical::{is_space, trim_end, trim_start};
use std::ops::Range;

/// A taken-apart line. Ranges point into its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetworkLine {
    /// `if pattern`
    If {
        /// Whether an odd number of `!` stands before the pattern.
        negated: bool,
        /// The pattern; never empty.
        pattern: Range<usize>,
    },
    /// `endif`
    Endif,
    /// `pattern result`
    Rule {
        /// Whether an odd number of `!` stands before the pattern.
        negated: bool,
        /// The pattern; never empty.
        pattern: Range<usize>,
        /// The result, without white space at its ends; may be empty, which is a fault, but less of one than a bad
        /// pattern.
        result: Range<usize>,
    },
}

/// Takes a line apart.
///
/// # Errors
/// [`FaultKind::MissingPattern`], or [`FaultKind::TextIgnored`] for text behind `endif`: Postfix drops such a line.
pub fn parse_network_line(text: &[u8]) -> Result<NetworkLine, FaultKind> {
    let start = text.len() - trim_start(text).len();
    let end = trim_end(text).len().max(start);
    if keyword(&text[start..end], b"endif") {
        return if end == start + 5 { Ok(NetworkLine::Endif) } else { Err(FaultKind::TextIgnored) };
    }
    let is_if = keyword(&text[start..end], b"if");
    let mut at = if is_if { start + 2 } else { start };
    let skip = |at: usize| end - trim_start(&text[at..end]).len();
    at = skip(at);
    let mut negated = false;
    while at < end && text[at] == b'!' {
        negated = !negated;
        at = skip(at + 1);
    }
    if at >= end {
        return Err(FaultKind::MissingPattern);
    }
    if is_if {
        return Ok(NetworkLine::If { negated, pattern: at..end });
    }
    let pattern_end = text[at..end].iter().position(|&byte| is_space(byte)).map_or(end, |length| at + length);
    Ok(NetworkLine::Rule { negated, pattern: at..pattern_end, result: skip(pattern_end)..end })
}

fn keyword(text: &[u8], word: &[u8]) -> bool {
    text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
        && text.get(word.len()).is_none_or(|byte| !byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_as_postfix_3_11_takes_them_apart() {
        let cases = [
            ("10.0.0.0/8 a  b ", "<10.0.0.0/8> a  b"),
            ("10.0.0.0/8", "<10.0.0.0/8> "),
            ("! ! 10.0.0.0/8\tx\r", "<10.0.0.0/8> x"),
            ("!\t10.0.0.0/8 x", "!<10.0.0.0/8> x"),
            ("if 1.2.3.4 x", "if <1.2.3.4 x>"),
            ("IF! 1.2.3.4", "if !<1.2.3.4>"),
            ("if[::1]", "if <[::1]>"),
            ("if1.2.3.4 x", "<if1.2.3.4> x"),
            ("!if x", "!<if> x"),
            ("EndIf ", "endif"),
            ("endif#", "TextIgnored"),
            ("endiffy", "<endiffy> "),
            ("!endif", "!<endif> "),
            ("if !", "MissingPattern"),
            ("!!", "MissingPattern"),
            ("", "MissingPattern"),
        ];
        for (line, expected) in cases {
            let text = |range: Range<usize>| line[range].to_string();
            let mark = |negated: bool| if negated { "!" } else { "" };
            let shown = match parse_network_line(line.as_bytes()) {
                Ok(NetworkLine::If { negated, pattern }) => format!("if {}<{}>", mark(negated), text(pattern)),
                Ok(NetworkLine::Endif) => "endif".to_string(),
                Ok(NetworkLine::Rule { negated, pattern, result }) => {
                    format!("{}<{}> {}", mark(negated), text(pattern), text(result))
                }
                Err(kind) => format!("{kind:?}"),
            };
            assert_eq!(shown, expected, "{line:?}");
        }
    }
}
