//! The right-hand side of an aliases file entry: where local(8) sends the mail.
//!
//! [`parse_alias_value`] never fails. It finds the destinations in the order of the text, what Postfix leaves out
//! (comments, display names, group names), and what is likely a slip ([`Bad`]), each with its span. It works on the
//! value as written and on the value as `postalias` stored it; these differ only where a literal holds an escaped `]`.
//!
//! Postfix reads such a list from right to left, and so does this; what follows was found by experiment with 3.11:
//! - comma, semicolon and blanks between words end a destination: `|cmd a b` is a command and two addresses;
//! - `<…>` is one destination whatever is in it, and hides the words before it: `a@x <b@y>` is only `b@y`;
//! - left of a semicolon each colon ends a group's name, and all before it up to a comma is dropped: the `:include:` in
//!   `:include:/x; y` is lost, and `/x` is a file;
//! - after a `<…>` one colon before it, or before its display name, is dropped.
//!
//! A value without any destination makes local(8) defer the mail. See aliases(5).

use std::borrow::Cow;
use std::ops::Range;

use pest::Parser;

use crate::base::Span;
use crate::mail::local_part::{is_plain, split_domain};
use crate::mail::rfc822::{Token, TokenKind, tokens};
use crate::syntax::widen::Widened;

/// What the right-hand side of an alias says. Spans are offsets into the bytes that were parsed.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct AliasValue {
    /// In the order of the text.
    pub destinations: Vec<Destination>,
    /// Comments, parentheses included.
    pub comments: Vec<Span>,
    /// Words that Postfix leaves out.
    pub ignored: Vec<Ignored>,
    /// Parts that are likely not what was meant.
    pub bad: Vec<Bad>,
}

/// One place that mail goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// From its first to its last word, without angle brackets.
    pub span: Span,
    /// In internal form: quotes and escapes gone, words joined.
    pub text: Vec<u8>,
    /// What local(8) does with it.
    pub kind: DestinationKind,
}

/// What local(8) does with a destination, told by how its text begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DestinationKind {
    /// Forwards to an address; the last `@` divides it, unless all are in quotes. An empty one is the mailer daemon.
    Address {
        /// All before the `@`, a source route too.
        localpart: Vec<u8>,
        /// All behind it, if there is one.
        domain: Option<Vec<u8>>,
    },
    /// `:include:PATH`, in any case of letters: sends to the destinations listed in a file. A relative path fails.
    Include(Vec<u8>),
    /// `|COMMAND LINE`: pipes into a command.
    Command(Vec<u8>),
    /// `/FILE`: appends to a mailbox file, or delivers into a maildir if it ends in `/`.
    File(Vec<u8>),
    /// `~/FILE`, with the tilde: below the home directory of the alias file's owner; fails if that is root.
    HomeFile(Vec<u8>),
}

/// Words that Postfix leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ignored {
    /// From the first word to the last.
    pub span: Span,
    /// Why.
    pub kind: IgnoredKind,
}

/// Why words are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IgnoredKind {
    /// They stand before `<…>`.
    DisplayName,
    /// They stand before a colon left of a semicolon.
    GroupName,
}

/// A part that is likely not what was meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bad {
    /// The token; for an empty address the angle brackets.
    pub span: Span,
    /// What is wrong with it.
    pub reason: BadReason,
}

/// What is wrong with a part of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BadReason {
    /// `(` without its `)`: the rest of the value is a comment.
    OpenComment,
    /// `"` without its other: the rest of the value is one word.
    OpenQuote,
    /// `[` without its `]`: the rest of the value is one literal.
    OpenLiteral,
    /// `<` or `>` without its other.
    StrayAngle,
    /// `<>`: no destination.
    EmptyAddress,
}

/// Reads the right-hand side of an alias.
#[must_use]
pub fn parse_alias_value(value: &[u8]) -> AliasValue {
    // Nearly all values are one plain address.
    match split_domain(value) {
        (localpart, Some(domain)) if is_plain(value) => {
            let kind = DestinationKind::Address { localpart: localpart.to_vec(), domain: Some(domain.to_vec()) };
            let destination = Destination { span: Span::new(0, value.len()), text: value.to_vec(), kind };
            AliasValue { destinations: vec![destination], ..AliasValue::default() }
        }
        _ => parse_list(value),
    }
}

fn parse_list(value: &[u8]) -> AliasValue {
    let mut parsed = AliasValue::default();
    let mut words = Vec::new();
    for token in tokens(value) {
        let open = match token.kind {
            TokenKind::Comment => BadReason::OpenComment,
            TokenKind::Quoted => BadReason::OpenQuote,
            _ => BadReason::OpenLiteral,
        };
        if !token.terminated {
            parsed.bad.push(Bad { span: token.span(), reason: open });
        }
        match token.kind {
            TokenKind::Comment => parsed.comments.push(token.span()),
            // A lone backslash at the end is nothing at all once postalias has stored the value.
            TokenKind::Atom if token.text().is_empty() => {}
            _ => words.push(token),
        }
    }
    let mut list = List { words: &words, unread: words.len(), in_group: false, parsed };
    while list.read_last() {}
    let mut parsed = list.parsed;
    parsed.destinations.reverse();
    parsed.ignored.reverse();
    parsed.bad.sort_by_key(|bad| bad.span);
    parsed
}

/// A list that is read from its end.
struct List<'a> {
    /// All tokens but comments.
    words: &'a [Token<'a>],
    /// How many of them are still to be read.
    unread: usize,
    /// Whether there is a semicolon to the right.
    in_group: bool,
    parsed: AliasValue,
}

impl List<'_> {
    /// Reads the last thing that is unread; false at the beginning of the list.
    fn read_last(&mut self) -> bool {
        let Some(last) = self.unread.checked_sub(1) else { return false };
        match self.special(last) {
            Some(b',') => self.unread = last,
            Some(b';') => {
                self.in_group = true;
                self.unread = last;
            }
            Some(b'>') => self.read_angle(last),
            Some(b':') if self.in_group => {
                let start = self.after_last(last, b",");
                self.ignore(start..last, IgnoredKind::GroupName);
                self.unread = start;
            }
            _ => self.read_address(last),
        }
        true
    }

    /// A destination in angle brackets, of which `close` is the last, with the words before it.
    fn read_angle(&mut self, close: usize) {
        let inside = self.after_last(close, b"<");
        let start = inside.saturating_sub(1);
        let span = Span::new(self.words[start].start, self.words[close].span().end);
        if inside == 0 {
            self.parsed.bad.push(Bad { span: self.words[close].span(), reason: BadReason::StrayAngle });
        }
        if inside < close {
            self.push(inside..close);
        } else if inside > 0 {
            self.parsed.bad.push(Bad { span, reason: BadReason::EmptyAddress });
        }
        self.unread = self.after_last(start, b",;:>");
        self.ignore(self.unread..start, IgnoredKind::DisplayName);
        if !self.in_group && self.unread > 0 && self.special(self.unread - 1) == Some(b':') {
            self.unread -= 1;
        }
    }

    /// An address without angle brackets, of which `last` is the last token: words with operators between them.
    fn read_address(&mut self, last: usize) {
        let mut first = last;
        while let Some(before) = first.checked_sub(1) {
            let ends = match self.words[before].kind {
                TokenKind::Special(b',' | b';' | b'>') => true,
                TokenKind::Special(b':') => self.in_group,
                kind => kind.is_word() && self.words[first].kind.is_word(),
            };
            if ends {
                break;
            }
            first = before;
        }
        self.unread = first;
        self.push(first..last + 1);
    }

    fn special(&self, at: usize) -> Option<u8> {
        match self.words.get(at)?.kind {
            TokenKind::Special(byte) => Some(byte),
            _ => None,
        }
    }

    /// The place behind the last of some specials before `end`; 0 if there is none.
    fn after_last(&self, end: usize, specials: &[u8]) -> usize {
        (0..end).rfind(|&at| self.special(at).is_some_and(|byte| specials.contains(&byte))).map_or(0, |at| at + 1)
    }

    fn span(&self, range: Range<usize>) -> Option<Span> {
        let words = self.words.get(range)?;
        Some(words.first()?.span().cover(words.last()?.span()))
    }

    fn push(&mut self, range: Range<usize>) {
        let Some(span) = self.span(range.clone()) else { return };
        self.note_angles(range.clone());
        let words = &self.words[range];
        let text: Vec<u8> = words.iter().flat_map(destination_text).collect();
        let kind = match destination_kind(&text) {
            // An @ in quotes divides nothing.
            DestinationKind::Address { .. } if !words.iter().any(|word| word.kind == TokenKind::Special(b'@')) => {
                DestinationKind::Address { localpart: text.clone(), domain: None }
            }
            kind => kind,
        };
        self.parsed.destinations.push(Destination { span, text, kind });
    }

    fn ignore(&mut self, range: Range<usize>, kind: IgnoredKind) {
        let Some(span) = self.span(range.clone()) else { return };
        self.note_angles(range);
        self.parsed.ignored.push(Ignored { span, kind });
    }

    /// Angle brackets inside of anything have lost their other.
    fn note_angles(&mut self, range: Range<usize>) {
        for at in range {
            if matches!(self.special(at), Some(b'<' | b'>')) {
                self.parsed.bad.push(Bad { span: self.words[at].span(), reason: BadReason::StrayAngle });
            }
        }
    }
}

/// What a token adds to a destination.
fn destination_text(token: &Token<'_>) -> Vec<u8> {
    let text = token.text();
    if token.kind == TokenKind::Literal { [b"[", &*text, b"]"].concat() } else { text.into_owned() }
}

/// The grammar of one destination; its generated names stay in here.
mod grammar {
    #![allow(missing_docs)]
    #[derive(pest_derive::Parser)]
    #[grammar = "../grammar/alias.pest"]
    pub struct AliasGrammar;
}
use grammar::{AliasGrammar, Rule};

fn destination_kind(text: &[u8]) -> DestinationKind {
    let mut localpart = Vec::new();
    let mut domain = None;
    // The grammar takes any text; were it not so, all would be an address without parts.
    let widened = Widened::new(text);
    for pair in AliasGrammar::parse(Rule::destination, widened.text()).into_iter().flatten() {
        let bytes = text[widened.span(pair.as_span().start(), pair.as_span().end()).range()].to_vec();
        match pair.as_rule() {
            Rule::path => return DestinationKind::Include(bytes),
            Rule::line => return DestinationKind::Command(bytes),
            Rule::file => return DestinationKind::File(bytes),
            Rule::home_file => return DestinationKind::HomeFile(bytes),
            Rule::localpart => localpart = bytes,
            Rule::domain => domain = Some(bytes),
            _ => {}
        }
    }
    DestinationKind::Address { localpart, domain }
}

const CAPITAL: u8 = 1;
const SPECIAL: u8 = 2;

/// What a byte is in an address: nothing to look at, [`CAPITAL`] or [`SPECIAL`].
const IN_PLAIN_ADDRESS: [u8; 256] = {
    let mut kinds = [SPECIAL; 256];
    let mut byte = 0;
    while byte < 128_u8 {
        kinds[byte as usize] = match byte {
            b'A'..=b'Z' => CAPITAL,
            b'a'..=b'z' | b'0'..=b'9' | b'@' | b'.' | b'-' | b'_' | b'+' | b'=' => 0,
            _ => SPECIAL,
        };
        byte += 1;
    }
    kinds
};

/// The addresses in a value, in lower case; nearly all values are one plain address, which is not copied.
#[must_use]
pub fn destinations(value: &[u8]) -> Vec<Cow<'_, [u8]>> {
    match value.iter().fold(0, |seen, &byte| seen | IN_PLAIN_ADDRESS[usize::from(byte)]) {
        0 => return vec![Cow::Borrowed(value)],
        CAPITAL => return vec![Cow::Owned(value.to_ascii_lowercase())],
        _ => {}
    }
    let parsed = parse_alias_value(value).destinations.into_iter();
    parsed.map(|destination| Cow::Owned(destination.text.to_ascii_lowercase())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(value: &str) -> String {
        let parsed = parse_alias_value(value.as_bytes());
        let text = |destination: &Destination| String::from_utf8_lossy(&destination.text).into_owned();
        parsed.destinations.iter().map(text).collect::<Vec<_>>().join(" + ")
    }

    #[test]
    fn plain_addresses_are_read_as_lists_are() {
        for value in ["a@b.c", "joe.x+list=y_z-1@Mail.example.com", "-1@192.0.2.1", "include@a.b"] {
            assert_eq!(parse_alias_value(value.as_bytes()), parse_list(value.as_bytes()), "{value}");
        }
    }

    /// The right-hand sides are what Postfix 3.11 made of the left-hand sides.
    #[test]
    fn cuts_lists_as_postfix_does() {
        let cases: &[(&str, &str)] = &[
            ("", ""),
            ("a@x.test, b@x.test", "a@x.test + b@x.test"),
            ("a@x.test b@x.test", "a@x.test + b@x.test"),
            ("a; b", "a + b"),
            ("a,,b,", "a + b"),
            (" , ;", ""),
            ("a . b @ c", "a.b@c"),
            ("a.b c.d", "a.b + c.d"),
            ("a \"b c\"d [e][f]", "a + b c + d + [e] + [f]"),
            ("a(b)c, a(b)@c", "a + c + a@c"),
            ("|/bin/true a b", "|/bin/true + a + b"),
            ("\"|true a, b\", d", "|true a, b + d"),
            ("\"|true\" \"|echo\"", "|true + |echo"),
            ("a |b", "a|b"),
            (":include:/a b", ":include:/a + b"),
            (": include : /a", ":include:/a"),
            (":include:/a :include:/b", ":include:/a:include:/b"),
            (":include:/a, b; c", "/a + b + c"),
            ("b; :include:/a", "b + :include:/a"),
            ("a <:include:/b>; c", ":include:/b + c"),
            ("Joe Doe <joe@x>, c", "joe@x + c"),
            ("a@x b@y <c@z> d", "c@z + d"),
            ("<a> <b>", "a + b"),
            ("<a b>", "ab"),
            ("<a,b;c:d>", "a,b;c:d"),
            ("<a <b>>", "b>"),
            ("a <b", "a<b"),
            ("b, c> a", "b,c + a"),
            ("> a", "a"),
            ("<>, a <>", ""),
            ("< <a> b", "a + b"),
            ("a <\"\">", ""),
            ("a <\"\">, b", " + b"),
            ("grp: a, b; c", "a + b + c"),
            ("x grp: a, b; c", "a + b + c"),
            ("x, grp: a b, c;, d", "x + a + b + c + d"),
            ("a:b, c:d", "a:b + c:d"),
            ("a: b; c: d", "b + c:d"),
            ("a; b: c, d: e; f: g", "c + e + f:g"),
            ("a <b>: c; d", "c + d"),
            ("a:, b", "a: + b"),
            ("a: <b>", "a + b"),
            ("a: b: y <c>", "a:b + c"),
            ("a:: <b>", "a: + b"),
            ("a: z; x <b>", "z + b"),
            ("a: b <c>; d", "c + d"),
            ("<b>:", "b + :"),
            ("a@:b a.:b", "a@:b + a.:b"),
            ("a \\", "a"),
        ];
        for (value, expected) in cases {
            assert_eq!(texts(value), *expected, "{value:?}");
        }
    }

    #[test]
    fn tells_kinds_by_the_first_bytes() {
        use DestinationKind::{Address, Command, File, HomeFile, Include};
        let bytes = |text: &str| text.as_bytes().to_vec();
        let address =
            |localpart, domain: Option<&str>| Address { localpart: bytes(localpart), domain: domain.map(bytes) };
        let cases = [
            ("joe", address("joe", None)),
            ("joe@example.com", address("joe", Some("example.com"))),
            ("\"a@b\"@example.com", address("a@b", Some("example.com"))),
            ("<@x,@y:joe@example.com>", address("@x,@y:joe", Some("example.com"))),
            ("joe@", address("joe", Some(""))),
            ("\"\"", address("", None)),
            (":foo", address(":foo", None)),
            ("\" |true\"", address(" |true", None)),
            ("./x", address("./x", None)),
            (":include:/etc/list", Include(bytes("/etc/list"))),
            (":INCLUDE: \"/my list\"", Include(bytes("/my list"))),
            ("\":include: /a\"", Include(bytes(" /a"))),
            (":include:", Include(bytes(""))),
            ("\"|cmd -x \\\"y\\\" @z\"", Command(bytes("cmd -x \"y\" @z"))),
            ("|cmd", Command(bytes("cmd"))),
            ("\\|cmd", Command(bytes("cmd"))),
            ("\"|cmd\"@example.com", Command(bytes("cmd@example.com"))),
            ("/var/mail/x", File(bytes("/var/mail/x"))),
            ("\"/a b\"", File(bytes("/a b"))),
            ("~/Maildir/", HomeFile(bytes("~/Maildir/"))),
        ];
        for (value, kind) in cases {
            let parsed = parse_alias_value(value.as_bytes());
            let kinds: Vec<_> = parsed.destinations.into_iter().map(|destination| destination.kind).collect();
            assert_eq!(kinds, [kind], "{value:?}");
        }
        let high = parse_alias_value(b"|\xe9\xff");
        assert_eq!(high.destinations[0].kind, Command(b"\xe9\xff".to_vec()));
    }

    #[test]
    fn spans_name_what_is_kept_and_left_out() {
        let cases: &[(&str, &str)] = &[
            ("a, b.c", "to[a] to[b.c]"),
            ("Joe (x) Doe <j@x>", "to[j@x] (c)[(x)] Name[Joe (x) Doe]"),
            ("y, g h: a ;", "to[y] to[a] Group[g h]"),
            ("a@x <b@x>, c <d>", "to[b@x] to[d] Name[a@x] Name[c]"),
            ("a (b", "to[a] (c)[(b] OpenComment[(b]"),
            ("\"a", "to[\"a] OpenQuote[\"a]"),
            ("a [b", "to[a] to[[b] OpenLiteral[[b]"),
            ("a <b", "to[a <b] StrayAngle[<]"),
            ("a> b", "to[a] to[b] StrayAngle[>]"),
            ("<a <b>>", "to[b>] Name[<a] StrayAngle[<] StrayAngle[>]"),
            ("x <>", "Name[x] EmptyAddress[<>]"),
            (">", "StrayAngle[>]"),
        ];
        for (value, expected) in cases {
            assert_eq!(shown(value), *expected, "{value:?}");
        }
    }

    fn shown(value: &str) -> String {
        let parsed = parse_alias_value(value.as_bytes());
        let at = |name: &str, span: Span| format!("{name}[{}]", &value[span.range()]);
        let mut parts: Vec<String> = parsed.destinations.iter().map(|to| at("to", to.span)).collect();
        parts.extend(parsed.comments.iter().map(|&span| at("(c)", span)));
        parts.extend(parsed.ignored.iter().map(|ignored| match ignored.kind {
            IgnoredKind::DisplayName => at("Name", ignored.span),
            IgnoredKind::GroupName => at("Group", ignored.span),
        }));
        parts.extend(parsed.bad.iter().map(|bad| at(&format!("{:?}", bad.reason), bad.span)));
        parts.join(" ")
    }

    #[test]
    fn hostile_values_only_take_their_length() {
        for piece in ["(", "<", ">", "<>", "a ", "a:", ":;", "@", "a,", "[", "\"", "\\", "a@b>"] {
            let value = piece.repeat(100_000);
            let parsed = parse_alias_value(value.as_bytes());
            assert!(parsed.destinations.len() <= 100_000);
        }
    }
}
