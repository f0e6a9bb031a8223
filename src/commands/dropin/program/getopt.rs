//! Command-line options as `getopt(3)` takes them apart, in POSIX order: options end at the first operand or at `--`.
//!
//! One letter each, `-abc` is `-a -b -c`, a value stands in the same argument or the next. The words of errors are
//! those of the GNU C library. Options of our own have long names and a value, `--name=value` or `--name value`; all
//! other arguments with two dashes are letters, as they are to Postfix.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::OsStrExt;

/// Takes arguments apart.
#[derive(Debug)]
pub struct Options<'a> {
    letters: &'static [u8],
    long: &'static [&'static str],
    arguments: &'a [OsString],
    next: usize,
    /// Place in the argument that is being read; 0 between arguments.
    at: usize,
}

/// One option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionGiven {
    /// Its letter; a dash for one with a long name.
    pub letter: u8,
    /// Its long name; empty for a letter.
    pub name: &'static str,
    /// Its value; empty for a letter without one.
    pub value: OsString,
}

/// What is wrong with an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionFault {
    /// No such letter.
    Invalid(u8),
    /// The value is missing.
    NoValue(u8),
    /// The value of one with a long name is missing.
    NoLongValue(&'static str),
}

impl OptionFault {
    /// What the C library says of it, behind the program's name and a colon.
    #[must_use]
    pub fn message(self) -> Vec<u8> {
        let (words, letter) = match self {
            Self::Invalid(letter) => ("invalid option", letter),
            Self::NoValue(letter) => ("option requires an argument", letter),
            Self::NoLongValue(name) => return format!("option '--{name}' requires an argument").into_bytes(),
        };
        [words.as_bytes(), b" -- '", &[letter], b"'"].concat()
    }
}

impl fmt::Display for OptionFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.message()))
    }
}

impl std::error::Error for OptionFault {}

impl<'a> Options<'a> {
    /// `letters` are those known, each with a colon behind it if it takes a value; `arguments` begin behind the
    /// program's name.
    #[must_use]
    pub fn new(letters: &'static str, arguments: &'a [OsString]) -> Self {
        Self::with_long(letters, &[], arguments)
    }

    /// As [`new`](Self::new), and with options of our own.
    #[must_use]
    pub fn with_long(letters: &'static str, long: &'static [&'static str], arguments: &'a [OsString]) -> Self {
        Self { letters: letters.as_bytes(), long, arguments, next: 0, at: 0 }
    }

    /// One of our own, if it stands there: its name and value.
    fn take_long(&mut self, argument: &[u8]) -> Option<Result<OptionGiven, OptionFault>> {
        let argument = argument.strip_prefix(b"--")?;
        let mut given = self.long.iter().filter_map(|name| Some((*name, argument.strip_prefix(name.as_bytes())?)));
        let (name, rest) = given.find(|(_, rest)| matches!(rest, [] | [b'=', ..]))?;
        self.next += 1;
        let value = match rest {
            [_, value @ ..] => Some(OsStr::from_bytes(value).to_os_string()),
            [] => {
                self.next += 1;
                self.arguments.get(self.next - 1).cloned()
            }
        };
        let given = value.map(|value| OptionGiven { letter: b'-', name, value });
        Some(given.ok_or(OptionFault::NoLongValue(name)))
    }

    /// What follows the options.
    #[must_use]
    pub fn operands(&self) -> &'a [OsString] {
        &self.arguments[self.next.min(self.arguments.len())..]
    }
}

impl Iterator for Options<'_> {
    type Item = Result<OptionGiven, OptionFault>;

    fn next(&mut self) -> Option<Self::Item> {
        let argument = self.arguments.get(self.next)?.as_bytes();
        if self.at == 0 {
            if argument == b"--" {
                self.next += 1;
            }
            if argument.len() < 2 || argument[0] != b'-' || argument == b"--" {
                // Whatever is asked from here on, the answer stays the same.
                self.letters = &[];
                self.arguments = self.operands();
                self.next = 0;
                return None;
            }
            if let Some(given) = self.take_long(argument) {
                return Some(given);
            }
            self.at = 1;
        }
        let letter = argument[self.at];
        self.at += 1;
        let known = self.letters.iter().position(|&known| known == letter && letter != b':');
        let takes_value = known.is_some_and(|at| self.letters.get(at + 1) == Some(&b':'));
        let rest = &argument[self.at..];
        let mut value = OsString::new();
        let mut missing = false;
        if takes_value && rest.is_empty() {
            self.next += 1;
            match self.arguments.get(self.next) {
                Some(next) => value.clone_from(next),
                None => missing = true,
            }
        } else if takes_value {
            value = OsStr::from_bytes(rest).to_os_string();
        }
        if takes_value || rest.is_empty() {
            self.next += 1;
            self.at = 0;
        }
        Some(match known {
            None => Err(OptionFault::Invalid(letter)),
            Some(_) if missing => Err(OptionFault::NoValue(letter)),
            Some(_) => Ok(OptionGiven { letter, name: "", value }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken_apart(line: &str) -> String {
        let arguments: Vec<OsString> = line.split(' ').filter(|word| !word.is_empty()).map(OsString::from).collect();
        let mut options = Options::with_long("abq:", &["long", "longer"], &arguments);
        let mut shown = Vec::new();
        for option in &mut options {
            shown.push(match option {
                Ok(option) if option.letter == b'-' => format!("--{}={}", option.name, option.value.to_string_lossy()),
                Ok(option) => format!("{}={}", char::from(option.letter), option.value.to_string_lossy()),
                Err(fault) => fault.to_string(),
            });
        }
        shown.extend(options.operands().iter().map(|operand| format!("<{}>", operand.to_string_lossy())));
        shown.join(" ")
    }

    #[test]
    fn options_come_apart_as_getopt_takes_them() {
        let cases = [
            ("", ""),
            ("-ab x -a", "a= b= <x> <-a>"),
            ("-qkey -q key x", "q=key q=key <x>"),
            ("-aqx y", "a= q=x <y>"),
            ("-q -a -b", "q=-a b="),
            ("-q -- -a", "q=-- a="),
            ("-a -- -b", "a= <-b>"),
            ("-a -- -- -b", "a= <--> <-b>"),
            ("-a - -b", "a= <-> <-b>"),
            ("-aZb x", "a= invalid option -- 'Z' b= <x>"),
            ("-: x", "invalid option -- ':' <x>"),
            (
                "--help",
                "invalid option -- '-' invalid option -- 'h' invalid option -- 'e' invalid option -- 'l' invalid option -- 'p'",
            ),
            ("-aq", "a= option requires an argument -- 'q'"),
            ("-a --long x --longer=y -b --long= z", "a= --long=x --longer=y b= --long= <z>"),
            ("--long -- -a", "--long=-- a="),
            ("-a --long", "a= option '--long' requires an argument"),
            ("-- --long x", "<--long> <x>"),
            ("--b", "invalid option -- '-' b="),
        ];
        for (line, expected) in cases {
            assert_eq!(taken_apart(line), expected, "{line}");
        }
    }
}
