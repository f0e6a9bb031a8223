//! A source taken apart into entries, on all cores, without copying what need not change.
//!
//! The text is cut where a logical line must begin, and each part is read by itself. Keys are lowered in place; only
//! what is joined from several lines, unquoted or folded beyond ASCII is written to a second buffer. An entry is 32
//! bytes beside the source.

use super::Recipe;
use super::fold::Folding;
use crate::base::{Span, threads};
use crate::syntax::alias_line::{AliasFault, parse_alias_line};
use crate::syntax::fault::FaultKind;
use crate::syntax::logical::{LogicalLine, LogicalLines, is_space};
use crate::syntax::table_line::{TableEntry, TableForm, parse_table_line, split_table_line};
use rayon::prelude::*;
use std::sync::OnceLock;

/// Parts smaller than this are not worth a thread.
const PART: usize = 1 << 20;

/// Lines are counted from the beginning of a block of so many bytes.
const BLOCK: usize = 1 << 12;

/// An entry that would be stored.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    key: u64,
    value: u64,
    line: u64,
    key_length: u32,
    value_length: u32,
}

/// What a source holds.
#[derive(Debug)]
pub struct Entries {
    source: Vec<u8>,
    /// What could not stay in the source; offsets from `source.len()` on point here.
    extra: Vec<u8>,
    entries: Vec<Entry>,
    complaints: Vec<Complaint>,
    /// How many lines end before each block of the source, once a line was asked for.
    line_ends: OnceLock<Vec<usize>>,
}

/// Something about a source that postmap warns about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// Where the logical line stands in the source.
    pub span: Span,
    /// What is wrong.
    pub kind: ComplaintKind,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ComplaintKind {
    /// A fault of form; the line is dropped, save for a zero byte or a colon behind the key.
    Form(FaultKind),
    /// A key that stood before, at `first`.
    Duplicate {
        /// The folded key.
        key: Vec<u8>,
        /// Offset of the line that holds it first.
        first: usize,
    },
}

impl Entries {
    /// The entries in the order of the source, repeated keys and all.
    #[must_use]
    pub fn all(&self) -> &[Entry] {
        &self.entries
    }

    /// The source, its keys folded in place: good for counting lines and for lengths, not for quoting.
    #[must_use]
    pub fn source(&self) -> &[u8] {
        &self.source
    }

    /// What postmap would warn about, in the order of the text; duplicates are added by those who look for them.
    #[must_use]
    pub fn complaints(&self) -> &[Complaint] {
        &self.complaints
    }

    /// The folded key of an entry.
    #[must_use]
    pub fn key(&self, entry: &Entry) -> &[u8] {
        self.bytes(entry.key, entry.key_length)
    }

    /// The value of an entry.
    #[must_use]
    pub fn value(&self, entry: &Entry) -> &[u8] {
        self.bytes(entry.value, entry.value_length)
    }

    /// Offset of an entry's line in the source.
    #[must_use]
    pub fn line_start(&self, entry: &Entry) -> usize {
        to_usize(entry.line)
    }

    /// The number, from 1, of the line at an offset.
    #[must_use]
    pub fn line_number(&self, offset: usize) -> usize {
        let ends = |bytes: &[u8]| memchr::memchr_iter(b'\n', bytes).count();
        let blocks = self.line_ends.get_or_init(|| {
            let mut before = 0;
            let sums = self.source.chunks(BLOCK).map(|block| {
                before += ends(block);
                before
            });
            std::iter::once(0).chain(sums).collect()
        });
        let offset = offset.min(self.source.len());
        let block = offset / BLOCK;
        blocks[block] + ends(&self.source[block * BLOCK..offset]) + 1
    }

    /// Adds an entry behind the others, as it is: not folded, of no line.
    ///
    /// Keys and values of 4 GiB or more are not added.
    pub fn add(&mut self, key: &[u8], value: &[u8]) {
        let (Ok(key_length), Ok(value_length)) = (u32::try_from(key.len()), u32::try_from(value.len())) else { return };
        let at = (self.source.len() + self.extra.len()) as u64;
        self.extra.extend_from_slice(key);
        self.extra.extend_from_slice(value);
        let line = self.source.len() as u64;
        let value = at + u64::from(key_length);
        self.entries.push(Entry { key: at, value, line, key_length, value_length });
    }

    /// Brings the text of entries near, for a use that follows at once.
    ///
    /// Entries in the order of their keys lie all over memory. Loads that do not wait for each other are under way
    /// together, while copying one entry after the other waits for each.
    pub fn fetch<'e>(&self, entries: impl Iterator<Item = &'e Entry>) {
        let touched = entries.fold(0, |touched, entry| {
            let first = |bytes: &[u8]| bytes.first().copied().unwrap_or(0);
            let last = |bytes: &[u8]| bytes.last().copied().unwrap_or(0);
            touched ^ first(self.key(entry)) ^ first(self.value(entry)) ^ last(self.value(entry))
        });
        std::hint::black_box(touched);
    }

    /// Gives every entry another value; those for which there is none are left out. Returns where their lines stand,
    /// and why.
    pub fn replace_values<E>(&mut self, mut replace: impl FnMut(&[u8]) -> Result<Vec<u8>, E>) -> Vec<(usize, E)> {
        let mut left_out = Vec::new();
        let mut kept = Vec::with_capacity(self.entries.len());
        for mut entry in std::mem::take(&mut self.entries) {
            match replace(self.value(&entry)) {
                Ok(value) => {
                    entry.value = (self.source.len() + self.extra.len()) as u64;
                    // Longer values are cut; a file of 3 GiB has no place in a table.
                    let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
                    entry.value_length = length;
                    self.extra.extend_from_slice(&value[..length as usize]);
                    kept.push(entry);
                }
                Err(why) => left_out.push((self.line_start(&entry), why)),
            }
        }
        self.entries = kept;
        left_out
    }

    fn bytes(&self, at: u64, length: u32) -> &[u8] {
        let (at, length) = (to_usize(at), length as usize);
        match at.checked_sub(self.source.len()) {
            None => &self.source[at..at + length],
            Some(at) => &self.extra[at..at + length],
        }
    }
}

/// Offsets come from a buffer in memory, so they fit.
#[allow(clippy::cast_possible_truncation)]
fn to_usize(offset: u64) -> usize {
    offset as usize
}

/// One part's harvest; offsets in `extra` are marked until the parts are joined.
#[derive(Default)]
struct Part {
    entries: Vec<Entry>,
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
    threads::share_out();
    let harvests: Vec<Part> = parts.into_par_iter().map(|(start, part)| read_part(start, part, recipe)).collect();
    join(source, harvests)
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

fn join(source: Vec<u8>, harvests: Vec<Part>) -> Entries {
    let mut entries = Vec::with_capacity(harvests.iter().map(|part| part.entries.len()).sum());
    let mut extra = Vec::with_capacity(harvests.iter().map(|part| part.extra.len()).sum());
    let mut complaints = Vec::new();
    for part in harvests {
        let base = (source.len() + extra.len()) as u64;
        let settle = |at: u64| if at & IN_EXTRA == 0 { at } else { (at & !IN_EXTRA) + base };
        entries.extend(part.entries.into_iter().map(|entry| Entry {
            key: settle(entry.key),
            value: settle(entry.value),
            ..entry
        }));
        extra.extend_from_slice(&part.extra);
        complaints.extend(part.complaints);
    }
    Entries { source, extra, entries, complaints, line_ends: OnceLock::new() }
}

fn read_part(start: usize, bytes: &mut [u8], recipe: &Recipe) -> Part {
    let mut part = Part::default();
    {
        let bytes = &*bytes;
        // Asked once for the whole part; line by line only where the answer is no.
        let clean = memchr::memchr(0, bytes).is_none() && (!recipe.utf8 || simdutf8::basic::from_utf8(bytes).is_ok());
        for line in LogicalLines::new(bytes) {
            let extent = line.extent();
            let at = Span::new(start + extent.start, start + extent.end);
            let mut reader = LineReader { at, recipe, part: &mut part };
            if clean && line.is_single() && !line.orphan && recipe.form == TableForm::KeyValue {
                reader.plain(&bytes[extent.range()]);
            } else {
                reader.any(&line, bytes);
            }
        }
    }
    if recipe.folding != Folding::None {
        // Keys beyond ASCII were folded into `extra`; the others are lowered where they stand.
        for entry in part.entries.iter().filter(|entry| entry.key & IN_EXTRA == 0) {
            let at = to_usize(entry.key) - start;
            bytes[at..at + entry.key_length as usize].make_ascii_lowercase();
        }
    }
    part
}

/// Reads one logical line.
struct LineReader<'a> {
    at: Span,
    recipe: &'a Recipe,
    part: &'a mut Part,
}

impl LineReader<'_> {
    /// A line of its own without a zero byte, in valid UTF-8 where that matters: its text stays where it is.
    fn plain(&mut self, text: &[u8]) {
        match split_table_line(text) {
            Ok((key, value)) => {
                self.complain_of_colon(&text[key.clone()]);
                let key = if text[key.clone()].is_ascii() || self.recipe.folding != Folding::Unicode {
                    (self.in_source(key.start), key.len())
                } else {
                    self.in_extra(&self.recipe.folding.apply(&text[key]))
                };
                self.entry(key, (self.in_source(value.start), value.len()));
            }
            Err(kind) => self.complain(kind),
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
        self.part.entries.push(Entry { key: key.0, value: value.0, line, key_length, value_length });
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
