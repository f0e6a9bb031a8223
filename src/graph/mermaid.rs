//! The picture as a Mermaid flow chart.
//!
//! Texts stand in quotes, where `#…;` is a character by name or number: every character that could mean something to
//! Mermaid, to Markdown or to HTML is written so.
//!
//! Source: mermaid.js.org, "Flowcharts - Basic Syntax".

use super::model::Model;
use super::network::network;
use super::palette::{Colours, INK, colours};
use crate::routing::rewrite::resolve::AddressClass;
use std::fmt::Write;

/// All that a node can belong to.
const CLASSES: [Option<AddressClass>; 6] = [
    None,
    Some(AddressClass::Local),
    Some(AddressClass::VirtualAlias),
    Some(AddressClass::VirtualMailbox),
    Some(AddressClass::Relay),
    Some(AddressClass::Default),
];

/// The whole document.
#[must_use]
pub fn document(model: &Model) -> String {
    let (nodes, edges) = network(model);
    let mut out = String::from("flowchart LR\n");
    for node in &nodes {
        let lines: Vec<String> = node.lines.iter().map(|line| escape(line)).collect();
        let text = lines.join("<br/>");
        // A class is a stadium, all else a box with round corners.
        let (open, close) = if node.is_class { ("([", "])") } else { ("(", ")") };
        let style = style(node.class);
        // Writing to a string does not fail, here and below.
        let _ = writeln!(out, "  {}{open}\"{text}\"{close}:::{style}", node.id);
    }
    for edge in &edges {
        let label = if edge.label.is_empty() { String::new() } else { format!("|\"{}\"|", escape(&edge.label)) };
        let _ = writeln!(out, "  {} -->{label} {}", edge.from, edge.to);
    }
    for class in CLASSES {
        let Colours { fill, line } = colours(class);
        let _ = writeln!(out, "  classDef {} fill:{fill},stroke:{line},color:{INK}", style(class));
    }
    out
}

/// The name of a class's style; `default` is a word of Mermaid's own.
fn style(class: Option<AddressClass>) -> &'static str {
    match class {
        None => "first",
        Some(AddressClass::Local) => "local",
        Some(AddressClass::VirtualAlias) => "alias",
        Some(AddressClass::VirtualMailbox) => "mailbox",
        Some(AddressClass::Relay) => "relay",
        Some(AddressClass::Default) => "other",
    }
}

/// A text inside quotes.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        let is_plain = character.is_alphanumeric() || " .-_/:,()[]=@+$'!?…–·\u{202f}\u{fffd}".contains(character);
        if is_plain {
            out.push(character);
        } else {
            let _ = write!(out, "#{};", u32::from(character));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_meaning_is_escaped() {
        let cases = [
            ("a.example, [mx]:25", "a.example, [mx]:25"),
            ("\"x\" #1; <b>&amp;", "#34;x#34; #35;1#59; #60;b#62;#38;amp#59;"),
            ("`*~|\\%%{x}", "#96;#42;#126;#124;#92;#37;#37;#123;x#125;"),
            ("a_b's $x!", "a_b's $x!"),
            ("ä\u{fffd}", "ä\u{fffd}"),
        ];
        for (text, expected) in cases {
            assert_eq!(escape(text), expected, "{text}");
        }
    }
}
