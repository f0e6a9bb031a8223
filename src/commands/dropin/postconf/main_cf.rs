//! Showing main.cf parameters.

use super::expanded::expand;
use super::options::Options;
use super::print::{Printer, Style};
use super::table::Known;
use super::usage::Usage;
use crate::commands::dropin::program::messages::{Fatal, Messages};
use crate::config::Configuration;
use std::os::unix::ffi::OsStrExt;

/// How the options want settings printed.
#[must_use]
pub fn style(options: &Options) -> Style {
    Style {
        fold: options.has('f'),
        hide_names: options.has('h'),
        hide_values: options.has('H'),
        json: options.has('j'),
    }
}

/// Shows the parameters that the operands name, or all of the wanted classes.
///
/// # Errors
/// A value that cannot be expanded (`-x`).
pub fn show(
    options: &Options,
    usage: &Usage,
    configuration: &Configuration,
    printer: &mut Printer,
    messages: &Messages,
) -> Result<(), Fatal> {
    let shown = Shown { options, usage, configuration, style: style(options) };
    if options.operands.is_empty() {
        let listed = |known: &Known| known.is_listed && known.class.is_in(options.classes);
        for (name, known) in usage.table.iter().filter(|(_, known)| listed(known)) {
            shown.one(name, known, printer, messages)?;
        }
        return Ok(());
    }
    for name in &options.operands {
        match usage.table.get(name.as_bytes()) {
            Some(known) => shown.one(name.as_bytes(), known, printer, messages)?,
            None => messages.warning([name.as_bytes(), b": unknown parameter"].concat()),
        }
    }
    Ok(())
}

struct Shown<'a> {
    options: &'a Options,
    usage: &'a Usage<'a>,
    configuration: &'a Configuration,
    style: Style,
}

impl Shown<'_> {
    fn one(&self, name: &[u8], known: &Known, printer: &mut Printer, messages: &Messages) -> Result<(), Fatal> {
        let explicit = self.usage.explicit.get(name).map(Vec::as_slice);
        let default = if self.options.has('n') { None } else { known.default.as_deref() };
        let Some(value) = explicit.or(default) else { return Ok(()) };
        if !self.options.has('x') || !known.is_expanded {
            printer.setting(name, value, self.style);
            return Ok(());
        }
        let expanded = expand(self.configuration, value, None, messages)?;
        printer.setting(name, &expanded, self.style);
        Ok(())
    }
}
