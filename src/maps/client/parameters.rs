//! The parameters of a database client: from a file in the form of main.cf, when the table's name begins with `/` or
//! `.`; else from main.cf itself, as NAME_parameter.
//!
//! Values in a file are taken as they are: `$name` is not expanded there. Source: sqlite_table(5).

use crate::base::{Source, Span};
use crate::maps::error::LookupError;
use crate::maps::table::Caller;
use crate::maps::text::source::{joined, leading_white_space};
use crate::syntax::FaultKind;
use crate::syntax::logical::LogicalLines;
use crate::syntax::main_cf::parse_main_cf;
use std::collections::HashMap;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

/// The parameters of one table.
pub struct ClientParameters {
    name: Vec<u8>,
    from: From,
}

enum From {
    File(HashMap<Vec<u8>, Vec<u8>>),
    Main(Arc<dyn Caller>),
}

impl ClientParameters {
    /// The parameters of the table NAME; what is odd in its file is said to `caller`.
    ///
    /// # Errors
    /// A file that cannot be read, or holds a line that is no `name = value`.
    pub fn open(name: &[u8], caller: &Arc<dyn Caller>) -> Result<Self, LookupError> {
        let from = match name.first() {
            Some(b'/' | b'.') => From::File(read_file(name, &**caller)?),
            _ => From::Main(Arc::clone(caller)),
        };
        Ok(Self { name: name.to_vec(), from })
    }

    fn get(&self, parameter: &str) -> Option<Vec<u8>> {
        match &self.from {
            From::File(values) => values.get(parameter.as_bytes()).cloned(),
            From::Main(caller) => {
                let name = String::from_utf8([&self.name[..], b"_", parameter.as_bytes()].concat()).ok()?;
                caller.parameter(&name)
            }
        }
    }

    /// Words about a value that is of no use.
    fn refused(&self, complaint: &str, parameter: &str, value: &[u8]) -> LookupError {
        let (before, in_name): (&[u8], &[u8]) = match self.from {
            From::File(_) => (b": ", b""),
            From::Main(_) => (b"", b"_"),
        };
        let parts: [&[u8]; 7] = if before.is_empty() {
            [complaint.as_bytes(), b": ", &self.name, in_name, parameter.as_bytes(), b" = ", value]
        } else {
            [&self.name, before, complaint.as_bytes(), b": ", parameter.as_bytes(), b" = ", value]
        };
        LookupError::config(&parts.concat())
    }

    /// The value of a parameter, or `default` if it is not set.
    #[must_use]
    pub fn text(&self, parameter: &str, default: &str) -> Vec<u8> {
        self.get(parameter).unwrap_or_else(|| default.as_bytes().to_vec())
    }

    /// The same for a parameter that must not be empty.
    ///
    /// # Errors
    /// When it is.
    pub fn filled(&self, parameter: &str, default: &str) -> Result<Vec<u8>, LookupError> {
        let value = self.text(parameter, default);
        if value.is_empty() { Err(self.refused("bad string length 0 < 1", parameter, &value)) } else { Ok(value) }
    }

    /// The value of a parameter that is a number, or `default` if it is not set.
    ///
    /// # Errors
    /// When it is no number of 32 bits.
    pub fn number(&self, parameter: &str, default: i32) -> Result<i32, LookupError> {
        let Some(value) = self.get(parameter) else { return Ok(default) };
        let number = std::str::from_utf8(&value).ok().and_then(|text| text.parse().ok());
        number.ok_or_else(|| self.refused("bad numerical configuration", parameter, &value))
    }
}

/// Reads a client's file. The last of several values counts.
fn read_file(name: &[u8], caller: &dyn Caller) -> Result<HashMap<Vec<u8>, Vec<u8>>, LookupError> {
    let source = Source::read(Path::new(std::ffi::OsStr::from_bytes(name))).map_err(|error| {
        let step = if error.kind() == std::io::ErrorKind::IsADirectory { "read" } else { "open" };
        LookupError::system(step, name, &error)
    })?;
    let parsed = parse_main_cf(&source);
    let text = |span: Span| joined(source.slice(span));
    let place = |at: usize| [name, format!(", line {}: ", source.position(at).line).as_bytes()].concat();
    let mut values: HashMap<Vec<u8>, Vec<u8>> = HashMap::new();
    let mut entries = parsed.entries.iter().peekable();
    let mut faults = parsed.faults.iter().peekable();
    loop {
        let fault_at = faults.peek().map(|fault| fault.span.start);
        let entry_at = entries.peek().map(|entry| entry.extent.start);
        let fault_first = match (fault_at, entry_at) {
            (None, None) => return Ok(values),
            (Some(fault), Some(entry)) => fault < entry,
            (fault, _) => fault.is_some(),
        };
        if !fault_first && let Some(entry) = entries.next() {
            let old = values.insert(entry.name.bytes().to_vec(), entry.value.bytes().to_vec());
            if let Some(old) = old
                && old != entry.value.bytes()
            {
                let words: [&[u8]; 5] =
                    [&place(entry.extent.start), b"overriding earlier entry: ", entry.name.bytes(), b"=", &old];
                caller.warning(&words.concat());
            }
        } else if let Some(fault) = faults.next() {
            let at = fault.span.start;
            match fault.kind {
                FaultKind::LeadingWhiteSpace => caller.warning(&leading_white_space(name, &text(fault.span))),
                FaultKind::ZeroByte => caller.warning(&zero_byte(name, source.bytes(), at)),
                kind => {
                    let words: &[u8] = match kind {
                        FaultKind::MissingName => b"missing attribute name: \"",
                        _ => b"missing '=' after attribute name: \"",
                    };
                    return Err(LookupError::config(&[&place(at), words, &text(fault.span), b"\""].concat()));
                }
            }
        }
    }
}

/// The warning about a zero byte, with the lines that were read for the logical line that holds it.
fn zero_byte(name: &[u8], text: &[u8], at: usize) -> Vec<u8> {
    let mut lines = LogicalLines::new(text);
    while let Some(line) = lines.next() {
        if at < lines.offset() {
            let read = &text[line.extent().start..lines.offset()];
            let count = memchr::memchr_iter(b'\n', read).count() + usize::from(read.last() != Some(&b'\n'));
            let last = line.line + count - 1;
            let range = if last > line.line { format!("{}-{last}", line.line) } else { line.line.to_string() };
            return [name, format!(", line {range}: text after null byte may be ignored").as_bytes()].concat();
        }
    }
    name.to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maps::text::source::tests::Told;

    #[test]
    fn a_file_and_what_is_odd_in_it() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("c");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            let told = Arc::new(Told::default());
            let caller: Arc<dyn Caller> = told.clone();
            let opened = ClientParameters::open(path.as_os_str().as_bytes(), &caller);
            let place = format!("{}, ", path.display());
            let said: Vec<String> = told.0.lock().unwrap().iter().map(|words| words.replace(&place, "")).collect();
            (opened.map_err(|error| error.to_string().replace(&place, "")), said)
        };
        let (opened, said) = read("a = $b\nb = 1\n c\nb=1 c\nb = 2 # x\ne =\nz = 1\0 2\n# c\n");
        let opened = opened.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(said, ["line 5: overriding earlier entry: b=1 c", "line 7-8: text after null byte may be ignored"]);
        assert_eq!(opened.text("a", "x"), b"$b");
        assert_eq!(opened.filled("b", "x"), Ok(b"2 # x".to_vec()));
        assert_eq!(opened.filled("d", "x"), Ok(b"x".to_vec()));
        let refused = |words: &str| Err(LookupError::Config(format!("{}: {words}", path.display())));
        assert_eq!(opened.filled("e", "x"), refused("bad string length 0 < 1: e = "));
        assert_eq!(opened.number("a", 7), refused("bad numerical configuration: a = $b").map(|_: Vec<u8>| 0));
        assert_eq!(opened.number("z", 7), Ok(1));
        assert_eq!(opened.number("d", 7), Ok(7));
        for (text, expected) in [
            ("a = b\njunk\n", "line 2: missing '=' after attribute name: \"junk\""),
            ("= b\n", "line 1: missing attribute name: \"= b\""),
        ] {
            assert_eq!(read(text).0.err().as_deref(), Some(expected));
        }
    }

    #[test]
    fn main_cf_and_its_names() {
        struct Main;
        impl Caller for Main {
            fn warning(&self, _: &[u8]) {}
            fn info(&self, _: &[u8]) {}
            fn parameter(&self, name: &str) -> Option<Vec<u8>> {
                (name == "t_a").then(|| b"x".to_vec())
            }
        }
        let caller: Arc<dyn Caller> = Arc::new(Main);
        let opened = ClientParameters::open(b"t", &caller).unwrap();
        assert_eq!(opened.text("a", ""), b"x");
        let refused = |words: &str| LookupError::Config(words.to_string());
        assert_eq!(opened.filled("b", ""), Err(refused("bad string length 0 < 1: t_b = ")));
        assert_eq!(opened.number("a", 0), Err(refused("bad numerical configuration: t_a = x")));
    }
}
