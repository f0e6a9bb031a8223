//! What m4 makes of a text: macros replaced, quotes taken off.
//!
//! Only what configurations use: names that were defined, and `defn`. The text that a definition can grow to is
//! limited, as definitions that name each other have no end.

use crate::base::Source;
use crate::syntax::sendmail_mc::{McArgument, is_name_start, word_length};
use std::cell::Cell;
use std::collections::BTreeMap;

/// Bytes that a text grows to at most; what m4 would make of it beyond that is cut.
const LONGEST: usize = 64 * 1024;
/// Definitions within definitions at most.
const DEEPEST: usize = 20;
/// Names that are replaced in a text at most: definitions that yield nothing double that without making it longer.
const MOST_NAMES: usize = 64 * 1024;
/// The same for all texts, together with the bytes that take their places.
const MOST_WORK: usize = 8 * 1024 * 1024;

/// What names are defined as.
#[derive(Clone, Debug)]
pub(super) struct Definitions {
    values: BTreeMap<String, String>,
    /// What of [`MOST_WORK`] is left.
    left: Cell<usize>,
}

impl Default for Definitions {
    fn default() -> Self {
        Self { values: BTreeMap::new(), left: Cell::new(MOST_WORK) }
    }
}

impl Definitions {
    /// Defines a name, or redefines it.
    pub(super) fn define(&mut self, name: &str, value: &str) {
        self.values.insert(name.to_string(), value.to_string());
    }

    /// Forgets a name; whether it was defined.
    pub(super) fn undefine(&mut self, name: &str) -> bool {
        self.values.remove(name).is_some()
    }

    /// Whether a name is defined.
    pub(super) fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// What an argument says when its call is made.
    pub(super) fn argument(&self, argument: &McArgument, source: &Source) -> String {
        let mut text = String::new();
        for piece in &argument.pieces {
            let bytes = String::from_utf8_lossy(source.slice(piece.span)).into_owned();
            text += &if piece.quoted { bytes } else { self.expand(&bytes) };
        }
        text.trim_end().to_string()
    }

    /// What a text becomes where it is used: names replaced, and a pair of quotes taken off.
    pub(super) fn expand(&self, text: &str) -> String {
        let mut out = String::new();
        self.expand_into(text, DEEPEST, &mut MOST_NAMES.clone(), &mut out);
        out
    }

    /// The value of a name, as long as names may be replaced: of a text and of all of them.
    fn replacement(&self, name: &str, names: &mut usize) -> Option<&str> {
        let value = self.values.get(name)?;
        *names = names.checked_sub(1)?;
        self.left.set(self.left.get().checked_sub(1 + value.len())?);
        Some(value)
    }

    fn expand_into(&self, text: &str, depth: usize, names: &mut usize, out: &mut String) {
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() && out.len() < LONGEST {
            let rest = &bytes[at..];
            let length = match rest[0] {
                b'`' => {
                    let length = quote_length(rest);
                    let inside = &text[at + 1..at + length];
                    out.push_str(inside.strip_suffix('\'').unwrap_or(inside));
                    length
                }
                byte if is_name_start(byte) => {
                    let mut length = word_length(rest);
                    let word = &text[at..at + length];
                    if let Some((name, call)) = (word == "defn").then(|| defn(&text[at..])).flatten() {
                        length = call;
                        out.push_str(self.replacement(name, names).unwrap_or_default());
                    } else {
                        match (depth > 0).then(|| self.replacement(word, names)).flatten() {
                            Some(value) => self.expand_into(value, depth - 1, names, out),
                            None => out.push_str(word),
                        }
                    }
                    length
                }
                _ => {
                    let length = rest.iter().take_while(|&&byte| byte != b'`' && !is_name_start(byte)).count();
                    out.push_str(&text[at..at + length]);
                    length
                }
            };
            at += length;
        }
    }
}

/// The name in `` defn(`NAME') `` at the beginning of a text, and how long that is.
fn defn(text: &str) -> Option<(&str, usize)> {
    let (name, _) = text.strip_prefix("defn(")?.split_once(')')?;
    Some((name.trim().trim_start_matches('`').trim_end_matches('\''), "defn()".len() + name.len()))
}

/// The length of the quote at the beginning of a text; all of it if it never closes.
fn quote_length(text: &[u8]) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'`' => depth += 1,
            b'\'' if depth == 1 => return at + 1,
            b'\'' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_replaced_and_quotes_taken_off() {
        let mut defined = Definitions::default();
        defined.define("DIR", "/etc/mail/");
        defined.define("FLAGS", "a");
        defined.define("LOOP", "LOOP LOOP");
        let cases = [
            ("-o DIR`'relay-domains", "-o /etc/mail/relay-domains"),
            ("defn(`FLAGS')`,b'", "a,b"),
            ("`8:12'", "8:12"),
            ("DIRX x.DIR", "DIRX x./etc/mail/"),
            ("$j `open é", "$j open é"),
        ];
        for (text, expanded) in cases {
            assert_eq!(defined.expand(text), expanded, "{text}");
        }
        assert!(defined.expand("LOOP").len() < 2 * LONGEST);
    }

    #[test]
    fn what_yields_nothing_is_not_read_without_end() {
        let mut defined = Definitions::default();
        defined.define("n0", "");
        (1..=DEEPEST).for_each(|n| defined.define(&format!("n{n}"), &format!("n{0} n{0} n{0} n{0}", n - 1)));
        let before = defined.left.get();
        defined.expand(&format!("n{DEEPEST}"));
        assert!(before - defined.left.get() <= MOST_NAMES * 16);
        // All texts together have an end, too: what is behind it stays as it is written.
        defined.define("LONG", &"x".repeat(LONGEST));
        let expanded = (0..MOST_WORK / LONGEST).map(|_| defined.expand("LONG")).last();
        assert_eq!(expanded.as_deref(), Some("LONG"));
    }
}
