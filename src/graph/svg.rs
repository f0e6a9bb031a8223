//! The picture as SVG: one document that needs nothing else, with its own background.
//!
//! Source: SVG 1.1.

use super::layout::{Block, LINE, Layout, Role, Style, layout};
use super::model::Model;
use super::palette::{Colours, INK, colours};
use crate::diagnostic::render::xml::escape;
use std::fmt::Write;

const SANS: &str = "system-ui, 'Segoe UI', 'DejaVu Sans', Helvetica, Arial, sans-serif";
const MONO: &str = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace";

/// The whole document.
#[must_use]
pub fn document(model: &Model) -> String {
    let picture = layout(model);
    let Layout { width, height, .. } = picture;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         role=\"img\">\n"
    );
    let (title, x, y) = &picture.title;
    let title = escape(title);
    // Writing to a string does not fail, here and below.
    let _ = writeln!(out, "<title>{title}</title>");
    let _ = writeln!(
        out,
        "<style>text {{ font-family: {SANS}; fill: {INK} }} .title {{ font-size: 19px; font-weight: 600 }} \
         .heading {{ font-size: 12px; fill: #66717c; letter-spacing: .04em }} .strong {{ font-size: 13px; font-weight: 600 }} \
         .literal {{ font-family: {MONO}; font-size: 12px }} .quiet {{ font-size: 11.5px; fill: #5b6670 }} \
         .on text {{ fill: #ffffff }} .label {{ font-size: 11px; fill: #5b6670 }}</style>"
    );
    let _ = writeln!(out, "<rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>");
    let _ = writeln!(out, "<text class=\"title\" x=\"{x}\" y=\"{y}\">{title}</text>");
    for (heading, x, y) in &picture.headings {
        let _ = writeln!(out, "<text class=\"heading\" x=\"{x}\" y=\"{y}\">{heading}</text>");
    }
    for link in &picture.links {
        let line = colours(link.class).line;
        let (from, end, tip, y) = (link.from, link.to - 6, link.to, link.y);
        let _ = writeln!(
            out,
            "<path d=\"M{from} {y}H{end}\" stroke=\"{line}\" stroke-width=\"1.5\"/>\
             <path d=\"M{tip} {y}l-7 -4v8z\" fill=\"{line}\"/>"
        );
        if !link.label.is_empty() {
            let (x, y) = ((link.from + end) / 2, y - 5);
            let label = escape(&link.label);
            let _ = writeln!(out, "<text class=\"label\" x=\"{x}\" y=\"{y}\" text-anchor=\"middle\">{label}</text>");
        }
    }
    picture.blocks.iter().for_each(|block| draw(block, &mut out));
    out + "</svg>\n"
}

fn draw(block: &Block, out: &mut String) {
    let Colours { fill, line } = colours(block.class);
    let is_class = block.role == Role::Class;
    let (fill, group) = if is_class { (line, "<g class=\"on\">") } else { (fill, "<g>") };
    let Block { x, y, width, height, .. } = block;
    let _ = writeln!(
        out,
        "{group}<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"6\" fill=\"{fill}\" stroke=\"{line}\"/>"
    );
    let count = u32::try_from(block.lines.len()).unwrap_or(0);
    let mut base = y + height.saturating_sub(count * LINE) / 2 + 13;
    for text in &block.lines {
        let class = match text.style {
            Style::Strong => "strong",
            Style::Literal => "literal",
            Style::Quiet => "quiet",
        };
        let whole = text.whole.as_ref().map_or_else(String::new, |whole| format!("<title>{}</title>", escape(whole)));
        let x = x + 12;
        let _ = writeln!(out, "<text class=\"{class}\" x=\"{x}\" y=\"{base}\">{whole}{}</text>", escape(&text.text));
        base += LINE;
    }
    out.push_str("</g>\n");
}
