//! One logical line of a table of expressions (`regexp:`, `pcre:`), taken apart: a rule, `if`, `endif`, or what is
//! wrong.
//!
//! A line ends at its first zero byte. A backslash keeps the byte behind it from closing an expression. Only at the
//! start of a line must a delimiter be no letter and no digit.
//!
//! Source: regexp_table(5), pcre_table(5); what these leave open, as Postfix 3.11 does it.

use super::logical::{is_space, trim_end};
use std::ops::Range;

/// Which expressions stand in the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `regexp:`; a rule may have a second pattern: `/a/!/b/ result`.
    Regexp,
    /// `pcre:`
    Pcre,
}

impl Dialect {
    /// The letters that may stand behind an expression.
    #[must_use]
    pub const fn flags(self) -> &'static [u8] {
        match self {
            Self::Regexp => b"imx",
            Self::Pcre => b"imsxAEUX",
        }
    }
}

/// A pattern; ranges are places in the text of the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinePattern {
    /// Whether an odd number of `!` stands before it.
    pub negated: bool,
    /// What is between the delimiters.
    pub expression: Range<usize>,
    /// The letters behind the closing delimiter.
    pub flags: Range<usize>,
}

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineStatement {
    /// `if pattern`
    If(LinePattern),
    /// `endif`
    Endif,
    /// `pattern result`
    Rule {
        /// When it holds.
        pattern: LinePattern,
        /// The second pattern (`regexp:` only), which must hold too.
        second: Option<LinePattern>,
        /// What a lookup gives; may be empty.
        result: Range<usize>,
    },
}

/// Why a line says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineFault {
    /// It begins with a letter or a digit and is neither `if` nor `endif`.
    Unrecognized,
    /// There is no expression.
    NoExpression,
    /// The delimiter at this place has no partner.
    Unclosed(usize),
    /// The byte at the end of this range is no flag; those before it are.
    UnknownFlag(Range<usize>),
}

/// A line taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternLine {
    /// What it says.
    pub statement: Result<LineStatement, LineFault>,
    /// The keyword, if it begins with one.
    pub keyword: Option<Range<usize>>,
    /// What stands behind the end of an `if` or `endif`, to no effect.
    pub ignored: Range<usize>,
}

/// Takes a logical line apart.
#[must_use]
pub fn parse_pattern_line(text: &[u8], dialect: Dialect) -> PatternLine {
    let text = trim_end(&text[..memchr::memchr(0, text).unwrap_or(text.len())]);
    let mut line = PatternLine { statement: Ok(LineStatement::Endif), keyword: None, ignored: 0..0 };
    if !text.first().is_some_and(u8::is_ascii_alphanumeric) {
        line.statement = parse_rule(text, dialect);
    } else if let Some(at) = keyword_end(text, b"if") {
        line.keyword = Some(0..at);
        line.statement = parse_pattern(text, at, dialect).map(|(pattern, at)| {
            line.ignored = skip_space(text, at)..text.len();
            LineStatement::If(pattern)
        });
    } else if let Some(at) = keyword_end(text, b"endif") {
        line.keyword = Some(0..at);
        line.ignored = skip_space(text, at)..text.len();
    } else {
        line.statement = Err(LineFault::Unrecognized);
    }
    line
}

fn keyword_end(text: &[u8], keyword: &[u8]) -> Option<usize> {
    let end = keyword.len();
    let is_word = text.get(..end)?.eq_ignore_ascii_case(keyword);
    (is_word && !text.get(end).is_some_and(u8::is_ascii_alphanumeric)).then_some(end)
}

fn skip_space(text: &[u8], at: usize) -> usize {
    at + text[at..].iter().take_while(|&&byte| is_space(byte)).count()
}

fn parse_rule(text: &[u8], dialect: Dialect) -> Result<LineStatement, LineFault> {
    let (pattern, mut at) = parse_pattern(text, 0, dialect)?;
    let mut second = None;
    if dialect == Dialect::Regexp && text.get(at) == Some(&b'!') {
        let found = parse_pattern(text, at, dialect)?;
        (second, at) = (Some(found.0), found.1);
    }
    Ok(LineStatement::Rule { pattern, second, result: skip_space(text, at)..text.len() })
}

/// A pattern, and where it ends. Where there may be a second one, `!` ends the flags.
fn parse_pattern(text: &[u8], start: usize, dialect: Dialect) -> Result<(LinePattern, usize), LineFault> {
    let mut at = start;
    let mut negated = false;
    while let Some(&byte) = text.get(at).filter(|&&byte| byte == b'!' || is_space(byte)) {
        negated ^= byte == b'!';
        at += 1;
    }
    let open = at;
    let delimiter = *text.get(open).ok_or(LineFault::NoExpression)?;
    at += 1;
    loop {
        match text.get(at) {
            None => return Err(LineFault::Unclosed(open)),
            Some(b'\\') => at += 2,
            Some(&byte) if byte == delimiter => break,
            Some(_) => at += 1,
        }
    }
    let expression = open + 1..at;
    let first_flag = at + 1;
    at = first_flag;
    let ends_flags = |byte: u8| is_space(byte) || (dialect == Dialect::Regexp && byte == b'!');
    while let Some(&byte) = text.get(at).filter(|&&byte| !ends_flags(byte)) {
        if !dialect.flags().contains(&byte) {
            return Err(LineFault::UnknownFlag(first_flag..at));
        }
        at += 1;
    }
    Ok((LinePattern { negated, expression, flags: first_flag..at }, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, dialect: Dialect) -> String {
        let line = parse_pattern_line(text.as_bytes(), dialect);
        let pattern = |p: &LinePattern| {
            let mark = if p.negated { "!" } else { "" };
            format!("{mark}<{}>{}", &text[p.expression.clone()], &text[p.flags.clone()])
        };
        let said = match &line.statement {
            Ok(LineStatement::If(p)) => format!("if {}", pattern(p)),
            Ok(LineStatement::Endif) => "endif".to_string(),
            Ok(LineStatement::Rule { pattern: p, second: None, result }) => {
                format!("{} = {}", pattern(p), &text[result.clone()])
            }
            Ok(LineStatement::Rule { pattern: p, second: Some(second), result }) => {
                format!("{} and {} = {}", pattern(p), pattern(second), &text[result.clone()])
            }
            Err(fault) => format!("{fault:?}"),
        };
        if line.ignored.is_empty() { said } else { format!("{said} ({})", &text[line.ignored.clone()]) }
    }

    #[test]
    fn lines_as_postfix_3_11_reads_them() {
        let cases = [
            ("/a/ b  c ", "<a> = b  c"),
            ("/a/", "<a> = "),
            ("/a/\0 b", "<a> = "),
            ("//x", "<>x = "),
            ("/a\\/b/ c", "<a\\/b> = c"),
            ("/a\\", "Unclosed(0)"),
            ("\\a\\ c", "Unclosed(0)"),
            ("/a\0/ c", "Unclosed(0)"),
            ("! ! /a/ c", "<a> = c"),
            ("! ! ! /a/ c", "!<a> = c"),
            ("!aba c", "!<b> = c"),
            ("!", "NoExpression"),
            ("", "NoExpression"),
            ("_a_i c", "<a>i = c"),
            ("1a1 c", "Unrecognized"),
            ("iffy", "Unrecognized"),
            ("endif2", "Unrecognized"),
            ("if", "NoExpression"),
            ("if/a/", "if <a>"),
            ("If ! xaxi", "if !<a>i"),
            ("if /a/ b c ", "if <a> (b c)"),
            ("if x", "Unclosed(3)"),
            ("ENDif", "endif"),
            ("endif/x ", "endif (/x)"),
            ("/a/iqm c", "UnknownFlag(3..4)"),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(text, Dialect::Regexp), expected, "{text:?}");
            assert_eq!(shown(text, Dialect::Pcre), expected, "{text:?}");
        }
        let differing = [
            ("/a/!/b/ c", "<a> and !<b> = c", "UnknownFlag(3..3)"),
            ("/a/i!! xbxm c", "<a>i and <b>m = c", "UnknownFlag(3..4)"),
            ("/a/!/b/!/c/ d", "<a> and !<b> = !/c/ d", "UnknownFlag(3..3)"),
            ("/a/!", "NoExpression", "UnknownFlag(3..3)"),
            ("if /a/!/b/", "if <a> (!/b/)", "UnknownFlag(6..6)"),
            ("/a/s c", "UnknownFlag(3..3)", "<a>s = c"),
        ];
        for (text, regexp, pcre) in differing {
            assert_eq!(shown(text, Dialect::Regexp), regexp, "{text:?}");
            assert_eq!(shown(text, Dialect::Pcre), pcre, "{text:?}");
        }
    }
}
