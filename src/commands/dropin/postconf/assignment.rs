//! `name=value` on the command line.

use crate::commands::dropin::program::messages::Fatal;
use crate::syntax::FaultKind;
use crate::syntax::logical::trim_start;
use crate::syntax::main_cf::split_assignment;

/// What can stand in no edit; `who_accepts` begins the words about it.
///
/// # Errors
/// A comment, or more than one line.
pub fn check_operand(text: &[u8], who_accepts: &str) -> Result<(), Fatal> {
    if text.contains(&b'\n') {
        return Err(Fatal::new(format!("{who_accepts} no multi-line input")));
    }
    if trim_start(text).first() == Some(&b'#') {
        return Err(Fatal::new(format!("{who_accepts} no comment input")));
    }
    Ok(())
}

/// Splits `name=value`.
///
/// # Errors
/// Anything else.
pub fn assignment(text: &[u8]) -> Result<(Vec<u8>, Vec<u8>), Fatal> {
    match split_assignment(text) {
        Ok((name, _, value)) => Ok((text[name].to_vec(), text[value].to_vec())),
        Err(fault) => Err(Fatal::new([assignment_fault(fault), b": \"", text, b"\""].concat())),
    }
}

/// What is wrong with text that is not `name=value`, in Postfix's words.
pub fn assignment_fault(fault: FaultKind) -> &'static [u8] {
    match fault {
        FaultKind::MissingName => b"missing attribute name",
        _ => b"missing '=' after attribute name",
    }
}
