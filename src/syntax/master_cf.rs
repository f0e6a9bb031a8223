//! master.cf: one service a logical line — eight fields, then the command's arguments.
//!
//! Fields and arguments are separated by white space; what stands between `{` and its partner may hold white space, and
//! braces nest. An argument that begins with `{` is what stands inside; a field keeps its braces. What `-o` arguments
//! mean is for floor 3; here they are words with places.
//!
//! Source: master(5).

use super::fault::{Fault, FaultKind};
use super::lines::{Harvest, parse_lines, parse_one};
use super::logical::is_space;
use super::match_list::closing_brace;
use super::text::Text;
use super::tree::{TokenKind, Tree};
use crate::base::{Source, Span};
use std::ops::Range;
use std::sync::Arc;

/// Number of fields before the arguments: name, type, private, unprivileged, chroot, wakeup, process limit, command.
pub const FIELDS: usize = 8;

/// A parsed master.cf.
#[derive(Clone, Debug)]
pub struct MasterCf {
    /// All bytes, as tokens.
    pub tree: Tree,
    /// The services, in order.
    pub services: Vec<ServiceLine>,
    /// What is wrong.
    pub faults: Vec<Fault>,
}

/// One service with all its fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceLine {
    /// The eight fields.
    pub fields: [Text; FIELDS],
    /// The arguments of the command, in order.
    pub arguments: Vec<Argument>,
    /// From the name to the last byte of the last line, newline left out.
    pub extent: Span,
    /// The line that it begins on.
    pub line: usize,
}

/// One argument of a service's command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// The text; of a braced one what stands inside, without white space at its ends.
    pub text: Text,
    /// Whether it stood in braces.
    pub braced: bool,
    /// Its place, braces included.
    pub span: Span,
}

impl ServiceLine {
    /// The service's name.
    #[must_use]
    pub fn name(&self) -> &Text {
        &self.fields[0]
    }

    /// The service's type: inet, unix, unix-dgram, fifo or pass.
    #[must_use]
    pub fn service_type(&self) -> &Text {
        &self.fields[1]
    }

    /// The command that runs the service, without its arguments.
    #[must_use]
    pub fn command(&self) -> &Text {
        &self.fields[7]
    }
}

/// Parses a master.cf. Never fails; a line with a fault of form is no service.
#[must_use]
pub fn parse_master_cf(source: &Arc<Source>) -> MasterCf {
    let mut services = Vec::new();
    let (tree, faults) = parse_lines(source, |line, text, harvest| {
        // Postfix sees nothing of the logical line behind a zero byte.
        let text = match memchr::memchr(0, text.bytes()) {
            Some(at) => {
                harvest.fault(FaultKind::ZeroByte, text.source_span(at..at + 1));
                text.slice(0..at)
            }
            None => text,
        };
        services.extend(service_line(&text, line.extent(), line.line, harvest));
    });
    MasterCf { tree, services, faults }
}

/// Parses a single entry, in which newlines are white space like any other: those inside braces stay in the arguments.
#[must_use]
pub fn parse_entry(source: &Arc<Source>) -> MasterCf {
    let mut services = Vec::new();
    let extent = Span::new(0, source.bytes().len());
    let (tree, faults) = parse_one(source, |text, harvest| services.extend(service_line(&text, extent, 1, harvest)));
    MasterCf { tree, services, faults }
}

fn service_line(text: &Text, extent: Span, line: usize, harvest: &mut Harvest) -> Option<ServiceLine> {
    let (words, faults) = split_words(text.bytes());
    for (kind, range) in faults {
        harvest.fault(kind, text.source_span(range));
    }
    for (index, word) in words.iter().enumerate() {
        let kind = if index == 0 { TokenKind::Name } else { TokenKind::Value };
        harvest.token(kind, text.source_span(word.whole.clone()));
    }
    let fields: Vec<Text> = words.iter().take(FIELDS).map(|word| text.slice(word.whole.clone())).collect();
    let Ok(fields) = <[Text; FIELDS]>::try_from(fields) else {
        harvest.fault(FaultKind::TooFewFields, extent);
        return None;
    };
    let arguments = words[FIELDS..]
        .iter()
        .map(|word| Argument {
            text: text.slice(word.inner.clone()),
            braced: word.braced,
            span: text.source_span(word.whole.clone()),
        })
        .collect();
    Some(ServiceLine { fields, arguments, extent, line })
}

struct Word {
    whole: Range<usize>,
    inner: Range<usize>,
    braced: bool,
}

/// Splits at white space that no brace holds; from the ninth word on, a word in braces is its inside.
fn split_words(text: &[u8]) -> (Vec<Word>, Vec<(FaultKind, Range<usize>)>) {
    let mut words = Vec::new();
    let mut faults = Vec::new();
    let mut at = 0;
    loop {
        at = next(text, at, |byte| !is_space(byte));
        if at >= text.len() {
            return (words, faults);
        }
        let end = grouped_end(text, at);
        if words.len() < FIELDS || text[at] != b'{' {
            words.push(Word { whole: at..end, inner: at..end, braced: false });
        } else if let Some(close) = closing_brace(text, at) {
            words.push(Word { whole: at..end, inner: trimmed(text, at + 1..close), braced: true });
            if end > close + 1 {
                faults.push((FaultKind::TextAfterBrace, close + 1..end));
            }
        } else {
            words.push(Word { whole: at..end, inner: trimmed(text, at + 1..end), braced: true });
            faults.push((FaultKind::UnclosedBrace, at..end));
        }
        at = end;
    }
}

/// The first white space behind `from` that no brace holds.
fn grouped_end(text: &[u8], from: usize) -> usize {
    let mut depth = 0_usize;
    for (offset, &byte) in text[from..].iter().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            _ if depth == 0 && is_space(byte) => return from + offset,
            _ => {}
        }
    }
    text.len()
}

fn next(text: &[u8], from: usize, wanted: impl Fn(u8) -> bool) -> usize {
    text[from..].iter().position(|&byte| wanted(byte)).map_or(text.len(), |n| from + n)
}

fn trimmed(text: &[u8], range: Range<usize>) -> Range<usize> {
    let start = next(text, range.start, |byte| !is_space(byte)).min(range.end);
    let end = text[start..range.end].iter().rposition(|&byte| !is_space(byte)).map_or(start, |at| start + at + 1);
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> (Vec<(String, Vec<String>)>, Vec<FaultKind>) {
        let source = Arc::new(Source::new("master.cf", text));
        let parsed = parse_master_cf(&source);
        assert_eq!(parsed.tree.print(), source.bytes());
        let services = parsed.services.iter().map(|service| {
            let arguments = service.arguments.iter().map(|a| a.text.to_string_lossy()).collect();
            (service.name().to_string_lossy() + "/" + &service.service_type().to_string_lossy(), arguments)
        });
        (services.collect(), parsed.faults.iter().map(|fault| fault.kind).collect())
    }

    #[test]
    fn services_and_faults() {
        type Case<'a> = (&'a str, &'a [(&'a str, &'a [&'a str])], &'a [FaultKind]);
        let cases: &[Case] = &[
            ("smtp inet n - n - - smtpd\n", &[("smtp/inet", &[])], &[]),
            (
                "smtp inet n - n - - smtpd\n  -o a=b\n#c\n  -o { c = {d} e }\n",
                &[("smtp/inet", &["-o", "a=b", "-o", "c = {d} e"])],
                &[],
            ),
            ("smtp inet n - n - -\n", &[], &[FaultKind::TooFewFields]),
            ("a unix - - n - - pipe {x y\n", &[("a/unix", &["x y"])], &[FaultKind::UnclosedBrace]),
            ("a unix - - n - - pipe {x}y z\n", &[("a/unix", &["x", "z"])], &[FaultKind::TextAfterBrace]),
            (
                "a unix - - n - - pipe -o{ x = y } e={ 5 6 } f{\n",
                &[("a/unix", &["-o{ x = y }", "e={ 5 6 }", "f{"])],
                &[],
            ),
            ("a unix - - n - - pipe {x}y\n  {z}{\n", &[("a/unix", &["x", "z"])], &[FaultKind::TextAfterBrace; 2]),
            ("a unix - - n - - pipe a\0b\n c\n", &[("a/unix", &["a"])], &[FaultKind::ZeroByte]),
            ("a unix - - n - - pipe {}\n", &[("a/unix", &[""])], &[]),
            (" x\n", &[], &[FaultKind::LeadingWhiteSpace]),
            // As `postconf -M` of Postfix 3.11.7 shows them.
            ("{a b} inet n - n - - smtpd\n", &[("{a b}/inet", &[])], &[]),
            ("x{a b}y inet n - n - - smtpd -v\n", &[("x{a b}y/inet", &["-v"])], &[]),
            ("{a{b c} d} inet n - n - - {smtpd a} b\n", &[("{a{b c} d}/inet", &["b"])], &[]),
            ("}a { inet n - n - - smtpd\n", &[], &[FaultKind::TooFewFields]),
        ];
        for (text, services, faults) in cases {
            let services: Vec<_> = services
                .iter()
                .map(|(name, args)| ((*name).to_string(), args.iter().map(|a| (*a).to_string()).collect()))
                .collect();
            assert_eq!(parse(text), (services, faults.to_vec()), "{text:?}");
        }
    }
}
