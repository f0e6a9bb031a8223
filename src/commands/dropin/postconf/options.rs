//! What postconf is asked to do: options, and which of them go together.

use crate::commands::dropin::getopt::Options as Getopt;
use crate::commands::dropin::messages::{Fatal, Messages};
use crate::syntax::logical::is_space;
use crate::syntax::main_cf::split_assignment;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

const LETTERS: &str = "aAbc:C:deEfFhHjlmMno:pPqtT:vxX#";

const USAGE: &str = "usage: postconf [-a (server SASL types)] [-A (client SASL types)] [-b (bounce templates)] \
[-c config_dir] [-c param_class] [-d (parameter defaults)] [-e (edit configuration)] [-f (fold lines)] \
[-F (master.cf fields)] [-h (no names)] [-H (no values)] [-j (streaming JSON) ] [-l (lock types)] [-m (map types)] \
[-M (master.cf)] [-n (non-default parameters)] [-o name=value (override parameter value)] [-p (main.cf, default)] \
[-P (master.cf parameters)] [-t (bounce templates)] [-T compile-version|run-version|public-key-algorithms] \
[-v (verbose)] [-x (expand parameter values)] [-X (exclude)] [-# (comment-out)] [name...]";

/// Options of which only one can be given, as groups in the order in which a message names them.
const ONE_OF: &[&str] = &["aAbFlmMpPtT", "denX#", "hH", "efX#", "ehX#", "eHX#", "exX#"];

/// Of these groups, the options that exclude each other: a change of a file, and a way to show it.
const CHANGES: &str = "eX#";

/// What does not go with an option, in the order in which it is looked for.
const NOT_WITH: &[(char, &str)] = &[
    ('a', "defhHjnxX#"),
    ('A', "defhHjnxX#"),
    ('b', "defhHjnxX#"),
    ('F', "dnX#"),
    ('j', "efhHX#"),
    ('l', "defhHjnxX#"),
    ('m', "defhHjnxX#"),
    ('M', "dhHn"),
    ('P', "dn#"),
    ('t', "defhHjnxX#"),
    ('T', "defhHjnxX#"),
];

/// Which parameters are shown (`-C`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Classes {
    /// Those that Postfix knows.
    pub builtin: bool,
    /// Those of transports.
    pub service: bool,
    /// Those that main.cf defines for itself.
    pub user: bool,
}

/// A command line.
#[derive(Clone, Debug)]
pub struct Options {
    /// `-c`.
    pub config_dir: Option<OsString>,
    /// `-C`.
    pub classes: Classes,
    /// `-o`.
    pub overrides: Vec<(Vec<u8>, Vec<u8>)>,
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
                b'o' => options.overrides.push(override_of(&value.into_vec())?),
                b'T' if options.tls.is_some() => {
                    return Err(Fatal::new("At most one -T <mode> option may be specified"));
                }
                b'T' => options.tls = Some(value),
                b'b' | b't' if options.has('b') || options.has('t') => {
                    return Err(Fatal::new("specify one of -b and -t"));
                }
                _ => {}
            }
            options.given[usize::from(option.letter)] = true;
        }
        options.operands = letters.operands().to_vec();
        options.check()?;
        Ok(options)
    }

    /// Whether an option was given.
    #[must_use]
    pub fn has(&self, letter: char) -> bool {
        self.given[letter as usize]
    }

    fn check(&self) -> Result<(), Fatal> {
        for (index, group) in ONE_OF.iter().enumerate() {
            let given: Vec<char> = group.chars().filter(|&letter| self.has(letter)).collect();
            // From the fourth group on, ways to show only exclude changes.
            let conflict = given.len() > 1 && (index < 3 || given.iter().any(|&letter| CHANGES.contains(letter)));
            if conflict {
                let names: Vec<String> = given.iter().map(|letter| format!("-{letter}")).collect();
                return Err(Fatal::new(format!("specify one of {}", names.join(", "))));
            }
        }
        for (option, others) in NOT_WITH {
            if !self.has(*option) {
                continue;
            }
            let given: Vec<String> =
                others.chars().filter(|&letter| self.has(letter)).map(|letter| format!("-{letter}")).collect();
            if !given.is_empty() {
                return Err(Fatal::new(format!("with option -{option}, do not specify {}", given.join(", "))));
            }
        }
        Ok(())
    }
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

fn override_of(text: &[u8]) -> Result<(Vec<u8>, Vec<u8>), Fatal> {
    use crate::syntax::FaultKind;
    match split_assignment(text) {
        Ok((name, _, value)) => Ok((text[name].to_vec(), text[value].to_vec())),
        Err(fault) => {
            let what: &[u8] = match fault {
                FaultKind::MissingName => b"missing attribute name",
                _ => b"missing '=' after attribute name",
            };
            Err(Fatal::new([b"invalid parameter override: ", text, b": ", what].concat()))
        }
    }
}
