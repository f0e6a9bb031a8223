//! A command line as a verb and words.
//!
//! Blanks separate words, but not between `<` and `>` and not in double quotes; what is left open goes on to the end
//! of the line. Found by dialogs with Postfix 3.11: NUL ends the line.

/// What a client can ask for, in the order in which it is counted in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// `HELO`.
    Helo,
    /// `EHLO`.
    Ehlo,
    /// `XCLIENT`.
    XClient,
    /// `XFORWARD`.
    XForward,
    /// `STARTTLS`.
    StartTls,
    /// `AUTH`.
    Auth,
    /// `MAIL`.
    Mail,
    /// `RCPT`.
    Rcpt,
    /// `DATA`.
    Data,
    /// `BDAT`.
    Bdat,
    /// `RSET`.
    Rset,
    /// `NOOP`.
    Noop,
    /// `VRFY`.
    Vrfy,
    /// `ETRN`.
    Etrn,
    /// `QUIT`.
    Quit,
    /// `HELP`.
    Help,
    /// Anything else.
    Unknown,
}

/// The verbs and how they are written.
const VERBS: [(&str, Verb); 16] = [
    ("AUTH", Verb::Auth),
    ("BDAT", Verb::Bdat),
    ("DATA", Verb::Data),
    ("EHLO", Verb::Ehlo),
    ("ETRN", Verb::Etrn),
    ("HELO", Verb::Helo),
    ("HELP", Verb::Help),
    ("MAIL", Verb::Mail),
    ("NOOP", Verb::Noop),
    ("QUIT", Verb::Quit),
    ("RCPT", Verb::Rcpt),
    ("RSET", Verb::Rset),
    ("STARTTLS", Verb::StartTls),
    ("VRFY", Verb::Vrfy),
    ("XCLIENT", Verb::XClient),
    ("XFORWARD", Verb::XForward),
];

impl Verb {
    /// All of them, in that order.
    pub const ALL: [Self; VERBS.len() + 1] = [
        Self::Helo,
        Self::Ehlo,
        Self::XClient,
        Self::XForward,
        Self::StartTls,
        Self::Auth,
        Self::Mail,
        Self::Rcpt,
        Self::Data,
        Self::Bdat,
        Self::Rset,
        Self::Noop,
        Self::Vrfy,
        Self::Etrn,
        Self::Quit,
        Self::Help,
        Self::Unknown,
    ];

    /// As it is written; `UNKNOWN` for what is none.
    #[must_use]
    pub fn word(self) -> &'static str {
        VERBS.iter().find(|(_, verb)| *verb == self).map_or("UNKNOWN", |(word, _)| word)
    }

    /// Those that there are, in the order of their letters, as `HELP` tells.
    #[must_use]
    pub fn all() -> String {
        VERBS.map(|(word, _)| word).join(" ")
    }

    /// Whether nothing may be sent behind it before the answer, even with `PIPELINING`.
    #[must_use]
    pub const fn ends_a_group(self) -> bool {
        matches!(self, Self::Helo | Self::Ehlo | Self::Noop | Self::Vrfy | Self::Data)
    }
}

/// A command line taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine<'l> {
    /// The line without its end.
    pub line: &'l [u8],
    /// The first word, which says what is asked for; empty for a blank line.
    pub word: &'l [u8],
    /// What that is.
    pub verb: Verb,
    /// The words behind it.
    pub words: Vec<&'l [u8]>,
}

impl<'l> CommandLine<'l> {
    /// Takes a line apart, of which the end is gone.
    #[must_use]
    pub fn parse(line: &'l [u8]) -> Self {
        let end = memchr::memchr(0, line).unwrap_or(line.len());
        let mut words = words(&line[..end]);
        let word = if words.is_empty() { &line[..0] } else { words.remove(0) };
        let known = VERBS.iter().find(|(verb, _)| word.eq_ignore_ascii_case(verb.as_bytes()));
        Self { line, word, verb: known.map_or(Verb::Unknown, |(_, verb)| *verb), words }
    }

    /// All that stands behind the first word, without the blanks around it.
    #[must_use]
    pub fn behind(&self) -> &'l [u8] {
        let end = memchr::memchr(0, self.line).unwrap_or(self.line.len());
        self.line[..end].trim_ascii().get(self.word.len()..).unwrap_or_default().trim_ascii()
    }

    /// The words behind the verb, with `name` (`FROM:`, `TO:`) as a word of its own if the first begins with it.
    #[must_use]
    pub fn words_behind(&self, name: &str) -> Option<Vec<&'l [u8]>> {
        let (first, rest) = self.words.split_first()?;
        let found = first.get(..name.len())?;
        if !found.eq_ignore_ascii_case(name.as_bytes()) {
            return None;
        }
        let behind = &first[name.len()..];
        Some((!behind.is_empty()).then_some(behind).into_iter().chain(rest.iter().copied()).collect())
    }

    /// Whether the line looks like a header of a message: a word and its colon.
    #[must_use]
    pub fn is_header(&self) -> bool {
        let name =
            self.line.iter().position(|byte| !matches!(byte, b'!'..=b'9' | b';'..=b'~')).unwrap_or(self.line.len());
        name > 0 && self.line[name..].trim_ascii_start().starts_with(b":")
    }
}

fn words(line: &[u8]) -> Vec<&[u8]> {
    let mut words = Vec::new();
    let mut start = None;
    let (mut in_quotes, mut in_angles) = (false, false);
    let mut at = 0;
    while let Some(&byte) = line.get(at) {
        let is_blank = matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c);
        match byte {
            _ if is_blank && !in_quotes && !in_angles => {
                words.extend(start.take().map(|start| &line[start..at]));
                at += 1;
                continue;
            }
            b'\\' if in_quotes || in_angles => at += 1,
            b'"' => in_quotes = !in_quotes,
            b'<' if !in_quotes => in_angles = true,
            b'>' if !in_quotes => in_angles = false,
            _ => {}
        }
        start.get_or_insert(at.min(line.len() - 1));
        at += 1;
    }
    words.extend(start.map(|start| &line[start..]));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_into_words() {
        let cases: &[(&str, &str)] = &[
            ("", ""),
            (" \t ", ""),
            ("NOOP", "NOOP"),
            ("  noop  x\ty ", "noop|x|y"),
            ("MAIL FROM:<a b@c.example> SIZE=5", "MAIL|FROM:<a b@c.example>|SIZE=5"),
            ("MAIL FROM:\"a b\"@c.example X", "MAIL|FROM:\"a b\"@c.example|X"),
            ("MAIL FROM:<\"a> b\"@c> X", "MAIL|FROM:<\"a> b\"@c>|X"),
            ("MAIL FROM:<a b X", "MAIL|FROM:<a b X"),
            ("MAIL FROM:<a\\", "MAIL|FROM:<a\\"),
            ("NOOP \"x\\\" y\" z", "NOOP|\"x\\\" y\"|z"),
            ("NOOP\0x", "NOOP"),
            ("DATA:", "DATA:"),
        ];
        for (line, expected) in cases {
            let parsed = CommandLine::parse(line.as_bytes());
            let all: Vec<_> =
                std::iter::once(&parsed.word).chain(&parsed.words).map(|word| String::from_utf8_lossy(word)).collect();
            assert_eq!(all.join("|"), *expected, "{line:?}");
        }
    }

    #[test]
    fn verbs() {
        assert_eq!(CommandLine::parse(b"mAiL x").verb, Verb::Mail);
        assert_eq!(CommandLine::parse(b"DATA:").verb, Verb::Unknown);
        assert_eq!(
            Verb::all(),
            "AUTH BDAT DATA EHLO ETRN HELO HELP MAIL NOOP QUIT RCPT RSET STARTTLS VRFY XCLIENT XFORWARD"
        );
    }

    #[test]
    fn names_before_addresses() {
        let behind = |line: &'static str, name| {
            let words = CommandLine::parse(line.as_bytes()).words_behind(name)?;
            Some(words.iter().map(|word| String::from_utf8_lossy(word)).collect::<Vec<_>>().join("|"))
        };
        assert_eq!(behind("MAIL FROM:<a> X", "FROM:").as_deref(), Some("<a>|X"));
        assert_eq!(behind("MAIL from: <a> X", "FROM:").as_deref(), Some("<a>|X"));
        assert_eq!(behind("MAIL FROM:", "FROM:").as_deref(), Some(""));
        assert_eq!(behind("MAIL FROM : <a>", "FROM:"), None);
        assert_eq!(behind("MAIL", "FROM:"), None);
    }

    #[test]
    fn headers() {
        for (line, expected) in
            [("Subject: x", true), ("DATA:", true), ("A :", true), ("NOOP a: b", false), (": x", false), ("x", false)]
        {
            assert_eq!(CommandLine::parse(line.as_bytes()).is_header(), expected, "{line}");
        }
    }
}
