//! The words of RFC 822 address syntax, as Postfix reads and writes them.
//!
//! [`tokens`] cuts bytes into atoms, quoted strings, comments, domain literals and single special characters; white
//! space only separates. It accepts every input: what is left open (`(`, `"`, `[`) ends with the input. Nothing
//! recurses, and time is linear in the input. A [`TokenWriter`] writes tokens back in one of two [`Form`]s: *external*,
//! as mail headers and alias values carry them (quoted where needed), or *internal*, as programs compare them (quotes
//! gone).
//!
//! What differs from the letter of RFC 822, found by experiment with Postfix 3.11:
//! - `%`, `!` and `|` are special too; vertical tab and form feed are not white space, they are control characters of a
//!   word;
//! - a backslash takes any byte, white space too, into an atom, and so `\:` or `a\ b` becomes a word that needs quotes;
//! - tab, carriage return and newline inside a quoted word or a domain literal become blanks; a comment stays as it is.

use std::borrow::Cow;

use crate::base::Span;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// A word without quotes; it may hold backslash escapes.
    Atom,
    /// A word in double quotes.
    Quoted,
    /// `(…)`, nested ones included.
    Comment,
    /// A domain literal, `[…]`.
    Literal,
    /// One of `<` `>` `@` `,` `;` `:` `.` `%` `!` `|` `)` `]`.
    Special(u8),
}

impl TokenKind {
    /// Whether blanks separate this token from neighbours of the same sort when written.
    #[must_use]
    pub const fn is_word(self) -> bool {
        !matches!(self, Self::Special(_))
    }
}

/// One token, borrowed from the bytes that it was found in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it is.
    pub kind: TokenKind,
    /// The token as written, delimiters included.
    pub raw: &'a [u8],
    /// Offset of its first byte in the bytes given to [`tokens`].
    pub start: usize,
    /// False for a comment, quoted string or literal that the end of the input cut off.
    pub terminated: bool,
}

impl<'a> Token<'a> {
    /// Where it stands in the bytes given to [`tokens`].
    #[must_use]
    pub const fn span(&self) -> Span {
        Span::new(self.start, self.start + self.raw.len())
    }

    /// The meaning of the token: escapes and the delimiters of quoted strings and literals gone, line breaks and tabs
    /// in them made blanks. A comment is returned as written, parentheses included.
    #[must_use]
    pub fn text(&self) -> Cow<'a, [u8]> {
        let body = self.body();
        if self.kind == TokenKind::Comment || !body.iter().any(|&byte| byte == b'\\' || is_space(byte)) {
            return Cow::Borrowed(body);
        }
        let mut text = Vec::with_capacity(body.len());
        text.extend(Unescaped(body.iter()));
        Cow::Owned(text)
    }

    /// The bytes between the delimiters; for an atom, a comment and a special all of it.
    fn body(&self) -> &'a [u8] {
        match self.kind {
            TokenKind::Quoted | TokenKind::Literal => {
                let end = if self.terminated { self.raw.len() - 1 } else { self.raw.len() };
                self.raw.get(1..end).unwrap_or_default()
            }
            _ => self.raw,
        }
    }
}

/// The bytes of a word with backslash escapes resolved and white space made blanks. A lone backslash at the end is
/// dropped.
struct Unescaped<'a>(std::slice::Iter<'a, u8>);

impl Iterator for Unescaped<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        let mut byte = *self.0.next()?;
        if byte == b'\\' {
            byte = *self.0.next()?;
        }
        Some(if is_space(byte) { b' ' } else { byte })
    }
}

/// Whether a byte separates tokens: blank, tab, carriage return, newline.
#[must_use]
pub const fn is_space(byte: u8) -> bool {
    matches!(CLASS[byte as usize], Class::Space)
}

/// Whether a byte may stand in an atom without making it need quotes.
#[must_use]
pub const fn is_plain(byte: u8) -> bool {
    matches!(CLASS[byte as usize], Class::Plain)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// May stand in an atom as it is; all bytes above 127 are.
    Plain,
    Space,
    /// Stands in an atom, and makes it need quotes.
    Control,
    /// Is a token of its own, and is written without blanks around it.
    Joiner,
    /// Begins or shapes a token in its own way: `(` `[` `"` `\` `<` `,`.
    Other,
}

const CLASS: [Class; 256] = {
    let mut table = [Class::Plain; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = Class::Control;
        byte += 1;
    }
    table[0x7f] = Class::Control;
    let mut at = 0;
    while at < b" \t\r\n".len() {
        table[b" \t\r\n"[at] as usize] = Class::Space;
        at += 1;
    }
    at = 0;
    while at < b">@;:.%!|)]".len() {
        table[b">@;:.%!|)]"[at] as usize] = Class::Joiner;
        at += 1;
    }
    at = 0;
    while at < b"([\"\\<,".len() {
        table[b"([\"\\<,"[at] as usize] = Class::Other;
        at += 1;
    }
    table
};

const fn class(byte: u8) -> Class {
    CLASS[byte as usize]
}

/// Cuts bytes into tokens.
#[must_use]
pub const fn tokens(bytes: &[u8]) -> Tokens<'_> {
    Tokens { bytes, at: 0 }
}

/// The tokens of some bytes, in order. Made by [`tokens`].
#[derive(Clone, Debug)]
pub struct Tokens<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Tokens<'a> {
    /// The bytes that no token has been taken from yet.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn token(&self, kind: TokenKind, len: usize, terminated: bool) -> Token<'a> {
        let rest = self.rest();
        Token { kind, raw: rest.get(..len).unwrap_or(rest), start: self.at, terminated }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let rest = self.rest();
        let blanks = rest.iter().position(|&byte| !is_space(byte)).unwrap_or(rest.len());
        self.at += blanks;
        let rest = self.rest();
        let first = *rest.first()?;
        let token = match first {
            b'(' => {
                let (len, terminated) = comment_len(rest);
                self.token(TokenKind::Comment, len, terminated)
            }
            b'"' | b'[' => {
                let close = if first == b'"' { b'"' } else { b']' };
                let (len, terminated) = delimited_len(rest, close);
                self.token(if first == b'"' { TokenKind::Quoted } else { TokenKind::Literal }, len, terminated)
            }
            b'<' | b',' => self.token(TokenKind::Special(first), 1, true),
            _ if class(first) == Class::Joiner => self.token(TokenKind::Special(first), 1, true),
            _ => self.token(TokenKind::Atom, atom_len(rest), true),
        };
        self.at += token.raw.len();
        Some(token)
    }
}

/// Length of the comment at the start of `bytes`, and whether its last parenthesis is there.
fn comment_len(bytes: &[u8]) -> (usize, bool) {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'\\' => at += 1,
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return (at, true);
        }
    }
    (bytes.len(), false)
}

/// Length of the quoted string or literal at the start of `bytes`, and whether it is closed.
fn delimited_len(bytes: &[u8], close: u8) -> (usize, bool) {
    let mut at = 1;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        if byte == b'\\' {
            at += 1;
        } else if byte == close {
            return (at, true);
        }
    }
    (bytes.len(), false)
}

/// Length of the atom at the start of `bytes`.
fn atom_len(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match class(byte) {
            Class::Plain | Class::Control => at += 1,
            Class::Other if byte == b'\\' => at += 2,
            _ => return at,
        }
    }
    // A backslash may be the last byte, with nothing to take in.
    bytes.len()
}

/// How tokens are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// Quoted where needed, so that reading it again gives the same words.
    External,
    /// Without quotes and escapes; literals keep their brackets, comments all they have.
    Internal,
}

/// Writes tokens one after the other, with Postfix's blanks between them.
///
/// Words, comments and literals are kept apart by one blank; `<` has one before it unless it is the first token; a
/// comma is followed by one, at the end too; all other special characters join their neighbours.
#[derive(Debug)]
pub struct TokenWriter<'o> {
    out: &'o mut Vec<u8>,
    form: Form,
    last: Option<TokenKind>,
}

impl<'o> TokenWriter<'o> {
    /// A writer that appends to `out`.
    #[must_use]
    pub const fn new(form: Form, out: &'o mut Vec<u8>) -> Self {
        Self { out, form, last: None }
    }

    /// Appends one token.
    pub fn push(&mut self, token: &Token<'_>) {
        let blank = match (self.last, token.kind) {
            (None | Some(TokenKind::Special(b',')), _) => false,
            (Some(_), TokenKind::Special(b'<')) => true,
            (Some(last), kind) => last.is_word() && kind.is_word(),
        };
        if blank {
            self.out.push(b' ');
        }
        self.last = Some(token.kind);
        match (token.kind, self.form) {
            (TokenKind::Special(b','), _) => self.out.extend_from_slice(b", "),
            (TokenKind::Special(_) | TokenKind::Comment, _) => self.out.extend_from_slice(token.raw),
            (TokenKind::Atom, Form::External) => self.push_atom(token),
            (TokenKind::Quoted, Form::External) => push_quoted(self.out, &token.text()),
            (TokenKind::Literal, form) => {
                self.out.push(b'[');
                for byte in Unescaped(token.body().iter()) {
                    // Postfix escapes nothing else here, not even the bracket that then ends the literal early.
                    if byte == b'\\' && form == Form::External {
                        self.out.push(b'\\');
                    }
                    self.out.push(byte);
                }
                self.out.push(b']');
            }
            (TokenKind::Atom | TokenKind::Quoted, Form::Internal) => self.out.extend_from_slice(&token.text()),
        }
    }

    fn push_atom(&mut self, token: &Token<'_>) {
        let text = token.text();
        if text.iter().all(|&byte| is_plain(byte)) {
            self.out.extend_from_slice(&text);
        } else {
            push_quoted(self.out, &text);
        }
    }
}

/// Appends a word in double quotes.
fn push_quoted(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    for &byte in text {
        if byte == b'"' || byte == b'\\' {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.push(b'"');
}

/// Appends the external form of all tokens of `bytes`: what `tokens` and a [`TokenWriter`] would write.
///
/// Text of plain words, `.`, `@`, `:`, commas and blanks, as nearly all alias values are, is copied in runs.
pub fn write_external(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    if !write_plain(bytes, out) {
        out.truncate(start);
        let mut writer = TokenWriter::new(Form::External, out);
        for token in tokens(bytes) {
            writer.push(&token);
        }
    }
}

/// The same for bytes without quotes, comments, literals, escapes, `<` and control characters; false if there is one.
fn write_plain(bytes: &[u8], out: &mut Vec<u8>) -> bool {
    let mut at = 0;
    let mut last = None;
    while let Some(&byte) = bytes.get(at) {
        let rest = &bytes[at..];
        match class(byte) {
            Class::Space => at += 1,
            Class::Other if byte == b',' => {
                out.extend_from_slice(b", ");
                last = None;
                at += 1;
            }
            Class::Plain | Class::Joiner => {
                let is_run = |byte: &u8| matches!(class(*byte), Class::Plain | Class::Joiner);
                let len = rest.iter().position(|byte| !is_run(byte)).unwrap_or(rest.len());
                if last.is_some_and(is_plain) && is_plain(byte) {
                    out.push(b' ');
                }
                out.extend_from_slice(&rest[..len]);
                last = rest.get(len - 1).copied();
                at += len;
            }
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(bytes: &[u8]) -> String {
        let one = |token: Token<'_>| {
            let kind = match token.kind {
                TokenKind::Atom => "a",
                TokenKind::Quoted => "q",
                TokenKind::Comment => "c",
                TokenKind::Literal => "l",
                TokenKind::Special(_) => "s",
            };
            let open = if token.terminated { "" } else { "~" };
            assert_eq!(&bytes[token.span().range()], token.raw);
            format!("{kind}{open}{}", String::from_utf8_lossy(&token.text()))
        };
        tokens(bytes).map(one).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn cuts_into_tokens() {
        let cases: &[(&str, &str)] = &[
            ("", ""),
            (" \t\r\n ", ""),
            ("a b", "aa|ab"),
            ("joe.doe@example.com", "ajoe|s.|adoe|s@|aexample|s.|acom"),
            ("a<b>c,d;e:f", "aa|s<|ab|s>|ac|s,|ad|s;|ae|s:|af"),
            ("a%b!c|d)e]", "aa|s%|ab|s!|ac|s||ad|s)|ae|s]"),
            ("\"a\\\"b\"c", "qa\"b|ac"),
            ("\"open \\", "q~open "),
            ("\"a\tb\\\rc\"", "qa b c"),
            ("(a (b) \\) c) d", "c(a (b) \\) c)|ad"),
            ("(a (b) c", "c~(a (b) c"),
            ("(a\\", "c~(a\\"),
            ("[a\\]b] c", "la]b|ac"),
            ("[open", "l~open"),
            ("a\\ b\\:c", "aa b:c"),
            ("a\\", "aa"),
            ("\\", "a"),
            ("\\\\", "a\\"),
            ("a\x0bb", "aa\x0bb"),
        ];
        for (input, expected) in cases {
            assert_eq!(show(input.as_bytes()), *expected, "{input:?}");
        }
    }

    fn written(form: Form, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut writer = TokenWriter::new(form, &mut out);
        for token in tokens(bytes) {
            writer.push(&token);
        }
        out
    }

    #[test]
    fn writes_both_forms() {
        let cases: &[(&[u8], &[u8], &[u8])] = &[
            (b"a  b", b"a b", b"a b"),
            (b"a b ,  c", b"a b, c", b"a b, c"),
            (b"a,,b,", b"a, , b, ", b"a, , b, "),
            (b"o . p @ q", b"o.p@q", b"o.p@q"),
            (b"Joe  Doe <joe@x>(c)", b"Joe Doe <joe@x>(c)", b"Joe Doe <joe@x>(c)"),
            (b"<a,<b<<c", b"<a, <b < <c", b"<a, <b < <c"),
            (b"a(b)\"c\"[d]e", b"a (b) \"c\" [d] e", b"a (b) c [d] e"),
            (b"a\\ b \\\"c \\.", b"\"a b\" \"\\\"c\" \".\"", b"a b \"c ."),
            (b"\"\" x", b"\"\" x", b" x"),
            (b"x \\", b"x ", b"x "),
            (b"\\", b"", b""),
            (b"[a\\]\\\\\tb] [o", b"[a]\\\\ b] [o]", b"[a]\\ b] [o]"),
            (b"(a\t\\( (b", b"(a\t\\( (b", b"(a\t\\( (b"),
            (b"a\x01b \x7f \x00", b"\"a\x01b\" \"\x7f\" \"\x00\"", b"a\x01b \x7f \x00"),
            (b"\xe9 \"\xe9\"", b"\xe9 \"\xe9\"", b"\xe9 \xe9"),
        ];
        for (input, external, internal) in cases {
            let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            assert_eq!(lossy(&written(Form::External, input)), lossy(external), "{}", lossy(input));
            assert_eq!(lossy(&written(Form::Internal, input)), lossy(internal), "{}", lossy(input));
            let mut short = Vec::new();
            write_external(input, &mut short);
            assert_eq!(lossy(&short), lossy(external), "{}", lossy(input));
        }
    }

    /// The short way and the general way agree on everything made of few sorts of bytes.
    #[test]
    fn runs_are_copied_as_tokens_are_written() {
        let alphabet = b"ab .@,:|\t";
        for number in 0..alphabet.len().pow(5) {
            let mut left = number;
            let mut bytes = [0; 5];
            for byte in &mut bytes {
                *byte = alphabet[left % alphabet.len()];
                left /= alphabet.len();
            }
            let mut short = Vec::new();
            assert!(write_plain(&bytes, &mut short));
            assert_eq!(short, written(Form::External, &bytes), "{bytes:?}");
        }
    }

    #[test]
    fn hostile_depth_is_only_long() {
        for byte in [b'(', b'[', b'"', b'<', b'\\', b','] {
            let bytes = vec![byte; 1 << 20];
            assert!(written(Form::External, &bytes).len() <= 2 << 20);
        }
    }
}
