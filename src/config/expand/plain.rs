//! Values of text and plain names, `$name` and `${name}`: most of all values, and they need no grammar.

use super::tree::Node;
use crate::base::Span;

/// The parts of a value that holds nothing but text, `$name`, `${name}` and `$(name)`; `None` leaves it to the grammar.
pub(super) fn parse_plain(value: &[u8]) -> Option<Vec<Node>> {
    let mut nodes = Vec::new();
    let mut at = 0;
    while let Some(dollar) = memchr::memchr(b'$', &value[at..]).map(|found| at + found) {
        let close = match value.get(dollar + 1)? {
            b'{' => Some(b'}'),
            b'(' => Some(b')'),
            _ => None,
        };
        let start = dollar + 1 + usize::from(close.is_some());
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let length = value[start..].iter().take_while(|byte| is_name(byte)).count();
        let name = Span::new(start, start + length);
        if name.is_empty() || close.is_some_and(|close| value.get(name.end) != Some(&close)) {
            return None;
        }
        let end = name.end + usize::from(close.is_some());
        if at < dollar {
            nodes.push(Node::Text { span: Span::new(at, dollar) });
        }
        nodes.push(Node::Name { span: Span::new(dollar, end), name });
        at = end;
    }
    if at < value.len() {
        nodes.push(Node::Text { span: Span::new(at, value.len()) });
    }
    Some(nodes)
}

/// The names that a default refers to. Defaults are well-formed, so that each `$`, at any depth, begins a reference;
/// what has an argument is a function.
pub fn names_in_default(default: &[u8]) -> impl Iterator<Item = &[u8]> {
    memchr::memchr_iter(b'$', default).filter_map(|dollar| {
        let rest = &default[dollar + 1..];
        let rest = rest.strip_prefix(b"{").or_else(|| rest.strip_prefix(b"(")).unwrap_or(rest);
        let length = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
        (length > 0 && rest.get(length) != Some(&b'{')).then(|| &rest[..length])
    })
}

#[cfg(test)]
mod tests {
    use super::super::parse::parse_by_grammar;
    use super::super::{Notice, scan};
    use super::*;
    use crate::config::catalogue::{Profile, ValueType, Version, default_value, parameters, service_parameters};
    use std::collections::BTreeSet;

    #[test]
    fn plain_values_come_out_as_the_grammar_has_them() {
        let plain = ["", "a", "$a", "x$a_1.b${c}$(d)-", "$mydomain, \u{e9}$x{y}", "${a}${b}c", "{$a}"];
        for value in plain.map(str::as_bytes) {
            let by_grammar = parse_by_grammar(value).0;
            assert!(by_grammar.faults.is_empty());
            assert_eq!(parse_plain(value), Some(by_grammar.nodes), "{}", value.escape_ascii());
        }
        for value in
            ["$", "$$", "a$$b", "$-", "${a", "${}", "${ a }", "${a?b}", "$(a}", "${a:b}", "$a${", "$a$", "${a{b}}"]
        {
            assert_eq!(parse_plain(value.as_bytes()), None, "{value}");
        }
    }

    #[test]
    fn names_in_defaults_are_those_that_a_scan_finds() {
        let families = service_parameters().iter().map(|family| family.default);
        let mut defaults: BTreeSet<&str> = families.collect();
        for target in Version::supported() {
            for profile in [None].into_iter().chain(Profile::all().map(Some)) {
                let expanded = parameters().iter().filter(|known| !matches!(known.value_type, ValueType::Raw(_)));
                defaults.extend(expanded.filter_map(|known| default_value(known, target, profile)));
            }
        }
        for default in defaults.into_iter().map(str::as_bytes) {
            let scanned = scan(default).into_iter().map(|notice| match notice {
                Notice::Name { name, .. } => name,
                Notice::Problem(problem) => panic!("{}: {problem:?}", default.escape_ascii()),
            });
            let found: BTreeSet<Vec<u8>> = names_in_default(default).map(<[u8]>::to_vec).collect();
            assert_eq!(found, scanned.collect(), "{}", default.escape_ascii());
        }
    }
}
