//! What a program of Postfix checks before it does anything, for the modes in which postconf behaves like one.
//!
//! Of several faults Postfix tells the first; the order here is its own for the level, protocols and strings, and that
//! of the names for the rest. Users, groups and addresses of the machine are not looked at.

use crate::commands::dropin::program::messages::{Fatal, Messages};
use crate::config::Configuration;
use crate::config::catalogue::{ValueType, parameter};
use crate::config::expand::{CompatibilityLevel, Reason};
use crate::config::value_fault::value_fault;

/// Checks the values of some parameters.
///
/// # Errors
/// The first value that Postfix would not run with.
pub fn check(names: &[&str], configuration: &Configuration, messages: &Messages) -> Result<(), Fatal> {
    let is_first = |name: &&&str| FIRST.contains(*name);
    let first = FIRST.iter().filter(|name| names.contains(name));
    let is_text = |name: &&&str| {
        let known = parameter(name).map(|known| known.value_type);
        matches!(known, Some(ValueType::Str(_) | ValueType::Raw(_)))
    };
    let rest = || names.iter().filter(|name| !is_first(name));
    for name in first.chain(rest().filter(is_text)).chain(rest().filter(|name| !is_text(name))) {
        check_one(name, configuration, messages)?;
    }
    Ok(())
}

/// What is looked at before anything else.
const FIRST: &[&str] = &["compatibility_level", "inet_protocols"];

fn check_one(name: &str, configuration: &Configuration, messages: &Messages) -> Result<(), Fatal> {
    let Some(known) = parameter(name) else { return Ok(()) };
    // Defaults are in order, but for those that contain what is set.
    let Some(raw) = configuration.value(name.as_bytes(), None) else { return Ok(()) };
    let value = match known.value_type {
        ValueType::Raw(_) => raw.bytes.into_owned(),
        _ => value(name, configuration, messages)?,
    };
    if let Some(words) = value_fault(name, known.value_type, &value) {
        return Err(Fatal::new(words));
    }
    match name {
        "compatibility_level" if CompatibilityLevel::parse(&value).is_none() => {
            Err(Fatal::new([b"malformed compatibility level syntax: \"".as_slice(), &value, b"\""].concat()))
        }
        "inet_protocols" => check_protocols(&value),
        _ => Ok(()),
    }
}

fn check_protocols(value: &[u8]) -> Result<(), Fatal> {
    let words = value.split(|byte| b", \t\r\n".contains(byte)).filter(|word| !word.is_empty());
    for word in words {
        if !matches!(word, b"all" | b"ipv4" | b"ipv6") {
            return Err(Fatal::new([b"unknown inet_protocols value \"", word, b"\" in \"", value, b"\""].concat()));
        }
    }
    Ok(())
}

/// The expanded value of a parameter.
///
/// # Errors
/// When it cannot be expanded, of which the warnings tell.
pub fn value(name: &str, configuration: &Configuration, messages: &Messages) -> Result<Vec<u8>, Fatal> {
    configuration.expanded(name.as_bytes(), None).map_err(|error| {
        error.problems.iter().for_each(|problem| messages.warning(&problem.message));
        match error.reason {
            Reason::Number(_) => Fatal::new(error.fatal()),
            _ => Fatal::new([b"dictionary mail_dict: ".as_slice(), &error.fatal()].concat()),
        }
    })
}
