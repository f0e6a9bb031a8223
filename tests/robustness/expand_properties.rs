//! Promises of the expansion parser that hold for every input: it never fails, its nodes cover the value, and no value
//! takes long.

use std::time::Duration;

use crate::cpu_time::cpu_time;
use postwright::base::Span;
use postwright::config::expand::{Branch, Node, parse};
use proptest::prelude::*;

fn nested(open: &str, inner: &str, close: &str, times: usize) -> Vec<u8> {
    [open.repeat(times), inner.to_owned(), close.repeat(times)].concat().into_bytes()
}

#[test]
fn hostile_values_are_parsed_in_bounded_time() {
    let million = 1_000_000;
    let long = "x".repeat(million);
    let cases: [(&str, Vec<u8>); 15] = [
        ("unclosed", "${".repeat(million / 2).into_bytes()),
        ("unclosed parentheses", "$(".repeat(million / 2).into_bytes()),
        ("braces", nested("{", "$a", "", 100_000)),
        ("closed", nested("${", "a", "}", million / 3)),
        ("conditional", nested("${a?{", "x", "}}", million / 7)),
        ("comparison", nested("${{", "a", "}=={b}?{c}:{d}}", million / 18)),
        ("alternating", nested("${a?$(b?", "x", ")}", million / 10)),
        ("long text", [b"$a".to_vec(), long.clone().into_bytes()].concat()),
        ("long name", format!("${long}").into_bytes()),
        ("long text, deep", nested("${a?{", &long, "}}", 100)),
        ("many pairs, deep", nested("${a?{", &"{}".repeat(million / 2), "}}", 100)),
        ("many references, deep", nested("${a?{", &"$a$(b)".repeat(million / 6), "}}", 100)),
        ("many dollars", "$".repeat(million).into_bytes()),
        ("many references", "${a?{b}:{c}}".repeat(million / 12).into_bytes()),
        ("not ASCII", b"\xff${\xe9}".repeat(million / 5)),
    ];
    for (name, value) in cases {
        let started = cpu_time();
        let parsed = parse(&value);
        let took = cpu_time() - started;
        covers(&parsed.nodes, Span::new(0, value.len()));
        eprintln!("{name}: {took:?}");
        // Half a second; what is quadratic would take hours.
        assert!(took < Duration::from_secs(10), "{name}: {took:?}");
    }
}

/// Nodes follow each other without gaps, and what is nested lies inside what it is nested in.
fn covers(nodes: &[Node], whole: Span) {
    let mut at = whole.start;
    let inside = |branch: &Branch, span: Span| {
        assert!(span.start < branch.span.start && branch.span.end < span.end, "{branch:?} in {span:?}");
        covers(&branch.nodes, branch.span);
    };
    for node in nodes {
        let span = node.span();
        assert_eq!(span.start, at);
        assert!(!span.is_empty());
        at = span.end;
        let branches = match node {
            Node::Text { .. } | Node::Name { .. } | Node::Bad { .. } => continue,
            Node::Call { argument, .. } => {
                inside(argument, span);
                continue;
            }
            Node::Conditional { branches, .. } => branches,
            Node::Comparison { left, right, branches, .. } => {
                inside(left, span);
                inside(right, span);
                branches
            }
        };
        for branch in [&branches.yes, &branches.no].into_iter().flatten() {
            inside(branch, span);
        }
    }
    assert_eq!(at, whole.end);
}

/// Values made of the language's own signs, so that many of them mean something.
fn values() -> impl Strategy<Value = Vec<u8>> {
    let signs = prop::sample::select(vec![
        "$",
        "$$",
        "${",
        "$(",
        "{",
        "}",
        "(",
        ")",
        "?",
        ":",
        "==",
        "!=",
        "<",
        "<=level",
        ">",
        " ",
        "\t",
        "a",
        "b1",
        "level",
        "3.6",
        "domain_to_ascii{",
        "${a?{",
        "}:{",
        "}}",
        "${{",
        "} == {",
        "} ? {",
        ".",
        "\n",
        "é",
    ]);
    prop_oneof![
        prop::collection::vec(signs, 0..40).prop_map(|signs| signs.concat().into_bytes()),
        prop::collection::vec(any::<u8>(), 0..80),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]
    #[test]
    fn every_value_is_covered_by_its_nodes(value in values()) {
        let parsed = parse(&value);
        covers(&parsed.nodes, Span::new(0, value.len()));
        for fault in &parsed.faults {
            prop_assert!(fault.span.end <= value.len());
            prop_assert!(!fault.message(&value).is_empty());
        }
    }
}
