//! From a value to its tree: total, for any bytes, and in time and stack that a hostile value cannot stretch.
//!
//! The grammar (`grammar/expansion.pest`) sees one level of nesting at a time, as Postfix does: first the value with
//! its references as wholes, then what stands between the brackets of each, then the values in there. Two guards stand
//! before it: brackets nested beyond [`MAX_NESTING`] never reach it, and all levels together may be only so many bytes.

use pest::Parser;
use pest::iterators::Pair;
use pest_derive::Parser;

use super::compare::{Operator, Relation};
use super::domain::Function;
use super::error::{Fault, FaultKind};
use super::nesting::{MAX_NESTING, deepest, first_frame_too_deep};
use super::plain::parse_plain;
use super::slice::slice;
use super::tree::{Branch, Branches, Expansion, Node};
use crate::base::Span;
use crate::syntax::widen::Widened;

/// Bytes that the grammar may see beyond three times the value: a nested value is seen twice on each level above it.
/// At its slowest, on nothing but brackets, the grammar sees 10 MB a second.
const SPARE_BYTES: usize = 1 << 20;

#[derive(Parser)]
#[grammar = "../grammar/expansion.pest"]
struct Grammar;

/// Parses a value. Never fails: what is not understood becomes [`Node::Bad`] or a fault of [`Branches`].
#[must_use]
pub fn parse(value: &[u8]) -> Expansion<'_> {
    parse_at_cost(value).0
}

/// Parses a value and says how many bytes the grammar had to look at.
pub(super) fn parse_at_cost(value: &[u8]) -> (Expansion<'_>, usize) {
    match parse_plain(value) {
        Some(nodes) => (Expansion { value, nodes, faults: Vec::new() }, value.len()),
        None => parse_by_grammar(value),
    }
}

/// Parses a value of any kind and says how many bytes the grammar had to look at.
pub(super) fn parse_by_grammar(value: &[u8]) -> (Expansion<'_>, usize) {
    let mut faults = Vec::new();
    let widened = Widened::new(value);
    let budget = value.len().saturating_mul(3).saturating_add(SPARE_BYTES);
    let mut levels = Levels { widened: &widened, value, budget, faults: &mut faults };
    let nodes = levels.value(0, widened.text().len(), 0);
    let cost = budget - levels.budget;
    (Expansion { value, nodes, faults }, cost)
}

fn text(span: Span) -> Vec<Node> {
    if span.is_empty() { Vec::new() } else { vec![Node::Text { span }] }
}

/// The levels of one value. Offsets called `start` and `end` are into the widened text; spans are into the bytes.
struct Levels<'a> {
    widened: &'a Widened<'a>,
    value: &'a [u8],
    budget: usize,
    faults: &'a mut Vec<Fault>,
}

impl<'a> Levels<'a> {
    /// One value: text and references.
    fn value(&mut self, start: usize, end: usize, depth: usize) -> Vec<Node> {
        let whole = self.widened.span(start, end);
        let Some(level) = self.level(start, end).filter(|level| level.contains('$')) else {
            return text(whole);
        };
        if depth > MAX_NESTING {
            return vec![self.bad(whole, FaultKind::TooDeep)];
        }
        if !self.spend(level.len()) {
            return vec![self.bad(whole, FaultKind::TooLarge)];
        }
        let stop = first_frame_too_deep(level);
        let seen = stop.as_ref().map_or(level.len(), |frame| frame.start);
        let mut nodes = Vec::new();
        let Ok(mut pairs) = Grammar::parse(Rule::value, &level[..seen]) else {
            // The rule matches every text, but pest gives up where the thread's stack has nearly run out.
            return vec![self.bad(whole, FaultKind::TooDeep)];
        };
        for pair in pairs.next().into_iter().flat_map(Pair::into_inner) {
            let (from, to) = (start + pair.as_span().start(), start + pair.as_span().end());
            let span = self.widened.span(from, to);
            match pair.as_rule() {
                Rule::text => nodes.push(Node::Text { span }),
                Rule::short => nodes.push(Node::Name { span, name: self.widened.span(from + 1, to) }),
                Rule::braced | Rule::parenthesized => nodes.push(self.reference(span, from + 2, to - 1, depth)),
                Rule::fault => {
                    let truncated = pair.into_inner().next().is_some_and(|kind| kind.as_rule() == Rule::truncated);
                    let kind = if truncated { FaultKind::Truncated { whole } } else { FaultKind::EmptyName { whole } };
                    nodes.push(self.bad(self.widened.span(from, end), kind));
                    return nodes;
                }
                _ => {}
            }
        }
        if let Some(frame) = stop {
            let kind = if frame.closed { FaultKind::TooDeep } else { FaultKind::Truncated { whole } };
            nodes.push(self.bad(self.widened.span(start + frame.start, end), kind));
        }
        nodes
    }

    /// What stands between two brackets, which is never nothing.
    fn reference(&mut self, span: Span, start: usize, end: usize, depth: usize) -> Node {
        let level = self.level(start, end).unwrap_or_default();
        if deepest(level, b'{', b'}') > MAX_NESTING {
            return self.bad(span, FaultKind::TooDeep);
        }
        if !self.spend(level.len()) {
            return self.bad(span, FaultKind::TooLarge);
        }
        let Some(reference) = Grammar::parse(Rule::reference, level).ok().and_then(|mut pairs| pairs.next()) else {
            return self.bad(span, FaultKind::TooDeep);
        };
        let mut inner = reference.into_inner();
        let (Some(form), Some(rest)) = (inner.next(), inner.next()) else {
            return self.bad(span, FaultKind::TooDeep);
        };
        let rest = Rest { text: rest.as_str(), start: start + rest.as_span().start(), end };
        match form.as_rule() {
            Rule::comparison => self.comparison(span, start, form, rest, depth),
            _ => self.named(span, start, form, rest, depth),
        }
    }

    /// A name, and perhaps branches, or the argument of a function.
    fn named(&mut self, span: Span, start: usize, form: Pair<'_, Rule>, rest: Rest<'_>, depth: usize) -> Node {
        let at = start + form.as_span().start();
        let mut name = (at, at);
        let (mut branches, mut argument) = (None, None);
        for pair in form.into_inner() {
            match pair.as_rule() {
                Rule::name => name = (start + pair.as_span().start(), start + pair.as_span().end()),
                Rule::branches => branches = Some(pair),
                Rule::argument => argument = payload(pair, start),
                _ => {}
            }
        }
        let name_span = self.widened.span(name.0, name.1);
        if let Some(argument) = argument {
            return self.call(span, name_span, argument, rest, depth);
        }
        if let Some(branches) = branches {
            let branches = self.branches(branches, start, rest, depth);
            return Node::Conditional { span, name: name_span, branches };
        }
        let fault = match rest.first() {
            None => return Node::Name { span, name: name_span },
            Some('{' | '?' | ':') => self.unbalanced(rest),
            Some(_) => FaultKind::NameSyntax {
                before: self.widened.span(start, name.1),
                rest: self.widened.span(name.1, rest.end),
            },
        };
        self.bad(span, fault)
    }

    /// A function with its argument, whose white space does not count.
    fn call(&mut self, span: Span, name: Span, argument: (usize, usize), rest: Rest<'_>, depth: usize) -> Node {
        let (mut start, mut end) = argument;
        let text = self.level(start, end).unwrap_or_default();
        start += text.len() - text.trim_start_matches(is_blank).len();
        let kept = text.trim_end_matches(|character| is_blank(character) || matches!(character, '\x0b' | '\x0c'));
        end = start.max(end - (text.len() - kept.len()));
        let argument = self.widened.span(start, end);
        if rest.first().is_some() {
            let kind = FaultKind::Trailing { branch: argument, rest: self.widened.span(rest.start, rest.end) };
            return self.bad(span, kind);
        }
        match Function::parse(slice(self.value, name)) {
            Some(function) => Node::Call { span, function, argument: self.branch(start, end, depth) },
            None => self.bad(span, FaultKind::UnknownFunction { name, argument }),
        }
    }

    /// Two operands and an operator, and perhaps branches.
    fn comparison(&mut self, span: Span, start: usize, form: Pair<'_, Rule>, rest: Rest<'_>, depth: usize) -> Node {
        let mut operands = Vec::with_capacity(2);
        let (mut operator, mut suffix, mut branches) = (None, None, None);
        for pair in form.into_inner() {
            match pair.as_rule() {
                Rule::group => operands.extend(payload(pair, start)),
                Rule::operator => operator = Some(pair),
                Rule::suffix => suffix = Some(pair),
                Rule::branches => branches = Some(pair),
                _ => {}
            }
        }
        let span_of = |levels: &Self, pair: &Pair<'_, Rule>| {
            levels.widened.span(start + pair.as_span().start(), start + pair.as_span().end())
        };
        let left = operands.first().copied().unwrap_or((start, start));
        let left_span = self.widened.span(left.0, left.1);
        let rest_span = self.widened.span(rest.start, rest.end);
        let (Some(operator), Some(suffix)) = (operator, suffix) else {
            return self.bad(span, FaultKind::Operator { left: left_span, rest: rest_span });
        };
        let operator_span = span_of(self, &operator);
        if !matches!(suffix.as_str(), "" | "level") {
            let suffix = span_of(self, &suffix);
            return self.bad(span, FaultKind::OperatorSuffix { operator: operator_span, suffix });
        }
        let (Some(&right), Some(relation)) = (operands.get(1), Operator::parse(operator.as_str().as_bytes())) else {
            let kind = match rest.first() {
                Some('{') => self.unbalanced(rest),
                _ => FaultKind::Operand { left: left_span, operator: operator_span, rest: rest_span },
            };
            return self.bad(span, kind);
        };
        let relation = Relation { operator: relation, levels: suffix.as_str() == "level" };
        let left = self.branch(left.0, left.1, depth);
        let right = self.branch(right.0, right.1, depth);
        let branches = match branches {
            Some(branches) => self.branches(branches, start, rest, depth),
            None => {
                let kind = match rest.first() {
                    None => None,
                    Some('?' | ':') => Some(self.unbalanced(rest)),
                    Some(_) => Some(FaultKind::Choice { rest: rest_span }),
                };
                Branches { fault: kind.map(|kind| self.fault(rest_span, kind)), ..Branches::default() }
            }
        };
        Node::Comparison { span, left, relation, right, branches }
    }

    fn branches(&mut self, pair: Pair<'_, Rule>, start: usize, rest: Rest<'_>, depth: usize) -> Branches {
        let mut branches = Branches::default();
        let mut last = None;
        let Some(first) = pair.into_inner().next() else {
            return branches;
        };
        let starts_with_yes = first.as_rule() == Rule::if_set;
        for part in first.into_inner() {
            let (place, at) = match part.as_rule() {
                Rule::otherwise => (&mut branches.no, part.into_inner().next().and_then(|part| payload(part, start))),
                _ if starts_with_yes => (&mut branches.yes, payload(part, start)),
                _ => (&mut branches.no, payload(part, start)),
            };
            if let Some((from, to)) = at {
                *place = Some(self.branch(from, to, depth));
                last = Some(self.widened.span(from, to));
            }
        }
        let (Some(first), Some(branch)) = (rest.first(), last) else {
            return branches;
        };
        let rest_span = self.widened.span(rest.start, rest.end);
        let kind = match first {
            _ if branches.no.is_some() => FaultKind::Trailing { branch, rest: rest_span },
            ':' => self.unbalanced(rest),
            _ => FaultKind::Colon { branch, rest: rest_span },
        };
        branches.fault = Some(self.fault(rest_span, kind));
        branches
    }

    fn branch(&mut self, start: usize, end: usize, depth: usize) -> Branch {
        Branch { span: self.widened.span(start, end), nodes: self.value(start, end, depth + 1) }
    }

    /// The fault of a brace that is never closed, which stands first in what is left, perhaps behind `?` or `:`.
    fn unbalanced(&self, rest: Rest<'_>) -> FaultKind {
        let brace = rest.text.find('{').unwrap_or(0);
        FaultKind::Unbalanced { rest: self.widened.span(rest.start + brace, rest.end) }
    }

    fn bad(&mut self, span: Span, kind: FaultKind) -> Node {
        Node::Bad { span, fault: self.fault(span, kind) }
    }

    fn fault(&mut self, span: Span, kind: FaultKind) -> Fault {
        let fault = Fault { span, kind };
        self.faults.push(fault.clone());
        fault
    }

    fn level(&self, start: usize, end: usize) -> Option<&'a str> {
        self.widened.text().get(start..end)
    }

    fn spend(&mut self, bytes: usize) -> bool {
        let left = self.budget.checked_sub(bytes);
        self.budget = left.unwrap_or(0);
        left.is_some()
    }
}

/// What the grammar left over at the end of a reference.
#[derive(Clone, Copy)]
struct Rest<'t> {
    text: &'t str,
    start: usize,
    end: usize,
}

impl Rest<'_> {
    /// The first character that is not white space.
    fn first(&self) -> Option<char> {
        self.text.trim_start_matches(is_blank).chars().next()
    }
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}

/// Where the value inside a `bare`, a `group` or an `argument` is.
fn payload(pair: Pair<'_, Rule>, start: usize) -> Option<(usize, usize)> {
    let at = match pair.as_rule() {
        Rule::bare => pair,
        Rule::argument => pair.into_inner().next()?.into_inner().next()?,
        _ => pair.into_inner().next()?,
    };
    Some((start + at.as_span().start(), start + at.as_span().end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tree in short: text as it is, `<name>`, `<name?yes:no>`, `<left op right?yes:no>`, `<function{x}>`,
    /// `!fault`.
    fn shape(value: &[u8], nodes: &[Node]) -> String {
        let show = |span: Span| String::from_utf8_lossy(slice(value, span)).into_owned();
        let arms = |branches: &Branches| {
            let mut text = String::new();
            for (mark, branch) in [('?', &branches.yes), (':', &branches.no)] {
                if let Some(branch) = branch {
                    text.push(mark);
                    text.push_str(&shape(value, &branch.nodes));
                }
            }
            if branches.fault.is_some() {
                text.push('!');
            }
            text
        };
        let mut out = String::new();
        for node in nodes {
            out.push_str(&match node {
                Node::Text { span } => show(*span),
                Node::Name { name, .. } => format!("<{}>", show(*name)),
                Node::Conditional { name, branches, .. } => format!("<{}{}>", show(*name), arms(branches)),
                Node::Comparison { left, relation, right, branches, .. } => {
                    let levels = if relation.levels { "level" } else { "" };
                    let (left, right) = (shape(value, &left.nodes), shape(value, &right.nodes));
                    format!("<{left} {:?}{levels} {right}{}>", relation.operator, arms(branches))
                }
                Node::Call { function, argument, .. } => {
                    format!("<{}{{{}}}>", function.name(), shape(value, &argument.nodes))
                }
                Node::Bad { span, .. } => format!("!{}", show(*span)),
            });
        }
        out
    }

    #[test]
    fn values_become_trees() {
        let cases = [
            ("plain {text} (too)", "plain {text} (too)"),
            ("a$b-$(c)x${d}", "a<b>-<c>x<d>"),
            ("$$a$$$b", "$$a$$<b>"),
            ("$a_1.b", "<a_1>.b"),
            ("${ a }", "<a>"),
            ("${a?b}", "<a?b>"),
            ("${a: b }", "<a: b >"),
            ("${ a ? { b } : { c } }", "<a? b : c >"),
            ("${a?{b}:c d}", "<a?b:c d>"),
            ("${a?{}}", "<a?>"),
            ("${a?$b${c:$(d)}}", "<a?<b><c:<d>>>"),
            ("${{a} == {b}}", "<a Equal b>"),
            ("${{$a}<=level{ b } ? {c} : d}", "<<a> LessOrEquallevel  b ?c: d>"),
            ("$({a}!={b}:{c})", "<a NotEqual b:c>"),
            ("${domain_to_utf8 { $a } }", "<domain_to_utf8{<a>}>"),
            ("a$", "a!$"),
            ("a$-b$c", "a!$-b$c"),
            ("${}$a", "!${}$a"),
            ("$a${b", "<a>!${b"),
            ("${a.b}$c", "!${a.b}<c>"),
            ("${a?{b}c}d", "<a?b!>d"),
            ("${a:{b}c}", "<a:b!>"),
            ("${a?{b}:{c}d}", "<a?b:c!>"),
            ("$(a?{b)c", "!$(a?{b)c"),
            ("$(a?{b}:{c)d", "<a?b!>d"),
            ("$(set?${a)}", "<set?!${a>}"),
            ("${nope{a}}", "!${nope{a}}"),
        ];
        for (value, expected) in cases {
            assert_eq!(shape(value.as_bytes(), &parse(value.as_bytes()).nodes), expected, "{value}");
        }
    }

    #[test]
    fn faults_say_where_they_are_and_what_postfix_says() {
        let cases: [(&[u8], usize, usize, &str); 20] = [
            (b"a$", 1, 2, r#"empty macro name: "a$""#),
            (b"x${}y", 1, 5, r#"empty macro name: "x${}y""#),
            (b"${a?x$}", 5, 6, r#"empty macro name: "x$""#),
            (b"x${a", 1, 4, r#"truncated macro reference: "x${a""#),
            (b"${ a b}", 0, 7, r#"attribute name syntax error at: "... a>>> b""#),
            (b"$(a?{)", 0, 6, r#"unbalanced {} in attribute expression: "{""#),
            (b"$(f { x )", 0, 9, r#"unbalanced {} in attribute expression: "{ x ""#),
            (b"$({a)", 0, 5, r#"unbalanced {} in attribute expression: "{a""#),
            (b"$({a} == {b)", 0, 12, r#"unbalanced {} in attribute expression: "{b""#),
            (b"$({a} == {b}? {c)", 12, 16, r#"unbalanced {} in attribute expression: "{c""#),
            (b"${{a} = {b}}", 0, 12, r#""==" or "!="" or "<"" or "<="" or ">="" or ">" expected at: "...a}>>>= {b}""#),
            (b"${{a} <levels {b}}", 0, 18, r#"bad operator suffix at: "...<>>>levels""#),
            (b"${{a} == b}", 0, 11, r#""{expression}" expected at: "...{a} ==>>> b""#),
            (b"${{a} >=level level{b}}", 0, 23, r#""{expression}" expected at: "...{a} >=>>> level{b}""#),
            (b"${{a} == {b} {c}}", 13, 16, r#""?" or ":" expected at: "...}>>>{c}""#),
            (b"${a?{b} {c}}", 8, 11, r#"":" expected at: "...b}>>>{c}""#),
            (b"${a:{b}:{c}}", 7, 11, r#"unexpected input at: "...b}>>>:{c}""#),
            (b"${f{ a } x}", 0, 11, r#"unexpected input at: "...a}>>>x""#),
            (b"${f{ a }}", 0, 9, r#"unknown function "f" at"...>>>f{a}""#),
            (
                b"${a 123456789012345678901234567890}",
                0,
                35,
                r#"attribute name syntax error at: "...a>>> 1234567890123456789""#,
            ),
        ];
        for (value, start, end, message) in cases {
            let parsed = parse(value);
            let name = String::from_utf8_lossy(value);
            assert_eq!(parsed.faults.len(), 1, "{name}");
            assert_eq!(parsed.faults[0].span, Span::new(start, end), "{name}");
            assert_eq!(String::from_utf8(parsed.faults[0].message(value)).unwrap(), message, "{name}");
        }
    }

    #[test]
    fn bytes_that_are_not_ascii_are_kept_and_counted_as_bytes() {
        let value = b"\xe9${a?\xff$b}\xc3";
        let parsed = parse(value);
        assert_eq!(parsed.nodes[1].span(), Span::new(1, 9));
        assert_eq!(
            parsed.references().map(|found| (found.name, found.span.start)).collect::<Vec<_>>(),
            [(b"a".as_slice(), 3), (b"b".as_slice(), 7)]
        );
        assert_eq!(parse(b"$\xe9").faults[0].message(b"$\xe9"), b"empty macro name: \"$\xe9\"");
    }

    #[test]
    fn white_space_is_space_tab_cr_and_lf_only() {
        for (blank, understood) in
            [(" ", true), ("\t", true), ("\r", true), ("\n", true), ("\x0b", false), ("\x0c", false)]
        {
            let value = format!("${{{blank}a{blank}?{blank}{{b}}{blank}:{blank}{{c}}{blank}}}");
            assert_eq!(parse(value.as_bytes()).faults.is_empty(), understood, "{value:?}");
        }
    }
}
