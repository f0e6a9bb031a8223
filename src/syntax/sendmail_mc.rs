//! sendmail.mc: calls of m4 macros, and lines of text between them that go into sendmail.cf as they are.
//!
//! m4 takes a text from left to right, and so does this, with counters where quotes and parentheses nest: no input
//! makes it deep. It understands form only; what is not known is an item all the same, so that nothing is lost.
//! - A quote is `` ` `` to `'`, and nests; a call is a name with `(` right behind it, arguments between commas.
//! - `dnl` drops all up to and with the end of the line, between arguments too.
//! - `#` begins a comment of m4 only until Sendmail's own `cf.m4` is included; it turns comments off. So a call behind
//!   a `#` takes effect in a file that is read after `cf.m4`, as by `m4 cf.m4 FILE`, which surprises many:
//!   [`McCall::behind_hash`].
//! - An upper-case name with `(` at the beginning of a line, which no release has, is [a call](McCall::is_known) too.
//!
//! Source: cf/README of Sendmail 8.17; GNU m4 1.4.19 by experiment.

mod names;

use crate::base::{Source, Span};
use crate::syntax::tree::{TokenKind, Tree, TreeBuilder};
use names::{is_known, is_section};
use std::sync::Arc;

/// A parsed sendmail.mc.
#[derive(Clone, Debug)]
pub struct SendmailMc {
    /// All bytes, as tokens.
    pub tree: Tree,
    /// What stands in it, in order.
    pub items: Vec<McItem>,
    /// What is wrong.
    pub faults: Vec<McFault>,
}

/// What stands in a sendmail.mc.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum McItem {
    /// A call of a macro.
    Call(McCall),
    /// `LOCAL_CONFIG`, `MAILER_DEFINITIONS` and their kin: which part of sendmail.cf the text behind belongs to.
    Section(Span),
    /// A line or part of a line that goes into sendmail.cf.
    Text(Span),
    /// `dnl` with the rest of its line, or a line (or its part) that begins with `#`.
    Comment(Span),
}

/// A call of a macro.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct McCall {
    /// Its name.
    pub name: Span,
    /// From the name to the closing parenthesis.
    pub span: Span,
    /// What is between the parentheses; none without any.
    pub arguments: Vec<McArgument>,
    /// Whether Sendmail's macros or m4 have this name.
    pub is_known: bool,
    /// Whether it looks like a comment and is none.
    pub behind_hash: bool,
}

/// One argument of a call.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct McArgument {
    /// From its first byte to its last, quotes included; empty where nothing is given.
    pub span: Span,
    /// What it is put together from.
    pub pieces: Vec<McPiece>,
}

/// A part of an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct McPiece {
    /// The text, without the outer pair of quotes.
    pub span: Span,
    /// Whether it stood in quotes; if not, m4 replaces macros in it before the call.
    pub quoted: bool,
}

impl McArgument {
    /// The text of all pieces.
    #[must_use]
    pub fn text(&self, source: &Source) -> Vec<u8> {
        self.pieces.iter().flat_map(|piece| source.slice(piece.span)).copied().collect()
    }
}

/// Something wrong at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct McFault {
    /// What.
    pub kind: McFaultKind,
    /// Where: a quote or parenthesis.
    pub span: Span,
}

/// What can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum McFaultKind {
    /// `` ` `` without its `'`: m4 makes no sendmail.cf of such a file.
    UnclosedQuote,
    /// `NAME(` without its `)`: likewise.
    UnclosedCall,
}

/// Parses a sendmail.mc. Never fails.
#[must_use]
pub fn parse_sendmail_mc(source: &Arc<Source>) -> SendmailMc {
    let mut faults = Vec::new();
    let items = items_within(source, Span::new(0, source.bytes().len()), &mut faults);
    let mut builder = TreeBuilder::new(source);
    for item in &items {
        match item {
            McItem::Call(call) => {
                builder.token(TokenKind::Name, call.name);
                for argument in &call.arguments {
                    builder.token_lines(TokenKind::Value, argument.span);
                }
                if !call.arguments.is_empty() && source.slice(call.span).ends_with(b")") {
                    builder.token(TokenKind::Punctuation, Span::new(call.span.end - 1, call.span.end));
                }
            }
            McItem::Section(span) => builder.token(TokenKind::Keyword, *span),
            McItem::Text(span) => builder.token_lines(TokenKind::Other, *span),
            McItem::Comment(span) => builder.token(TokenKind::Comment, *span),
        }
    }
    SendmailMc { tree: builder.finish(), items, faults }
}

/// The items of a part of a source, as of a branch of `ifdef`: the span of its piece.
#[must_use]
pub fn items_within(source: &Source, span: Span, faults: &mut Vec<McFault>) -> Vec<McItem> {
    let text = &source.bytes()[..span.end];
    let comments_end = if span.start == 0 { cf_m4_included(text) } else { 0 };
    let mut reader = Reader {
        text,
        at: span.start,
        comments_end,
        items: Vec::new(),
        faults,
        in_section: false,
        text_start: None,
        hash: false,
        is_fresh: true,
    };
    reader.read();
    reader.items
}

/// Where the line ends that includes Sendmail's macros, which turn comments off; 0 if it is included before this file.
fn cf_m4_included(text: &[u8]) -> usize {
    let mut start = 0;
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        start += line.len();
        if line.trim_ascii_start().starts_with(b"include(") && memchr::memmem::find(line, b"cf.m4").is_some() {
            return start;
        }
    }
    0
}

struct Reader<'a> {
    /// All up to the end of the part that is read.
    text: &'a [u8],
    at: usize,
    /// Up to here `#` begins a comment.
    comments_end: usize,
    items: Vec<McItem>,
    faults: &'a mut Vec<McFault>,
    /// Whether text for sendmail.cf is what the file is about here.
    in_section: bool,
    /// Where a text began that is still being read.
    text_start: Option<usize>,
    /// Whether the line began with `#`.
    hash: bool,
    /// Whether only blanks stand before this place in its line.
    is_fresh: bool,
}

impl Reader<'_> {
    fn read(&mut self) {
        while let Some(&byte) = self.text.get(self.at) {
            match byte {
                b'\n' => {
                    self.end_text();
                    self.begin_line(self.at + 1);
                }
                b'`' => {
                    self.begin_text();
                    self.at = self.quote_end(self.at);
                }
                b'#' if self.at < self.comments_end => self.comment(),
                _ if is_name_start(byte) => self.word(),
                _ => {
                    if !byte.is_ascii_whitespace() {
                        self.hash |= byte == b'#' && self.is_fresh;
                        self.begin_text();
                    }
                    self.at += 1;
                }
            }
        }
        self.end_text();
    }

    fn word(&mut self) {
        let name = Span::new(self.at, self.at + word_length(&self.text[self.at..]));
        let word = &self.text[name.range()];
        let has_arguments = self.text.get(name.end) == Some(&b'(');
        if word == b"dnl" {
            self.comment();
            // The end of the line is dropped too.
            self.begin_line((self.at + 1).min(self.text.len()));
        } else if is_section(word) && (has_arguments || self.is_fresh) {
            self.end_text();
            self.in_section = true;
            self.is_fresh = false;
            self.items.push(McItem::Section(name));
            self.at = name.end;
        } else if has_arguments && (is_known(word) || self.is_unknown_call(word)) {
            self.end_text();
            let call = self.call(name);
            self.in_section &= !is_known(&self.text[name.range()]);
            self.items.push(McItem::Call(call));
            self.is_fresh = false;
        } else if word == b"divert" && self.is_fresh {
            self.is_fresh = false;
            self.items.push(McItem::Call(self.bare_call(name)));
            self.at = name.end;
        } else {
            self.begin_text();
            self.at = name.end;
        }
    }

    /// Whether a name with `(` behind it was meant for a macro of Sendmail's.
    fn is_unknown_call(&self, word: &[u8]) -> bool {
        let is_upper = word.iter().all(|byte| byte.is_ascii_uppercase() || matches!(byte, b'_' | b'0'..=b'9'));
        is_upper && !self.in_section && self.is_fresh
    }

    /// All up to the end of the line is a comment.
    fn comment(&mut self) {
        self.end_text();
        let end = self.line_end();
        self.items.push(McItem::Comment(Span::new(self.at, end)));
        self.at = end;
    }

    fn begin_line(&mut self, at: usize) {
        self.at = at;
        self.hash = false;
        self.is_fresh = true;
    }

    fn bare_call(&self, name: Span) -> McCall {
        McCall { name, span: name, arguments: Vec::new(), is_known: true, behind_hash: self.hash }
    }

    fn call(&mut self, name: Span) -> McCall {
        let word = &self.text[name.range()];
        let mut call = McCall { is_known: is_known(word), ..self.bare_call(name) };
        let open = name.end;
        self.at = open + 1;
        loop {
            let (argument, end) = self.argument();
            call.arguments.push(argument);
            match end {
                Some(b',') => {}
                Some(_) => break,
                None => {
                    // A quote that never closes is what is wrong, not that it hides the parenthesis.
                    if self.faults.last().is_none_or(|fault| fault.span.start < open) {
                        self.faults.push(McFault { kind: McFaultKind::UnclosedCall, span: Span::new(open, open + 1) });
                    }
                    break;
                }
            }
        }
        call.span.end = self.at;
        call
    }

    /// Reads an argument and what ends it: a comma, a parenthesis or the end of the text.
    fn argument(&mut self) -> (McArgument, Option<u8>) {
        let mut pieces: Vec<McPiece> = Vec::new();
        let mut depth = 0_usize;
        let (mut start, mut end) = (None, self.at);
        let ended = loop {
            let Some(&byte) = self.text.get(self.at) else { break None };
            let from = self.at;
            if pieces.is_empty() && byte.is_ascii_whitespace() {
                self.at += 1;
                end = self.at;
                continue;
            }
            match byte {
                b',' | b')' if depth == 0 => {
                    self.at += 1;
                    break Some(byte);
                }
                b'`' => {
                    self.at = self.quote_end(from);
                    let closes = self.text[..self.at].ends_with(b"'") && self.at > from + 1;
                    let inside = Span::new(from + 1, if closes { self.at - 1 } else { self.at });
                    if depth == 0 {
                        pieces.push(McPiece { span: inside, quoted: true });
                    } else {
                        extend(&mut pieces, Span::new(from, self.at));
                    }
                }
                _ if is_name_start(byte) => {
                    self.at += word_length(&self.text[from..]);
                    if depth == 0 && &self.text[from..self.at] == b"dnl" {
                        self.at = (self.line_end() + 1).min(self.text.len());
                        continue;
                    }
                    extend(&mut pieces, Span::new(from, self.at));
                }
                _ => {
                    match byte {
                        b'(' => depth += 1,
                        b')' => depth -= 1,
                        _ => {}
                    }
                    self.at += 1;
                    extend(&mut pieces, Span::new(from, self.at));
                }
            }
            start.get_or_insert(from);
            end = self.at;
        };
        (McArgument { span: Span::new(start.unwrap_or(end), end), pieces }, ended)
    }

    /// Where the quote ends that begins here.
    fn quote_end(&mut self, start: usize) -> usize {
        let mut depth = 0_usize;
        for at in memchr::memchr2_iter(b'`', b'\'', &self.text[start..]) {
            depth = if self.text[start + at] == b'`' { depth + 1 } else { depth - 1 };
            if depth == 0 {
                return start + at + 1;
            }
        }
        self.faults.push(McFault { kind: McFaultKind::UnclosedQuote, span: Span::new(start, start + 1) });
        self.text.len()
    }

    fn line_end(&self) -> usize {
        memchr::memchr(b'\n', &self.text[self.at..]).map_or(self.text.len(), |length| self.at + length)
    }

    fn begin_text(&mut self) {
        self.text_start.get_or_insert(self.at);
        self.is_fresh = false;
    }

    fn end_text(&mut self) {
        let Some(start) = self.text_start.take() else { return };
        let span = Span::new(start, start + self.text[start..self.at].trim_ascii_end().len());
        let is_comment = self.text[start] == b'#';
        self.items.push(if is_comment { McItem::Comment(span) } else { McItem::Text(span) });
    }
}

/// Adds to an unquoted piece, or begins one.
fn extend(pieces: &mut Vec<McPiece>, span: Span) {
    match pieces.last_mut() {
        Some(last) if !last.quoted && last.span.end == span.start => last.span.end = span.end,
        _ => pieces.push(McPiece { span, quoted: false }),
    }
}

/// Whether a name of m4 can begin so.
#[must_use]
pub fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

/// The length of the name of m4 at the beginning of a text.
#[must_use]
pub fn word_length(text: &[u8]) -> usize {
    text.iter().take_while(|&&byte| is_name_start(byte) || byte.is_ascii_digit()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The items of a text, a line each.
    fn shown(text: &str) -> Vec<String> {
        let source = Arc::new(Source::new("sendmail.mc", text));
        let parsed = parse_sendmail_mc(&source);
        assert_eq!(parsed.tree.print(), source.bytes());
        let show = |span: Span| String::from_utf8_lossy(source.slice(span)).into_owned();
        let item = |item: &McItem| match item {
            McItem::Call(call) => {
                let mut line = show(call.name);
                for argument in &call.arguments {
                    let piece = |piece: &McPiece| {
                        if piece.quoted { show(piece.span) } else { format!("<{}>", show(piece.span)) }
                    };
                    line += &format!(" [{}]", argument.pieces.iter().map(piece).collect::<Vec<_>>().join("+"));
                }
                line + if call.is_known { "" } else { " ?" } + if call.behind_hash { " #" } else { "" }
            }
            McItem::Section(span) => format!("section {}", show(*span)),
            McItem::Text(span) => format!("text {}", show(*span)),
            McItem::Comment(span) => format!("comment {}", show(*span)),
        };
        let faults =
            parsed.faults.iter().map(|fault| format!("{:?} {}", fault.kind, source.position(fault.span.start)));
        parsed.items.iter().map(item).chain(faults).collect()
    }

    #[test]
    fn calls_have_arguments_in_quotes_or_not() {
        let cases: &[(&str, &[&str])] = &[
            ("FEATURE(`access_db', , `skip')dnl\n", &["FEATURE [access_db] [] [skip]", "comment dnl"]),
            ("FEATURE(use_cw_file)\n", &["FEATURE [<use_cw_file>]"]),
            ("define(`X',``8:12'')", &["define [X] [`8:12']"]),
            ("define(`A',dnl why\n  `b,(c')dnl", &["define [A] [b,(c]", "comment dnl"]),
            ("define(`A', `-o '`DIR`'x')", &["define [A] [-o +DIR`'x]"]),
            ("define(`A', `b'DIR`c')", &["define [A] [b+<DIR>+c]"]),
            (
                "ifdef(`X', `define(`A', `b')', define(`C', f(d, e)))",
                &["ifdef [X] [define(`A', `b')] [<define(`C', f(d, e))>]"],
            ),
            ("define(`confPRIVACY_FLAGS',\n\t`goaway')", &["define [confPRIVACY_FLAGS] [goaway]"]),
            ("MAILER(local)MAILER( smtp )", &["MAILER [<local>]", "MAILER [<smtp >]"]),
            ("divert(-1)\nwords\ndivert\n", &["divert [<-1>]", "text words", "divert"]),
        ];
        for (text, items) in cases {
            assert_eq!(shown(text), *items, "{text}");
        }
    }

    #[test]
    fn a_hash_hides_nothing_once_the_macros_are_there() {
        let include = "include(`/usr/share/sendmail/cf/m4/cf.m4')";
        assert_eq!(shown("# define(`A', `b')\n"), ["comment #", "define [A] [b] #"]);
        let both = shown(&format!("# it's `so\n{include}\n# define(`A')\n"));
        let included = "include [/usr/share/sendmail/cf/m4/cf.m4]";
        assert_eq!(both, ["comment # it's `so", included, "comment #", "define [A] #"]);
    }

    #[test]
    fn what_no_macro_has_the_name_of_is_text_or_an_unknown_call() {
        assert_eq!(shown("FEETURE(`x')\n"), ["FEETURE [x] ?"]);
        assert_eq!(shown("Cwexample.com # f(x)\nDM(x)\n"), ["text Cwexample.com # f(x)", "DM [<x>] ?"]);
        let section = "LOCAL_RULESETS\nSLocal_check_mail\nR$*\t$: ARITH(x) $1\nMACRO(1)\nMAILER(`smtp')\nBOO(1)\n";
        let expected = [
            "section LOCAL_RULESETS",
            "text SLocal_check_mail",
            "text R$*\t$: ARITH(x) $1",
            "text MACRO(1)",
            "MAILER [smtp]",
            "BOO [<1>] ?",
        ];
        assert_eq!(shown(section), expected);
        assert_eq!(shown("`FEATURE(`x')'\n"), ["text `FEATURE(`x')'"]);
    }

    #[test]
    fn what_never_closes_is_a_fault_where_it_opens() {
        assert_eq!(shown("a\n define(`A', `b)\nMAILER(x)\n")[2..], ["UnclosedQuote 2:14"]);
        assert_eq!(shown("FEATURE(`x'\nMAILER(`local')")[1..], ["UnclosedCall 1:8"]);
        assert_eq!(shown("\n `open"), ["text `open", "UnclosedQuote 2:2"]);
    }

    #[test]
    fn depth_costs_nothing() {
        for text in ["`".repeat(200_000), "define(".repeat(100_000), "define(((".repeat(50_000), "`'".repeat(100_000)] {
            assert!(!shown(&text).is_empty());
        }
    }
}
