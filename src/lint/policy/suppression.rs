//! Comments that silence findings: `# postwright: ignore CODE[,CODE] reason`, a comment line of its own.
//!
//! It silences what it names (codes or names of rules, no families) on the next logical line, that is the first one
//! that begins behind it; it hides nothing else, and a finding of its own rules ([`PW001`](malformed_suppression),
//! [`PW002`](unused_suppression)) is hidden by none. A comment between the lines of a long entry is for the line of it
//! that comes next.

use super::Policy;
use super::comment::{NamedRule, Suppression, SuppressionFault};
use super::selection::rule_called;
use crate::base::{Source, Span};
use crate::diagnostic::{Family, Finding};
use crate::lint::rules::own::{malformed_suppression, unused_suppression};
use crate::lint::site::LoadedSite;
use crate::syntax::LogicalLines;
use crate::syntax::logical::{is_space, trim_end};
use std::collections::BTreeMap;
use std::sync::Arc;

const MARK: &[u8] = b"postwright:";

/// Rules whose findings come and go with what lies on this machine's disk: a comment for them is not idle where all is
/// well.
const OF_THE_MACHINE: [&str; 6] = ["MAP001", "MAP002", "MAP003", "MAP004", "MC016", "SEC004"];

impl Suppression {
    /// The number of the code by which it silences a finding.
    fn silences(&self, finding: &Finding) -> Option<usize> {
        let (line, label) = (self.line?, finding.labels.first()?);
        let inside = line.start <= label.span.start && label.span.start <= line.end;
        if !inside || label.source.name() != self.source.name() {
            return None;
        }
        self.codes.iter().position(|code| std::ptr::eq(code.rule, finding.rule))
    }
}

/// The comments for this program in a text.
#[must_use]
pub fn suppressions(source: &Arc<Source>) -> Vec<Suppression> {
    let bytes = source.bytes();
    let mut found = Vec::new();
    let mut after = 0;
    for at in memchr::memmem::find_iter(bytes, MARK) {
        let start = memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |newline| newline + 1);
        let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |length| at + length);
        let before = &bytes[start..at];
        let hash = before.iter().position(|&byte| !is_space(byte)).map(|offset| start + offset);
        // A comment line of its own, nothing but white space between `#` and the mark.
        let Some(hash) = hash.filter(|&hash| bytes[hash] == b'#' && bytes[hash + 1..at].iter().all(|&b| is_space(b)))
        else {
            continue;
        };
        if hash < after {
            continue;
        }
        after = end;
        let span = Span::new(hash, hash + trim_end(&bytes[hash..end]).len());
        found.push(parse(source, span, at + MARK.len()));
    }
    if found.is_empty() {
        return found;
    }
    let mut lines = LogicalLines::new(bytes).map(|line| line.extent()).peekable();
    let mut before = Span::new(0, 0);
    for suppression in &mut found {
        while let Some(line) = lines.next_if(|line| line.start < suppression.span.start) {
            before = line;
        }
        let rest = (suppression.span.end < before.end).then(|| Span::new(suppression.span.end, before.end));
        suppression.line = rest.and_then(|rest| next_line(bytes, rest)).or_else(|| lines.peek().copied());
    }
    found
}

/// The first line of what is left of an entry that is neither blank nor a comment.
fn next_line(bytes: &[u8], rest: Span) -> Option<Span> {
    let mut start = rest.start;
    for line in bytes[rest.start..rest.end].split_inclusive(|&byte| byte == b'\n') {
        let first = line.iter().find(|&&byte| !is_space(byte));
        if first.is_some_and(|&byte| byte != b'#') {
            return Some(Span::new(start, start + line.len() - 1));
        }
        start += line.len();
    }
    None
}

/// Reads what stands behind the mark.
fn parse(source: &Arc<Source>, span: Span, from: usize) -> Suppression {
    let mut suppression =
        Suppression { source: Arc::clone(source), span, codes: Vec::new(), line: None, faults: Vec::new() };
    let mut at = from;
    let verb = word(source, &mut at, span.end, false);
    if source.slice(verb) != b"ignore" {
        suppression.faults.push(SuppressionFault::UnknownWord(if verb.is_empty() { span } else { verb }));
        return suppression;
    }
    let mut more = true;
    while more {
        let code = word(source, &mut at, span.end, true);
        if code.is_empty() {
            if suppression.codes.is_empty() && suppression.faults.is_empty() {
                suppression.faults.push(SuppressionFault::MissingCode);
            }
            break;
        }
        let text = String::from_utf8_lossy(source.slice(code));
        match rule_called(&text) {
            Ok(rule) => suppression.codes.push(NamedRule { rule, span: code }),
            Err(error) => suppression.faults.push(SuppressionFault::UnknownCode(code, error)),
        }
        more = comma(source, &mut at, span.end);
    }
    if suppression.faults.is_empty() && word(source, &mut at, span.end, false).is_empty() {
        suppression.faults.push(SuppressionFault::MissingReason);
    }
    suppression
}

/// The next word, without the white space before it; a code also ends at a comma.
fn word(source: &Source, at: &mut usize, end: usize, code: bool) -> Span {
    let bytes = &source.bytes()[..end];
    let skip = |from: usize, wanted: &dyn Fn(u8) -> bool| {
        bytes[from..].iter().position(|&byte| !wanted(byte)).map_or(end, |length| from + length)
    };
    let start = skip(*at, &is_space);
    let ends = |byte| is_space(byte) || code && byte == b',';
    *at = skip(start, &|byte| !ends(byte));
    Span::new(start, *at)
}

/// Steps over a comma, with white space before it, if one is next.
fn comma(source: &Source, at: &mut usize, end: usize) -> bool {
    let rest = &source.bytes()[*at..end];
    let space = rest.iter().take_while(|&&byte| is_space(byte)).count();
    let found = rest.get(space) == Some(&b',');
    if found {
        *at += space + 1;
    }
    found
}

/// Takes out the findings that comments silence, and adds those about the comments themselves.
pub fn silence(site: &LoadedSite, policy: &Policy, findings: &mut Vec<Finding>) {
    let all: Vec<Suppression> = site.sources().into_iter().flat_map(suppressions).collect();
    if all.is_empty() {
        return;
    }
    let mut by_line: BTreeMap<(&str, usize), Vec<usize>> = BTreeMap::new();
    for (number, one) in all.iter().enumerate() {
        if let Some(line) = one.line {
            by_line.entry((one.source.name(), line.start)).or_default().push(number);
        }
    }
    let mut used: Vec<Vec<bool>> = all.iter().map(|one| vec![false; one.codes.len()]).collect();
    findings.retain(|finding| {
        let Some(label) = finding.labels.first() else { return true };
        let place = (label.source.name(), label.span.start);
        let mut told = true;
        for (&(_, start), numbers) in by_line.range(..=place).rev() {
            for &number in numbers {
                if let Some(code) = all[number].silences(finding) {
                    // A code that stands twice is used once.
                    used[number][code] = true;
                    told = false;
                }
            }
            // Within an entry, what is said above all of it counts too.
            if !label.source.bytes().get(start).is_some_and(|&byte| is_space(byte)) {
                break;
            }
        }
        told
    });
    for (one, used) in all.iter().zip(used) {
        malformed_suppression::check(one, findings);
        let idle = |number: &usize| {
            let rule = one.codes[*number].rule;
            let by_machine = OF_THE_MACHINE.contains(&rule.code) || !site.is_whole && rule.family != Family::Own;
            !used[*number] && !by_machine && policy.looks_for_in(one.source.name(), rule)
        };
        let unused: Vec<usize> = (0..one.codes.len()).filter(idle).collect();
        unused_suppression::check(one, &unused, findings);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `line of the comment: codes -> text that it is for | faults`
    fn read(text: &str) -> Vec<String> {
        let source = Arc::new(Source::new("main.cf", text));
        let show = |one: &Suppression| {
            let codes: Vec<&str> = one.codes.iter().map(|code| code.rule.code).collect();
            let line =
                one.line.map_or("nothing".into(), |line| String::from_utf8_lossy(source.slice(line)).into_owned());
            let faults: Vec<String> = one
                .faults
                .iter()
                .map(|fault| match fault {
                    SuppressionFault::UnknownWord(span) => {
                        format!("word {}", String::from_utf8_lossy(source.slice(*span)))
                    }
                    SuppressionFault::UnknownCode(_, error) => format!("code {}", error.text),
                    other => format!("{other:?}"),
                })
                .collect();
            let at = source.position(one.span.start).line;
            format!("{at}: {} -> {line} | {}", codes.join(" "), faults.join(", "))
        };
        suppressions(&source).iter().map(show).collect()
    }

    #[test]
    fn comments_and_the_lines_that_they_are_for() {
        let cases: &[(&str, &[&str])] = &[
            ("# postwright: ignore MC003 why\na = b\nc = d\n", &["1: MC003 -> a = b | "]),
            ("#postwright:ignore  MC003,MC004 why\n\n# x\na\n b\n", &["1: MC003 MC004 -> a\n b | "]),
            ("  # postwright: ignore MC003 , unknown-parameter, MC004 why not\r\na", &["1: MC003 MC003 MC004 -> a | "]),
            ("a =\n# postwright: ignore MC004 why\n b\n c\nd = e", &["2: MC004 ->  b | "]),
            ("a =\n b\n# postwright: ignore MC004 why\n\n# x\n c\n d\n", &["3: MC004 ->  c | "]),
            ("a =\n b\n# postwright: ignore MC004 why\nc = d\n e", &["3: MC004 -> c = d\n e | "]),
            ("a = b\n# postwright: ignore MC004 why\n", &["2: MC004 -> nothing | "]),
            ("# postwright: ignore MC003\na", &["1: MC003 -> a | MissingReason"]),
            ("# postwright: ignore MC003,\na", &["1: MC003 -> a | MissingReason"]),
            ("# postwright: ignore\na", &["1:  -> a | MissingCode"]),
            ("# postwright: ignore ,\na", &["1:  -> a | MissingCode"]),
            ("# postwright: ignore MC MC003 why\na", &["1:  -> a | code MC"]),
            ("# postwright: ignore mc003,MC004 why\na", &["1: MC004 -> a | code mc003"]),
            ("# postwright: allow MC003\na", &["1:  -> a | word allow"]),
            ("# postwright:\na", &["1:  -> a | word # postwright:"]),
            ("# postwright: ignore MC003 a # postwright: ignore MC004 b\na", &["1: MC003 -> a | "]),
            ("# see postwright: ignore MC003 why\na = postwright: ignore MC003 why\n", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text), *expected, "{text:?}");
        }
    }
}
