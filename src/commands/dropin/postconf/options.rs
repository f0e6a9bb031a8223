//! What postconf is asked to do: options, and which of them go together.

use super::assignment::assignment_fault;
use super::table::Classes;
use crate::commands::dropin::program::getopt::Options as Getopt;
use crate::commands::dropin::program::messages::{Fatal, Messages};
use crate::syntax::logical::is_space;
use crate::syntax::main_cf::split_assignment;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

pub(in crate::commands::dropin) const LETTERS: &str = "aAbc:C:deEfFhHjlmMno:pPqtT:vxX#";

const USAGE: &str = "usage: postconf [-a (server SASL types)] [-A (client SASL types)] [-b (bounce templates)] \
[-c config_dir] [-c param_class] [-d (parameter defaults)] [-e (edit configuration)] [-f (fold lines)] \
[-F (master.cf fields)] [-h (no names)] [-H (no values)] [-j (streaming JSON) ] [-l (lock types)] [-m (map types)] \
[-M (master.cf)] [-n (non-default parameters)] [-o name=value (override parameter value)] [-p (main.cf, default)] \
[-P (master.cf parameters)] [-t (bounce templates)] [-T compile-version|run-version|public-key-algorithms] \
[-v (verbose)] [-x (expand parameter values)] [-X (exclude)] [-# (comment-out)] [name...]";

/// Options in the order in which messages name them.
const ORDER: &str = "aAbdefFhHjlmMnopPtTxX#\u{2}";

/// Stands for `-P` given twice.
pub const ALL_PARAMETERS: char = '\u{2}';

/// Options of which only one can be given, in the order in which the groups are looked at.
const ONE_OF: &[&str] = &["aAbFlmMpPtT", "eX#\u{2}", "dneX#", "feX#", "xeX#", "oeX#", "do", "hHeX#"];

/// What does not go with an option, in the order in which it is looked for.
const NOT_WITH: &[(char, &str)] = &[
    ('a', "defhHjnoxX#"),
    ('A', "defhHjnoxX#"),
    ('b', "defhHjnoxX#"),
    ('F', "dnX#"),
    ('l', "defhHjnoxX#"),
    ('m', "defhHjnoxX#"),
    ('M', "dhHn"),
    ('P', "dn#"),
    ('t', "defhHjnoxX#"),
    ('T', "defhHjnoxX#"),
    ('j', "efhHX#\u{2}"),
];

/// A command line.
#[derive(Clone, Debug)]
pub struct Options {
    /// `-c`.
    pub config_dir: Option<OsString>,
    /// `-C`.
    pub classes: Classes,
    /// `-o`, not yet taken apart.
    pub overrides: Vec<Vec<u8>>,
    /// `-T`.
    pub tls: Option<OsString>,
    /// What is left.
    pub operands: Vec<OsString>,
    given: [bool; 128],
}

impl Options {
    /// Takes arguments apart, without the program's name.
    ///
    /// # Errors
    /// Wrong usage, and options that do not go together.
    pub fn parse(arguments: &[OsString], messages: &Messages) -> Result<Self, Fatal> {
        let all = Classes { builtin: true, service: true, user: true };
        let mut options = Self {
            config_dir: None,
            classes: all,
            overrides: Vec::new(),
            tls: None,
            operands: Vec::new(),
            given: [false; 128],
        };
        let mut letters = Getopt::new(LETTERS, arguments);
        for option in &mut letters {
            let option = option.map_err(|fault| {
                messages.raw(&fault.message());
                Fatal::new(USAGE)
            })?;
            let value = option.value;
            match option.letter {
                b'c' => options.config_dir = Some(value),
                b'C' => options.classes = classes(value.as_bytes())?,
                b'E' => return Err(Fatal::new(USAGE)),
                b'o' => options.overrides.push(value.into_vec()),
                b'T' if options.tls.is_some() => {
                    return Err(Fatal::new("At most one -T <mode> option may be specified"));
                }
                b'T' => options.tls = Some(value),
                b'b' | b't' if options.has('b') || options.has('t') => {
                    return Err(Fatal::new("specify one of -b and -t"));
                }
                _ => {}
            }
            if option.letter == b'P' && options.has('P') {
                options.given[ALL_PARAMETERS as usize] = true;
            }
            options.given[usize::from(option.letter)] = true;
        }
        options.operands = letters.operands().to_vec();
        // A first operand with `=` is an edit, with or without -e.
        let shows_list = "aAblmtT".chars().any(|letter| options.has(letter));
        let is_edit = !shows_list && options.operands.first().is_some_and(|operand| operand.as_bytes().contains(&b'='));
        options.given[usize::from(b'e')] |= is_edit;
        options.check()?;
        Ok(options)
    }

    /// Whether an option was given.
    #[must_use]
    pub fn has(&self, letter: char) -> bool {
        self.given[letter as usize]
    }

    /// The members of a group that were given, as messages name them.
    fn given_of(&self, group: &str) -> Vec<String> {
        let given = |letter: &char| group.contains(*letter) && self.has(*letter);
        ORDER.chars().filter(given).map(name_of).collect()
    }

    fn check(&self) -> Result<(), Fatal> {
        for group in ONE_OF {
            let given = self.given_of(group);
            if given.len() > 1 {
                return Err(Fatal::new(format!("specify one of {}", given.join(", "))));
            }
        }
        for (option, others) in NOT_WITH {
            let given = self.given_of(others);
            if self.has(*option) && !given.is_empty() {
                return Err(Fatal::new(format!("with option -{option}, do not specify {}", given.join(" "))));
            }
        }
        if (self.has('b') || self.has('t')) && self.operands.len() > 1 {
            return Err(Fatal::new("options -b and -t require at most one template file"));
        }
        if self.operands.is_empty() && self.has('e') {
            return Err(Fatal::new("-e requires name=value argument"));
        }
        if self.operands.is_empty() && (self.has('X') || self.has('#')) {
            return Err(Fatal::new("missing service argument"));
        }
        Ok(())
    }
}

/// An option as messages name it.
fn name_of(letter: char) -> String {
    if letter == ALL_PARAMETERS { "-PP".into() } else { format!("-{letter}") }
}

fn classes(text: &[u8]) -> Result<Classes, Fatal> {
    let mut classes = Classes { builtin: false, service: false, user: false };
    for word in text.split(|&byte| byte == b',' || is_space(byte)).filter(|word| !word.is_empty()) {
        match word.to_ascii_lowercase().as_slice() {
            b"builtin" => classes.builtin = true,
            b"service" => classes.service = true,
            b"user" => classes.user = true,
            b"all" => classes = Classes { builtin: true, service: true, user: true },
            _ => {
                let message = [b"unknown -C option value \"", word, b"\" in \"", text, b"\""].concat();
                return Err(Fatal::new(message));
            }
        }
    }
    Ok(classes)
}

/// Takes a `-o` apart.
///
/// # Errors
/// Anything but `name=value`.
pub fn override_of(text: &[u8]) -> Result<(Vec<u8>, Vec<u8>), Fatal> {
    match split_assignment(text) {
        Ok((name, _, value)) => Ok((text[name].to_vec(), text[value].to_vec())),
        Err(fault) => Err(Fatal::new([b"invalid parameter override: ", text, b": ", assignment_fault(fault)].concat())),
    }
}
