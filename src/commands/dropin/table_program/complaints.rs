//! What postmap and postalias say about a source, in the order of its text.

use crate::commands::dropin::program::context::{joined, leading_white_space};
use crate::commands::dropin::program::messages::Messages;
use crate::maps::compile::{Complaint, ComplaintKind, Entries};
use crate::syntax::{FaultKind, LogicalLines};

/// Where a source's lines are counted, front to back.
struct Lines<'a> {
    source: &'a [u8],
    at: usize,
    line: usize,
}

impl Lines<'_> {
    /// The number of the line at an offset that lies behind all asked before.
    fn number(&mut self, offset: usize) -> usize {
        let offset = offset.clamp(self.at, self.source.len());
        self.line += memchr::memchr_iter(b'\n', &self.source[self.at..offset]).count();
        self.at = offset;
        self.line
    }
}

/// What a message is about.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The source as messages name it: its path, or `stdin`.
    pub source: &'a [u8],
    /// The table as messages about its entries name it.
    pub table: &'a [u8],
}

/// Something to say about a line.
pub enum Remark<'a> {
    /// What the compiler found.
    Complaint(&'a Complaint),
    /// Other words, behind the line's number.
    Words(&'a [u8]),
    /// What `debug:` tells of an access: no warning, and no number.
    Log(&'a [u8]),
}

/// Says all that is to be said. `remarks` come with the offset of their line; of one line, in the order in which they
/// are given.
pub fn say_all(mut remarks: Vec<(usize, Remark<'_>)>, entries: &Entries, subject: Subject<'_>, messages: &Messages) {
    remarks.sort_by_key(|&(at, _)| at);
    let mut lines = Lines { source: entries.source(), at: 0, line: 1 };
    for (at, remark) in remarks {
        if let Remark::Log(text) = remark {
            messages.say(text);
            continue;
        }
        let number = lines.number(at);
        let place = |text: &[u8]| [subject.source, format!(", line {number}: ").as_bytes(), text].concat();
        let words = match remark {
            Remark::Words(words) | Remark::Log(words) => place(words),
            Remark::Complaint(complaint) => match &complaint.kind {
                ComplaintKind::Duplicate { key, .. } => [subject.table, b": duplicate entry: \"", key, b"\""].concat(),
                ComplaintKind::Form(kind) => {
                    let span = complaint.span.range();
                    let text = joined(entries.source().get(span).unwrap_or_default());
                    let text = text.split(|&byte| byte == 0).next().unwrap_or_default();
                    match kind {
                        FaultKind::LeadingWhiteSpace => leading_white_space(subject.source, text),
                        FaultKind::ZeroByte => {
                            let last = number + lines_read(&entries.source()[at..]) - 1;
                            let range = if last > number { format!("{number}-{last}") } else { number.to_string() };
                            let words = format!(", line {range}: text after null byte may be ignored");
                            [subject.source, words.as_bytes()].concat()
                        }
                        _ => place(&form_words(*kind, text)),
                    }
                }
            },
        };
        messages.warning(words);
    }
}

/// How many lines Postfix reads for the logical line that `text` begins with: comments behind it are among them.
fn lines_read(text: &[u8]) -> usize {
    let mut lines = LogicalLines::new(text);
    let _first = lines.next();
    let read = &text[..lines.offset()];
    memchr::memchr_iter(b'\n', read).count() + usize::from(read.last().is_some_and(|&byte| byte != b'\n'))
}

fn form_words(kind: FaultKind, text: &[u8]) -> Vec<u8> {
    match kind {
        FaultKind::MissingValue => b"expected format: key whitespace value".to_vec(),
        FaultKind::ColonKey => b"record is in \"key: value\" format; is this an alias file?".to_vec(),
        FaultKind::UnbalancedQuote => [b"unbalanced '\"' in '", text, b"' -- ignoring this line"].concat(),
        FaultKind::NotUtf8 => [b"non-UTF-8 input \"", text, b"\" -- ignoring this line"].concat(),
        FaultKind::NeedNameValue => b"need name:value pair".to_vec(),
        FaultKind::NotLocal => b"name must be local and have no domain".to_vec(),
        FaultKind::TooLong => b"key or value of 4 GiB or more -- ignoring this line".to_vec(),
        _ => b"bad line".to_vec(),
    }
}

/// The compiler's complaints as remarks.
pub fn remarks<'a>(complaints: impl IntoIterator<Item = &'a Complaint>) -> Vec<(usize, Remark<'a>)> {
    complaints.into_iter().map(|complaint| (complaint.span.start, Remark::Complaint(complaint))).collect()
}

#[cfg(test)]
mod tests {
    use super::lines_read;

    #[test]
    fn comments_behind_a_line_are_read_with_it() {
        let cases = [("a", 1), ("a\n", 1), ("a\n b\nc\n", 2), ("a\n#c\n\n  \nb c\n", 4), ("a\n#\n b\n\n#\n c", 6)];
        for (text, expected) in cases {
            assert_eq!(lines_read(text.as_bytes()), expected, "{text:?}");
        }
    }
}
