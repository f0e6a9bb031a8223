//! A source taken apart into entries, on all cores, without copying what need not change.
//!
//! The text is cut where a logical line must begin, and each part is read by itself. Keys are lowered in place; only
//! what is joined from several lines, unquoted or folded beyond ASCII is written to a second buffer. An entry that
//! stands on a line of its own takes 8 bytes beside the source, any other 40.

use super::Recipe;
use super::entries::{Complaint, ComplaintKind, Entries, Text};
use super::entry::{Entry, Other, to_usize};
use super::fold::Folding;
use crate::base::{Source, Span, threads};
use crate::syntax::alias_line::{AliasFault, parse_alias_line};
use crate::syntax::fault::FaultKind;
use crate::syntax::logical::{LogicalLine, LogicalLines, is_space};
use crate::syntax::table_line::{TableEntry, TableForm, parse_table_line, split_table_line};
use rayon::prelude::*;
use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

/// Parts smaller than this are not worth a thread.
const PART: usize = 1 << 20;

/// What was found in parts that follow each other; offsets in `extra` are marked until the parts are joined.
#[derive(Default)]
struct Part {
    entries: Vec<Entry>,
    others: Vec<Other>,
    extra: Vec<u8>,
    complaints: Vec<Complaint>,
}

const IN_EXTRA: u64 = 1 << 63;

/// Takes a source apart.
#[must_use]
pub fn read_entries(mut source: Vec<u8>, recipe: &Recipe) -> Entries {
    let cuts = cut(&source);
    let mut parts = Vec::with_capacity(cuts.len());
    let mut rest: &mut [u8] = &mut source;
    let mut start = 0;
    for end in cuts {
        let (part, behind) = std::mem::take(&mut rest).split_at_mut(end - start);
        parts.push((start, part));
        rest = behind;
        start = end;
    }
    let found = share_out(&mut parts, |&mut (start, ref mut part), found| {
        let before = (found.entries.len(), found.others.len());
        read_part(start, part, recipe, true, found);
        if recipe.folding != Folding::None {
            found.lower(before, start, part);
        }
    });
    join(Text::Own(source), found)
}

/// As [`read_entries`], without a copy of a text that others look at too.
#[must_use]
pub fn read_shared_entries(source: Arc<Source>, recipe: &Recipe) -> Entries {
    let text = source.bytes();
    let mut start = 0;
    let part = |end| (std::mem::replace(&mut start, end), end);
    let mut parts: Vec<(usize, usize)> = cut(text).into_iter().map(part).collect();
    let found = share_out(&mut parts, |&mut (start, end), found| {
        read_part(start, &text[start..end], recipe, false, found);
    });
    join(Text::Shared(source), found)
}

/// Reads parts on all cores. What is found in neighbouring ones goes to one place: many small ones would not be given
/// back.
fn share_out<P: Send>(parts: &mut [P], read: impl Fn(&mut P, &mut Part) + Sync) -> Vec<Part> {
    threads::share_out();
    let together = parts.len().div_ceil(8 * rayon::current_num_threads()).max(1);
    let read_some = |parts: &mut [P]| {
        let mut found = Part::default();
        parts.iter_mut().for_each(|part| read(part, &mut found));
        found
    };
    parts.par_chunks_mut(together).map(read_some).collect()
}

/// Ends of the parts: each at the start of a line that begins a logical line, the last at the end.
fn cut(source: &[u8]) -> Vec<usize> {
    let count = (source.len() / PART).max(1);
    let mut cuts = Vec::with_capacity(count);
    for part in 1..count {
        let wanted = source.len() / count * part;
        let begins = memchr::memchr_iter(b'\n', &source[wanted..])
            .map(|offset| wanted + offset + 1)
            .find(|&at| source.get(at).is_some_and(|&byte| byte != b'#' && !is_space(byte)));
        match begins {
            Some(at) if cuts.last().is_none_or(|&last| last < at) => cuts.push(at),
            _ => {}
        }
    }
    cuts.push(source.len());
    cuts
}

fn join(source: Text, harvests: Vec<Part>) -> Entries {
    let mut entries = Vec::with_capacity(harvests.iter().map(|part| part.entries.len()).sum());
    let mut others = Vec::with_capacity(harvests.iter().map(|part| part.others.len()).sum());
    let mut extra = Vec::with_capacity(harvests.iter().map(|part| part.extra.len()).sum());
    let mut complaints = Vec::new();
    for part in harvests {
        let base = (source.len() + extra.len()) as u64;
        let before = others.len();
        let settle = |at: u64| if at & IN_EXTRA == 0 { at } else { (at & !IN_EXTRA) + base };
        let joined = |entry: Entry| entry.other().map_or(entry, |number| Entry::numbered(before + number));
        entries.extend(part.entries.into_iter().map(joined));
        others.extend(part.others.into_iter().map(|other| Other {
            key: settle(other.key),
            value: settle(other.value),
            ..other
        }));
        extra.extend_from_slice(&part.extra);
        complaints.extend(part.complaints);
    }
    Entries { source, extra, entries, others, complaints, line_ends: OnceLock::new() }
}

/// Reads what stands from `start` on, and adds it to what was found before it; `in_place`: keys will be lowered where
/// they stand.
fn read_part(start: usize, bytes: &[u8], recipe: &Recipe, in_place: bool, found: &mut Part) {
    // Asked once for the whole part; line by line only where the answer is no.
    let clean = memchr::memchr(0, bytes).is_none() && (!recipe.utf8 || simdutf8::basic::from_utf8(bytes).is_ok());
    for line in LogicalLines::new(bytes) {
        let extent = line.extent();
        let at = Span::new(start + extent.start, start + extent.end);
        let mut reader = LineReader { at, recipe, in_place, part: found };
        if clean && line.is_single() && !line.orphan && recipe.form == TableForm::KeyValue {
            reader.plain(&bytes[extent.range()]);
        } else {
            reader.any(&line, bytes);
        }
    }
}

impl Part {
    /// Lowers the keys of what was found since `before`, in the text that begins at `start`. Keys beyond ASCII were
    /// folded into `extra`.
    fn lower(&self, before: (usize, usize), start: usize, text: &mut [u8]) {
        let mut lower = |at: usize, length: usize| text[at - start..at - start + length].make_ascii_lowercase();
        for entry in self.entries[before.0..].iter().filter(|entry| entry.other().is_none()) {
            let (line, key, _, _) = entry.place();
            lower(line, key);
        }
        for other in self.others[before.1..].iter().filter(|other| other.key & IN_EXTRA == 0) {
            lower(to_usize(other.key), other.key_length as usize);
        }
    }
}

/// Reads one logical line.
struct LineReader<'a> {
    at: Span,
    recipe: &'a Recipe,
    in_place: bool,
    part: &'a mut Part,
}

impl LineReader<'_> {
    /// A line of its own without a zero byte, in valid UTF-8 where that matters: its text stays where it is.
    fn plain(&mut self, text: &[u8]) {
        match split_table_line(text) {
            Ok((key, value)) => {
                self.complain_of_colon(&text[key.clone()]);
                let stays = self.stays(&text[key.clone()]);
                let short = || Entry::short(self.at.start, key.len(), value.start - key.end, value.len());
                if let Some(entry) = (stays && key.start == 0).then(short).flatten() {
                    return self.part.entries.push(entry);
                }
                let key = if stays {
                    (self.in_source(key.start), key.len())
                } else {
                    self.in_extra(&self.recipe.folding.apply(&text[key]))
                };
                self.entry(key, (self.in_source(value.start), value.len()));
            }
            Err(kind) => self.complain(kind),
        }
    }

    /// Whether the folded key can stand where the key does.
    fn stays(&self, key: &[u8]) -> bool {
        match self.recipe.folding {
            Folding::None => true,
            Folding::Ascii if self.in_place => true,
            Folding::Unicode if self.in_place => key.is_ascii(),
            folding => matches!(folding.apply(key), Cow::Borrowed(_)),
        }
    }

    /// Any line, with all that can be wrong with it.
    fn any(&mut self, line: &LogicalLine, bytes: &[u8]) {
        let text = line.text(bytes);
        let zero = memchr::memchr(0, &text);
        if zero.is_some() {
            self.complain(FaultKind::ZeroByte);
        }
        // Only at the very start of a source: parts begin where logical lines begin.
        if line.orphan {
            return self.complain(FaultKind::LeadingWhiteSpace);
        }
        let text = &text[..zero.unwrap_or(text.len())];
        if self.recipe.utf8 && std::str::from_utf8(text).is_err() {
            return self.complain(FaultKind::NotUtf8);
        }
        match self.recipe.form {
            TableForm::KeyValue => match parse_table_line(text) {
                Ok(TableEntry { key, value }) => {
                    self.complain_of_colon(key);
                    self.copied(key, value);
                }
                Err(kind) => self.complain(kind),
            },
            // Nothing before a zero byte is passed over in silence.
            TableForm::Aliases | TableForm::QuotedAliases if text.is_empty() => {}
            form => match parse_alias_line(text) {
                Ok(entry) => self.copied(&entry.stored_key(form), &entry.value),
                Err(AliasFault::NeedNameValue) => self.complain(FaultKind::NeedNameValue),
                Err(AliasFault::NotLocal) => self.complain(FaultKind::NotLocal),
            },
        }
    }

    fn complain(&mut self, kind: FaultKind) {
        self.part.complaints.push(Complaint { span: self.at, kind: ComplaintKind::Form(kind) });
    }

    fn complain_of_colon(&mut self, key: &[u8]) {
        if key.last() == Some(&b':') {
            self.complain(FaultKind::ColonKey);
        }
    }

    fn copied(&mut self, key: &[u8], value: &[u8]) {
        let key = self.in_extra(&self.recipe.folding.apply(key));
        let value = self.in_extra(value);
        self.entry(key, value);
    }

    fn in_source(&self, offset: usize) -> u64 {
        (self.at.start + offset) as u64
    }

    fn in_extra(&mut self, bytes: &[u8]) -> (u64, usize) {
        let at = self.part.extra.len() as u64 | IN_EXTRA;
        self.part.extra.extend_from_slice(bytes);
        (at, bytes.len())
    }

    fn entry(&mut self, key: (u64, usize), value: (u64, usize)) {
        let (Ok(key_length), Ok(value_length)) = (u32::try_from(key.1), u32::try_from(value.1)) else {
            return self.complain(FaultKind::TooLong);
        };
        let line = self.at.start as u64;
        self.part.entries.push(Entry::numbered(self.part.others.len()));
        self.part.others.push(Other { key: key.0, value: value.0, line, key_length, value_length });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(entries: &Entries) -> Vec<String> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let line = |entry: &Entry| entries.line_number(entries.line_start(entry));
        let show = |e: &Entry| format!("{} {}={}", line(e), text(entries.key(e)), text(entries.value(e)));
        entries.all().iter().map(show).collect()
    }

    #[test]
    fn entries_and_complaints_in_the_order_of_the_text() {
        let text = b" x\nA b\n  c\nfoo\nK: v\n\"u v\nbad\xff x\nNul a\0b\n\xc3\x84 d\n";
        let entries = read_entries(text.to_vec(), &Recipe::standard(TableForm::KeyValue));
        assert_eq!(shown(&entries), ["2 a=b  c", "5 k:=v", "8 nul=a", "9 ä=d"]);
        use FaultKind::{ColonKey, LeadingWhiteSpace, MissingValue, NotUtf8, UnbalancedQuote, ZeroByte};
        let kinds = [LeadingWhiteSpace, MissingValue, ColonKey, UnbalancedQuote, NotUtf8, ZeroByte];
        let seen: Vec<_> = entries.complaints().iter().map(|complaint| complaint.kind.clone()).collect();
        assert_eq!(seen, kinds.map(ComplaintKind::Form));
    }

    #[test]
    fn aliases_are_unquoted_and_normalised() {
        let text = b"\"Big Boss\": a ,b\nROOT: |x\n";
        let entries = read_entries(text.to_vec(), &Recipe::standard(TableForm::Aliases));
        assert_eq!(shown(&entries), ["1 big boss=a, b", "2 root=|x"]);
    }

    #[test]
    fn a_shared_text_is_left_as_it_is() {
        let text = "A\tx\nb: y\n\u{c4} z\n  w\nC \"\"\n";
        for folding in [Folding::None, Folding::Ascii, Folding::Unicode] {
            let recipe = Recipe { folding, ..Recipe::standard(TableForm::KeyValue) };
            let source = Arc::new(Source::new("virtual", text));
            let entries = read_shared_entries(Arc::clone(&source), &recipe);
            assert_eq!(shown(&entries), shown(&read_entries(text.into(), &recipe)), "{folding:?}");
            assert_eq!(source.bytes(), text.as_bytes());
        }
    }

    /// A source of several parts, with continuations and comments at every possible cut.
    #[test]
    fn parts_join_without_a_seam() {
        let mut text = Vec::new();
        for n in 0..120_000 {
            text.extend_from_slice(format!("Key{n} one\n# comment\n  two{n}\n\n").as_bytes());
        }
        assert!(text.len() > 3 * PART);
        let entries = read_entries(text, &Recipe::standard(TableForm::KeyValue));
        let keys: Vec<String> =
            entries.all().iter().map(|e| String::from_utf8_lossy(entries.key(e)).into_owned()).collect();
        let wanted: Vec<String> = (0..120_000).map(|n| format!("key{n}")).collect();
        assert_eq!(keys, wanted);
        let last = entries.all().last().expect("entries");
        assert_eq!(entries.value(last), b"one  two119999");
        for (n, entry) in entries.all().iter().enumerate() {
            assert_eq!(entries.line_number(entries.line_start(entry)), 4 * n + 1);
        }
        let source = entries.source();
        assert_eq!(entries.line_number(source.len() + 1), 4 * 120_000 + 1);
    }
}
