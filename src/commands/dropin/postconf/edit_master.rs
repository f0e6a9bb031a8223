//! Editing master.cf: whole services (`-Me -MX -M#`), their fields (`-Fe`), the parameters that they set (`-Pe -PX`).
//!
//! Services that no edit matches stay as they are, to the byte. A replaced service stands where the old one began; one whose
//! fields or parameters change is printed anew behind the comments that follow it, as Postfix does it.

use super::edit_main::{assignment, check_operand};
use super::fields::{FIELD_NAMES, check_field, check_service};
use super::master_cf::{Request, arguments};
use super::options::Options;
use super::print::Printer;
use crate::base::Source;
use crate::commands::dropin::messages::{Fatal, Messages};
use crate::config::services::{Service, services};
use crate::syntax::logical::{is_comment, is_space, trim};
use crate::syntax::master_cf::parse_master_cf;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

/// One edit.
struct Edit {
    text: Vec<u8>,
    request: Request,
    change: Change,
    matched: bool,
}

/// What happens to the services that a request matches.
enum Change {
    /// `-Me`: the new service.
    Replace(Box<Service>),
    /// `-MX`
    Remove,
    /// `-M#`
    CommentOut,
    /// `-Fe`: the field with this number.
    Field(usize, Vec<u8>),
    /// `-Pe`
    Set(Vec<u8>, Vec<u8>),
    /// `-PX`
    Unset(Vec<u8>),
}

/// Edits master.cf in a directory.
///
/// # Errors
/// Operands that make no sense, or a file that cannot be read or replaced.
pub fn edit(options: &Options, mode: char, directory: &Path, messages: &Messages) -> Result<(), Fatal> {
    let mut edits = edits(options, mode)?;
    let path = directory.join("master.cf");
    super::edit_file(&path, |text| Ok(rewrite(text, &mut edits)))?;
    for edit in edits.iter().filter(|edit| !edit.matched) {
        if !matches!(edit.change, Change::Replace(_) | Change::Remove | Change::CommentOut) {
            messages.warning([b"unmatched service_name/type: \"", edit.text.as_slice(), b"\""].concat());
        }
    }
    Ok(())
}

fn edits(options: &Options, mode: char) -> Result<Vec<Edit>, Fatal> {
    let mut edits: Vec<Edit> = Vec::new();
    for operand in &options.operands {
        let edit = one_edit(options, mode, trim(operand.as_bytes()))?;
        // Of two new services of one name the last one counts.
        if matches!(edit.change, Change::Replace(_)) {
            edits.retain(|earlier| earlier.request != edit.request);
        }
        edits.push(edit);
    }
    Ok(edits)
}

fn one_edit(options: &Options, mode: char, text: &[u8]) -> Result<Edit, Fatal> {
    if text.contains(&b'\n') {
        return Err(Fatal::new("-Me, -Fe, -Pe, -X, or -# accept no multi-line input"));
    }
    check_operand(text)?;
    let (target, value) = if options.has('e') {
        let (target, value) = assignment(text)?;
        (target, Some(value))
    } else if memchr::memchr(b'=', text).is_some() {
        return Err(Fatal::new("-X or -# requires names without value"));
    } else {
        (text.to_vec(), None)
    };
    let parts = target.split(|&byte| byte == b'/').count();
    let (wanted, complaint) = match mode {
        'M' => (2, "-Me, -MX or -M# requires service_name/type"),
        'F' => (3, "-Fe or -FX requires service_name/type/field_name"),
        _ => (3, "-Pe or -PX requires service_name/type/parameter"),
    };
    let empty = target.split(|&byte| byte == b'/').any(<[u8]>::is_empty);
    let request = Request::parse(&target, wanted).filter(|_| parts == wanted && !empty);
    let request = request.ok_or_else(|| Fatal::new(complaint))?;
    let last = target.rsplit(|&byte| byte == b'/').next().unwrap_or_default().to_vec();
    if mode == 'P' && last == b"*" {
        return Err(Fatal::new("-Pe does not accept wild-card parameter name"));
    }
    let change = match (mode, value) {
        ('M', Some(value)) => Change::Replace(Box::new(new_service(&value, text)?)),
        ('M', None) if options.has('X') => Change::Remove,
        ('M', None) => Change::CommentOut,
        ('F', Some(value)) => {
            let Some(field) = FIELD_NAMES.iter().position(|name| name.as_bytes() == last) else {
                return Err(Fatal::new([b"invalid service attribute name: \"", last.as_slice(), b"\""].concat()));
            };
            if FIELD_NAMES[field] != "command" && value.iter().any(|&byte| is_space(byte)) {
                return Err(Fatal::new("-Fe does not accept whitespace in non-command field"));
            }
            check_field(field, &value, &value)?;
            Change::Field(field, value)
        }
        (_, Some(value)) => {
            if value.iter().any(|&byte| is_space(byte)) {
                return Err(Fatal::new("-Pe does not accept whitespace in parameter value"));
            }
            Change::Set(last, value)
        }
        (_, None) => Change::Unset(last),
    };
    Ok(Edit { text: text.to_vec(), request, change, matched: false })
}

fn new_service(value: &[u8], text: &[u8]) -> Result<Service, Fatal> {
    let source = Arc::new(Source::new("", value));
    let service = services(&parse_master_cf(&source)).pop();
    let service = service.ok_or_else(|| Fatal::new([b"bad field count: \"", text, b"\""].concat()))?;
    check_service(&service, value)?;
    Ok(service)
}

/// A service that waits to be printed behind the comments that follow it.
#[derive(Default)]
struct Pending {
    lines: Option<Vec<u8>>,
}

fn rewrite(text: &[u8], edits: &mut [Edit]) -> Vec<u8> {
    let source = Arc::new(Source::new("master.cf", text));
    let parsed = services(&parse_master_cf(&source));
    let mut by_start: std::collections::HashMap<usize, &Service> =
        parsed.iter().map(|service| (service.line.extent.start, service)).collect();
    let mut out = Vec::with_capacity(text.len() + 64);
    let mut pending = Pending::default();
    let mut action = LineAction::Keep;
    let mut at = 0;
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        let start = at;
        at += line.len();
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        if !is_comment(line) && !is_space(line[0]) {
            out.extend(pending.lines.take().unwrap_or_default());
            action = LineAction::Keep;
            if let Some(service) = by_start.remove(&start) {
                action = apply(service, edits, &mut out, &mut pending);
            }
        }
        let comment = is_comment(line);
        match action {
            LineAction::CommentOut if !comment => out.push(b'#'),
            LineAction::Drop if !comment => continue,
            _ => {}
        }
        out.extend_from_slice(line);
        out.push(b'\n');
    }
    out.extend(pending.lines.take().unwrap_or_default());
    for edit in edits.iter_mut().filter(|edit| !edit.matched) {
        if let Change::Replace(service) = &edit.change {
            out.extend(printed(service));
        }
    }
    out
}

/// What becomes of the physical lines of a service.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LineAction {
    Keep,
    Drop,
    CommentOut,
}

fn apply(service: &Service, edits: &mut [Edit], out: &mut Vec<u8>, pending: &mut Pending) -> LineAction {
    let mut changed = service.clone();
    let mut action = LineAction::Keep;
    for edit in edits.iter_mut().filter(|edit| edit.request.matches_service(service)) {
        let again = std::mem::replace(&mut edit.matched, true);
        match &edit.change {
            Change::Replace(new) => {
                if !again {
                    out.extend(printed(new));
                }
                return LineAction::Drop;
            }
            Change::Remove => return LineAction::Drop,
            Change::CommentOut => return LineAction::CommentOut,
            Change::Field(field, value) => changed = with_field(&changed, *field, value),
            Change::Set(name, value) => changed = with_override(&changed, name, Some(value)),
            Change::Unset(name) => changed = with_override(&changed, name, None),
        }
        action = LineAction::Drop;
    }
    if action == LineAction::Drop {
        pending.lines = Some(printed(&changed));
    }
    action
}

fn printed(service: &Service) -> Vec<u8> {
    let fields: Vec<&[u8]> = service.line.fields.iter().map(crate::syntax::Text::bytes).collect();
    let mut printer = Printer::default();
    printer.service(&fields, &arguments(service), true);
    printer.into_bytes()
}

/// The service read again from its words, one of which changed.
fn from_words(fields: &[Vec<u8>], arguments: &[Vec<u8>]) -> Option<Service> {
    let line = fields.iter().chain(arguments).map(Vec::as_slice).collect::<Vec<_>>().join(&b' ');
    services(&parse_master_cf(&Arc::new(Source::new("", line)))).pop()
}

fn words(service: &Service) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    (service.line.fields.iter().map(|field| field.bytes().to_vec()).collect(), arguments(service))
}

fn with_field(service: &Service, field: usize, value: &[u8]) -> Service {
    let (mut fields, mut arguments) = words(service);
    fields[field] = value.to_vec();
    if FIELD_NAMES[field] == "command" {
        arguments.clear();
    }
    from_words(&fields, &arguments).unwrap_or_else(|| service.clone())
}

/// Sets a parameter of a service, or takes it away.
fn with_override(service: &Service, name: &[u8], value: Option<&[u8]>) -> Service {
    let (fields, old) = words(service);
    let mut new: Vec<Vec<u8>> = Vec::with_capacity(old.len() + 2);
    let mut done = false;
    let mut at = 0;
    let mut last_option = 0;
    let mut options = true;
    while at < old.len() {
        let word = &old[at];
        let is_override = options && word == b"-o" && at + 1 < old.len();
        options &= word.first() == Some(&b'-') && word != b"--";
        if !is_override {
            new.push(word.clone());
            at += 1;
        } else {
            let inner = old[at + 1].strip_prefix(b"{").unwrap_or(&old[at + 1]);
            let is_it = inner.strip_prefix(name).is_some_and(|rest| rest.first() == Some(&b'='));
            if let (true, Some(value)) = (is_it && !done, value) {
                new.extend([b"-o".to_vec(), [name, b"=", value].concat()]);
                done = true;
            } else if !is_it {
                new.extend([word.clone(), old[at + 1].clone()]);
            }
            at += 2;
        }
        if options {
            last_option = new.len();
        }
    }
    if let (false, Some(value)) = (done, value) {
        new.splice(last_option..last_option, [b"-o".to_vec(), [name, b"=", value].concat()]);
    }
    from_words(&fields, &new).unwrap_or_else(|| service.clone())
}
