//! The names that `known_tcp_ports` gives to TCP ports: `name = port` or `name = name = port`, between commas.
//!
//! Source: postconf(5); experiments with Postfix 3.11, which takes the lowest 16 bits of a number past 65535.

use std::fmt;
use std::ops::Range;

/// An entry, and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownPort<'t> {
    /// Where it stands in the text, without the blanks around it.
    pub range: Range<usize>,
    /// The names.
    pub names: Vec<&'t [u8]>,
    /// The port, or why Postfix leaves the entry out with a warning.
    pub port: Result<PortNumber, PortFault>,
}

/// The number of a port, as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortNumber {
    /// Its lowest 16 bits.
    pub low: u16,
    /// Whether it is past 65535.
    pub is_high: bool,
}

/// What is wrong with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortFault {
    /// It has no `=`.
    NoEquals,
    /// There is nothing before an `=`.
    NoName,
    /// A name with a blank in it, as where a comma is missing.
    BlankInName,
    /// A name that is a number.
    NumberForName,
    /// There is nothing behind the last `=`.
    NoPort,
    /// What stands there is no number.
    NotANumber,
}

impl fmt::Display for PortFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoEquals => "it is not in the form name=port",
            Self::NoName => "there is no name before the =",
            Self::BlankInName => "a name has a blank in it: is a comma missing?",
            Self::NumberForName => "a name may not be a number",
            Self::NoPort => "there is no port behind the =",
            Self::NotANumber => "its port is no number",
        })
    }
}

/// The entries of an expanded value. Nothing between two commas is no entry.
#[must_use]
pub fn known_ports(text: &[u8]) -> Vec<KnownPort<'_>> {
    let mut start = 0;
    let mut entries = Vec::new();
    for part in text.split(|&byte| byte == b',') {
        let entry = part.trim_ascii();
        let at = start + (part.len() - part.trim_ascii_start().len());
        start += part.len() + 1;
        if !entry.is_empty() {
            let (names, port) = parse(entry);
            entries.push(KnownPort { range: at..at + entry.len(), names, port });
        }
    }
    entries
}

/// The number that the first entry with a name gives to it, as Postfix up to 3.11 takes it, or, with `strict`, as 3.12
/// does: a number past 65535 is none.
#[must_use]
pub fn port_of_name(text: &[u8], name: &[u8], strict: bool) -> Option<u16> {
    let entries = known_ports(text);
    let of_name = entries.iter().filter(|entry| entry.names.contains(&name));
    let mut numbers = of_name.filter_map(|entry| entry.port.ok()).filter(|number| !strict || !number.is_high);
    numbers.next().map(|number| number.low)
}

fn parse(entry: &[u8]) -> (Vec<&[u8]>, Result<PortNumber, PortFault>) {
    let mut parts: Vec<&[u8]> = entry.split(|&byte| byte == b'=').map(<[u8]>::trim_ascii).collect();
    let port = parts.pop().unwrap_or_default();
    let is_number = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let fault = if parts.is_empty() {
        Some(PortFault::NoEquals)
    } else if parts.iter().any(|name| name.is_empty()) {
        Some(PortFault::NoName)
    } else if parts.iter().any(|name| name.iter().any(u8::is_ascii_whitespace)) {
        Some(PortFault::BlankInName)
    } else if parts.iter().any(|name| is_number(name)) {
        Some(PortFault::NumberForName)
    } else if port.is_empty() {
        Some(PortFault::NoPort)
    } else {
        (!is_number(port)).then_some(PortFault::NotANumber)
    };
    (parts, fault.map_or_else(|| Ok(number(port)), Err))
}

fn number(digits: &[u8]) -> PortNumber {
    let of = |low: u16, digit: &u8| low.wrapping_mul(10).wrapping_add(u16::from(digit - b'0'));
    let is_high = std::str::from_utf8(digits).is_ok_and(|digits| digits.parse::<u16>().is_err());
    PortNumber { low: digits.iter().fold(0, of), is_high }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the programs of Postfix 3.11.7 take them, and what they leave out.
    #[test]
    fn entries() {
        use PortFault::{BlankInName, NoEquals, NoName, NoPort, NotANumber, NumberForName};
        let good = |low| Ok(PortNumber { low, is_high: false });
        let high = |low| Ok(PortNumber { low, is_high: true });
        let cases: &[(&str, Result<PortNumber, PortFault>)] = &[
            ("foo=2", good(2)),
            ("foo = bar = 2", good(2)),
            ("foo=0", good(0)),
            ("foo=65535", good(65535)),
            ("foo=65537", high(1)),
            ("foo=4294967298", high(2)),
            ("bar", Err(NoEquals)),
            ("=3", Err(NoName)),
            ("foo=2 bar=3", Err(BlankInName)),
            ("a=1=b=2", Err(NumberForName)),
            ("foo=", Err(NoPort)),
            ("foo=x", Err(NotANumber)),
            ("foo=-5", Err(NotANumber)),
            ("foo=1.5", Err(NotANumber)),
        ];
        for (text, expected) in cases {
            let found = known_ports(text.as_bytes());
            assert_eq!(found.iter().map(|entry| entry.port).collect::<Vec<_>>(), [*expected], "{text}");
        }
        let text = b",, a=1,b = c=70000\n , d";
        let shown: Vec<&[u8]> = known_ports(text).into_iter().map(|entry| &text[entry.range]).collect();
        assert_eq!(shown, [&b"a=1"[..], b"b = c=70000", b"d"]);
        assert_eq!((port_of_name(text, b"c", false), port_of_name(text, b"c", true)), (Some(4464), None));
        assert_eq!((port_of_name(text, b"a", true), port_of_name(text, b"d", false)), (Some(1), None));
    }
}
