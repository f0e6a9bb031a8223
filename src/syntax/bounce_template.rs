//! Bounce template files: `name = <<MARKER`, lines of a template, and a line that is the marker alone.
//!
//! Outside a template each physical line stands for itself: blank lines and those that begin with `#` are nothing,
//! another is `name = value`, and a value that is no `<<MARKER` is a template of one line. Inside a template every byte
//! counts. A template begins with headers, if its first lines that are not empty look like any; blank lines behind them
//! are dropped, and the rest is the message text. Postfix sees nothing of a line behind a zero byte.
//!
//! What the names and headers mean is not decided here. Source: bounce(5), and Postfix 3.11 as observed:
//! - The marker is all that follows `<<`, white space around it left out, and begins with a letter or digit of ASCII.
//! - Where Postfix stops at a fault (all but [`FaultKind::UnclosedTemplate`]), this parser drops the line and reads on.
//! - A marker that ends the file without a newline ends its template, and is still said to be missing.

use super::fault::{Fault, FaultKind};
use super::tree::{TokenKind, Tree, TreeBuilder};
use crate::base::{Source, Span};
use std::sync::Arc;

/// A parsed template file.
#[derive(Clone, Debug)]
pub struct BounceTemplateFile {
    /// All bytes, as tokens.
    pub tree: Tree,
    /// The templates, in order.
    pub templates: Vec<TemplateText>,
    /// What is wrong.
    pub faults: Vec<Fault>,
}

/// One template as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateText {
    /// Its name, in whatever spelling.
    pub name: Span,
    /// The end marker; none for a template of one line.
    pub marker: Option<Span>,
    /// What looks like headers.
    pub headers: Vec<TemplateHeader>,
    /// The lines of the message text, without newlines.
    pub body: Vec<Span>,
    /// From its name to the last byte of its last line, newline left out.
    pub extent: Span,
    /// The line on which it ends, counted from 1.
    pub last_line: usize,
}

/// One header of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TemplateHeader {
    /// Its label, without the colon.
    pub label: Span,
    /// Its value; white space at its end belongs to it.
    pub value: Span,
}

/// Parses a template file. Never fails.
#[must_use]
pub fn parse_bounce_template(source: &Arc<Source>) -> BounceTemplateFile {
    let mut reader =
        Reader { source, at: 0, line: 0, builder: TreeBuilder::new(source), templates: Vec::new(), faults: Vec::new() };
    while let Some(line) = reader.next_line() {
        let text = source.slice(line);
        let first = text.iter().find(|&&byte| !is_blank(byte));
        if first.is_some_and(|&byte| byte != b'#') {
            reader.assignment(line);
        }
    }
    BounceTemplateFile { tree: reader.builder.finish(), templates: reader.templates, faults: reader.faults }
}

/// White space as the C library has it.
const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

struct Reader<'a> {
    source: &'a Arc<Source>,
    at: usize,
    /// How many lines were read.
    line: usize,
    builder: TreeBuilder,
    templates: Vec<TemplateText>,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    /// The next physical line, without its newline and what follows a zero byte.
    fn next_line(&mut self) -> Option<Span> {
        let bytes = self.source.bytes();
        let rest = bytes.get(self.at..).filter(|rest| !rest.is_empty())?;
        let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let start = self.at;
        self.at = start + length + 1;
        self.line += 1;
        Some(Span::new(start, start + memchr::memchr(0, &rest[..length]).unwrap_or(length)))
    }

    /// Whether the last line that was read ends with the file instead of a newline.
    fn is_unterminated(&self) -> bool {
        self.at > self.source.bytes().len()
    }

    /// The part without white space at its beginning.
    fn skip_blanks(&self, span: Span) -> Span {
        let text = self.source.slice(span);
        Span::new(span.start + text.iter().take_while(|&&byte| is_blank(byte)).count(), span.end)
    }

    /// The part without white space at its beginning and end.
    fn trim(&self, span: Span) -> Span {
        let span = self.skip_blanks(span);
        let text = self.source.slice(span);
        Span::new(span.start, span.end - text.iter().rev().take_while(|&&byte| is_blank(byte)).count())
    }

    fn drop_line(&mut self, kind: FaultKind, line: Span) {
        self.faults.push(Fault { kind, span: line });
        self.builder.token(TokenKind::Other, line);
    }

    /// `name = value` or `name = <<MARKER`, with the lines that belong to it.
    fn assignment(&mut self, line: Span) {
        let text = self.source.slice(self.skip_blanks(line));
        let start = line.end - text.len();
        let length = text.iter().position(|&byte| byte == b'=' || is_blank(byte)).unwrap_or(text.len());
        if length == 0 {
            return self.drop_line(FaultKind::MissingName, line);
        }
        let name = Span::new(start, start + length);
        let behind = self.skip_blanks(Span::new(name.end, line.end));
        if self.source.slice(behind).first() != Some(&b'=') {
            return self.drop_line(FaultKind::MissingEquals, line);
        }
        let equals = Span::new(behind.start, behind.start + 1);
        let value = self.trim(Span::new(equals.end, line.end));
        let marker = self.source.slice(value).starts_with(b"<<");
        let marker = marker.then(|| self.skip_blanks(Span::new(value.start + 2, value.end)));
        match marker.map(|marker| self.source.slice(marker).first().copied()) {
            Some(None) => return self.drop_line(FaultKind::MissingMarker, line),
            Some(Some(first)) if !first.is_ascii_alphanumeric() => {
                return self.drop_line(FaultKind::MalformedMarker, line);
            }
            _ => {}
        }
        self.builder.token(TokenKind::Name, name);
        self.builder.token(TokenKind::Punctuation, equals);
        let mut template =
            TemplateText { name, marker, headers: Vec::new(), body: Vec::new(), extent: line, last_line: self.line };
        match marker {
            Some(marker) => self.lines(&mut template, marker, value),
            None => {
                let mut content = Content::new(&mut template);
                content.add(value, self.source, &mut self.builder);
            }
        }
        template.extent.start = name.start;
        template.last_line = self.line;
        self.templates.push(template);
    }

    /// The lines up to the marker.
    fn lines(&mut self, template: &mut TemplateText, marker: Span, opening: Span) {
        self.builder.token(TokenKind::Keyword, opening);
        let source = self.source;
        let is_end = |line: Span| source.slice(line) == source.slice(marker);
        let mut content = Content::new(template);
        let mut is_closed = false;
        while let Some(line) = self.next_line() {
            content.template.extent.end = line.end;
            if is_end(line) {
                self.builder.token(TokenKind::Keyword, line);
                is_closed = !self.is_unterminated();
                break;
            }
            content.add(line, source, &mut self.builder);
        }
        if !is_closed {
            self.faults.push(Fault { kind: FaultKind::UnclosedTemplate, span: marker });
        }
    }
}

/// Takes the lines of a template apart.
struct Content<'a> {
    template: &'a mut TemplateText,
    in_headers: bool,
}

impl<'a> Content<'a> {
    fn new(template: &'a mut TemplateText) -> Self {
        Self { template, in_headers: true }
    }

    fn add(&mut self, line: Span, source: &Source, builder: &mut TreeBuilder) {
        let text = source.slice(line);
        if self.in_headers {
            if text.is_empty() && self.template.headers.is_empty() {
                return;
            }
            if let Some(header) = header(line, text) {
                builder.token(TokenKind::Name, header.label);
                let colon = header.label.end + text[header.label.len()..].iter().take_while(|&&b| b != b':').count();
                builder.token(TokenKind::Punctuation, Span::new(colon, colon + 1));
                builder.token(TokenKind::Value, header.value);
                self.template.headers.push(header);
                return;
            }
            self.in_headers = false;
        }
        if self.template.body.is_empty() && text.iter().all(|&byte| is_blank(byte)) {
            return;
        }
        builder.token(TokenKind::Value, line);
        self.template.body.push(line);
    }
}

/// A line that looks like a header: visible ASCII, perhaps blanks, a colon.
fn header(line: Span, text: &[u8]) -> Option<TemplateHeader> {
    let label = text.iter().take_while(|&&byte| byte.is_ascii_graphic() && byte != b':').count();
    let blanks = text[label..].iter().take_while(|&&byte| matches!(byte, b' ' | b'\t')).count();
    let colon = label + blanks;
    if label == 0 || text.get(colon) != Some(&b':') {
        return None;
    }
    let value = colon + 1;
    let value = value + text[value..].iter().take_while(|&&byte| is_blank(byte)).count();
    let span = |start, end| Span::new(line.start + start, line.start + end);
    Some(TemplateHeader { label: span(0, label), value: span(value, text.len()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each template as `name<marker@line|label:value|…|body lines…`.
    fn parse(text: &[u8]) -> (Vec<String>, Vec<(FaultKind, String)>) {
        let source = Arc::new(Source::new("bounce.cf", text));
        let parsed = parse_bounce_template(&source);
        assert_eq!(parsed.tree.print(), source.bytes(), "{:?}", text.escape_ascii().to_string());
        let show = |span: Span| source.slice(span).escape_ascii().to_string();
        let templates = parsed.templates.iter().map(|template| {
            let marker = template.marker.map_or(String::new(), |marker| format!("<{}", show(marker)));
            let headers =
                template.headers.iter().map(|header| format!("{}:{}", show(header.label), show(header.value)));
            let parts: Vec<String> = headers.chain(template.body.iter().map(|line| show(*line))).collect();
            format!("{}{marker}@{}|{}", show(template.name), template.last_line, parts.join("|"))
        });
        (templates.collect(), parsed.faults.iter().map(|fault| (fault.kind, show(fault.span))).collect())
    }

    #[test]
    fn templates_are_taken_apart() {
        let cases: &[(&str, &[&str])] = &[
            ("a = <<E\nSubject: x\n\nz\nE\n", &["a<E@5|Subject:x|z"]),
            ("# c\n\n  \u{b}# d\n  a=<<  E \nz\nE\nb = <<E\nE\n", &["a<E@6|z", "b<E@8|"]),
            ("a = <<E\n\n\n \t\nz\n \n\nE\n", &["a<E@8|z| |"]),
            ("a = <<E\nSubject : x \n y\nFrom: z\nE\n", &["a<E@5|Subject:x | y|From: z"]),
            ("a = <<E\nS\t:\t\u{b} x\n:y\nE\n", &["a<E@4|S:x|:y"]),
            ("a = <<E\n\n\nSubject: x\n\nb: y\nE\n", &["a<E@7|Subject:x|b: y"]),
            ("a = <<E\n \nSubject: x\n\nb: y\nE\n", &["a<E@6|Subject: x||b: y"]),
            ("a = <<E\nb c: d\nE\n", &["a<E@3|b c: d"]),
            ("a = <<E\nb\u{7f}: d\n\nE\n", &[r"a<E@4|b\x7f: d|"]),
            ("a = <<E\n caf\u{e9}\n E\nE \nEE\nE\n", &[r"a<E@6| caf\xc3\xa9| E|E |EE"]),
            ("a = <<E # x\nE\nE # x\n", &["a<E # x@3|E"]),
            ("a =  x y \nb =\nc = S: x\nd == y\n", &["a@1|x y", "b@2|", "c@3|S:x", "d@4|= y"]),
            ("a = <<E\nb = <<E\nE\n", &["a<E@3|b = <<E"]),
            ("a = <<E\r\nx\r\nE\r\nE\n", &[r"a<E@4|x\r|E\r"]),
            ("a = <<E\0F\nx\0y\nE\0\n", &["a<E@3|x"]),
        ];
        for (text, expected) in cases {
            assert_eq!(
                parse(text.as_bytes()),
                (expected.iter().map(ToString::to_string).collect(), vec![]),
                "{text:?}"
            );
        }
    }

    #[test]
    fn faults_are_found_and_reading_goes_on() {
        use FaultKind::{MalformedMarker, MissingEquals, MissingMarker, MissingName, UnclosedTemplate};
        type Case<'a> = (&'a str, &'a [&'a str], &'a [(FaultKind, &'a str)]);
        let cases: &[Case] = &[
            ("  a b \nc = d\n", &["c@2|d"], &[(MissingEquals, "  a b ")]),
            ("a\0 = d\n", &[], &[(MissingEquals, "a")]),
            (" = d\n", &[], &[(MissingName, " = d")]),
            ("a = << \nb = c\n", &["b@2|c"], &[(MissingMarker, "a = << ")]),
            ("a = <<(E)\n", &[], &[(MalformedMarker, "a = <<(E)")]),
            ("a = <<_E", &[], &[(MalformedMarker, "a = <<_E")]),
            ("a = <<E\nx\n", &["a<E@2|x"], &[(UnclosedTemplate, "E")]),
            ("a = <<E\nx\nE", &["a<E@3|x"], &[(UnclosedTemplate, "E")]),
            ("a = <<E", &["a<E@1|"], &[(UnclosedTemplate, "E")]),
        ];
        for (text, templates, faults) in cases {
            let faults: Vec<_> = faults.iter().map(|(kind, text)| (*kind, (*text).to_string())).collect();
            let templates: Vec<_> = templates.iter().map(ToString::to_string).collect();
            assert_eq!(parse(text.as_bytes()), (templates, faults), "{text:?}");
        }
    }

    #[test]
    fn an_extent_covers_a_template() {
        let source = Arc::new(Source::new("bounce.cf", "# c\n a = <<E\nx\nE\nb = c\n"));
        let parsed = parse_bounce_template(&source);
        let extents: Vec<_> = parsed.templates.iter().map(|template| source.slice(template.extent)).collect();
        assert_eq!(extents, [b"a = <<E\nx\nE".as_slice(), b"b = c"]);
    }
}
