//! A message as it comes in behind `DATA`: lines up to the one with a lone dot.
//!
//! What is kept has lines that end in LF; the dot that was put before a line that begins with one is gone. Only
//! `CR LF . CR LF` ends the message, if bare newlines are made good (`smtpd_forbid_bare_newline = normalize`, and
//! `reject`): a lone dot beside a bare LF is dropped, so that no two servers disagree about where a message ends.
//! Memory stays within the limit of a message, whatever comes in.
//!
//! Source: RFC 5321, 4.5.2; postconf(5) `smtpd_forbid_bare_newline`; experiments with 3.11.

/// What is made of a line feed without its carriage return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BareNewline {
    /// It ends a line like any other (`no`, and for clients that are excepted).
    Taken,
    /// It ends a line, but not the message.
    MadeGood,
    /// The message is refused with this code.
    Refused(u16),
}

/// How a line ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// CR LF; also the beginning of the message.
    Full,
    /// LF by itself.
    Bare,
}

/// Reads a message.
#[derive(Debug)]
pub struct DataReader {
    bare_newline: BareNewline,
    limit: u64,
    content: Vec<u8>,
    /// The line that has no end yet; once the message is too big, what tells whether it can be a lone dot.
    line: Vec<u8>,
    /// The line before it ended in CR LF.
    last_was_full: bool,
    has_bare: bool,
    too_big: bool,
    received: u64,
}

/// What became of a message whose end has come.
#[derive(Debug, PartialEq, Eq)]
pub enum Received {
    /// It is here.
    Whole(Vec<u8>),
    /// It is bigger than may be.
    TooBig,
    /// It holds a bare line feed, and that is refused with this code.
    BareNewline(u16),
}

impl DataReader {
    /// A reader for a message of at most `limit` bytes, without a limit if that is 0.
    #[must_use]
    pub fn new(limit: u64, bare_newline: BareNewline) -> Self {
        let limit = if limit == 0 { u64::MAX } else { limit };
        Self {
            bare_newline,
            limit,
            content: Vec::new(),
            line: Vec::new(),
            last_was_full: true,
            has_bare: false,
            too_big: false,
            received: 0,
        }
    }

    /// Takes bytes in: how many were taken, and whether the message has ended with the last of them.
    pub fn feed(&mut self, bytes: &[u8]) -> (usize, bool) {
        let mut start = 0;
        while let Some(length) = memchr::memchr(b'\n', &bytes[start..]) {
            let end = start + length + 1;
            self.received += (end - start) as u64;
            let is_end = if self.line.is_empty() {
                self.end_line(&bytes[start..end])
            } else {
                let mut line = std::mem::take(&mut self.line);
                line.extend_from_slice(&bytes[start..end]);
                let is_end = self.end_line(&line);
                line.clear();
                self.line = line;
                is_end
            };
            start = end;
            if is_end {
                return (start, true);
            }
        }
        let rest = &bytes[start..];
        self.received += rest.len() as u64;
        // Of a line that is too long for the message, only what may be a lone dot counts.
        if self.content.len() as u64 + (self.line.len() + rest.len()) as u64 > self.limit.saturating_add(3) {
            self.too_big = true;
            self.content = Vec::new();
            self.line.truncate(3);
            self.line.extend_from_slice(&rest[..rest.len().min(3)]);
            if let Some(last) = rest.last() {
                self.line.push(*last);
            }
            self.line.truncate(8);
        } else {
            self.line.extend_from_slice(rest);
        }
        (bytes.len(), false)
    }

    /// How many bytes came in so far.
    #[must_use]
    pub const fn received(&self) -> u64 {
        self.received
    }

    /// What became of the message.
    #[must_use]
    pub fn finish(self) -> Received {
        match self.bare_newline {
            BareNewline::Refused(code) if self.has_bare => Received::BareNewline(code),
            _ if self.too_big => Received::TooBig,
            _ => Received::Whole(self.content),
        }
    }

    /// Takes a whole line in, with its end: whether it is the message's.
    fn end_line(&mut self, line: &[u8]) -> bool {
        let (text, ending) = match line {
            [text @ .., b'\r', b'\n'] => (text, Ending::Full),
            [text @ .., _] => (text, Ending::Bare),
            [] => (line, Ending::Bare),
        };
        let before_was_full = std::mem::replace(&mut self.last_was_full, ending == Ending::Full);
        self.has_bare |= ending == Ending::Bare;
        if text == b"." {
            return before_was_full && ending == Ending::Full || self.bare_newline == BareNewline::Taken;
        }
        self.keep(text.strip_prefix(b".").unwrap_or(text));
        false
    }

    fn keep(&mut self, text: &[u8]) {
        if self.too_big || (self.content.len() + text.len() + 1) as u64 > self.limit {
            self.too_big = true;
            self.content = Vec::new();
            return;
        }
        self.content.extend_from_slice(text);
        self.content.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The message and what is left behind its end, with the input in pieces of `size`.
    fn read(input: &[u8], size: usize, limit: u64, bare: BareNewline) -> Option<(Received, Vec<u8>)> {
        let mut reader = DataReader::new(limit, bare);
        let mut at = 0;
        while at < input.len() {
            let piece = &input[at..input.len().min(at + size)];
            let (taken, is_end) = reader.feed(piece);
            at += taken;
            if is_end {
                return Some((reader.finish(), input[at..].to_vec()));
            }
        }
        None
    }

    /// As 3.11 keeps them, however they come in.
    #[test]
    fn messages() {
        use BareNewline::{MadeGood, Taken};
        let cases: &[(&str, BareNewline, &str, &str)] = &[
            ("Subject: x\r\n\r\nhello\r\n.\r\nNOOP", MadeGood, "Subject: x\n\nhello\n", "NOOP"),
            ("Subject: x\n\nhello\n.\n\r\n.\n\nx\r\n.\r\n", MadeGood, "Subject: x\n\nhello\n\n\nx\n", ""),
            ("a\n.\r\nb\r\n.\r\n", MadeGood, "a\nb\n", ""),
            ("a\r\n.\nb\r\n.\r\n", MadeGood, "a\nb\n", ""),
            ("a\r\n..\r\n...b\r\n.\r\n", MadeGood, "a\n.\n..b\n", ""),
            (".\r\n", MadeGood, "", ""),
            ("\r\n.\r\n", MadeGood, "\n", ""),
            ("a\n.\nb", Taken, "a\n", "b"),
            ("a\r\n.\r\r\n.\r\n", MadeGood, "a\n\r\n", ""),
            ("x\0y\r\n.\r\n", MadeGood, "x\0y\n", ""),
        ];
        for (input, bare, content, rest) in cases {
            for size in 1..=input.len() {
                let found = read(input.as_bytes(), size, 0, *bare);
                let expected = (Received::Whole(content.as_bytes().to_vec()), rest.as_bytes().to_vec());
                assert_eq!(found, Some(expected), "{input:?} in pieces of {size}");
            }
        }
        assert_eq!(read(b"a\r\n.\r", 3, 0, MadeGood), None);
    }

    #[test]
    fn what_is_not_kept() {
        for size in [1, 2, 7, 100] {
            let big = |input: &[u8], limit| read(input, size, limit, BareNewline::MadeGood).map(|found| found.0);
            assert_eq!(big(b"12345678\r\n.\r\n", 9), Some(Received::Whole(b"12345678\n".to_vec())));
            assert_eq!(big(b"123456789\r\n.\r\n", 9), Some(Received::TooBig));
            assert_eq!(big(b"1234\r\n5678\r\n.\r\n", 9), Some(Received::TooBig));
            assert_eq!(big(b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.\r\n.\r\n", 9), Some(Received::TooBig));
            let refused = read(b"a\nb\r\n.\r\n", size, 0, BareNewline::Refused(550)).map(|found| found.0);
            assert_eq!(refused, Some(Received::BareNewline(550)));
        }
    }

    /// An endless line costs no memory.
    #[test]
    fn endless() {
        let mut reader = DataReader::new(1000, BareNewline::MadeGood);
        for _ in 0..10_000 {
            assert_eq!(reader.feed(&[b'x'; 1000]), (1000, false));
            assert!(reader.line.capacity() < 10_000 && reader.content.capacity() < 10_000);
        }
        assert_eq!(reader.received(), 10_000_000);
        assert_eq!(reader.feed(b"\r\n.\r\n"), (5, true));
        assert_eq!(reader.finish(), Received::TooBig);
    }
}
