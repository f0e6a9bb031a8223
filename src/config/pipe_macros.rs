//! What pipe(8) fills in behind `$` in the arguments of its command, and its flags: for those who route mail and those
//! who judge master.cf.
//!
//! Source: pipe(8), experiments with 3.11.

/// The names that it knows. Any other keeps every message back.
pub const MACROS: [&str; 19] = [
    "client_address",
    "client_helo",
    "client_hostname",
    "client_port",
    "client_protocol",
    "domain",
    "envid",
    "extension",
    "mailbox",
    "nexthop",
    "original_recipient",
    "queue_id",
    "recipient",
    "sasl_method",
    "sasl_sender",
    "sasl_username",
    "sender",
    "size",
    "user",
];

/// The letters that `flags=` knows.
pub const FLAGS: &str = "BDFORXhqu.>";

/// What is wrong with a `$` in an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MacroFault<'a> {
    /// A name that pipe does not know: all between the brackets.
    Unknown(&'a str),
    /// A bracket that is not closed: what stands behind the `$`.
    Truncated(&'a str),
}

/// All that is wrong with an argument, in order: `$name`, `${name}` and `$(name)`; `$$` is a dollar.
#[must_use]
pub fn macro_faults(argument: &str) -> Vec<MacroFault<'_>> {
    let mut faults = Vec::new();
    let mut rest = argument;
    while let Some((_, behind)) = rest.split_once('$') {
        if let Some(behind) = behind.strip_prefix('$') {
            rest = behind;
            continue;
        }
        let close = match behind.as_bytes().first() {
            Some(b'{') => Some('}'),
            Some(b'(') => Some(')'),
            _ => None,
        };
        let (name, next) = match close {
            Some(close) => {
                let Some(end) = behind.find(close) else {
                    faults.push(MacroFault::Truncated(behind));
                    break;
                };
                (&behind[1..end], &behind[end + 1..])
            }
            None => {
                let is_other = |char: char| !char.is_ascii_alphanumeric() && char != '_';
                behind.split_at(behind.find(is_other).unwrap_or(behind.len()))
            }
        };
        if !MACROS.contains(&name) {
            faults.push(MacroFault::Unknown(name));
        }
        rest = next;
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::MacroFault::{Truncated, Unknown};
    use super::*;

    /// As pipe of Postfix 3.11.7 takes them.
    #[test]
    fn what_stands_behind_a_dollar() {
        let cases: &[(&str, &[MacroFault])] = &[
            ("${sender}@$(user)+$extension", &[]),
            ("a$$b ${envid}", &[]),
            ("${recipient?x}", &[Unknown("recipient?x")]),
            ("${recipient_delimiter}", &[Unknown("recipient_delimiter")]),
            ("${a} $b ${sender", &[Unknown("a"), Unknown("b"), Truncated("{sender")]),
            ("a$", &[Unknown("")]),
        ];
        for (argument, expected) in cases {
            assert_eq!(macro_faults(argument), *expected, "{argument}");
        }
    }
}
