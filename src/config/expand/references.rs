//! Every name that a value mentions.

use super::parse::parse;
use super::slice::slice;
use super::tree::{Branches, Expansion, Node};
use crate::base::Span;

/// A name in a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference<'v> {
    /// The name as written; may be empty (`${ }`).
    pub name: &'v [u8],
    /// Where the name stands, without dollar sign and brackets.
    pub span: Span,
    /// Whether only its emptiness is asked for (`${name?…}`), not its value.
    pub tested: bool,
}

impl<'v> Expansion<'v> {
    /// Every name that the value mentions, in the order of the text, in branches and operands too.
    pub fn references(&self) -> impl Iterator<Item = Reference<'v>> + use<'v> {
        let mut found = Vec::new();
        collect(self.value, &self.nodes, &mut found);
        found.into_iter()
    }
}

/// Every name that a value mentions, in the order of the text, in branches and operands too.
pub fn references(value: &[u8]) -> impl Iterator<Item = Reference<'_>> + use<'_> {
    parse(value).references()
}

fn collect<'v>(value: &'v [u8], nodes: &[Node], found: &mut Vec<Reference<'v>>) {
    let mention = |span, tested| Reference { name: slice(value, span), span, tested };
    for node in nodes {
        match node {
            Node::Text { .. } | Node::Bad { .. } => {}
            Node::Name { name, .. } => found.push(mention(*name, false)),
            Node::Conditional { name, branches, .. } => {
                found.push(mention(*name, true));
                collect_branches(value, branches, found);
            }
            Node::Comparison { left, right, branches, .. } => {
                collect(value, &left.nodes, found);
                collect(value, &right.nodes, found);
                collect_branches(value, branches, found);
            }
            Node::Call { argument, .. } => collect(value, &argument.nodes, found),
        }
    }
}

fn collect_branches<'v>(value: &'v [u8], branches: &Branches, found: &mut Vec<Reference<'v>>) {
    for branch in [&branches.yes, &branches.no].into_iter().flatten() {
        collect(value, &branch.nodes, found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_list_every_name_wherever_it_stands() {
        type Found<'a> = (&'a str, usize, bool);
        let cases: [(&str, &[Found<'_>]); 9] = [
            ("no names, $$none", &[]),
            ("$a $(b) ${c}", &[("a", 1, false), ("b", 5, false), ("c", 10, false)]),
            ("${a?$b}", &[("a", 2, true), ("b", 5, false)]),
            ("${a?{$b}:{${c:$d}}}", &[("a", 2, true), ("b", 6, false), ("c", 12, true), ("d", 15, false)]),
            ("${{$a} == {$b} ? {$c} : {$d}}", &[("a", 4, false), ("b", 12, false), ("c", 19, false), ("d", 26, false)]),
            ("${domain_to_ascii{$a}}", &[("a", 19, false)]),
            ("${ }", &[("", 3, false)]),
            ("${a.b} $c", &[("c", 8, false)]),
            ("$c $- $d", &[("c", 1, false)]),
        ];
        for (value, expected) in cases {
            let found: Vec<_> = references(value.as_bytes())
                .map(|found| (std::str::from_utf8(found.name).unwrap(), found.span.start, found.tested))
                .collect();
            assert_eq!(found, expected, "{value}");
        }
    }
}
