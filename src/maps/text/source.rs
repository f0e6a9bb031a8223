//! The text of a table that is read when it is opened: from a file, or from the table's name, `{ { line }, { line } }`;
//! and its logical lines, with what Postfix says about each.
//!
//! Source: cidr_table(5), "INLINE SPECIFICATION".

use crate::base::system_words;
use crate::base::user_file::{self, LONGEST_SOURCE};
use crate::maps::error::LookupError;
use crate::maps::table::Caller;
use crate::syntax::logical::{LogicalLines, is_comment, trim};
use crate::syntax::match_list::split_list;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// What is wrong with a text in braces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BraceFault {
    /// It does not begin with `{`.
    NoOpening,
    /// The `}` of its first `{` is missing.
    NoClosing,
    /// There is text behind that `}`.
    TextBehind,
}

impl BraceFault {
    /// As Postfix words it, for this text.
    #[must_use]
    pub fn message(&self, text: &[u8]) -> Vec<u8> {
        let words: &[u8] = match self {
            Self::NoOpening => b"no '{' at start of text",
            Self::NoClosing => b"missing '}'",
            Self::TextBehind => b"syntax error after '}'",
        };
        [words, b" in \"", text, b"\""].concat()
    }
}

/// What stands between the braces around `text`, without white space at its ends.
///
/// # Errors
/// When there is not one pair of braces around all of it.
pub fn in_braces(text: &[u8]) -> Result<&[u8], BraceFault> {
    if text.first() != Some(&b'{') {
        return Err(BraceFault::NoOpening);
    }
    let mut depth = 0_usize;
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => continue,
        }
        if depth == 0 {
            return if at + 1 == text.len() { Ok(trim(&text[1..at])) } else { Err(BraceFault::TextBehind) };
        }
    }
    Err(BraceFault::NoClosing)
}

/// The text that a table's name holds, or names.
///
/// # Errors
/// Braces that do not match, a file that cannot be opened or read.
pub fn read_source(map_type: &str, name: &[u8]) -> Result<Vec<u8>, LookupError> {
    if name.first() == Some(&b'{') {
        let bad = |text: &[u8], fault: BraceFault| {
            LookupError::config(&[map_type.as_bytes(), b" map: ", &fault.message(text)].concat())
        };
        let rules = in_braces(name).map_err(|fault| bad(name, fault))?;
        let mut text = Vec::with_capacity(rules.len());
        for range in split_list(rules) {
            let rule = &rules[range];
            text.extend_from_slice(in_braces(rule).map_err(|fault| bad(rule, fault))?);
            text.push(b'\n');
        }
        return Ok(text);
    }
    let file = user_file::open(Path::new(std::ffi::OsStr::from_bytes(name)))
        .map_err(|error| LookupError::system("open", name, &error))?;
    user_file::read_rest(&file, LONGEST_SOURCE).map_err(|error| {
        let words = system_words(&error);
        LookupError::config(&[map_type.as_bytes(), b" map ", name, b": read error: ", words.as_bytes()].concat())
    })
}

/// Gives every logical line that Postfix would look at to `work`, with the number of its first line and up to its first
/// zero byte; says what is odd about it, or about those that are passed over. `name` is how messages name the text.
pub fn for_each_line(text: &[u8], name: &[u8], caller: &dyn Caller, mut work: impl FnMut(usize, &[u8])) {
    let mut lines = LogicalLines::new(text);
    while let Some(line) = lines.next() {
        let whole = line.text(text);
        let zero = memchr::memchr(0, &whole);
        let seen = &whole[..zero.unwrap_or(whole.len())];
        if zero.is_some() {
            // Comments behind the line are read with it.
            let read = &text[line.extent().start..lines.offset()];
            let count = memchr::memchr_iter(b'\n', read).count() + usize::from(read.last() != Some(&b'\n'));
            let last = line.line + count - 1;
            let range = if last > line.line { format!("{}-{last}", line.line) } else { line.line.to_string() };
            let words = format!(", line {range}: text after null byte may be ignored");
            caller.warning(&[name, words.as_bytes()].concat());
        }
        if line.orphan {
            caller.warning(&leading_white_space(name, seen));
        } else {
            work(line.line, seen);
        }
    }
}

/// The warning about a first line that begins with white space; no more than 30 bytes of it are shown.
#[must_use]
pub fn leading_white_space(name: &[u8], text: &[u8]) -> Vec<u8> {
    let (shown, more): (&[u8], &[u8]) = if text.len() > 30 { (&text[..30], b"...") } else { (text, b"") };
    [name, b": logical line must not start with whitespace: \"", shown, more, b"\""].concat()
}

/// The text of a logical line from where it stands: comments and newlines left out, and all from a zero byte on.
#[must_use]
pub fn joined(extent: &[u8]) -> Vec<u8> {
    let lines = extent.split(|&byte| byte == b'\n').enumerate();
    let kept = lines.filter(|(at, line)| *at == 0 || !is_comment(line)).flat_map(|(_, line)| line);
    kept.copied().take_while(|&byte| byte != 0).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::sync::Mutex;

    /// Keeps what it is told.
    #[derive(Default)]
    pub struct Told(pub Mutex<Vec<String>>);

    impl Caller for Told {
        fn warning(&self, text: &[u8]) {
            self.0.lock().expect("no other thread").push(String::from_utf8_lossy(text).into_owned());
        }

        fn info(&self, text: &[u8]) {
            self.warning(text);
        }

        fn parameter(&self, _: &str) -> Option<Vec<u8>> {
            None
        }
    }

    #[test]
    fn texts_in_names() {
        let cases = [
            ("{}", Ok("")),
            ("{ { a b }, {c\nd} }", Ok("a b\nc\nd\n")),
            ("{,,{a},}", Ok("a\n")),
            ("{{a {b} c}}", Ok("a {b} c\n")),
            ("{{a}", Err("t map: missing '}' in \"{{a}\"")),
            ("{a b}", Err("t map: no '{' at start of text in \"a\"")),
            ("{{a}}x", Err("t map: syntax error after '}' in \"{{a}}x\"")),
            ("{{a}{b}}", Err("t map: syntax error after '}' in \"{a}{b}\"")),
            ("{x{a b}}", Err("t map: no '{' at start of text in \"x{a b}\"")),
            ("/", Err("t map /: read error: Is a directory")),
            ("/nowhere", Err("open /nowhere: No such file or directory")),
        ];
        for (name, expected) in cases {
            let expected = expected.map(|text| text.as_bytes().to_vec());
            let expected = expected.map_err(|words| LookupError::Config(words.to_string()));
            assert_eq!(read_source("t", name.as_bytes()), expected, "{name}");
        }
    }

    #[test]
    fn lines_and_what_is_said_of_them() {
        let told = Told::default();
        let mut seen = Vec::new();
        for_each_line(b" x\na\0b\n\n#c\nd\n e\0", b"T", &told, |line, text| seen.push((line, text.to_vec())));
        assert_eq!(seen, [(2, b"a".to_vec()), (5, b"d e".to_vec())]);
        let expected = [
            "T: logical line must not start with whitespace: \" x\"",
            "T, line 2-4: text after null byte may be ignored",
            "T, line 5-6: text after null byte may be ignored",
        ];
        assert_eq!(*told.0.lock().unwrap(), expected);
    }
}
