//! What a value comes to, and what postconf notices on the way: the two ways to walk it.

use super::error::{ExpandError, Reason};
use super::lookup::{Lookup, Observer};
use super::walk::{Notice, walk};

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
    let walked = walk(value, Some((lookup, observer)));
    if let Some(result) = walked.result {
        return Ok(result);
    }
    let problems = walked.notices.into_iter().filter_map(|notice| match notice {
        Notice::Problem(problem) => Some(problem),
        Notice::Name { .. } => None,
    });
    Err(ExpandError { reason: walked.reason.unwrap_or(Reason::Syntax), problems: problems.collect() })
}

/// Walks a value as postconf does before anything else: every branch, no parameter's value.
///
/// What it notices comes in the order in which postconf does. Behind a fault it notices little; see
/// [`super::references`] for all names.
#[must_use]
pub fn scan(value: &[u8]) -> Vec<Notice> {
    walk(value, None).notices
}

#[cfg(test)]
mod tests {
    use super::super::error::Problem;
    use super::super::lookup::Step;
    use super::*;
    use crate::base::Span;
    use std::borrow::Cow;
    use std::time::{Duration, Instant};

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
        let cases: [(String, &mut dyn Lookup<'_>, bool); 4] = [
            ("$d1".into(), &mut doubled, true),
            ("$x".repeat(100), &mut long, true),
            ("$x".repeat(1000), &mut deep, true),
            ("${a.b}".to_owned() + &"$a".repeat(500_000), &mut table, false),
        ];
        for (value, lookup, is_too_large) in cases {
            let started = Instant::now();
            let error = expand(value.as_bytes(), lookup).unwrap_err();
            let took = started.elapsed();
            assert_eq!(matches!(error.reason, Reason::TooLarge(_)), is_too_large, "{:?}", error.reason);
            // Half a second where nothing else runs.
            assert!(took < Duration::from_secs(10), "{:?}: {took:?}", error.reason);
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
