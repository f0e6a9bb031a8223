//! MC032: a character that looks like a blank, a quote or a hyphen, or like nothing, and is none.

use crate::base::{Source, Span};
use crate::diagnostic::{Family, Finding, Rule, Severity};
use crate::lint::site::set_values::read_values;
use crate::lint::site::{LoadedSite, Table};
use std::sync::Arc;

/// The declaration.
pub static RULE: Rule = Rule {
    code: "MC032",
    name: "look-alike",
    family: Family::MainCf,
    severity: Severity::Error,
    summary: "a character that looks like a blank, a quote, a hyphen or nothing, and has become part of a name",
    why: "Texts that were copied from a web page or a word processor hold no-break spaces, curly quotes and marks without width. For \
          Postfix they are letters: a domain, a key or an option with one of them is another one, and matches nothing.",
    example: "mydestination = \u{201c}example.com\u{201d}\n",
    remedy: "Write the plain character, or remove it.",
    fix: None,
    link: "https://www.postfix.org/postconf.5.html",
};

/// What a character is called, and what people take it for; nothing for all that may be meant.
fn look_alike(character: char) -> Option<(&'static str, &'static str)> {
    Some(match character {
        '\u{a0}' | '\u{202f}' => ("no-break space", "a blank"),
        '\u{2000}'..='\u{200a}' | '\u{205f}' | '\u{3000}' => ("space of another width", "a blank"),
        '\u{ad}' => ("soft hyphen", "nothing"),
        '\u{200b}' => ("zero width space", "nothing"),
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' => ("mark of direction", "nothing"),
        '\u{2060}' => ("word joiner", "nothing"),
        '\u{feff}' => ("byte order mark", "nothing"),
        '\u{2010}'..='\u{2015}' | '\u{2212}' => ("hyphen of another kind", "a hyphen"),
        '\u{2018}'..='\u{201f}' | '\u{ab}' | '\u{bb}' => ("curly quote", "a quote"),
        '\u{ff0c}' | '\u{3001}' => ("comma of another kind", "a comma"),
        '\u{2028}' | '\u{2029}' | '\u{85}' => ("line break of another kind", "the end of a line"),
        _ => return None,
    })
}

/// Looks for it.
pub fn check(site: &LoadedSite, findings: &mut Vec<Finding>) {
    for set in read_values(site) {
        look(set.source, set.name.span(), findings);
        // A text for people may hold them.
        if set.kind(site).is_some_and(|kind| !kind.is_free_text()) {
            look(set.source, set.value.span(), findings);
        }
    }
    for table in &site.tables {
        in_table(table, findings);
    }
    for source in site.list_files() {
        let mut start = 0;
        for line in source.bytes().split_inclusive(|&byte| byte == b'\n') {
            if !line.trim_ascii_start().starts_with(b"#") {
                look(source, Span::new(start, start + line.len()), findings);
            }
            start += line.len();
        }
    }
}

/// Looks at the keys of a table, whose results may be texts.
fn in_table(table: &Table, findings: &mut Vec<Finding>) {
    let (Some(entries), Some(Ok(source))) = (&table.entries, &table.source) else { return };
    if source.bytes().is_ascii() {
        return;
    }
    for entry in entries.all().iter().filter(|entry| !entries.key(entry).is_ascii()) {
        if let Some((source, text)) = table.text_of(entry) {
            look(source, text.key_span(), findings);
        }
    }
}

/// Tells of the first such character in a part of a text.
fn look(source: &Arc<Source>, part: Span, findings: &mut Vec<Finding>) {
    let bytes = source.slice(part);
    if bytes.is_ascii() {
        return;
    }
    let mut at = part.start;
    for chunk in bytes.utf8_chunks() {
        for (offset, character) in chunk.valid().char_indices() {
            let Some((name, resembled)) = look_alike(character) else { continue };
            // At the very beginning of a file it has a finding of its own.
            if character == '\u{feff}' && at + offset == 0 {
                continue;
            }
            let span = Span::new(at + offset, at + offset + character.len_utf8());
            let message = format!("a {name} (U+{:04X}) is part of this text", u32::from(character));
            findings.push(
                Finding::new(&RULE, message).at(source, span, format!("looks like {resembled}")).help(RULE.remedy),
            );
            return;
        }
        at += chunk.valid().len() + chunk.invalid().len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_of_a_text() {
        let cases = [
            ("example.com", None),
            ("m\u{fc}nchen.example", None),
            ("\u{65e5}\u{672c}.example", None),
            ("a.example,\u{a0}b.example", Some("a no-break space (U+00A0) is part of this text")),
            ("\u{201c}a\u{201d}", Some("a curly quote (U+201C) is part of this text")),
            ("a\u{200b}.example", Some("a zero width space (U+200B) is part of this text")),
            ("\u{2013}o", Some("a hyphen of another kind (U+2013) is part of this text")),
        ];
        for (text, expected) in cases {
            let source = Arc::new(Source::new("main.cf", text));
            let mut findings = Vec::new();
            look(&source, Span::new(0, text.len()), &mut findings);
            assert_eq!(findings.first().map(|finding| finding.message.as_str()), expected, "{text}");
        }
    }
}
