//! What a value comes to, and what postconf notices on the way.
//!
//! One walk serves both: [`expand`] takes the branch that a test chooses and follows names into the values of parameters;
//! [`scan`] takes every branch and follows no name. It keeps the books as Postfix does, since they show in its messages:
//! after the first fault further references are passed over, and the next one in brackets ends the value, but a fault that
//! ends a value is still reported in each value that is being walked; a reference or a text at a level beyond [`MAX_DEPTH`]
//! is a fault; and a reference that was at fault or passed over never gives its level back. Operands and arguments start
//! such books afresh.

use std::borrow::Cow;

use super::compare::CompareError;
use super::domain::Function;
use super::error::{ExpandError, Fault, Problem, Reason};
use super::lookup::{Lookup, Observer, Purpose, Step};
use super::parse::{parse, parse_at_cost};
use super::tree::{Branch, Branches, Node, literal, slice};
use crate::base::Span;

/// How many references deep Postfix follows a value: the text at the end of a chain of this many is still found.
pub const MAX_DEPTH: usize = 100;

/// References inside operands of references and so on. Ours.
const MAX_STACK: usize = 256;

/// How much may be done for one expansion: each byte of a parameter's value that is used costs 1, and 8 each time that the
/// grammar looks at it; each name costs 64. No result is longer than this and the value itself. Measured: it takes half a
/// second at most to get there.
pub const MAX_WORK: usize = 32 << 20;

/// What looking up a name costs at least.
const WORK_PER_NAME: usize = 64;

/// What a byte that the grammar has to look at costs.
const WORK_PER_PARSED_BYTE: usize = 8;

/// Expands a value.
///
/// # Errors
/// A fault in what had to be expanded, a cycle, or one of the limits.
pub fn expand(value: &[u8], lookup: &mut dyn Lookup<'_>) -> Result<Vec<u8>, ExpandError> {
    expand_observed(value, lookup, &mut ())
}

/// Expands a value, and tells of every step.
///
/// # Errors
/// A fault in what had to be expanded, a cycle, or one of the limits.
pub fn expand_observed(
    value: &[u8],
    lookup: &mut dyn Lookup<'_>,
    observer: &mut dyn Observer,
) -> Result<Vec<u8>, ExpandError> {
    if memchr::memchr(b'$', value).is_none() {
        return Ok(value.to_vec());
    }
    let mut walk = Walk::new(Some((lookup, observer)));
    let mut result = Vec::new();
    let outcome = walk.value(value, &parse(value).nodes, &mut result);
    if outcome.is_ok() && !walk.books.failed {
        return Ok(result);
    }
    let problems = walk.notices.into_iter().filter_map(|notice| match notice {
        Notice::Problem(problem) => Some(problem),
        Notice::Name { .. } => None,
    });
    Err(ExpandError { reason: walk.reason.unwrap_or(Reason::Syntax), problems: problems.collect() })
}

/// Something that postconf sees in a value without expanding it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A name. One without a parameter is reported as `undefined parameter`; a parameter counts as used.
    Name {
        /// The name.
        name: Vec<u8>,
        /// Where it stands.
        span: Span,
    },
    /// What postconf warns of.
    Problem(Problem),
}

/// Walks a value as postconf does before anything else: every branch, no parameter's value.
///
/// What it notices comes in the order in which postconf does. Behind a fault it notices little; see [`super::references`]
/// for all names.
#[must_use]
pub fn scan(value: &[u8]) -> Vec<Notice> {
    let mut walk = Walk::new(None);
    // The walk ends early only at a limit, of which its problems tell.
    let _ = walk.value(value, &parse(value).nodes, &mut Vec::new());
    walk.notices
}

/// Nothing more can be done; the reason has been noted.
struct Abort;

/// What Postfix keeps for one expansion; operands and arguments have their own.
#[derive(Clone, Copy, Default)]
struct Books {
    level: usize,
    failed: bool,
}

struct Walk<'a, 'v> {
    /// None during a scan.
    source: Option<(&'a mut dyn Lookup<'v>, &'a mut dyn Observer)>,
    books: Books,
    stack: usize,
    work: usize,
    /// The parameters whose values are being expanded.
    within: Vec<Vec<u8>>,
    notices: Vec<Notice>,
    reason: Option<Reason>,
}

impl<'a, 'v> Walk<'a, 'v> {
    fn new(source: Option<(&'a mut dyn Lookup<'v>, &'a mut dyn Observer)>) -> Self {
        let (within, notices) = (Vec::new(), Vec::new());
        Self { source, books: Books::default(), stack: 0, work: 0, within, notices, reason: None }
    }

    /// Walks the nodes of one value, or of one branch of it.
    fn value(&mut self, value: &[u8], nodes: &[Node], out: &mut Vec<u8>) -> Result<(), Abort> {
        let mut failed = false;
        for (index, node) in nodes.iter().enumerate() {
            let last = index + 1 == nodes.len();
            match node {
                // Once something was at fault, text at the end is not looked at, and a bracket that closes ends the value.
                Node::Text { .. } if last && failed => {}
                _ if failed && node.is_bracketed(value) => break,
                Node::Bad { fault, .. } if fault.ends_value() => {
                    self.fault(value, fault)?;
                    failed = true;
                }
                _ => {
                    self.node(value, node, out)?;
                    failed |= self.books.failed;
                }
            }
        }
        self.books.failed |= failed;
        Ok(())
    }

    fn node(&mut self, value: &[u8], node: &Node, out: &mut Vec<u8>) -> Result<(), Abort> {
        let too_deep = self.books.level > MAX_DEPTH;
        self.books.level += 1;
        if too_deep {
            self.too_deep(value, node)?;
        }
        if self.books.failed {
            return Ok(());
        }
        if self.stack >= MAX_STACK {
            self.too_deep(value, node)?;
            return Err(Abort);
        }
        self.stack += 1;
        let went_well = self.understood(value, node, out)?;
        self.stack -= 1;
        if went_well {
            // Other nodes inside may have failed: only a node that itself is at fault keeps its level.
            self.books.level -= 1;
        } else {
            self.books.failed = true;
        }
        Ok(())
    }

    /// Returns whether the node itself, not what is nested in it, is in order.
    fn understood(&mut self, value: &[u8], node: &Node, out: &mut Vec<u8>) -> Result<bool, Abort> {
        match node {
            Node::Text { span } => out.extend_from_slice(&literal(slice(value, *span))),
            Node::Name { span, name } => self.substitute(slice(value, *name), *name, *span, out)?,
            Node::Conditional { span, name, branches } => {
                let set = self.test(slice(value, *name), *name, *span)?;
                return self.choose(value, set, branches, out);
            }
            Node::Comparison { span, left, relation, right, branches } => {
                let (left, left_failed) = self.afresh(value, left)?;
                let (right, right_failed) = self.afresh(value, right)?;
                let mut holds = false;
                if let Some((_, observer)) = &mut self.source {
                    // Postfix compares what there is of the operands, even if they are at fault.
                    holds = match relation.holds(&left, &right) {
                        Ok(holds) => holds,
                        Err(error) => return self.incomparable(*span, error),
                    };
                    if !(left_failed || right_failed) {
                        observer.compared(*span, &left, &right, holds);
                    }
                }
                if left_failed || right_failed {
                    return Ok(false);
                }
                if holds && branches.yes.is_none() && branches.no.is_none() && branches.fault.is_none() {
                    out.extend_from_slice(b"true");
                }
                return self.choose(value, holds, branches, out);
            }
            Node::Call { span, function, argument } => {
                let (domain, failed) = self.afresh(value, argument)?;
                return if failed { Ok(false) } else { self.call(*span, *function, &domain, out) };
            }
            Node::Bad { fault, .. } => {
                self.fault(value, fault)?;
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Walks the branch that a test chose, or both during a scan, and then stumbles over what stands behind.
    fn choose(&mut self, value: &[u8], yes: bool, branches: &Branches, out: &mut Vec<u8>) -> Result<bool, Abort> {
        let both = self.source.is_none();
        for (branch, chosen) in [(&branches.yes, yes), (&branches.no, !yes)] {
            if let Some(branch) = branch
                && (chosen || both)
            {
                self.value(value, &branch.nodes, out)?;
            }
        }
        match &branches.fault {
            Some(fault) => self.fault(value, fault).map(|()| false),
            None => Ok(true),
        }
    }

    /// Walks an operand or an argument, which has its own books.
    fn afresh(&mut self, value: &[u8], branch: &Branch) -> Result<(Vec<u8>, bool), Abort> {
        let outer = std::mem::take(&mut self.books);
        let mut out = Vec::new();
        self.value(value, &branch.nodes, &mut out)?;
        let inner = std::mem::replace(&mut self.books, outer);
        Ok((out, inner.failed))
    }

    fn substitute(&mut self, name: &[u8], place: Span, span: Span, out: &mut Vec<u8>) -> Result<(), Abort> {
        let Some(raw) = self.look_up(name, place, span, Purpose::Substitute)? else {
            return Ok(());
        };
        let start = out.len();
        if memchr::memchr(b'$', &raw).is_none() && self.books.level <= MAX_DEPTH {
            out.extend_from_slice(&raw);
        } else {
            let (parsed, cost) = parse_at_cost(&raw);
            self.spend(cost.saturating_mul(WORK_PER_PARSED_BYTE))?;
            self.within.push(name.to_vec());
            self.value(&raw, &parsed.nodes, out)?;
            self.within.pop();
        }
        let (within, depth) = (self.within.last().map(Vec::as_slice), self.within.len());
        if let Some((_, observer)) = &mut self.source {
            let step = Step { name, raw: Some(&raw), purpose: Purpose::Substitute, within, span, depth };
            observer.substituted(&step, &out[start..]);
        }
        Ok(())
    }

    fn test(&mut self, name: &[u8], place: Span, span: Span) -> Result<bool, Abort> {
        Ok(self.look_up(name, place, span, Purpose::Test)?.is_some_and(|raw| !raw.is_empty()))
    }

    /// The raw value of a name; during a scan the name is only noted.
    fn look_up(
        &mut self,
        name: &[u8],
        place: Span,
        span: Span,
        purpose: Purpose,
    ) -> Result<Option<Cow<'v, [u8]>>, Abort> {
        let Some((lookup, observer)) = &mut self.source else {
            self.notices.push(Notice::Name { name: name.to_vec(), span: place });
            return Ok(None);
        };
        let raw = lookup.raw(name);
        let (within, depth) = (self.within.last().map(Vec::as_slice), self.within.len());
        observer.looked_up(&Step { name, raw: raw.as_deref(), purpose, within, span, depth });
        let bytes = if purpose == Purpose::Substitute { raw.as_ref().map_or(0, |raw| raw.len()) } else { 0 };
        self.spend(WORK_PER_NAME.saturating_add(bytes))?;
        Ok(raw)
    }

    fn call(&mut self, span: Span, function: Function, domain: &[u8], out: &mut Vec<u8>) -> Result<bool, Abort> {
        let Some((lookup, _)) = &mut self.source else {
            return Ok(true);
        };
        let converted = function.simple(domain).map_or_else(|| lookup.convert_domain(function, domain), Ok);
        match converted {
            Ok(result) => {
                self.spend(result.len())?;
                out.extend_from_slice(&result);
                Ok(true)
            }
            Err(why) => {
                let (service, form) = match function {
                    Function::DomainToAscii => ("midna_domain_to_ascii_create", "ASCII"),
                    Function::DomainToUtf8 => ("midna_domain_to_utf8_create", "UTF8"),
                };
                let mut first = format!("{service}: Problem translating domain \"").into_bytes();
                first.extend_from_slice(domain);
                first.extend_from_slice(format!("\" to {form} form: {why}").as_bytes());
                let second = [b"bad domain argument in: '", function.name().as_bytes(), b"{", domain, b"}'"].concat();
                let reason = Reason::Domain(function, domain.to_vec());
                self.problem(span, first, reason.clone())?;
                self.problem(span, second, reason)?;
                Ok(false)
            }
        }
    }

    fn incomparable(&mut self, span: Span, error: CompareError) -> Result<bool, Abort> {
        match error {
            CompareError::Level(level) => {
                let message = [b"malformed compatibility level syntax: \"", level.as_slice(), b"\""].concat();
                self.problem(span, message, Reason::Level(level))?;
                Ok(false)
            }
            CompareError::Number(digits) => {
                // Postfix ends here, whatever it had noticed before.
                self.reason = Some(Reason::Number(digits));
                Err(Abort)
            }
        }
    }

    fn too_deep(&mut self, value: &[u8], node: &Node) -> Result<(), Abort> {
        let content = node.content(value);
        let message = [b"unreasonable macro call nesting: \"", content.as_ref(), b"\""].concat();
        let mut chain = self.within.clone();
        if let Node::Name { name, .. } = node {
            chain.push(slice(value, *name).to_vec());
        }
        let reason = cycle(&chain).map_or(Reason::Nesting(chain), Reason::Cycle);
        self.problem(node.span(), message, reason)?;
        self.books.failed = true;
        Ok(())
    }

    fn fault(&mut self, value: &[u8], fault: &Fault) -> Result<(), Abort> {
        self.problem(fault.span, fault.message(value), Reason::Syntax)
    }

    fn problem(&mut self, span: Span, message: Vec<u8>, reason: Reason) -> Result<(), Abort> {
        self.spend(WORK_PER_NAME.saturating_add(message.len()))?;
        self.reason.get_or_insert(reason);
        let within = self.within.last().cloned();
        self.notices.push(Notice::Problem(Problem { within, span, message }));
        Ok(())
    }

    fn spend(&mut self, work: usize) -> Result<(), Abort> {
        self.work = self.work.saturating_add(work);
        if self.work <= MAX_WORK {
            return Ok(());
        }
        self.reason.get_or_insert(Reason::TooLarge);
        Err(Abort)
    }
}

/// The first way from a name back to itself.
fn cycle(chain: &[Vec<u8>]) -> Option<Vec<Vec<u8>>> {
    (0..chain.len()).find_map(|start| {
        let length = chain[start + 1..].iter().position(|name| *name == chain[start])?;
        Some(chain[start..=start + 1 + length].to_vec())
    })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    const PARAMETERS: &[(&str, &str)] = &[
        ("set", "value"),
        ("empty", ""),
        ("a", "A"),
        ("b", "B"),
        ("ref", "$set"),
        ("ref_empty", "$empty"),
        ("bad", "x${a.b}y"),
        ("loop1", "$loop2"),
        ("loop2", "x$loop1"),
        ("self", "${self}"),
        ("harmless", "${harmless?{yes}}"),
        ("level", "3.10"),
    ];

    fn table(name: &[u8]) -> Option<Cow<'static, [u8]>> {
        PARAMETERS.iter().find(|(known, _)| known.as_bytes() == name).map(|(_, raw)| Cow::Borrowed(raw.as_bytes()))
    }

    fn messages(problems: &[Problem]) -> Vec<String> {
        problems.iter().map(|problem| String::from_utf8_lossy(&problem.message).into_owned()).collect()
    }

    #[test]
    fn values_expand() {
        let cases = [
            ("plain", "plain"),
            ("$set|$(set)|${set}|$$set|$none|", "value|value|value|$set||"),
            ("$ref ${ref?x} ${ref_empty?raw is not empty}", "value x raw is not empty"),
            ("${set?yes}${set:no}${none?yes}${none:no}${empty?yes}", "yesno"),
            ("|${set?{ a }:{b}}|${none?{a}: b }|", "| a | b |"),
            ("${set?$$x}", "$x"),
            ("${none?{$}:{ok}}", "ok"),
            ("${set?{${set?{$a${b}}}}}", "AB"),
            ("${{a}=={a}} ${{a}=={b}}", "true "),
            ("${{a}!={b}?x}${{a}!={b}:y}", "x"),
            ("${{$level} >level {3.9} ? {new} : {old}}", "new"),
            ("${{$level} > {3.9} ? {new} : {old}}", "old"),
            ("${{${{a}=={a}}} == {true}?{$a}:{$b}}", "A"),
            ("${domain_to_ascii{ $set }}", "value"),
            ("$harmless", "yes"),
        ];
        for (value, expected) in cases {
            let result = expand(value.as_bytes(), &mut table).map(|result| String::from_utf8(result).unwrap());
            assert_eq!(result.as_deref(), Ok(expected), "{value}");
        }
        assert_eq!(expand(b"\xff$set\xe9", &mut table).unwrap(), b"\xffvalue\xe9");
    }

    #[test]
    fn failures_say_all_that_was_noticed() {
        let cases: [(&str, &[&str]); 9] = [
            ("$bad$bad", &[r#"attribute name syntax error at: "...a>>>.b""#]),
            ("${a.b}$-", &[r#"attribute name syntax error at: "...a>>>.b""#, r#"empty macro name: "${a.b}$-""#]),
            ("${set?{$}z}", &[r#"empty macro name: "$""#, r#"":" expected at: "...$}>>>z""#]),
            ("${none?{$}z}", &[r#"":" expected at: "...$}>>>z""#]),
            ("${{$}=={${c.d}} z}", &[r#"empty macro name: "$""#, r#"attribute name syntax error at: "...c>>>.d""#]),
            ("${{a}<level{b} z}", &[r#"malformed compatibility level syntax: "a""#]),
            ("${{1}<level{2} z}", &[r#""?" or ":" expected at: "...}>>>z""#]),
            ("${nope{$}}", &[r#"unknown function "nope" at"...>>>nope{$}""#]),
            (
                "${domain_to_ascii{$none}}",
                &[
                    r#"midna_domain_to_ascii_create: Problem translating domain "" to ASCII form: UIDNA_ERROR_EMPTY_LABEL"#,
                    "bad domain argument in: 'domain_to_ascii{}'",
                ],
            ),
        ];
        for (value, expected) in cases {
            let error = expand(value.as_bytes(), &mut table).unwrap_err();
            assert_eq!(messages(&error.problems), expected, "{value}");
            assert_eq!(error.fatal(), b"macro processing error", "{value}");
        }
        let error = expand(b"${{1} < {9223372036854775808}}", &mut table).unwrap_err();
        assert_eq!(error.fatal(), b"mac_exp_eval: bad conversion: 9223372036854775808");
    }

    #[test]
    fn a_problem_says_in_which_parameter_it_is() {
        let error = expand(b"  $bad", &mut table).unwrap_err();
        assert_eq!(error.problems[0].within.as_deref(), Some(b"bad".as_slice()));
        assert_eq!(error.problems[0].span, Span::new(1, 7));
    }

    #[test]
    fn a_cycle_is_named() {
        let cases = [
            ("$loop1", "parameter refers to itself: loop1 -> loop2 -> loop1"),
            ("a ${set?{${loop2}}}", "parameter refers to itself: loop2 -> loop1 -> loop2"),
            ("$self", "parameter refers to itself: self -> self"),
        ];
        for (value, expected) in cases {
            assert_eq!(expand(value.as_bytes(), &mut table).unwrap_err().to_string(), expected, "{value}");
        }
        // A cycle of another kind, put together here: Postfix 3.11.7 ends by a signal on it.
        let operand = ["{$", "again", "}"].concat();
        let mut again =
            |name: &[u8]| (name == b"again").then(|| Cow::Owned(["${", &operand, "=={x}}"].concat().into()));
        let error = expand(b"$again", &mut again).unwrap_err();
        assert_eq!(error.to_string(), "parameter refers to itself: again -> again");
        let error = expand(b"$loop1", &mut table).unwrap_err();
        assert_eq!(messages(&error.problems), [r#"unreasonable macro call nesting: "loop2""#]);
    }

    /// c1 = $c2, c2 = $c3 and so on; the last is `end`.
    fn chain(length: usize) -> impl FnMut(&[u8]) -> Option<Cow<'static, [u8]>> {
        move |name| {
            let number: usize = std::str::from_utf8(name).ok()?.strip_prefix('c')?.parse().ok()?;
            Some(Cow::Owned(if number < length { format!("$c{}", number + 1) } else { "end".into() }.into_bytes()))
        }
    }

    #[test]
    fn a_chain_may_be_as_long_as_in_postfix() {
        assert_eq!(expand(b"$c1", &mut chain(100)).unwrap(), b"end");
        let error = expand(b"$c1", &mut chain(101)).unwrap_err();
        assert_eq!(messages(&error.problems), [r#"unreasonable macro call nesting: "end""#]);
        let error = expand(b"$c1", &mut chain(103)).unwrap_err();
        assert_eq!(messages(&error.problems), [r#"unreasonable macro call nesting: "c102""#]);
        assert!(matches!(&error.reason, Reason::Nesting(names) if names.len() == 102 && names[0] == b"c1"));
    }

    #[test]
    fn references_passed_over_use_up_levels_as_in_postfix() {
        let value = |times| format!("${{a.b}}{}", "$set".repeat(times));
        for (times, too_deep) in [(100, 0), (101, 1), (103, 3)] {
            let error = expand(value(times).as_bytes(), &mut table).unwrap_err();
            assert_eq!(error.problems.len(), 1 + too_deep, "{times}");
            let expected: Vec<_> = error.problems.into_iter().map(Notice::Problem).collect();
            assert_eq!(scan(value(times).as_bytes()), expected, "{times}");
        }
    }

    #[test]
    fn hostile_parameters_end_in_bounded_time() {
        // Each name stands for the next one, twice, and the last for nothing: no output, but 2^60 lookups.
        let mut doubled = |name: &[u8]| {
            let number: usize = std::str::from_utf8(name).ok()?.strip_prefix('d')?.parse().ok()?;
            let raw = if number < 60 { format!("$d{0}$d{0}", number + 1) } else { String::new() };
            Some(Cow::Owned(raw.into_bytes()))
        };
        let big = "x".repeat(1_000_000);
        let mut long = |_: &[u8]| Some(Cow::Owned(big.clone().into_bytes()));
        let deep = ["${a?{".repeat(20), "{}".repeat(10_000), "}}".repeat(20)].concat();
        let mut deep = |_: &[u8]| Some(Cow::Owned(deep.clone().into_bytes()));
        let cases: [(String, &mut dyn Lookup<'_>, Reason); 4] = [
            ("$d1".into(), &mut doubled, Reason::TooLarge),
            ("$x".repeat(100), &mut long, Reason::TooLarge),
            ("$x".repeat(1000), &mut deep, Reason::TooLarge),
            ("${a.b}".to_owned() + &"$a".repeat(500_000), &mut table, Reason::Syntax),
        ];
        for (value, lookup, reason) in cases {
            let started = Instant::now();
            let error = expand(value.as_bytes(), lookup).unwrap_err();
            let took = started.elapsed();
            assert_eq!(error.reason, reason);
            // Half a second where nothing else runs.
            assert!(took < Duration::from_secs(10), "{reason:?}: {took:?}");
        }
    }

    #[test]
    fn a_scan_sees_every_branch_up_to_the_first_fault() {
        let cases: [(&str, &[&str]); 7] = [
            ("$a ${b?{$c}:{$d}}", &["a", "b", "c", "d"]),
            ("${{$a} <level {$b} ? {$c} : {$d}}", &["a", "b", "c", "d"]),
            ("${domain_to_ascii{$a}} ${ }", &["a", ""]),
            ("${a.b}$c", &[r#"attribute name syntax error at: "...a>>>.b""#]),
            ("$loop1 ${x?{$a}:{$b} z}", &["loop1", "x", "a", "b", r#"unexpected input at: "...$b}>>>z""#]),
            ("${x?{$}:{${c.d}}}", &["x", r#"empty macro name: "$""#]),
            ("${{$}=={$a}}$b", &[r#"empty macro name: "$""#, "a"]),
        ];
        for (value, expected) in cases {
            let found: Vec<_> = scan(value.as_bytes())
                .iter()
                .map(|notice| match notice {
                    Notice::Name { name, .. } => String::from_utf8_lossy(name).into_owned(),
                    Notice::Problem(problem) => String::from_utf8_lossy(&problem.message).into_owned(),
                })
                .collect();
            assert_eq!(found, expected, "{value}");
        }
    }

    #[test]
    fn an_observer_sees_each_step() {
        #[derive(Default)]
        struct Trace(Vec<String>);
        impl Observer for Trace {
            fn looked_up(&mut self, step: &Step<'_>) {
                let show = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                self.0.push(format!(
                    "{}{:?} {} in {} at {}: {}",
                    " ".repeat(step.depth),
                    step.purpose,
                    show(step.name),
                    step.within.map_or("-".into(), show),
                    step.span.start,
                    step.raw.map_or("undefined".into(), show),
                ));
            }
            fn substituted(&mut self, step: &Step<'_>, result: &[u8]) {
                let (name, result) = (String::from_utf8_lossy(step.name), String::from_utf8_lossy(result));
                self.0.push(format!("{}{name} is {result}", " ".repeat(step.depth)));
            }
            fn compared(&mut self, span: Span, left: &[u8], right: &[u8], holds: bool) {
                let (left, right) = (String::from_utf8_lossy(left), String::from_utf8_lossy(right));
                self.0.push(format!("{}: {left}, {right}: {holds}", span.start));
            }
        }
        let mut trace = Trace::default();
        expand_observed(b"x$ref ${none?y}${{$a}=={A}}", &mut table, &mut trace).unwrap();
        assert_eq!(
            trace.0,
            [
                "Substitute ref in - at 1: $set",
                " Substitute set in ref at 0: value",
                " set is value",
                "ref is value",
                "Test none in - at 6: undefined",
                "Substitute a in - at 18: A",
                "a is A",
                "15: A, A: true",
            ]
        );
    }
}
