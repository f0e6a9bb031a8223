//! Listing a table: `postmap -s TABLE`. Only the first table is listed, as Postfix does it.

use super::answers::{malformed, open_table, up_to_nul, warn_of_empty, write_entry};
use super::operand::Operand;
use super::settings::Settings;
use crate::commands::dropin::program::messages::{Fatal, Messages};
use crate::maps::text::file_values::decode;
use std::ffi::OsStr;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

/// Writes every entry, in the table's own order.
///
/// # Errors
/// When the table cannot be opened or listed.
pub fn list(operand: &OsStr, settings: &Settings, messages: &Messages) -> Result<ExitCode, Fatal> {
    let operand = Operand::new(operand, settings, messages);
    let mut table = open_table(&operand, settings, messages)?;
    let mut output = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let mut written = Ok(());
    let walked = table.walk(&mut |key, value| {
        if written.is_ok() {
            written = write_one(&mut output, key, value, &operand, settings, messages);
        }
    });
    let written = written.and_then(|()| output.flush());
    walked.map_err(|error| super::answers::lookup_failed(&error))?;
    written.map_err(|error| Fatal::output(&error))?;
    Ok(ExitCode::SUCCESS)
}

fn write_one(
    output: &mut impl Write,
    key: &[u8],
    value: &[u8],
    operand: &Operand,
    settings: &Settings,
    messages: &Messages,
) -> io::Result<()> {
    let before_nul = |bytes: &'_ [u8]| memchr::memchr(0, bytes).unwrap_or(bytes.len());
    let (key, value) = (&key[..before_nul(key)], &value[..before_nul(value)]);
    let is_empty = value.is_empty();
    let decoded;
    let value = if settings.file_values {
        let Some(bytes) = decode(value) else {
            messages.warning(malformed(&operand.shown_inside(), key, value));
            return Ok(());
        };
        decoded = up_to_nul(bytes);
        &decoded
    } else {
        value
    };
    if key.is_empty() {
        messages.warning([b"table ", &operand.shown()[..], b": empty lookup key value is not allowed"].concat());
    } else if is_empty {
        warn_of_empty(&operand.shown(), key, messages);
    }
    write_entry(output, key, value, settings)
}
