//! What m4 makes of a text: macros replaced, quotes taken off.
//!
//! Only what configurations use: names that were defined, and `defn`. The text that a definition can grow to is
//! limited, as definitions that name each other have no end.

use crate::base::Source;
use crate::syntax::sendmail_mc::{McArgument, is_name_start, word_length};
use std::collections::BTreeMap;

/// Bytes that a text grows to at most; what m4 would make of it beyond that is cut.
const LONGEST: usize = 64 * 1024;
/// Definitions within definitions at most.
const DEEPEST: usize = 20;

/// What names are defined as.
#[derive(Clone, Debug, Default)]
pub(super) struct Definitions {
    values: BTreeMap<String, String>,
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
        self.expand_into(text, DEEPEST, &mut out);
        out
    }

    fn expand_into(&self, text: &str, depth: usize, out: &mut String) {
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
                        out.push_str(self.values.get(name).map_or("", String::as_str));
                    } else {
                        match self.values.get(word).filter(|_| depth > 0) {
                            Some(value) => self.expand_into(value, depth - 1, out),
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
}
