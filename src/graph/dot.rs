//! The picture as a graph for Graphviz.
//!
//! Source: graphviz.org, "DOT Language" and the type `escString`.

use super::model::Model;
use super::network::network;
use super::palette::{Colours, colours};
use std::fmt::Write;

/// The whole document.
#[must_use]
pub fn document(model: &Model) -> String {
    let (nodes, edges) = network(model);
    let title = escape(&format!("Mail routing of {}", model.name));
    let mut out = format!(
        "digraph routing {{\n  graph [rankdir=LR, bgcolor=white, ranksep=0.6, labelloc=t, fontname=\"Helvetica\", \
         label=\"{title}\"]\n  node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\", fontsize=11]\n  \
         edge [fontname=\"Helvetica\", fontsize=9, arrowsize=0.7]\n"
    );
    // Graphviz piles up from below what comes first.
    let (mut rest, mut in_order) = (nodes.as_slice(), Vec::new());
    while let Some(last) = rest.last() {
        let start = rest.iter().rposition(|node| node.class != last.class).map_or(0, |at| at + 1);
        in_order.extend(&rest[start..]);
        rest = &rest[..start];
    }
    for node in in_order {
        let lines: Vec<String> = node.lines.iter().map(|line| escape(line)).collect();
        let Colours { fill, line } = colours(node.class);
        let (fill, text) = if node.is_class { (line, ", fontcolor=white") } else { (fill, "") };
        // Writing to a string does not fail, here and below.
        let _ = writeln!(
            out,
            "  {} [label=\"{}\", fillcolor=\"{fill}\", color=\"{line}\"{text}]",
            node.id,
            lines.join("\\n")
        );
    }
    for edge in &edges {
        let label = if edge.label.is_empty() { String::new() } else { format!("label=\"{}\", ", escape(&edge.label)) };
        let line = colours(Some(edge.class)).line;
        let _ = writeln!(out, "  {} -> {} [{label}color=\"{line}\"]", edge.from, edge.to);
    }
    out + "}\n"
}

/// A text inside quotes, where `\N` and its like have a meaning, and `&…;` is a character by name.
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('&', "&amp;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_meaning_is_escaped() {
        assert_eq!(escape("a\\N\"b\\"), "a\\\\N\\\"b\\\\");
        assert_eq!(escape("<b> &lt; {x|y}"), "<b> &amp;lt; {x|y}");
    }
}
