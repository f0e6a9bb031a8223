//! Roff for what clap does not know: programs that have their own way with options, and texts that are set as they are.

use crate::commands::dropin::manual::Manual;
use clap_mangen::roff::{Roff, bold, italic, roman};

/// The page of a program that stands for one of Postfix's.
pub(super) fn of_program(manual: &Manual) -> String {
    let mut roff = Roff::new();
    let version = concat!("postwright ", env!("CARGO_PKG_VERSION"));
    roff.control("TH", [manual.name, "1", "", version, "postwright"]);
    roff.control("SH", ["NAME"]);
    roff.text([roman(format!("{} - {}", manual.name, manual.about))]);
    roff.control("SH", ["SYNOPSIS"]);
    for (number, line) in manual.synopsis.iter().enumerate() {
        if number > 0 {
            roff.control("br", []);
        }
        roff.text([bold(manual.name), roman(format!(" {line}"))]);
    }
    roff.control("SH", ["DESCRIPTION"]);
    for (number, paragraph) in manual.description.iter().enumerate() {
        if number > 0 {
            roff.control("PP", []);
        }
        roff.text([roman(*paragraph)]);
    }
    roff.control("SH", ["OPTIONS"]);
    for option in manual.options {
        roff.control("TP", []);
        let mut words = vec![bold(option.shown())];
        if !option.value.is_empty() {
            words.extend([roman(" "), italic(option.value)]);
        }
        roff.text(words);
        roff.text([roman(option.about)]);
    }
    let mut text = roff.to_roff();
    text.push_str(&statuses_section(manual.status));
    let mut see = Roff::new();
    see.control("SH", ["SEE ALSO"]);
    see.text([bold("postwright"), roman("(1)")]);
    // The definitions that each page begins with are there already.
    text.push_str(&see.render());
    text
}

/// The section of exit statuses.
pub(super) fn statuses_section(statuses: &[(&str, &str)]) -> String {
    let mut roff = Roff::new();
    roff.control("SH", ["EXIT STATUS"]);
    for (number, meaning) in statuses {
        roff.control("TP", []);
        roff.text([bold(*number)]);
        roff.text([roman(*meaning)]);
    }
    roff.render()
}

/// A paragraph; one with indented lines keeps its lines.
pub(super) fn paragraph(block: &str) -> String {
    let keeps_lines = block.lines().any(|line| line.starts_with(' '));
    let mut roff = Roff::new();
    roff.control("PP", []);
    if keeps_lines {
        roff.control("nf", []);
    }
    for line in block.lines() {
        roff.text([roman(line)]);
    }
    if keeps_lines {
        roff.control("fi", []);
    }
    roff.render()
}
