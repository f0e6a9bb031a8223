//! A message line by line: its headers, and what MIME says of where parts and attached messages begin.
//!
//! No line is ever wrong: what is no header ends the headers, and what is no boundary is body. As Postfix has it, a
//! boundary is found by its beginning, `--boundary` of an outer part ends the inner ones, the transfer encoding does
//! not matter, and a `Content-Type` of a type other than text, message and multipart leaves the type as it was.
//!
//! Source: RFC 2045, RFC 2046, RFC 5322 section 2.2; postmap(1), "-m"; header_checks(5); what these leave open, as
//! Postfix 3.11 does it.

use std::ops::ControlFlow;

/// What a message is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// A header: of the message itself, of a part, or of an attached message. Its lines have newlines between them, and
    /// no white space stands before the colon.
    Header(&'a [u8]),
    /// The headers of the message itself are over.
    Body,
    /// A line of the body: boundaries, and empty lines behind other headers, are among them.
    Line(&'a [u8]),
}

/// So many open parts more than `mime_nesting_limit` says Postfix allows.
const NESTING_SPARE: usize = 2;

/// How a message is taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageLimits {
    /// `header_size_limit`: a header that is as long gets no more lines, in bytes.
    pub header_size: usize,
    /// How parts are found. Without it there is no MIME: behind the headers of the message itself all is body.
    pub mime: Option<MimeLimits>,
}

/// How much of MIME is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MimeLimits {
    /// `mime_boundary_length_limit`: so much of a boundary counts, in bytes.
    pub boundary: usize,
    /// `mime_nesting_limit`: boundaries inside so many others, and two more, are not known.
    pub nesting: usize,
}

/// Takes a message apart as its lines come.
#[derive(Debug)]
pub struct MessageReader {
    limits: MessageLimits,
    state: State,
    /// The header in hand.
    header: Vec<u8>,
    content: Content,
    /// The parts that are open, the innermost last.
    parts: Vec<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// In headers; of the message itself or not.
    Headers {
        outermost: bool,
    },
    Body,
}

/// What is told apart of what headers say of what they stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    /// A message, whose headers follow.
    Message,
    Other,
}

#[derive(Debug)]
struct Part {
    boundary: Vec<u8>,
    /// What each part of it is unless its headers say otherwise.
    default: Content,
}

impl MessageReader {
    /// A reader in front of the first line.
    #[must_use]
    pub fn new(limits: MessageLimits) -> Self {
        let state = State::Headers { outermost: true };
        Self { limits, state, header: Vec::new(), content: Content::Other, parts: Vec::new() }
    }

    /// The next line, without its newline. It ends at its first zero byte.
    pub fn line(&mut self, line: &[u8], each: &mut impl FnMut(Item<'_>)) {
        let line = &line[..memchr::memchr(0, line).unwrap_or(line.len())];
        if let State::Headers { outermost } = self.state {
            if !self.header.is_empty() && matches!(line.first(), Some(b' ' | b'\t')) {
                if self.header.len() < self.limits.header_size {
                    self.header.push(b'\n');
                    self.header.extend_from_slice(line);
                }
                return;
            }
            self.end_header(each);
            if let Some((name, rest)) = split_header(line) {
                self.header.extend_from_slice(name);
                self.header.extend_from_slice(rest);
                return;
            }
            if outermost {
                each(Item::Body);
            } else if line.is_empty() {
                each(Item::Line(line));
            }
            self.state = match self.content {
                Content::Message => State::Headers { outermost: false },
                Content::Other => State::Body,
            };
            self.content = Content::Other;
            if line.is_empty() {
                return;
            }
            // A line that is no header ends the headers of an attached message too.
            self.state = State::Body;
        }
        self.open_or_close_part(line);
        each(Item::Line(line));
    }

    /// There are no more lines.
    pub fn end(mut self, each: &mut impl FnMut(Item<'_>)) {
        self.end_header(each);
    }

    fn end_header(&mut self, each: &mut impl FnMut(Item<'_>)) {
        if self.header.is_empty() {
            return;
        }
        let header = std::mem::take(&mut self.header);
        if let Some(limits) = self.limits.mime
            && let Some(value) = value_of(&header, b"content-type")
        {
            self.content_type(value, limits);
        }
        each(Item::Header(&header));
        self.header = header;
        self.header.clear();
    }

    fn content_type(&mut self, value: &[u8], limits: MimeLimits) {
        let mut rest = value;
        let tokens = tokens(&mut rest);
        let is_of = |name: &[u8]| {
            tokens.get(1).is_some_and(|token| token.is(b"/")) && tokens.get(2).is_some_and(|token| token.is_word(name))
        };
        let Some(first) = tokens.first() else {
            self.content = Content::Other;
            return;
        };
        if first.is_word(b"message") {
            self.content = if is_of(b"rfc822") || is_of(b"global") { Content::Message } else { Content::Other };
        } else if first.is_word(b"text") {
            self.content = Content::Other;
        } else if first.is_word(b"multipart") {
            self.content = Content::Other;
            let default = if is_of(b"digest") { Content::Message } else { Content::Other };
            while !rest.is_empty() {
                let mut parameter = self::tokens(&mut rest);
                if let [name, equals, value] = parameter.as_mut_slice()
                    && name.is_word(b"boundary")
                    && equals.is(b"=")
                    && self.parts.len() < limits.nesting.saturating_add(NESTING_SPARE)
                {
                    value.text.truncate(limits.boundary);
                    self.parts.push(Part { boundary: std::mem::take(&mut value.text), default });
                }
            }
        }
    }

    /// Headers follow if a line of the body is the boundary of an open part; parts inside that are closed, and it too
    /// if the line says so.
    fn open_or_close_part(&mut self, line: &[u8]) {
        let Some(text) = line.strip_prefix(b"--").filter(|text| !text.is_empty()) else { return };
        let Some(at) = self.parts.iter().rposition(|part| text.starts_with(&part.boundary)) else { return };
        if text[self.parts[at].boundary.len()..].starts_with(b"--") {
            self.parts.truncate(at);
        } else {
            self.parts.truncate(at + 1);
            self.content = self.parts[at].default;
            self.state = State::Headers { outermost: false };
        }
    }
}

/// The name of a header, and the rest from the colon on; white space between them is left out.
fn split_header(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = line.iter().position(|&byte| !byte.is_ascii_graphic() || byte == b':')?;
    let colon = end + line[end..].iter().position(|&byte| byte != b' ' && byte != b'\t')?;
    (end > 0 && line[colon] == b':').then(|| (&line[..end], &line[colon..]))
}

/// What a header says, if it has this name.
fn value_of<'a>(header: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let colon = memchr::memchr(b':', header)?;
    header[..colon].eq_ignore_ascii_case(name).then(|| &header[colon + 1..])
}

/// A piece of a structured header.
#[derive(Debug, PartialEq, Eq)]
struct Token {
    text: Vec<u8>,
    kind: TokenKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TokenKind {
    Word,
    Quoted,
    /// A single character with a meaning of its own.
    Special,
}

impl Token {
    fn is(&self, special: &[u8]) -> bool {
        self.kind == TokenKind::Special && self.text == special
    }

    fn is_word(&self, word: &[u8]) -> bool {
        self.kind == TokenKind::Word && self.text.eq_ignore_ascii_case(word)
    }
}

/// As many tokens as are looked at.
const TOKENS: usize = 3;

/// The first tokens of a header up to `;`, which is taken off too.
fn tokens(rest: &mut &[u8]) -> Vec<Token> {
    let mut tokens = Vec::new();
    while let ControlFlow::Continue(token) = next_token(rest) {
        if tokens.len() < TOKENS {
            tokens.extend(token);
        }
    }
    tokens
}

fn is_special(byte: u8) -> bool {
    b"()<>@,;:\\\"/[]?=".contains(&byte) || byte.is_ascii_control()
}

fn next_token(rest: &mut &[u8]) -> ControlFlow<(), Option<Token>> {
    let Some((&first, behind)) = rest.split_first() else { return ControlFlow::Break(()) };
    *rest = behind;
    let token = match first {
        b';' => return ControlFlow::Break(()),
        b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r' => None,
        b'(' => {
            skip_comment(rest);
            None
        }
        b'"' => Some(Token { text: quoted(rest), kind: TokenKind::Quoted }),
        _ if is_special(first) => Some(Token { text: vec![first], kind: TokenKind::Special }),
        _ => {
            let length = behind.iter().take_while(|&&byte| byte != b' ' && !is_special(byte)).count();
            *rest = &behind[length..];
            Some(Token { text: [&[first], &behind[..length]].concat(), kind: TokenKind::Word })
        }
    };
    ControlFlow::Continue(token)
}

fn skip_comment(rest: &mut &[u8]) {
    let mut depth = 1_usize;
    while depth > 0
        && let Some((&first, behind)) = rest.split_first()
    {
        *rest = behind;
        match first {
            b'(' => depth += 1,
            b')' => depth -= 1,
            b'\\' => *rest = behind.get(1..).unwrap_or_default(),
            _ => {}
        }
    }
}

fn quoted(rest: &mut &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    while let Some((&first, behind)) = rest.split_first() {
        *rest = behind;
        match first {
            b'"' => break,
            // What stands blank before a fold goes with it.
            b'\n' => while text.pop_if(|byte| matches!(byte, b' ' | b'\t' | b'\r')).is_some() {},
            b'\\' => {
                if let Some((&escaped, behind)) = behind.split_first() {
                    text.push(escaped);
                    *rest = behind;
                }
            }
            _ => text.push(first),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `H` header, `B` end of the headers, `L` line.
    fn items(message: &str, mime: Option<MimeLimits>) -> Vec<String> {
        let mut items = Vec::new();
        let mut each = |item: Item<'_>| {
            items.push(match item {
                Item::Header(text) => format!("H{}", String::from_utf8_lossy(text)),
                Item::Body => "B".to_string(),
                Item::Line(text) => format!("L{}", String::from_utf8_lossy(text)),
            });
        };
        let mut reader = MessageReader::new(MessageLimits { header_size: 40, mime });
        message.lines().for_each(|line| reader.line(line.as_bytes(), &mut each));
        reader.end(&mut each);
        items
    }

    #[test]
    fn parts_and_attached_messages_have_headers() {
        let cases: &[(&str, &[&str])] = &[
            ("ct: x\n\n--b\nA: b", &["Hct: x", "B", "L--b", "LA: b"]),
            ("From x y\nA: b", &["B", "LFrom x y", "LA: b"]),
            (
                "Content-Type: message/rfc822\n\nA: b\n c\n\nd: e",
                &["HContent-Type: message/rfc822", "B", "HA: b\n c", "L", "Ld: e"],
            ),
            ("Content-Type: message/global\nno\nd: e", &["HContent-Type: message/global", "B", "Lno", "Ld: e"]),
            ("Content-Type: message/x\n\nd: e", &["HContent-Type: message/x", "B", "Ld: e"]),
            (
                "Content-Type: multipart/x;boundary=b\n\n--bx\nA: b\n--b--y\nC: d",
                &["HContent-Type: multipart/x;boundary=b", "B", "L--bx", "HA: b", "L--b--y", "LC: d"],
            ),
            (
                "Content-Type: multipart/Digest;\n Boundary=b\n--b\n\nA: b\n--b\nContent-Type: text/x\n\nC: d",
                &[
                    "HContent-Type: multipart/Digest;\n Boundary=b",
                    "B",
                    "L--b",
                    "L",
                    "HA: b",
                    "L--b",
                    "HContent-Type: text/x",
                    "L",
                    "LC: d",
                ],
            ),
        ];
        for (message, expected) in cases {
            assert_eq!(items(message, Some(MimeLimits { boundary: 2048, nesting: 100 })), *expected, "{message:?}");
            let plain = items(message, None);
            assert!(plain.iter().skip_while(|item| *item != "B").all(|item| !item.starts_with('H')), "{plain:?}");
        }
    }

    #[test]
    fn boundaries_as_postfix_3_11_finds_them() {
        // What stands behind `multipart/mixed`, what a line has behind `--`, whether it is the boundary.
        let cases = [
            ("; boundary=b", "bc", true),
            ("; boundary=b", "", false),
            ("; boundary=b", "B", false),
            (" boundary=b", "b", false),
            ("; x boundary=b", "b", false),
            ("/x, y; boundary=b", "b", true),
            ("; x; (;boundary=a) BOUNDARY(x) = (y) b z; boundary=c", "b", true),
            ("; x=\";\\\"; boundary=a;\"; boundary=c", "a", false),
            ("; x=\";\\\"; boundary=a;\"; boundary=c", "c", true),
            ("; x=<a; boundary=b>", "b", true),
            ("; boundary=\" b \"", " b", false),
            ("; boundary=\"a\n b\\\"", "a b\"", true),
            ("; boundary=\"a  \n b\"", "a b", true),
            ("; boundary=\"a  \n b\"", "a   b", false),
            ("; boundary=\"a \n \n b\"", "a b", true),
            ("; boundary=\"a\\ \n b\"", "a b", true),
            ("; boundary=\" \n a\"", " a", true),
            ("; boundary=\"a\t\n\tb\"", "a\tb", true),
            ("; boundary=\"a\u{b}\n b\"", "a\u{b} b", true),
            ("; boundary=\"b", "b", true),
            ("; boundary=\"\"", "b", true),
            ("; boundary=\"\"", "", false),
            ("; boundary=a/b", "ax", true),
            ("; boundary==b", "=", true),
            ("; boundary=;b", "b", false),
            ("; boundary=abcdefg", "abcde", true),
            ("; boundary=abcdefg", "abcdx", false),
        ];
        for (parameters, line, expected) in cases {
            let message = format!("Content-Type: multipart/mixed{parameters}\n\n--{line}\nA: b");
            let mime = Some(MimeLimits { boundary: 5, nesting: 100 });
            let mut reader = MessageReader::new(MessageLimits { header_size: 1000, mime });
            let mut is_header = false;
            let mut each = |item: Item<'_>| is_header |= item == Item::Header(b"A: b");
            message.lines().for_each(|line| reader.line(line.as_bytes(), &mut each));
            reader.end(&mut each);
            assert_eq!(is_header, expected, "{message}");
        }
    }

    #[test]
    fn parts_nest_only_so_deep() {
        let message =
            "Content-Type: multipart/x;boundary=1;boundary=2;boundary=3;boundary=4\n\n--4\nA: b\n\n--3\nC: d\n";
        let mut headers = Vec::new();
        let mime = Some(MimeLimits { boundary: 2048, nesting: 1 });
        let mut reader = MessageReader::new(MessageLimits { header_size: 1000, mime });
        let mut each = |item: Item<'_>| {
            if let Item::Header(header) = item {
                headers.push(header.to_vec());
            }
        };
        message.lines().for_each(|line| reader.line(line.as_bytes(), &mut each));
        reader.end(&mut each);
        assert_eq!(headers[1..], [b"C: d"]);
    }
}
