//! What is wrong with the entries of a master.cf, in Postfix's words.

use super::assignment::assignment_fault;
use super::fields::check_service;
use crate::base::Span;
use crate::commands::dropin::program::context::{joined, leading_white_space, zero_byte};
use crate::commands::dropin::program::messages::{Fatal, Messages};
use crate::config::services::{OverrideFaultKind, Service};
use crate::syntax::master_cf::MasterCf;
use crate::syntax::{Fault, FaultKind};

enum Trouble<'a> {
    Fault(&'a Fault),
    /// A service, whose fields may be bad.
    Service(&'a Service),
}

/// Says what is wrong with a master.cf.
///
/// # Errors
/// The first entry with which Postfix would not go on.
pub fn check_master(master: &MasterCf, services: &[Service], messages: &Messages) -> Result<(), Fatal> {
    let source = master.tree.source();
    check(master, services, messages, |span| joined(source.slice(span)))
}

/// Says what is wrong with a single entry; its newlines are part of what is shown.
///
/// # Errors
/// A field that cannot be one.
pub fn check_entry(master: &MasterCf, services: &[Service], messages: &Messages) -> Result<(), Fatal> {
    let source = master.tree.source();
    check(master, services, messages, |span| source.slice(span).to_vec())
}

fn check(
    master: &MasterCf,
    services: &[Service],
    messages: &Messages,
    text: impl Fn(Span) -> Vec<u8>,
) -> Result<(), Fatal> {
    let source = master.tree.source();
    let name = source.name();
    // In the order of the text, since the first bad entry ends it; an entry is bad when all of it was read.
    let place = |fault: &Fault| match fault.kind {
        FaultKind::TooFewFields => fault.span.end,
        _ => fault.span.start,
    };
    let faults = master.faults.iter().map(|fault| (place(fault), Trouble::Fault(fault)));
    let services_end = services.iter().map(|service| (service.line.extent.end, Trouble::Service(service)));
    let mut found: Vec<(usize, Trouble<'_>)> = faults.chain(services_end).collect();
    found.sort_by_key(|&(at, _)| at);
    for (at, trouble) in found {
        let fault = match trouble {
            Trouble::Fault(fault) => fault,
            Trouble::Service(service) => {
                check_service(service, &joined(source.slice(service.line.extent)))?;
                say_bad_overrides(service, messages);
                continue;
            }
        };
        let quoted =
            |what: &[u8], span: Span| messages.warning([b"master.cf: ", what, b" in \"", &text(span), b"\""].concat());
        match fault.kind {
            FaultKind::LeadingWhiteSpace => messages.warning(leading_white_space(name.as_bytes(), &text(fault.span))),
            FaultKind::ZeroByte => messages.warning(zero_byte(name.as_bytes(), source, at)),
            FaultKind::TooFewFields => return Err(too_few_fields(name, source.position(fault.span.start).line)),
            FaultKind::UnclosedBrace => quoted(b"missing '}'", fault.span),
            FaultKind::TextAfterBrace => {
                // The fault is what stands behind the brace; the whole argument is shown.
                let arguments = services.iter().flat_map(|service| &service.line.arguments);
                let whole = arguments.map(|argument| argument.span).find(|span| span.end == fault.span.end);
                quoted(b"syntax error after '}'", whole.unwrap_or(fault.span));
            }
            _ => {}
        }
    }
    Ok(())
}

/// An entry without its eight fields.
#[must_use]
pub fn too_few_fields(path: &str, line: usize) -> Fatal {
    Fatal::new(format!("file {path}: line {line}: bad field count"))
}

/// Warns about `-o {…}` without a name or a value; what stands without braces is an argument like any other.
fn say_bad_overrides(service: &Service, messages: &Messages) {
    for fault in &service.faults {
        let kind = match fault.kind {
            OverrideFaultKind::MissingArgument => continue,
            OverrideFaultKind::MissingName => FaultKind::MissingName,
            OverrideFaultKind::MissingEquals => FaultKind::MissingEquals,
        };
        if let Some(inside) = &fault.braced {
            let inside = inside.bytes();
            messages.warning([b"master.cf: ", assignment_fault(kind), b": \"", inside, b"\""].concat());
        }
    }
}
