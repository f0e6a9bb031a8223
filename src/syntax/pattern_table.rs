//! Pattern tables: regexp, pcre and cidr — rules tried in order, grouped by `if` … `endif`.
//!
//! Here only the form is read: where a pattern ends, its flags, its result, which `endif` closes which `if`. What a
//! pattern means is for the map type. Expressions are taken apart by [`pattern_line`](super::pattern_line).
//!
//! Source: regexp_table(5), pcre_table(5), cidr_table(5).

use super::fault::{Fault, FaultKind};
use super::lines::parse_lines;
use super::network_line::{NetworkLine, parse_network_line};
use super::pattern_line::{Dialect, LineFault, LinePattern, LineStatement, parse_pattern_line};
use super::text::Text;
use super::tree::{TokenKind, Tree};
use crate::base::{Source, Span};
use std::ops::Range;
use std::sync::Arc;

/// Which kind of pattern the rules hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatternForm {
    /// `/pattern/flags` with any delimiter.
    Expression(Dialect),
    /// An address or a network.
    Network,
}

/// A parsed pattern table.
#[derive(Clone, Debug)]
pub struct PatternTable {
    /// All bytes, as tokens.
    pub tree: Tree,
    /// The statements, in order.
    pub statements: Vec<Statement>,
    /// What is wrong.
    pub faults: Vec<Fault>,
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// What it says.
    pub kind: StatementKind,
    /// Where it stands.
    pub extent: Span,
    /// The line that it begins on.
    pub line: usize,
}

/// The three statements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatementKind {
    /// `if pattern`; `end` is the index of its `endif`, if there is one.
    If {
        /// When it holds.
        pattern: Pattern,
        /// Index of the statement that closes it.
        end: Option<usize>,
    },
    /// `endif`.
    Endif,
    /// `pattern result`.
    Rule {
        /// When it holds.
        pattern: Pattern,
        /// What a lookup gives; may be empty for expressions.
        result: Text,
    },
}

/// A pattern with its marks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// Whether `!` stands before it.
    pub negated: bool,
    /// The expression between its delimiters, or the network.
    pub text: Text,
    /// The letters behind the closing delimiter.
    pub flags: Text,
    /// `/a/!/b/` of `regexp:`: what must hold too.
    pub second: Option<Box<Self>>,
}

/// Parses a pattern table. Never fails.
#[must_use]
pub fn parse_pattern_table(source: &Arc<Source>, form: PatternForm) -> PatternTable {
    let mut statements: Vec<Statement> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let (tree, mut faults) = parse_lines(source, |line, text, harvest| {
        let extent = line.extent();
        let parsed = match form {
            PatternForm::Expression(dialect) => parse_expression(&text, dialect),
            PatternForm::Network => parse_network(&text),
        };
        if let Some(kind) = parsed.fault {
            harvest.fault(kind, extent);
        }
        for (kind, range) in parsed.tokens {
            harvest.token(kind, text.source_span(range));
        }
        let Some(kind) = parsed.statement else { return };
        match kind {
            StatementKind::If { .. } => open.push(statements.len()),
            StatementKind::Endif => match open.pop() {
                Some(start) => {
                    let here = statements.len();
                    if let StatementKind::If { end, .. } = &mut statements[start].kind {
                        *end = Some(here);
                    }
                }
                None => harvest.fault(FaultKind::UnmatchedEndif, extent),
            },
            StatementKind::Rule { .. } => {}
        }
        statements.push(Statement { kind, extent, line: line.line });
    });
    faults.extend(open.iter().map(|&at| Fault { kind: FaultKind::UnmatchedIf, span: statements[at].extent }));
    PatternTable { tree, statements, faults }
}

#[derive(Default)]
struct Parsed {
    statement: Option<StatementKind>,
    fault: Option<FaultKind>,
    tokens: Vec<(TokenKind, Range<usize>)>,
}

fn parse_expression(text: &Text, dialect: Dialect) -> Parsed {
    let line = parse_pattern_line(text.bytes(), dialect);
    let mut parsed = Parsed::default();
    parsed.tokens.extend(line.keyword.map(|range| (TokenKind::Keyword, range)));
    let pattern = |found: LinePattern, tokens: &mut Vec<_>| {
        // The delimiters are part of what is shown as a pattern.
        tokens.push((TokenKind::Pattern, found.expression.start - 1..found.flags.end));
        Pattern {
            negated: found.negated,
            text: text.slice(found.expression),
            flags: text.slice(found.flags),
            second: None,
        }
    };
    match line.statement {
        Ok(LineStatement::If(found)) => {
            let pattern = pattern(found, &mut parsed.tokens);
            parsed.statement = Some(StatementKind::If { pattern, end: None });
        }
        Ok(LineStatement::Endif) => parsed.statement = Some(StatementKind::Endif),
        Ok(LineStatement::Rule { pattern: found, second, result }) => {
            if result.is_empty() {
                parsed.fault = Some(FaultKind::MissingResult);
            }
            let mut first = pattern(found, &mut parsed.tokens);
            first.second = second.map(|found| Box::new(pattern(found, &mut parsed.tokens)));
            parsed.tokens.push((TokenKind::Value, result.clone()));
            parsed.statement = Some(StatementKind::Rule { pattern: first, result: text.slice(result) });
        }
        Err(fault) => {
            parsed.fault = Some(match fault {
                LineFault::Unrecognized | LineFault::NoExpression => FaultKind::MissingPattern,
                LineFault::Unclosed(_) => FaultKind::UnclosedPattern,
                LineFault::UnknownFlag(_) => FaultKind::UnknownFlag,
            });
        }
    }
    if !line.ignored.is_empty() {
        parsed.fault = Some(FaultKind::TextIgnored);
    }
    parsed
}

fn parse_network(text: &Text) -> Parsed {
    let mut parsed = Parsed::default();
    let all = text.trim_range(0..text.bytes().len());
    let before = |parsed: &mut Parsed, pattern: &Range<usize>| {
        if pattern.start > all.start {
            parsed.tokens.push((TokenKind::Keyword, text.trim_range(all.start..pattern.start)));
        }
        parsed.tokens.push((TokenKind::Pattern, pattern.clone()));
    };
    let pattern = |negated, range: Range<usize>| Pattern {
        negated,
        flags: text.slice(range.end..range.end),
        text: text.slice(range),
        second: None,
    };
    parsed.statement = match parse_network_line(text.bytes()) {
        Ok(NetworkLine::Endif) => {
            parsed.tokens.push((TokenKind::Keyword, all));
            Some(StatementKind::Endif)
        }
        Ok(NetworkLine::If { negated, pattern: range }) => {
            before(&mut parsed, &range);
            Some(StatementKind::If { pattern: pattern(negated, range), end: None })
        }
        Ok(NetworkLine::Rule { negated, pattern: range, result }) => {
            before(&mut parsed, &range);
            if result.is_empty() {
                parsed.fault = Some(FaultKind::MissingResult);
                None
            } else {
                parsed.tokens.push((TokenKind::Value, result.clone()));
                Some(StatementKind::Rule { pattern: pattern(negated, range), result: text.slice(result) })
            }
        }
        Err(kind) => {
            parsed.fault = Some(kind);
            None
        }
    };
    parsed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, form: PatternForm) -> (Vec<String>, Vec<FaultKind>) {
        let source = Arc::new(Source::new("t", text));
        let parsed = parse_pattern_table(&source, form);
        assert_eq!(parsed.tree.print(), source.bytes());
        let pattern = |p: &Pattern| {
            let mark = if p.negated { "!" } else { "" };
            let second = p.second.iter().map(|p| format!(" & {}", p.negated)).collect::<String>();
            format!("{mark}<{}>{}{second}", p.text.to_string_lossy(), p.flags.to_string_lossy())
        };
        let show = |statement: &Statement| match &statement.kind {
            StatementKind::If { pattern: p, end } => format!("if {} ..{end:?}", pattern(p)),
            StatementKind::Endif => "endif".to_string(),
            StatementKind::Rule { pattern: p, result } => format!("{} => {}", pattern(p), result.to_string_lossy()),
        };
        (parsed.statements.iter().map(show).collect(), parsed.faults.iter().map(|fault| fault.kind).collect())
    }

    #[test]
    fn expressions() {
        let text =
            "/^a/ res a\n!/b\\/c/i not\nif /x/\n|y|!|z|  z\nendif\n/foo\n/x/\nif\nendif\nIF !/q/ extra\n/x/k y\n";
        let statements = [
            "<^a> => res a",
            "!<b\\/c>i => not",
            "if <x> ..Some(4)",
            "<y> & true => z",
            "endif",
            "<x> => ",
            "endif",
            "if !<q> ..None",
        ];
        use FaultKind::{
            MissingPattern, MissingResult, TextIgnored, UnclosedPattern, UnknownFlag, UnmatchedEndif, UnmatchedIf,
        };
        let faults =
            vec![UnclosedPattern, MissingResult, MissingPattern, UnmatchedEndif, TextIgnored, UnknownFlag, UnmatchedIf];
        let form = PatternForm::Expression(Dialect::Regexp);
        assert_eq!(parse(text, form), (statements.map(str::to_string).to_vec(), faults));
    }

    #[test]
    fn networks() {
        let text = "10.0.0.0/8 a b\n!1.2.3.4 c\nif ! 1.2.3.0/24 x\nendif x\nendif\nfe80::/64\n!\n";
        let statements = ["<10.0.0.0/8> => a b", "!<1.2.3.4> => c", "if !<1.2.3.0/24 x> ..Some(3)", "endif"];
        use FaultKind::{MissingPattern, MissingResult, TextIgnored};
        let faults = vec![TextIgnored, MissingResult, MissingPattern];
        assert_eq!(parse(text, PatternForm::Network), (statements.map(str::to_string).to_vec(), faults));
    }
}
